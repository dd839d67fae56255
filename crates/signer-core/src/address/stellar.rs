//! Stellar addresses: strkey (SEP-23) of an account's Ed25519 public key, `G…`, or of a contract's hash, `C…`.

use core::fmt;

use crate::Error;

/// Length of the text form.
pub const TEXT_LEN: usize = 56;

const ACCOUNT_VERSION: u8 = 6 << 3;
const CONTRACT_VERSION: u8 = 2 << 3;
const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The address of a Stellar contract: 32 bytes. Smart wallets are contracts.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContractAddress([u8; 32]);

impl ContractAddress {
    /// Takes the 32 bytes of the contract's hash.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads a `C…` strkey of 56 characters.
    ///
    /// # Errors
    /// [`Error::Address`] on its form, [`Error::Checksum`] on its CRC-16.
    pub fn parse(text: &str) -> Result<Self, Error> {
        decode(CONTRACT_VERSION, text).map(Self)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Writes the text.
    pub fn encode<'a>(&self, buffer: &'a mut [u8; TEXT_LEN]) -> &'a str {
        encode(CONTRACT_VERSION, &self.0, buffer)
    }
}

/// A Stellar account address: 32 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address([u8; 32]);

impl Address {
    /// Takes the 32 bytes of the Ed25519 public key.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads a `G…` strkey of 56 characters.
    ///
    /// # Errors
    /// [`Error::Address`] on its form, [`Error::Checksum`] on its CRC-16.
    pub fn parse(text: &str) -> Result<Self, Error> {
        decode(ACCOUNT_VERSION, text).map(Self)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Writes the text.
    pub fn encode<'a>(&self, buffer: &'a mut [u8; TEXT_LEN]) -> &'a str {
        encode(ACCOUNT_VERSION, &self.0, buffer)
    }
}

fn encode<'a>(version: u8, bytes: &[u8; 32], buffer: &'a mut [u8; TEXT_LEN]) -> &'a str {
    let mut raw = [0; 35];
    raw[0] = version;
    raw[1..33].copy_from_slice(bytes);
    let crc = crc16_xmodem(&raw[..33]);
    raw[33..].copy_from_slice(&crc.to_le_bytes());
    for (bytes, group) in raw.chunks_exact(5).zip(buffer.chunks_exact_mut(8)) {
        let mut word = bytes.iter().fold(0, |word, byte| (word << 8) | u64::from(*byte));
        for character in group.iter_mut().rev() {
            *character = ALPHABET[(word & 31) as usize];
            word >>= 5;
        }
    }
    core::str::from_utf8(buffer).unwrap_or_default()
}

fn decode(version: u8, text: &str) -> Result<[u8; 32], Error> {
    let characters: &[u8; TEXT_LEN] = text.as_bytes().try_into().map_err(|_| Error::Address)?;
    // 8 characters of 5 bits make 5 bytes: 56 make the 35 bytes exactly.
    let mut raw = [0; 35];
    for (group, bytes) in characters.chunks_exact(8).zip(raw.chunks_exact_mut(5)) {
        let mut word = 0_u64;
        for character in group {
            let value = match character {
                b'A'..=b'Z' => character - b'A',
                b'2'..=b'7' => character - b'2' + 26,
                _ => return Err(Error::Address),
            };
            word = (word << 5) | u64::from(value);
        }
        bytes.copy_from_slice(&word.to_be_bytes()[3..]);
    }
    let [first, bytes @ .., low, high] = raw;
    if first != version {
        return Err(Error::Address);
    }
    if crc16_xmodem(&raw[..33]) != u16::from_le_bytes([low, high]) {
        return Err(Error::Checksum);
    }
    Ok(bytes)
}

fn crc16_xmodem(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ (u16::from(*byte) << 8), |crc, _| {
            if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 }
        })
    })
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
        write!(f, "stellar::Address({self})")
    }
}

impl fmt::Display for ContractAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.encode(&mut [0; TEXT_LEN]))
    }
}

impl fmt::Debug for ContractAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "stellar::ContractAddress({self})")
    }
}
