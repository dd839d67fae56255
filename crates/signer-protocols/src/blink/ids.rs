use alloc::string::String;
use core::fmt;

use super::ParseError;

/// The id of one payment: a version 4 UUID in lower case. Blink accepts each only once.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// Reads a version 4 UUID of either case; it is kept in lower case.
    ///
    /// # Errors
    /// [`ParseError::IdempotencyKey`].
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let bytes = text.as_bytes();
        let version = bytes.get(14) == Some(&b'4');
        let variant = matches!(bytes.get(19), Some(b'8' | b'9' | b'a' | b'b' | b'A' | b'B'));
        if is_uuid(text) && version && variant {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(ParseError::IdempotencyKey)
        }
    }

    /// Makes a version 4 UUID of 16 random bytes.
    pub fn from_random_bytes(mut bytes: [u8; 16]) -> Self {
        bytes[6] = (bytes[6] & 0x0f) | 0x40;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        let mut text = String::with_capacity(36);
        for (at, byte) in bytes.into_iter().enumerate() {
            if matches!(at, 4 | 6 | 8 | 10) {
                text.push('-');
            }
            for nibble in [byte >> 4, byte & 15] {
                text.push(char::from(b"0123456789abcdef"[usize::from(nibble)]));
            }
        }
        Self(text)
    }

    /// The text, 36 characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IdempotencyKey({})", self.0)
    }
}

/// The merchant's id: the UUID of its registration with Blink.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MerchantId(String);

impl MerchantId {
    /// Reads a UUID, kept as it stands.
    ///
    /// # Errors
    /// [`ParseError::MerchantId`], the placeholder `YOUR_MERCHANT_ID` and the nil UUID included.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let nil = text.bytes().all(|byte| matches!(byte, b'0' | b'-'));
        if is_uuid(text) && !nil { Ok(Self(text.into())) } else { Err(ParseError::MerchantId) }
    }

    /// The text, 36 characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for MerchantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MerchantId({})", self.0)
    }
}

/// Eight, four, four, four and twelve hex digits.
fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}
