use async_trait::async_trait;

/// One amount to count towards a named sum of a day.
#[derive(Clone, Copy, Debug)]
pub struct SumRequest<'a> {
    /// The name of the sum, in parts, such as the wallet and the asset. Different parts never share a sum.
    pub name: &'a [&'a str],
    /// The day, in days since 1970-01-01 (UTC). A day before the latest one recorded for the name counts
    /// towards the latest one.
    pub day: u64,
    /// The amount, in the smallest unit of the asset.
    pub amount: u128,
    /// The most that the sum may be. Without it the amount is counted and never refused.
    pub limit: Option<u128>,
}

/// Why nothing was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SumError {
    /// A sum would exceed its limit.
    #[error("sum {0} of the request would exceed its limit")]
    Limit(
        /// The index of the request.
        usize,
    ),
    /// The store does not answer, or is full.
    #[error("store is not available")]
    Unavailable,
}

/// Keeps named sums per day, such as the amounts that a wallet approved.
#[async_trait]
pub trait SumStore: Send + Sync {
    /// Counts all amounts, or none if one of them would exceed its limit. A sum stops at 2^128 - 1.
    ///
    /// # Errors
    /// [`SumError`].
    async fn add(&self, requests: &[SumRequest<'_>]) -> Result<(), SumError>;
}

/// A sum of a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct DaySum {
    pub(crate) day: u64,
    pub(crate) sum: u128,
}

impl DaySum {
    /// The sum after `amount` on `day`, or `None` if it would exceed the limit. A request that arrives late
    /// counts towards the latest day.
    pub(crate) fn plus(self, day: u64, amount: u128, limit: Option<u128>) -> Option<Self> {
        let base = if day > self.day { Self { day, sum: 0 } } else { self };
        let sum = base.sum.checked_add(amount);
        match limit {
            None => Some(Self { sum: sum.unwrap_or(u128::MAX), ..base }),
            Some(limit) => sum.filter(|sum| *sum <= limit).map(|sum| Self { sum, ..base }),
        }
    }
}
