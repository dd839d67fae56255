use alloc::string::String;

use secrecy::SecretString;
use signer_core::{Error, SecretBytes};

/// A secret text: `prefix`, and the ASCII that `write` puts into a buffer of `N` bytes, which is wiped. The text
/// is allocated once, so that no shorter copy of it is left behind.
pub(crate) fn secret_text<const N: usize>(
    prefix: &str,
    write: impl FnOnce(&mut [u8]) -> Result<&str, Error>,
) -> SecretString {
    let mut len = 0;
    let buffer = SecretBytes::<N>::init(|buffer| {
        let written = write(buffer);
        debug_assert!(written.is_ok(), "the buffer has room for the text");
        len = written.map_or(0, str::len);
    });
    let mut text = String::with_capacity(prefix.len() + len);
    text.push_str(prefix);
    text.extend(buffer.expose_secret().iter().take(len).map(|byte| char::from(*byte)));
    text.into()
}
