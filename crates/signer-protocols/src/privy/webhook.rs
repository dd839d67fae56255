use alloc::vec::Vec;
use core::fmt;

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretSlice};
use sha2::Sha256;
use signer_core::encoding::base64_decode;

use super::WebhookError;

/// How far a timestamp may be from now, either way, in seconds.
pub const WEBHOOK_TOLERANCE_S: u64 = 300;

/// The signing secret of a webhook endpoint.
pub struct WebhookSecret(SecretSlice<u8>);

impl WebhookSecret {
    /// Reads `whsec_` and standard base64; the prefix may be absent.
    ///
    /// # Errors
    /// [`WebhookError::Secret`].
    pub fn parse(text: &str) -> Result<Self, WebhookError> {
        let encoded = text.strip_prefix("whsec_").unwrap_or(text);
        let mut buffer: Vec<u8> = alloc::vec![0; encoded.len()];
        let len = base64_decode(encoded.as_bytes(), &mut buffer).map(<[u8]>::len);
        // Owned by the secret, and so wiped, on every way out.
        let secret = SecretSlice::from(buffer);
        match len {
            Ok(len @ 1..) => Ok(Self(secret.expose_secret()[..len].to_vec().into())),
            _ => Err(WebhookError::Secret),
        }
    }

    /// Checks a delivery: its headers `svix-id`, `svix-timestamp` (Unix seconds) and
    /// `svix-signature` (a list of `v1,<base64>` separated by spaces) and its body as received.
    ///
    /// # Errors
    /// [`WebhookError`]; the signature is compared in constant time.
    pub fn verify(
        &self,
        id: &str,
        timestamp: &str,
        signature: &str,
        body: &[u8],
        now_unix_s: u64,
    ) -> Result<(), WebhookError> {
        if id.is_empty() || timestamp.is_empty() || signature.is_empty() {
            return Err(WebhookError::MissingHeader);
        }
        // What is signed joins the parts by dots: an id with one could lend the time to the body.
        if id.contains('.') {
            return Err(WebhookError::Mismatch);
        }
        let digits = timestamp.bytes().all(|byte| byte.is_ascii_digit());
        let sent: u64 = timestamp.parse().ok().filter(|_| digits).ok_or(WebhookError::Timestamp)?;
        if now_unix_s.saturating_sub(sent) > WEBHOOK_TOLERANCE_S {
            return Err(WebhookError::TooOld);
        }
        if sent.saturating_sub(now_unix_s) > WEBHOOK_TOLERANCE_S {
            return Err(WebhookError::TooNew);
        }

        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.expose_secret())
            .map_err(|_| WebhookError::Secret)?;
        for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
            mac.update(part);
        }
        let matches = |entry: &str| {
            let Some(encoded) = entry.strip_prefix("v1,") else { return false };
            let mut tag = [0; 33];
            base64_decode(encoded.as_bytes(), &mut tag)
                .is_ok_and(|tag| mac.clone().verify_slice(tag).is_ok())
        };
        if signature.split(' ').any(matches) { Ok(()) } else { Err(WebhookError::Mismatch) }
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("privy::WebhookSecret([redacted])")
    }
}
