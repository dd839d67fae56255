//! Base64 of public values, as strings.

use alloc::string::String;
use alloc::vec::Vec;

use signer_core::Error;
use signer_core::encoding;

/// Standard base64 with padding.
#[cfg(any(feature = "blink", feature = "crossmint", feature = "privy"))]
pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut out = alloc::vec![0; encoding::base64_len(bytes.len())];
    encoding::base64_encode(bytes, &mut out).map(Into::into).unwrap_or_default()
}

/// Reads canonical standard base64 with padding.
#[cfg(any(feature = "blink", feature = "crossmint", feature = "privy"))]
pub(crate) fn decode(text: &str) -> Result<Vec<u8>, Error> {
    let mut out = alloc::vec![0; text.len() / 4 * 3 + 3];
    let len = encoding::base64_decode(text.as_bytes(), &mut out)?.len();
    out.truncate(len);
    Ok(out)
}

/// URL-safe base64 without padding.
#[cfg(any(feature = "abstraxn", feature = "blink"))]
pub(crate) fn encode_url(bytes: &[u8]) -> String {
    let mut out = alloc::vec![0; encoding::base64_unpadded_len(bytes.len())];
    encoding::base64url_encode(bytes, &mut out).map(Into::into).unwrap_or_default()
}

/// Reads canonical URL-safe base64 without padding.
#[cfg(any(feature = "abstraxn", feature = "blink"))]
pub(crate) fn decode_url(text: &str) -> Result<Vec<u8>, Error> {
    let mut out = alloc::vec![0; text.len() / 4 * 3 + 3];
    let len = encoding::base64url_decode(text.as_bytes(), &mut out)?.len();
    out.truncate(len);
    Ok(out)
}
