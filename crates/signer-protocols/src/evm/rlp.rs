//! RLP in its canonical form, as transactions use it.

use alloc::vec::Vec;

use signer_core::address::evm::Address;

use crate::U256;

/// Why bytes are not canonical RLP of the expected shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RlpError {
    /// An item is longer than the bytes that are left.
    #[error("bytes end inside an item")]
    End,
    /// A length or a single byte that has a shorter form.
    #[error("item is not in its shortest form")]
    NotCanonical,
    /// Bytes follow the last item.
    #[error("bytes follow the last item")]
    Trailing,
    /// A list where bytes are expected.
    #[error("bytes are expected, found a list")]
    List,
    /// Bytes where a list is expected.
    #[error("a list is expected, found bytes")]
    NoList,
    /// An integer with leading zero bytes.
    #[error("integer has leading zeros")]
    LeadingZeros,
    /// An integer of more bits than the field has.
    #[error("integer has more than {bits} bits")]
    Range {
        /// The bits of the field.
        bits: u16,
    },
    /// Another number of bytes than the field has.
    #[error("expected {expected} bytes, found {found}")]
    Length {
        /// The bytes of the field.
        expected: usize,
        /// The bytes found.
        found: usize,
    },
}

/// Reads the items of a list one by one.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a>(&'a [u8]);

enum Item<'a> {
    Bytes(&'a [u8]),
    List(&'a [u8]),
}

impl<'a> Reader<'a> {
    /// The items of the only list in `bytes`.
    pub(super) fn of_list(bytes: &'a [u8]) -> Result<Self, RlpError> {
        let mut outer = Self(bytes);
        let list = outer.list()?;
        outer.end()?;
        Ok(list)
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Fails if items are left.
    pub(super) const fn end(&self) -> Result<(), RlpError> {
        if self.0.is_empty() { Ok(()) } else { Err(RlpError::Trailing) }
    }

    /// The number of items that are left, of any kind.
    pub(super) fn count(mut self) -> Result<usize, RlpError> {
        let mut count = 0;
        while !self.is_empty() {
            self.item()?;
            count += 1;
        }
        Ok(count)
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], RlpError> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or(RlpError::End)?;
        self.0 = rest;
        Ok(taken)
    }

    /// A length of 1 to 8 bytes. Only lengths of 56 and more are written so.
    fn long_len(&mut self, size: u8) -> Result<usize, RlpError> {
        let len = integer(self.take(usize::from(size))?, 64)?;
        if len < U256::from(56_u64) {
            return Err(RlpError::NotCanonical);
        }
        u64::try_from(len).ok().and_then(|len| len.try_into().ok()).ok_or(RlpError::End)
    }

    fn item(&mut self) -> Result<Item<'a>, RlpError> {
        let before = self.0;
        let [prefix] = *self.take(1)? else { return Err(RlpError::End) };
        match prefix {
            0..0x80 => Ok(Item::Bytes(before.get(..1).unwrap_or_default())),
            0x80..0xb8 => match self.take(usize::from(prefix - 0x80))? {
                [0..0x80] => Err(RlpError::NotCanonical),
                bytes => Ok(Item::Bytes(bytes)),
            },
            0xb8..0xc0 => {
                let len = self.long_len(prefix - 0xb7)?;
                Ok(Item::Bytes(self.take(len)?))
            }
            0xc0..0xf8 => Ok(Item::List(self.take(usize::from(prefix - 0xc0))?)),
            0xf8.. => {
                let len = self.long_len(prefix - 0xf7)?;
                Ok(Item::List(self.take(len)?))
            }
        }
    }

    pub(super) fn list(&mut self) -> Result<Self, RlpError> {
        match self.item()? {
            Item::List(payload) => Ok(Self(payload)),
            Item::Bytes(_) => Err(RlpError::NoList),
        }
    }

    pub(super) fn bytes(&mut self) -> Result<&'a [u8], RlpError> {
        match self.item()? {
            Item::Bytes(bytes) => Ok(bytes),
            Item::List(_) => Err(RlpError::List),
        }
    }

    pub(super) fn fixed<const N: usize>(&mut self) -> Result<[u8; N], RlpError> {
        let bytes = self.bytes()?;
        bytes.try_into().map_err(|_| RlpError::Length { expected: N, found: bytes.len() })
    }

    pub(super) fn address(&mut self) -> Result<Address, RlpError> {
        self.fixed().map(Address::from_bytes)
    }

    pub(super) fn u256(&mut self) -> Result<U256, RlpError> {
        integer(self.bytes()?, 256)
    }

    pub(super) fn u64(&mut self) -> Result<u64, RlpError> {
        let wide = integer(self.bytes()?, 64)?;
        u64::try_from(wide).map_err(|_| RlpError::Range { bits: 64 })
    }
}

/// An integer without leading zeros; zero is empty.
fn integer(bytes: &[u8], bits: u16) -> Result<U256, RlpError> {
    if bytes.first() == Some(&0) {
        return Err(RlpError::LeadingZeros);
    }
    let fits = bytes.len() <= usize::from(bits / 8);
    let value = U256::from_be_slice(bytes).filter(|_| fits);
    value.ok_or(RlpError::Range { bits })
}

/// Writes items in their canonical form.
#[derive(Default)]
pub(super) struct Writer(Vec<u8>);

impl Writer {
    pub(super) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        if !matches!(bytes, [0..0x80]) {
            self.header(0x80, bytes.len());
        }
        self.0.extend_from_slice(bytes);
        self
    }

    pub(super) fn u256(&mut self, value: U256) -> &mut Self {
        let bytes = value.to_be_bytes();
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        self.bytes(bytes.get(zeros..).unwrap_or_default())
    }

    pub(super) fn u64(&mut self, value: u64) -> &mut Self {
        self.u256(value.into())
    }

    /// A list of the items that `write` adds.
    pub(super) fn list(&mut self, write: impl FnOnce(&mut Self)) -> &mut Self {
        let mut inner = Self::default();
        write(&mut inner);
        self.header(0xc0, inner.0.len());
        self.0.append(&mut inner.0);
        self
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.0
    }

    fn header(&mut self, base: u8, len: usize) {
        match u8::try_from(len) {
            Ok(short @ 0..56) => self.0.push(base + short),
            _ => {
                let bytes = len.to_be_bytes();
                let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
                let digits = bytes.get(zeros..).unwrap_or_default();
                // At most 8 bytes.
                self.0.push(base + 55 + u8::try_from(digits.len()).unwrap_or_default());
                self.0.extend_from_slice(digits);
            }
        }
    }
}

#[cfg(test)]
mod tests;
