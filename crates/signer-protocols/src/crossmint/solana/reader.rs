use signer_core::address::solana::Address;

/// The cause why bytes are not a transaction in the one form that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TransactionError {
    /// The text is too long, or has another character than those of base58.
    #[error("transaction must be base58 of at most 8192 characters")]
    Base58,
    /// The bytes end before a part is complete.
    #[error("transaction ends inside the {0}")]
    End(&'static str),
    /// A length takes more bytes than it needs, or exceeds 16 bits.
    #[error("length of the {0} is not a compact-u16 in its shortest form")]
    Length(&'static str),
    /// Another version than legacy and 0.
    #[error("message version {0}: only legacy and version 0 are supported")]
    Version(u8),
    /// The signatures and the signers of the header differ in number.
    #[error("transaction has {found} signatures, but its message requires {required}")]
    Signatures {
        /// The number of signatures.
        found: usize,
        /// The number in the header.
        required: u8,
    },
    /// The header names more keys than there are, or a fee payer that is read-only.
    #[error("header of the message contradicts its account keys")]
    Header,
    /// A key is listed twice, or there are more than 256.
    #[error("account keys must be distinct and at most 256")]
    Keys,
    /// The number of an instruction with an index beyond the accounts.
    #[error("instruction {0} has an index beyond the accounts")]
    Index(usize),
    /// A lookup table without an index.
    #[error("lookup table {0} is named without an index")]
    Table(Address),
    /// Bytes after the message.
    #[error("{0} bytes after the message")]
    Trailing(usize),
}

/// Reads bytes from the front.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The bytes that are not read yet.
    pub(super) const fn rest(&self) -> &'a [u8] {
        self.0
    }

    pub(super) fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    pub(super) fn address(&mut self) -> Option<Address> {
        self.array().map(Address::from_bytes)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    /// A length as compact-u16: seven bits per byte, low bits first, at most 16 bits, no byte more than needed.
    pub(super) fn length(&mut self, of: &'static str) -> Result<usize, TransactionError> {
        let mut length = 0;
        for shift in [0, 7, 14] {
            let byte = self.byte().ok_or(TransactionError::End(of))?;
            length |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                let is_shortest = shift == 0 || byte != 0;
                let fits = u16::try_from(length).is_ok();
                return (is_shortest && fits).then_some(length).ok_or(TransactionError::Length(of));
            }
        }
        Err(TransactionError::Length(of))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of Solana's documentation of compact-u16, and their longer forms.
    #[test]
    fn lengths_are_read_in_their_shortest_form_only() {
        let length = |bytes: &[u8]| Reader::new(bytes).length("keys");
        let good: [(&[u8], usize); 6] = [
            (&[0x00], 0),
            (&[0x7f], 0x7f),
            (&[0x80, 0x01], 0x80),
            (&[0xff, 0x7f], 0x3fff),
            (&[0x80, 0x80, 0x01], 0x4000),
            (&[0xff, 0xff, 0x03], 0xffff),
        ];
        for (bytes, expected) in good {
            assert_eq!(length(bytes), Ok(expected), "{bytes:02x?}");
        }
        let longer: [&[u8]; 6] = [
            &[0x80, 0x00],
            &[0xff, 0x00],
            &[0x80, 0x80, 0x00],
            &[0xff, 0x80, 0x00],
            &[0xff, 0xff, 0x04],
            &[0x80, 0x80, 0x80, 0x01],
        ];
        for bytes in longer {
            assert_eq!(length(bytes), Err(TransactionError::Length("keys")), "{bytes:02x?}");
        }
        for bytes in [&[][..], &[0x80], &[0xff, 0xff]] {
            assert_eq!(length(bytes), Err(TransactionError::End("keys")), "{bytes:02x?}");
        }
    }
}
