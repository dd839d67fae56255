//! Tokens, and the cache that keeps one alive.

mod cache;
mod jwt;
mod key;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

pub use self::cache::{ServedToken, TokenCache, TokenSource};
pub use self::key::TokenKey;
pub(crate) use self::key::{digest, hex};
use crate::clock::unix_ms;

/// A token of a service with what belongs to it: the session's cookies, when it ends, and what the service said
/// when it gave it. Its text is wiped when it is dropped, and is not shown.
pub struct Token {
    pub(crate) access: SecretString,
    pub(crate) cookies: Option<SecretString>,
    pub(crate) expires_at_ms: Option<u64>,
    pub(crate) obtained_at_ms: u64,
    pub(crate) version: u64,
    pub(crate) labels: BTreeMap<String, String>,
}

impl Token {
    /// A token that was just given. Its end is read from `exp` where it is a JWT, as a life from now on, so that
    /// a clock that differs from the service's does no harm; `exp` is read, not trusted.
    pub fn new(access: SecretString) -> Self {
        let now = unix_ms();
        let expires_at_ms = jwt::lifetime_ms(access.expose_secret(), now)
            .map(|lifetime| now.saturating_add(lifetime));
        Self {
            access,
            cookies: None,
            expires_at_ms,
            obtained_at_ms: now,
            version: 0,
            labels: BTreeMap::new(),
        }
    }

    /// With the value of the `Cookie` header that refreshes it.
    #[must_use]
    pub fn with_cookies(mut self, cookies: Option<SecretString>) -> Self {
        self.cookies = cookies;
        self
    }

    /// With something that the service said and that is no secret.
    #[must_use]
    pub fn with_label(mut self, name: &str, value: impl Into<String>) -> Self {
        self.labels.insert(name.into(), value.into());
        self
    }

    /// The token itself.
    pub const fn access(&self) -> &SecretString {
        &self.access
    }

    /// The value of the `Cookie` header that refreshes it.
    pub const fn cookies(&self) -> Option<&SecretString> {
        self.cookies.as_ref()
    }

    /// Something that the service said, by its name.
    pub fn label(&self, name: &str) -> Option<&str> {
        self.labels.get(name).map(String::as_str)
    }

    /// When it ends, in Unix milliseconds of this machine's clock, if that is known.
    pub const fn expires_at_ms(&self) -> Option<u64> {
        self.expires_at_ms
    }

    /// Counts the tokens of one key; a later one has a greater version.
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// How much longer it lives, if that is known.
    pub(crate) fn lifetime(&self) -> Option<Duration> {
        self.expires_at_ms.map(|end| Duration::from_millis(end.saturating_sub(unix_ms())))
    }

    /// Whether its end is known and past.
    pub(crate) fn has_ended(&self) -> bool {
        self.lifetime().is_some_and(|lifetime| lifetime.is_zero())
    }

    /// Whether it is the one that was written.
    pub(crate) fn is_same(&self, written: &Self) -> bool {
        let [ours, theirs] = [self, written].map(|token| token.access.expose_secret().as_bytes());
        self.version == written.version && bool::from(ours.ct_eq(theirs))
    }

    /// The token that comes after one of the version `last`. Versions go with the clock, so that they grow even
    /// where a store was emptied in between.
    #[must_use]
    pub fn succeeding(mut self, last: u64) -> Self {
        self.version = last.saturating_add(1).max(self.obtained_at_ms);
        self
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("expires_at_ms", &self.expires_at_ms)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}
