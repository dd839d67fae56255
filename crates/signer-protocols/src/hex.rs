//! Hex of public values, as strings.

use alloc::string::String;
#[cfg(feature = "abstraxn")]
use alloc::vec::Vec;

#[cfg(feature = "abstraxn")]
use signer_core::Error;
use signer_core::encoding::hex;

/// Lower-case hex.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut digits = alloc::vec![0; bytes.len() * 2];
    hex::encode(bytes, &mut digits).map(Into::into).unwrap_or_default()
}

/// Reads hex of either case.
#[cfg(feature = "abstraxn")]
pub(crate) fn decode(text: &str) -> Result<Vec<u8>, Error> {
    let mut bytes = alloc::vec![0; text.len() / 2];
    hex::decode_into(text.as_bytes(), &mut bytes)?;
    Ok(bytes)
}
