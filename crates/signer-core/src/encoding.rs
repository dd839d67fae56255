//! Text encodings into buffers of the caller. Hex and base64 take the same time for every value of
//! the same length; base58 and base32 do not, and are for what is public.

use base64ct::Encoding;

use crate::Error;

pub mod base58;

/// Base16 of either case.
pub mod hex {
    use crate::Error;

    /// Decodes hex digits of any case; `out` must have exactly half as many bytes. Constant time.
    ///
    /// # Errors
    /// [`Error::Length`] when `out` does not fit (in characters), [`Error::Hex`] on any other
    /// character than a hex digit (a sign or a `0x` included).
    pub fn decode_into(text: &[u8], out: &mut [u8]) -> Result<(), Error> {
        let expected = out.len().saturating_mul(2);
        if text.len() != expected {
            return Err(Error::Length { expected, found: text.len() });
        }
        base16ct::mixed::decode(text, out).map_err(|_| Error::Hex)?;
        Ok(())
    }

    /// Encodes lower-case hex digits into the start of `out`. Constant time.
    ///
    /// # Errors
    /// [`Error::BufferTooSmall`] when `out` is shorter than twice `bytes`.
    pub fn encode<'a>(bytes: &[u8], out: &'a mut [u8]) -> Result<&'a str, Error> {
        base16ct::lower::encode_str(bytes, out).map_err(|_| Error::BufferTooSmall)
    }
}

/// Decodes standard base64 with padding (RFC 4648, section 4) into the start of `out`.
/// Only the canonical form is read: no white space, no loose trailing bits. Constant time.
///
/// # Errors
/// [`Error::Base64`] when the text is not canonical or does not fit `out`.
pub fn base64_decode<'a>(text: &[u8], out: &'a mut [u8]) -> Result<&'a [u8], Error> {
    base64ct::Base64::decode(text, out).map_err(|_| Error::Base64)
}

/// Encodes standard base64 with padding into the start of `out`. Constant time.
///
/// # Errors
/// [`Error::BufferTooSmall`].
pub fn base64_encode<'a>(bytes: &[u8], out: &'a mut [u8]) -> Result<&'a str, Error> {
    base64ct::Base64::encode(bytes, out).map_err(|_| Error::BufferTooSmall)
}

/// Decodes URL-safe base64 without padding (RFC 4648, section 5) into the start of `out`.
/// Only the canonical form is read. Constant time.
///
/// # Errors
/// [`Error::Base64`] when the text is not canonical or does not fit `out`.
pub fn base64url_decode<'a>(text: &[u8], out: &'a mut [u8]) -> Result<&'a [u8], Error> {
    base64ct::Base64UrlUnpadded::decode(text, out).map_err(|_| Error::Base64)
}

/// Encodes URL-safe base64 without padding into the start of `out`. Constant time.
///
/// # Errors
/// [`Error::BufferTooSmall`].
pub fn base64url_encode<'a>(bytes: &[u8], out: &'a mut [u8]) -> Result<&'a str, Error> {
    base64ct::Base64UrlUnpadded::encode(bytes, out).map_err(|_| Error::BufferTooSmall)
}

/// The length of standard base64 with padding of `bytes` bytes.
pub const fn base64_len(bytes: usize) -> usize {
    bytes.div_ceil(3) * 4
}

/// The length of base64 without padding of `bytes` bytes.
pub const fn base64_unpadded_len(bytes: usize) -> usize {
    (bytes * 4).div_ceil(3)
}
