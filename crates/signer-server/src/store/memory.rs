use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use signer_protocols::blink::{IdempotencyKey, Timestamp, UsdMicros};
use tokio::time::Instant;

use super::{
    MAX_SKEW_MS, MS_PER_DAY, PaymentStore, REMEMBERED_MS, Reservation, ReservationRequest, RetryId,
    SAME_PAYLOAD_MS, StoreError, retry_id,
};
use crate::{CallerId, KeyId};

/// A store in memory, for one process: what it knows is gone when the process ends. Its room is bounded;
/// when it is full of what must be remembered, it is unavailable rather than forgetful.
pub struct MemoryStore {
    state: Mutex<State>,
    capacity: usize,
}

#[derive(Default)]
struct State {
    retries: HashMap<RetryId, Remembered>,
    /// The keys of `retries` by their age, which no clock that is set can change.
    by_age: VecDeque<(Instant, RetryId)>,
    /// The latest day seen; a request that comes late counts on it.
    day: u64,
    /// What each caller was signed for on that day.
    sums: HashMap<CallerId, UsdMicros>,
}

struct Remembered {
    hash: [u8; 32],
    idempotency_key: IdempotencyKey,
    signed_at: Timestamp,
    key: KeyId,
}

impl MemoryStore {
    /// Remembers up to `capacity` idempotency keys, of all callers together, and as many callers a day.
    pub fn new(capacity: usize) -> Self {
        Self { state: Mutex::default(), capacity }
    }

    /// Nothing panics while it is held, and a few map operations are all that happens.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryStore {
    /// Room for 100,000 keys.
    fn default() -> Self {
        Self::new(100_000)
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").field("capacity", &self.capacity).finish_non_exhaustive()
    }
}

#[async_trait]
impl PaymentStore for MemoryStore {
    async fn reserve(&self, request: ReservationRequest<'_>) -> Result<Reservation, StoreError> {
        let retry = request.retry.map(|(key, hash)| (retry_id(request.caller, key), hash));
        let mut state = self.state();
        state.forget(Instant::now());
        if let Some((id, hash)) = &retry
            && let Some(known) = state.retries.get(id)
        {
            return known.again(hash, request.now, request.key);
        }
        if retry.is_some() && state.retries.len() >= self.capacity {
            return Err(StoreError::Unavailable);
        }
        state.count(&request, self.capacity)?;
        if let Some((id, hash)) = retry {
            let idempotency_key = request.fresh_key.clone();
            state.by_age.push_back((Instant::now(), id));
            let (signed_at, key) = (request.now, request.key);
            state.retries.insert(id, Remembered { hash, idempotency_key, signed_at, key });
        }
        let signed_at = request.now;
        Ok(Reservation { idempotency_key: request.fresh_key, signed_at, remembered: true })
    }
}

impl Remembered {
    /// What a retry gets. A time from the future, after the clock was set back, is of no use to anybody.
    fn again(
        &self,
        hash: &[u8; 32],
        now: Timestamp,
        key: KeyId,
    ) -> Result<Reservation, StoreError> {
        if self.hash != *hash {
            return Err(StoreError::Conflict);
        }
        let age = (now.unix_ms() + MAX_SKEW_MS).checked_sub(self.signed_at.unix_ms());
        let same = key == self.key && age.is_some_and(|age| age <= SAME_PAYLOAD_MS + MAX_SKEW_MS);
        let signed_at = if same { self.signed_at } else { now };
        let idempotency_key = self.idempotency_key.clone();
        Ok(Reservation { idempotency_key, signed_at, remembered: true })
    }
}

impl State {
    fn forget(&mut self, now: Instant) {
        let old =
            |at: Instant| now.saturating_duration_since(at) > Duration::from_millis(REMEMBERED_MS);
        while self.by_age.front().is_some_and(|(at, _)| old(*at)) {
            if let Some((_, id)) = self.by_age.pop_front() {
                self.retries.remove(&id);
            }
        }
    }

    /// Counts the amount against the caller's day.
    fn count(
        &mut self,
        request: &ReservationRequest<'_>,
        capacity: usize,
    ) -> Result<(), StoreError> {
        let Some(ceiling) = request.day_ceiling else { return Ok(()) };
        let day = request.now.unix_ms() / MS_PER_DAY;
        if day > self.day {
            self.day = day;
            self.sums.clear();
        }
        let known = self.sums.get(request.caller).map(|sum| sum.0);
        if known.is_none() && self.sums.len() >= capacity {
            return Err(StoreError::Unavailable);
        }
        let sum = UsdMicros(known.unwrap_or(0).saturating_add(request.amount.0));
        if sum > ceiling {
            return Err(StoreError::DayCeiling);
        }
        self.sums.insert(request.caller.clone(), sum);
        Ok(())
    }
}
