//! Random bytes of the operating system.

use crate::error::{Error, Kind};

/// A number below `bound`, for jitter. Without random bytes there is no jitter.
pub(crate) fn below(bound: u64) -> u64 {
    getrandom::u64().map_or(0, |random| random % bound.max(1))
}

/// A UUID of version 4: an idempotency key that nobody used before.
pub(crate) fn uuid() -> Result<String, Error> {
    let mut bytes = [0; 16];
    fill(&mut bytes)?;
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut text = String::with_capacity(36);
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.extend(
            [byte >> 4, byte & 15].map(|digit| char::from_digit(digit.into(), 16).unwrap_or('0')),
        );
    }
    Ok(text)
}

/// A new P-256 key.
#[cfg(any(feature = "abstraxn", feature = "privy"))]
pub(crate) fn p256_key() -> Result<signer_core::p256::SigningKey, Error> {
    loop {
        let scalar = signer_core::SecretBytes::<32>::try_init(|bytes| fill(bytes))?;
        // One in 2^32 is no scalar.
        if let Ok(key) = signer_core::p256::SigningKey::from_scalar(scalar.expose_secret()) {
            return Ok(key);
        }
    }
}

fn fill(bytes: &mut [u8]) -> Result<(), Error> {
    getrandom::fill(bytes)
        .map_err(|_| Error::new(Kind::Local, "the operating system has no random bytes to give"))
}
