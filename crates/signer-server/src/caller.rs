//! Who calls: the authentication of callers.

use std::sync::Arc;

use async_trait::async_trait;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;

use crate::CallerId;

mod bearer;
#[cfg(feature = "jwt")]
mod jwt;

pub use bearer::BearerSecret;
#[cfg(feature = "jwt")]
pub use jwt::{JwtCallers, JwtKeys};

/// An authenticated caller.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Caller {
    /// Its name.
    pub id: CallerId,
    /// The addresses that its credential lists, where it does.
    pub addresses: Option<Arc<[String]>>,
}

impl Caller {
    /// A caller with this name, whose credential lists no addresses.
    pub const fn new(id: CallerId) -> Self {
        Self { id, addresses: None }
    }

    /// The caller with the addresses that its credential lists.
    pub fn with_addresses(self, addresses: impl IntoIterator<Item = String>) -> Self {
        Self { addresses: Some(addresses.into_iter().collect()), ..self }
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

    /// Whether callers can be authenticated now.
    fn is_ready(&self) -> bool {
        true
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
