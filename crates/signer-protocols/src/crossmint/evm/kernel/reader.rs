//! A reader of canonical ABI encodings: each offset must have the one value that an encoder writes.

use alloc::vec::Vec;

use signer_core::address::evm::Address;

use crate::U256;
use crate::evm::abi::word::{self, Word};

/// Reads the words of one tuple. Offsets count from its start, and dynamic members follow one another without gaps.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Reader<'a> {
    bytes: &'a [u8],
    head: usize,
    position: usize,
}

impl<'a> Reader<'a> {
    pub(in super::super) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, head: 0, position: 0 }
    }

    /// The next word of the head.
    pub(in super::super) fn word(&mut self) -> Option<Word> {
        let word = self.bytes.get(self.head..)?.first_chunk()?;
        self.head = self.head.checked_add(32)?;
        self.position = self.position.max(self.head);
        Some(*word)
    }

    pub(in super::super) fn uint(&mut self) -> Option<U256> {
        self.word().map(U256::from_be_bytes)
    }

    pub(in super::super) fn address(&mut self) -> Option<Address> {
        word::to_address(&self.word()?)
    }

    pub(in super::super) fn bool(&mut self) -> Option<bool> {
        word::to_bool(&self.word()?)
    }

    /// The first bytes of the next word. `None` if the others are not zero.
    pub(in super::super) fn fixed<const N: usize>(&mut self) -> Option<[u8; N]> {
        let word = self.word()?;
        let (bytes, rest) = word.split_first_chunk::<N>()?;
        rest.iter().all(|byte| *byte == 0).then_some(*bytes)
    }

    /// The length of the array or the bytes that start here.
    pub(in super::super) fn length(&mut self) -> Option<usize> {
        word::to_usize(&self.word()?)
    }

    /// The part after the words that were read. Offsets count from its start.
    pub(in super::super) fn rest(&self) -> Self {
        Self::new(self.bytes.get(self.head..).unwrap_or_default())
    }

    /// Reads the offset of a dynamic member, which must be `expected`, and returns a reader of the member.
    pub(in super::super) fn tail(&mut self, expected: usize) -> Option<Self> {
        if self.length()? != expected {
            return None;
        }
        self.bytes.get(expected..).map(Self::new)
    }

    /// Reads the offset of a `bytes` member, which must be `expected`, and the bytes with their zero padding.
    pub(in super::super) fn bytes_at(&mut self, expected: usize) -> Option<&'a [u8]> {
        let mut member = self.tail(expected)?;
        let bytes = member.bytes()?;
        self.position = expected.checked_add(member.position)?;
        Some(bytes)
    }

    /// The length, the bytes and their zero padding.
    fn bytes(&mut self) -> Option<&'a [u8]> {
        let len = self.length()?;
        let padded = len.checked_next_multiple_of(32)?;
        let start = self.head;
        let end = start.checked_add(padded)?;
        let (bytes, padding) = self.bytes.get(start..end)?.split_at_checked(len)?;
        self.position = end;
        padding.iter().all(|byte| *byte == 0).then_some(bytes)
    }

    /// Reads the offset of a `bytes[]` member, which must be `expected`, and at most `max` items.
    pub(in super::super) fn bytes_array_at(
        &mut self,
        expected: usize,
        max: usize,
    ) -> Option<Vec<&'a [u8]>> {
        let mut member = self.tail(expected)?;
        let count = member.length().filter(|count| *count <= max)?;
        let mut items = member.rest();
        let mut next = count.checked_mul(32)?;
        let mut array = Vec::new();
        for _ in 0..count {
            array.push(items.bytes_at(next)?);
            next = items.position();
        }
        self.position = expected.checked_add(32)?.checked_add(next)?;
        Some(array)
    }

    /// The number of bytes that were read. The next dynamic member starts there, unless it is the first one.
    pub(in super::super) const fn position(&self) -> usize {
        self.position
    }

    /// `None` if bytes follow the ones that were read.
    pub(in super::super) fn end(&self) -> Option<()> {
        (self.position == self.bytes.len()).then_some(())
    }
}
