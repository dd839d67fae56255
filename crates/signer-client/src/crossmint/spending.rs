use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use signer_protocols::U256;
use signer_protocols::crossmint::verify::Asset;

/// The sums of [`MemorySpendStore`] are kept for this many days before the latest one. A clock that steps back by less
/// finds its sums again.
const KEPT_DAYS: u64 = 2;

/// The sum that a limit per day is compared with.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct SpendKey {
    /// The wallet's address.
    pub wallet: String,
    /// The day in UTC, in days since 1970-01-01.
    pub day: u64,
    /// The coin or token.
    pub asset: Asset,
}

impl SpendKey {
    /// The sum of a wallet's asset on a day. The address of an EVM wallet must always have the same case.
    pub fn new(wallet: impl Into<String>, day: u64, asset: Asset) -> Self {
        Self { wallet: wallet.into(), day, asset }
    }
}

/// Sums of the amounts that were approved per wallet, token and day.
///
/// A reservation comes before the signature: if the process ends between both, the amount counts as spent.
#[async_trait]
pub trait SpendStore: Send + Sync + 'static {
    /// Adds `amount` (base units) to the sum, unless the sum would exceed `limit`. Both happen in one step: of two calls
    /// at the same time, the second one sees the amount of the first.
    ///
    /// # Errors
    /// [`SpendError::Exceeded`], with the sum left as it was; [`SpendError::Unavailable`], after which the amount may have
    /// been added.
    async fn reserve(&self, key: &SpendKey, amount: U256, limit: U256) -> Result<(), SpendError>;

    /// Takes back a reservation whose operation was not approved. Must not be called if the approval may have reached the
    /// service. A sum does not fall below zero.
    ///
    /// # Errors
    /// [`SpendError::Unavailable`]; the amount may then still count.
    async fn release(&self, key: &SpendKey, amount: U256) -> Result<(), SpendError>;
}

/// The cause why an amount was not reserved or released.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpendError {
    /// The sum of the day would exceed the limit.
    #[error("{spent} base units were approved on this day, and the limit is {limit}")]
    Exceeded {
        /// The sum without this amount, in base units.
        spent: U256,
        /// The limit in base units.
        limit: U256,
    },
    /// The store does not answer, or cannot read its sums.
    #[error("the store of the day's sums does not answer")]
    Unavailable,
}

/// Sums of one process, which end with it.
#[derive(Clone, Default)]
pub struct MemorySpendStore(Arc<Mutex<HashMap<SpendKey, U256>>>);

impl MemorySpendStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn sums(&self) -> MutexGuard<'_, HashMap<SpendKey, U256>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl SpendStore for MemorySpendStore {
    async fn reserve(&self, key: &SpendKey, amount: U256, limit: U256) -> Result<(), SpendError> {
        let mut sums = self.sums();
        let spent = sums.get(key).copied().unwrap_or_default();
        let sum = spent.checked_add(amount).filter(|sum| *sum <= limit);
        let Some(sum) = sum else { return Err(SpendError::Exceeded { spent, limit }) };
        sums.retain(|kept, _| kept.day.saturating_add(KEPT_DAYS) >= key.day);
        sums.insert(key.clone(), sum);
        Ok(())
    }

    async fn release(&self, key: &SpendKey, amount: U256) -> Result<(), SpendError> {
        let mut sums = self.sums();
        if let Some(sum) = sums.get_mut(key) {
            *sum = sum.saturating_sub(amount);
        }
        Ok(())
    }
}

impl fmt::Debug for MemorySpendStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemorySpendStore").field("sums", &self.sums().len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(day: u64) -> SpendKey {
        SpendKey::new("wallet", day, Asset::Native)
    }

    fn amount(value: u64) -> U256 {
        U256::from(value)
    }

    #[tokio::test]
    async fn a_sum_stays_within_its_limit() {
        let store = MemorySpendStore::new();
        let limit = amount(10);
        assert_eq!(store.reserve(&key(1), amount(6), limit).await, Ok(()));
        let exceeded = SpendError::Exceeded { spent: amount(6), limit };
        assert_eq!(store.reserve(&key(1), amount(5), limit).await, Err(exceeded));
        assert_eq!(store.reserve(&key(1), U256::MAX, limit).await, Err(exceeded));
        assert_eq!(store.reserve(&key(1), amount(4), limit).await, Ok(()));
        let other = SpendKey::new("wallet", 1, Asset::Token("token".into()));
        assert_eq!(store.reserve(&other, limit, limit).await, Ok(()));
        assert_eq!(store.reserve(&key(2), limit, limit).await, Ok(()));
    }

    #[tokio::test]
    async fn a_released_amount_can_be_spent_again() {
        let store = MemorySpendStore::new();
        let limit = amount(10);
        assert_eq!(store.reserve(&key(1), limit, limit).await, Ok(()));
        assert_eq!(store.release(&key(1), amount(3)).await, Ok(()));
        assert_eq!(store.reserve(&key(1), amount(3), limit).await, Ok(()));
        assert!(store.reserve(&key(1), amount(1), limit).await.is_err());
        assert_eq!(store.release(&key(1), U256::MAX).await, Ok(()));
        assert_eq!(store.reserve(&key(1), limit, limit).await, Ok(()));
    }

    #[tokio::test]
    async fn old_days_are_forgotten() {
        let store = MemorySpendStore::new();
        for day in 0..100 {
            assert_eq!(store.reserve(&key(day), amount(1), amount(1)).await, Ok(()));
        }
        assert_eq!(format!("{store:?}"), "MemorySpendStore { sums: 3 }");
    }
}
