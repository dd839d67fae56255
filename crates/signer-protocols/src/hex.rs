//! Hex of public values, as strings.

use alloc::string::String;
#[cfg(any(feature = "abstraxn", feature = "evm"))]
use alloc::vec::Vec;

#[cfg(any(feature = "abstraxn", feature = "evm"))]
use signer_core::Error;
use signer_core::encoding::hex;

/// Lower-case hex.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut digits = alloc::vec![0; bytes.len() * 2];
    hex::encode(bytes, &mut digits).map(Into::into).unwrap_or_default()
}

/// Reads hex of either case.
#[cfg(any(feature = "abstraxn", feature = "evm"))]
pub(crate) fn decode(text: &str) -> Result<Vec<u8>, Error> {
    let mut bytes = alloc::vec![0; text.len() / 2];
    hex::decode_into(text.as_bytes(), &mut bytes)?;
    Ok(bytes)
}

/// Lower-case hex after `0x`.
#[cfg(feature = "evm")]
pub(crate) fn encode_0x(bytes: &[u8]) -> String {
    let mut text = String::from("0x");
    text.push_str(&encode(bytes));
    text
}

/// Reads `0x` and hex of either case.
#[cfg(feature = "evm")]
pub(crate) fn decode_0x(text: &str) -> Result<Vec<u8>, Error> {
    decode(text.strip_prefix("0x").ok_or(Error::Hex)?)
}
