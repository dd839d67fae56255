//! Headers and bodies that hold secrets: what goes out is wiped with the last of its clones.

use bytes::Bytes;
use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use crate::error::Error;

/// A header that holds a secret: it is marked, so that nothing prints it.
pub(crate) fn secret_header(
    value: &SecretString,
    rule: &'static str,
) -> Result<HeaderValue, Error> {
    let text = value.expose_secret();
    let visible = !text.is_empty() && text.bytes().all(|byte| (0x20..0x7f).contains(&byte));
    // The header's bytes have an owner that wipes them when the last of its clones is dropped.
    let owned = Bytes::from_owner(Zeroizing::new(text.as_bytes().to_vec()));
    let header = HeaderValue::from_maybe_shared(owned).ok().filter(|_| visible);
    let mut header = header.ok_or_else(|| Error::input(rule))?;
    header.set_sensitive(true);
    Ok(header)
}

/// The value of `Authorization` for a token, in one allocation.
pub(crate) fn bearer(token: &SecretString) -> SecretString {
    let token = token.expose_secret();
    let mut bearer = String::with_capacity(7 + token.len());
    bearer.push_str("Bearer ");
    bearer.push_str(token);
    bearer.into()
}

/// A body that holds a secret: its bytes have an owner that wipes them.
#[cfg(any(feature = "abstraxn", feature = "privy"))]
pub(crate) fn secret_json<T: serde::Serialize + ?Sized>(value: &T) -> Result<Bytes, Error> {
    let unwritable = |_| Error::input("the body must be expressible in JSON");
    // Measured first: growing would leave copies behind.
    let mut length = Length(0);
    serde_json::to_writer(&mut length, value).map_err(unwritable)?;
    let mut body = Zeroizing::new(Vec::with_capacity(length.0));
    serde_json::to_writer(&mut *body, value).map_err(unwritable)?;
    Ok(Bytes::from_owner(body))
}

/// Counts what is written.
#[cfg(any(feature = "abstraxn", feature = "privy"))]
struct Length(usize);

#[cfg(any(feature = "abstraxn", feature = "privy"))]
impl std::io::Write for Length {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
