use std::fmt;

use async_trait::async_trait;
use axum::http::HeaderMap;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{Caller, CallerAuthenticator, CallerError, CallerId, bearer};

/// A secret that a backend shares with the endpoint: `Authorization: Bearer …`.
pub struct BearerSecret {
    caller: CallerId,
    digest: [u8; 32],
}

impl BearerSecret {
    /// The shortest secret, in bytes.
    pub const MIN_LEN: usize = 32;

    /// Callers who hold `secret` are `caller`. Only a digest of it is kept.
    ///
    /// # Errors
    /// A text for the operator when the secret is shorter than [`BearerSecret::MIN_LEN`] or no header
    /// value.
    pub fn new(caller: CallerId, secret: &SecretString) -> Result<Self, &'static str> {
        let secret = secret.expose_secret().as_bytes();
        if secret.len() < Self::MIN_LEN || !secret.iter().all(u8::is_ascii_graphic) {
            return Err("bearer secret must be 32 or more visible ascii characters");
        }
        Ok(Self { caller, digest: Sha256::digest(secret).into() })
    }
}

#[async_trait]
impl CallerAuthenticator for BearerSecret {
    async fn authenticate(&self, headers: &HeaderMap) -> Result<Caller, CallerError> {
        let secret = bearer(headers).ok_or(CallerError::Unauthenticated)?;
        // Digests are compared, so the time tells nothing of the length or of a common start.
        let digest: [u8; 32] = Sha256::digest(secret).into();
        if bool::from(digest.ct_eq(&self.digest)) {
            Ok(Caller::new(self.caller.clone()))
        } else {
            Err(CallerError::Unauthenticated)
        }
    }
}

impl fmt::Debug for BearerSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BearerSecret({:?}, [redacted])", self.caller)
    }
}
