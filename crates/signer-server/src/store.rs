//! What the endpoint remembers: idempotency keys and what each caller was signed for on a day.

use async_trait::async_trait;
use sha2::{Digest, Sha256};
use signer_protocols::blink::{IdempotencyKey, Timestamp, UsdMicros};

use crate::{CallerId, KeyId};

mod memory;
#[cfg(feature = "redis")]
mod redis;

pub use memory::MemoryStore;
#[cfg(feature = "redis")]
pub use redis::{RedisStore, WhenDown};

/// For how long a retry gets the same payload, in milliseconds: 10 minutes.
pub(crate) const SAME_PAYLOAD_MS: u64 = 10 * 60 * 1_000;
/// For how long an idempotency key is remembered, in milliseconds: 24 hours.
pub(crate) const REMEMBERED_MS: u64 = 24 * 60 * 60 * 1_000;

/// How far the clocks of two replicas may be apart, in milliseconds.
const MAX_SKEW_MS: u64 = 60_000;
const MS_PER_DAY: u64 = 86_400_000;

/// A digest of the caller and its key, so that a record has one size.
type RetryId = [u8; 32];

fn retry_id(caller: &CallerId, key: &str) -> RetryId {
    // The length keeps the two apart.
    let length = caller.as_str().len().to_be_bytes();
    let hasher = Sha256::new().chain_update(length).chain_update(caller.as_str());
    hasher.chain_update(key).finalize().into()
}

/// What is asked of a store for one request. It is one atomic step: either all of it happens or none.
#[derive(Clone, Debug)]
pub struct ReservationRequest<'a> {
    /// The caller, which scopes everything.
    pub caller: &'a CallerId,
    /// The `Idempotency-Key` header with a SHA-256 of the whole request; without it every request is new.
    pub retry: Option<(&'a str, [u8; 32])>,
    /// The id for the payload, if this request is new.
    pub fresh_key: IdempotencyKey,
    /// What the payment counts for against the ceiling; zero for an open amount.
    pub amount: UsdMicros,
    /// The most that the caller is signed for on a day (UTC).
    pub day_ceiling: Option<UsdMicros>,
    /// The time of the request.
    pub now: Timestamp,
    /// The key that is going to sign. After a switch a retry gets a new time, so that it is a new payload.
    pub key: KeyId,
}

/// What goes into the payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reservation {
    /// The payload's id: ours, never the caller's.
    pub idempotency_key: IdempotencyKey,
    /// The payload's time.
    pub signed_at: Timestamp,
    /// Whether it is remembered. A store that is told to go on while it is down remembers nothing.
    pub remembered: bool,
}

/// Why nothing was reserved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The idempotency key was used for another request.
    #[error("idempotency key was used for another request")]
    Conflict,
    /// The caller's ceiling of the day would be passed.
    #[error("day ceiling of the caller would be passed")]
    DayCeiling,
    /// The store does not answer, or has no room.
    #[error("store is not available")]
    Unavailable,
}

/// Remembers payments.
#[async_trait]
pub trait PaymentStore: Send + Sync {
    /// Reserves an id and counts the amount, atomically. A retry (the same caller, key and hash) gets
    /// the id and the time of its first request for 10 minutes; later, or when another key signs, the
    /// same id with the time of the call. It is not counted again.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn reserve(&self, request: ReservationRequest<'_>) -> Result<Reservation, StoreError>;

    /// Whether it answers.
    async fn is_ready(&self) -> bool {
        true
    }
}
