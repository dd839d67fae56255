//! Where access keys are kept: written once, never replaced.

#[cfg(feature = "file")]
mod file;
mod memory;

use std::fmt;

use async_trait::async_trait;
use secrecy::SecretString;

#[cfg(feature = "file")]
pub use self::file::FileAccessKeyStore;
pub use self::memory::MemoryAccessKeyStore;
use crate::BaseUrl;
use crate::store::StoreError;
use crate::token::{digest, hex};

/// Keeps the access keys of identities. Whoever loses one has lost the wallet: a key is kept before its first
/// use, and is never replaced.
#[async_trait]
pub trait AccessKeyStore: Send + Sync + 'static {
    /// The key of an identity.
    ///
    /// # Errors
    /// [`StoreError`]; in doubt an error and not `None`, for that has a new key made.
    async fn load(&self, id: &IdentityId) -> Result<Option<SecretString>, StoreError>;

    /// Keeps `key`, unless there is one already, and says which one stands. When it returns, the key survives a
    /// crash.
    ///
    /// # Errors
    /// [`StoreError`]; then the key must not be used.
    async fn insert(&self, id: &IdentityId, key: &SecretString)
    -> Result<SecretString, StoreError>;
}

/// An identity at a service. The API key is no part of it: that may be changed, and the access key stays.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct IdentityId([u8; 32]);

impl IdentityId {
    /// `identity` at the service `base`.
    pub fn new(base: &BaseUrl, identity: &str) -> Self {
        let parts = [base.as_str().as_bytes(), identity.as_bytes()];
        Self(digest(b"signer access key v1", &parts))
    }

    /// The name under which a store keeps its key: 64 hex digits.
    pub fn name(&self) -> String {
        hex(&self.0)
    }
}

impl fmt::Debug for IdentityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IdentityId({}…)", self.name().get(..8).unwrap_or_default())
    }
}
