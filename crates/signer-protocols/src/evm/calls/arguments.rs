use signer_core::address::evm::Address;

use crate::U256;
use crate::evm::abi::word::{self, SIZE, Word};

/// Reads arguments that are words, and at most one `bytes` after them, in their canonical encoding.
pub(super) struct Arguments<'a> {
    data: &'a [u8],
    /// The index of the next word.
    next: usize,
    /// The length of the data, if it ends with `bytes`.
    end: Option<usize>,
}

impl<'a> Arguments<'a> {
    pub(super) const fn new(data: &'a [u8]) -> Self {
        Self { data, next: 0, end: None }
    }

    fn word(&mut self) -> Option<&'a Word> {
        let word = word::at(self.data, self.next)?;
        self.next += 1;
        Some(word)
    }

    pub(super) fn address(&mut self) -> Option<Address> {
        word::to_address(self.word()?)
    }

    pub(super) fn bool(&mut self) -> Option<bool> {
        word::to_bool(self.word()?)
    }

    /// An unsigned integer of at most so many bits, a multiple of 8.
    pub(super) fn uint(&mut self, bits: usize) -> Option<U256> {
        let word = self.word()?;
        let padding = word.get(..SIZE.checked_sub(bits / 8)?)?;
        padding.iter().all(|byte| *byte == 0).then(|| word::to_uint(word))
    }

    /// The last argument: an offset to the bytes, which follow the words.
    pub(super) fn bytes(&mut self) -> Option<&'a [u8]> {
        let offset = word::to_usize(self.word()?)?;
        if offset != self.next.checked_mul(SIZE)? {
            return None;
        }
        let len = word::to_usize(self.word()?)?;
        let rest = self.data.get(self.next.checked_mul(SIZE)?..)?;
        let (bytes, padding) = rest.split_at_checked(len)?;
        if padding.len() >= SIZE || padding.iter().any(|byte| *byte != 0) {
            return None;
        }
        self.end = Some(self.data.len());
        (rest.len() % SIZE == 0).then_some(bytes)
    }

    /// A signature: as bytes, or as v, r and s.
    pub(super) fn signature(&mut self, as_bytes: bool) -> Option<()> {
        if as_bytes {
            self.bytes()?;
        } else {
            let _v = self.uint(8)?;
            let (_r, _s) = (self.word()?, self.word()?);
        }
        Some(())
    }

    /// `None` if bytes follow the last argument.
    pub(super) fn end(&self) -> Option<()> {
        let end = self.end.or_else(|| self.next.checked_mul(SIZE))?;
        (end == self.data.len()).then_some(())
    }
}
