use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};

use super::{AccessKeyStore, IdentityId};
use crate::store::StoreError;

/// Access keys of one process. For tests, and for keys that the caller keeps elsewhere: a key that is made while
/// this store is used ends with the process.
#[derive(Clone, Default)]
pub struct MemoryAccessKeyStore(Arc<Mutex<HashMap<IdentityId, SecretString>>>);

impl MemoryAccessKeyStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }
}

#[async_trait]
impl AccessKeyStore for MemoryAccessKeyStore {
    async fn load(&self, id: &IdentityId) -> Result<Option<SecretString>, StoreError> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).get(id).map(copy))
    }

    async fn insert(
        &self,
        id: &IdentityId,
        key: &SecretString,
    ) -> Result<SecretString, StoreError> {
        let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(copy(keys.entry(id.clone()).or_insert_with(|| copy(key))))
    }
}

fn copy(key: &SecretString) -> SecretString {
    key.expose_secret().into()
}

impl fmt::Debug for MemoryAccessKeyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoryAccessKeyStore([redacted])")
    }
}
