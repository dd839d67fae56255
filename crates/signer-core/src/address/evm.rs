//! EVM addresses with the checksum of EIP-55.

use core::fmt;

use crate::Error;
use crate::encoding::hex;
use crate::keccak::keccak256;

/// Length of the text form: `0x` and 40 hex digits.
pub const TEXT_LEN: usize = 42;

/// An EVM address: 20 bytes. Two texts that differ in case are the same address.
///
/// ```
/// use signer_core::address::evm::Address;
/// # fn main() -> Result<(), signer_core::Error> {
/// let address = Address::parse("0x6b9cb6e03786d23b45b1c7fd0684b8bc10e098f1")?;
/// assert_eq!(address.to_string(), "0x6b9cb6e03786D23b45b1C7Fd0684B8bc10e098F1");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address([u8; 20]);

impl Address {
    /// Takes the 20 bytes.
    pub const fn from_bytes(bytes: [u8; 20]) -> Self {
        Self(bytes)
    }

    /// The address of an uncompressed public key, `04 ‖ x ‖ y`: the last 20 bytes of its Keccak-256.
    pub fn from_uncompressed_point(point: &[u8; 65]) -> Self {
        let digest = keccak256(&point[1..]);
        let mut bytes = [0; 20];
        bytes.copy_from_slice(&digest.as_bytes()[12..]);
        Self(bytes)
    }

    /// Reads `0x` and 40 hex digits of any case, without looking at the checksum.
    ///
    /// # Errors
    /// [`Error::Address`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        let digits = text.strip_prefix("0x").ok_or(Error::Address)?;
        let mut bytes = [0; 20];
        hex::decode_into(digits.as_bytes(), &mut bytes).map_err(|_| Error::Address)?;
        Ok(Self(bytes))
    }

    /// Reads as [`Address::parse`]; where letters of both cases occur, EIP-55 must hold.
    ///
    /// # Errors
    /// [`Error::Address`], [`Error::Checksum`].
    pub fn parse_checksummed(text: &str) -> Result<Self, Error> {
        let address = Self::parse(text)?;
        let digits = &text[2..];
        let mixed = digits.bytes().any(|byte| byte.is_ascii_lowercase())
            && digits.bytes().any(|byte| byte.is_ascii_uppercase());
        if mixed && address.encode(&mut [0; TEXT_LEN]) != text {
            return Err(Error::Checksum);
        }
        Ok(address)
    }

    /// The 20 bytes.
    pub const fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }

    /// Writes the text with the checksum of EIP-55.
    pub fn encode<'a>(&self, buffer: &'a mut [u8; TEXT_LEN]) -> &'a str {
        buffer[..2].copy_from_slice(b"0x");
        for (pair, byte) in buffer[2..].chunks_exact_mut(2).zip(self.0) {
            pair.copy_from_slice(&[hex_digit(byte >> 4), hex_digit(byte & 15)]);
        }
        let digest = keccak256(&buffer[2..]);
        for (at, digit) in buffer[2..].iter_mut().enumerate() {
            let nibble = digest.as_bytes()[at / 2] >> (4 * (1 - at % 2));
            if nibble & 8 != 0 {
                digit.make_ascii_uppercase();
            }
        }
        core::str::from_utf8(buffer).unwrap_or_default()
    }
}

const fn hex_digit(nibble: u8) -> u8 {
    b"0123456789abcdef"[nibble as usize]
}

#[cfg(feature = "secp256k1")]
impl From<&crate::secp256k1::VerifyingKey> for Address {
    fn from(key: &crate::secp256k1::VerifyingKey) -> Self {
        Self::from_uncompressed_point(&key.to_sec1_uncompressed())
    }
}

/// The text with its checksum.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.encode(&mut [0; TEXT_LEN]))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "evm::Address({self})")
    }
}
