//! Solana addresses: Base58 of 32 bytes, exact in case.

use core::fmt;

use crate::Error;
use crate::encoding::base58;

/// The longest text form of 32 bytes.
pub const TEXT_LEN: usize = 44;

/// A Solana address: 32 bytes, which need not be a point of the curve.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address([u8; 32]);

impl Address {
    /// Takes the 32 bytes, for a wallet its Ed25519 public key.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads Base58 of exactly 32 bytes.
    ///
    /// # Errors
    /// [`Error::Address`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut bytes = [0; 32];
        if text.len() > TEXT_LEN {
            return Err(Error::Address);
        }
        match base58::decode(text.as_bytes(), &mut bytes) {
            Ok(decoded) if decoded.len() == 32 => Ok(Self(bytes)),
            _ => Err(Error::Address),
        }
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Writes the text.
    pub fn encode<'a>(&self, buffer: &'a mut [u8; TEXT_LEN]) -> &'a str {
        base58::encode(&self.0, buffer).unwrap_or_default()
    }
}

#[cfg(feature = "ed25519")]
impl From<&crate::ed25519::VerifyingKey> for Address {
    fn from(key: &crate::ed25519::VerifyingKey) -> Self {
        Self(key.to_bytes())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.encode(&mut [0; TEXT_LEN]))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "solana::Address({self})")
    }
}
