use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use zeroize::Zeroizing;

use super::{Lease, StoreError, TokenStore, codec};
use crate::token::{Token, TokenKey};

/// Tokens of one process, which end with it.
#[derive(Clone, Default)]
pub struct MemoryTokenStore(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    tokens: HashMap<TokenKey, (u64, Zeroizing<Vec<u8>>)>,
    leased: HashSet<TokenKey>,
}

impl MemoryTokenStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl TokenStore for MemoryTokenStore {
    async fn load(&self, key: &TokenKey) -> Result<Option<Token>, StoreError> {
        Ok(self.state().tokens.get(key).and_then(|(_, bytes)| codec::decode(key, bytes)))
    }

    async fn replace(
        &self,
        key: &TokenKey,
        expected: u64,
        token: &Token,
    ) -> Result<bool, StoreError> {
        let mut state = self.state();
        if state.tokens.get(key).is_some_and(|(version, _)| *version > expected) {
            return Ok(false);
        }
        state.tokens.insert(key.clone(), (token.version, codec::encode(key, token)));
        Ok(true)
    }

    async fn remove(&self, key: &TokenKey, version: u64) -> Result<(), StoreError> {
        let mut state = self.state();
        if state.tokens.get(key).is_some_and(|(stored, _)| *stored <= version) {
            state.tokens.remove(key);
        }
        Ok(())
    }

    async fn lease(&self, key: &TokenKey, _: Duration) -> Result<Option<Lease>, StoreError> {
        let (store, key) = (self.clone(), key.clone());
        Ok(self.state().leased.insert(key.clone()).then(|| {
            Lease::new(async move {
                store.state().leased.remove(&key);
            })
        }))
    }
}

impl fmt::Debug for MemoryTokenStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoryTokenStore([redacted])")
    }
}
