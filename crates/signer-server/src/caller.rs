//! Who calls: the authentication of callers.

use std::fmt;

use async_trait::async_trait;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// A caller as the endpoint knows it: the name under which its rates, its addresses and its
/// idempotency keys are kept.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallerId(String);

impl CallerId {
    /// Takes the name, e.g. the subject of a token.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for CallerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CallerId({:?})", self.0)
    }
}

/// An authenticated caller.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Caller {
    /// Its name.
    pub id: CallerId,
}

impl Caller {
    /// A caller with this name.
    pub const fn new(id: CallerId) -> Self {
        Self { id }
    }
}

/// Why a caller was not authenticated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallerError {
    /// No credential, or a wrong one. The answer is 401, whichever it was.
    #[error("caller is not authenticated")]
    Unauthenticated,
    /// What is needed to tell does not answer. The answer is 503.
    #[error("callers cannot be authenticated now")]
    Unavailable,
}

/// Tells who calls.
#[async_trait]
pub trait CallerAuthenticator: Send + Sync {
    /// Authenticates by the headers of a request. It must not block.
    ///
    /// # Errors
    /// [`CallerError`].
    async fn authenticate(&self, headers: &HeaderMap) -> Result<Caller, CallerError>;
}

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

/// The one bearer credential of a request; the scheme in any case (RFC 9110, section 11.1).
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next()?.as_bytes();
    if values.next().is_some() {
        return None;
    }
    let (scheme, credential) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then_some(credential)
}
