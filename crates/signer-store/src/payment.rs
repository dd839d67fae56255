use async_trait::async_trait;
use signer_protocols::blink::{IdempotencyKey, MerchantId, Timestamp, UsdMicros};

use crate::{CallerId, KeyId};

/// How long a retry gets the same payload, in milliseconds: 10 minutes.
pub(crate) const SAME_PAYLOAD_MS: u64 = 10 * 60 * 1_000;
/// How long an idempotency key is remembered, in milliseconds: 24 hours.
pub(crate) const REMEMBERED_MS: u64 = 24 * 60 * 60 * 1_000;
/// How far the clocks of two replicas may be apart, in milliseconds.
pub(crate) const MAX_SKEW_MS: u64 = 60_000;
pub(crate) const MS_PER_DAY: u64 = 86_400_000;

/// One request to a store. A reservation is atomic: all of it is recorded, or nothing.
#[derive(Clone, Debug)]
pub struct ReservationRequest<'a> {
    /// The merchant. Merchant and caller scope idempotency keys and the daily sum.
    pub merchant: &'a MerchantId,
    /// The caller.
    pub caller: &'a CallerId,
    /// The `Idempotency-Key` header and a SHA-256 of the whole request; without it every request is new.
    pub retry: Option<(&'a str, [u8; 32])>,
    /// The id for the payload, if this request is new.
    pub fresh_key: IdempotencyKey,
    /// The amount that counts against the daily limit; zero for an open amount.
    pub amount: UsdMicros,
    /// The daily limit of the caller, per day in UTC.
    pub day_ceiling: Option<UsdMicros>,
    /// The time of the request.
    pub now: Timestamp,
    /// The key that will sign. After a change of keys a retry gets a new time, so that it is a new payload.
    pub key: KeyId,
}

/// The id and the time that go into the payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reservation {
    /// The payload's id, made by the endpoint and never by the caller.
    pub idempotency_key: IdempotencyKey,
    /// The payload's time.
    pub signed_at: Timestamp,
    /// Whether the reservation is recorded. `false` only from a store that may sign while it is down.
    pub remembered: bool,
}

/// Why nothing was reserved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The idempotency key was used for another request.
    #[error("idempotency key was used for another request")]
    Conflict,
    /// The payment would exceed the daily limit of the caller.
    #[error("daily limit of the caller would be exceeded")]
    DayCeiling,
    /// The caller has as many idempotency keys of the last 24 hours as one caller may have.
    #[error("caller has too many idempotency keys")]
    TooManyKeys,
    /// The store does not answer, or is full.
    #[error("store is not available")]
    Unavailable,
    /// The store lost what it had recorded, and no operator has accepted that.
    #[error("store lost its records")]
    Lost,
}

/// The readiness of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Readiness {
    /// It records reservations.
    Ready,
    /// It lets payments be signed and records nothing.
    Degraded,
    /// It refuses reservations.
    Unavailable,
}

/// Records payments.
#[async_trait]
pub trait PaymentStore: Send + Sync {
    /// Reserves an id and counts the amount in one atomic step. The amount always counts towards the
    /// caller's sum of the day, also while there is no limit.
    ///
    /// A retry (the same merchant, caller, key and hash) within 10 minutes gets the id and the time of its
    /// first request and is not counted again. A later retry, or one after a change of keys, gets the same id
    /// with a new time; its amount counts again, because each payload is valid for a time of its own.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn reserve(&self, request: ReservationRequest<'_>) -> Result<Reservation, StoreError>;

    /// Performs what a reservation performs, a write included, and changes nothing.
    async fn readiness(&self) -> Readiness {
        Readiness::Ready
    }
}
