use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use signer_protocols::blink::{IdempotencyKey, Timestamp, UsdMicros};

use super::{
    PaymentStore, REMEMBERED_MS, Reservation, ReservationRequest, SAME_PAYLOAD_MS, StoreError,
};
use crate::CallerId;

const MS_PER_DAY: u64 = 86_400_000;

/// A store in memory, for one process: what it knows is gone when the process ends. Its room is bounded;
/// when it is full of what must be remembered, it is unavailable rather than forgetful.
pub struct MemoryStore {
    state: Mutex<State>,
    capacity: usize,
}

#[derive(Default)]
struct State {
    retries: HashMap<(CallerId, String), Remembered>,
    /// The keys of `retries` in the order of their time.
    by_age: VecDeque<(u64, (CallerId, String))>,
    /// What each caller was signed for on a day.
    days: HashMap<CallerId, (u64, UsdMicros)>,
}

struct Remembered {
    hash: [u8; 32],
    idempotency_key: IdempotencyKey,
    signed_at: Timestamp,
}

impl MemoryStore {
    /// Remembers up to `capacity` idempotency keys, and as many callers.
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
        let mut state = self.state();
        let now = request.now.unix_ms();
        state.forget_before(now.saturating_sub(REMEMBERED_MS));

        let retry =
            request.retry.map(|(key, hash)| ((request.caller.clone(), key.to_owned()), hash));
        if let Some((key, hash)) = &retry
            && let Some(known) = state.retries.get(key)
        {
            if known.hash != *hash {
                return Err(StoreError::Conflict);
            }
            let age = now.saturating_sub(known.signed_at.unix_ms());
            let signed_at = if age <= SAME_PAYLOAD_MS { known.signed_at } else { request.now };
            return Ok(Reservation { idempotency_key: known.idempotency_key.clone(), signed_at });
        }

        let full = state.retries.len() >= self.capacity && retry.is_some();
        let new_caller = !state.days.contains_key(request.caller);
        if full || (new_caller && state.days.len() >= self.capacity) {
            return Err(StoreError::Unavailable);
        }
        state.count(&request, now / MS_PER_DAY)?;
        if let Some((key, hash)) = retry {
            let idempotency_key = request.fresh_key.clone();
            state.by_age.push_back((now, key.clone()));
            state.retries.insert(key, Remembered { hash, idempotency_key, signed_at: request.now });
        }
        Ok(Reservation { idempotency_key: request.fresh_key, signed_at: request.now })
    }
}

impl State {
    fn forget_before(&mut self, time: u64) {
        while self.by_age.front().is_some_and(|(at, _)| *at < time) {
            if let Some((_, key)) = self.by_age.pop_front() {
                self.retries.remove(&key);
            }
        }
    }

    /// Counts the amount against the caller's day.
    fn count(&mut self, request: &ReservationRequest<'_>, day: u64) -> Result<(), StoreError> {
        if request.day_ceiling.is_none() {
            return Ok(());
        }
        self.days.retain(|_, (of, _)| *of == day);
        let sum = self.days.get(request.caller).map_or(0, |(_, sum)| sum.0);
        let sum = UsdMicros(sum.saturating_add(request.amount.0));
        if request.day_ceiling.is_some_and(|ceiling| sum > ceiling) {
            return Err(StoreError::DayCeiling);
        }
        self.days.insert(request.caller.clone(), (day, sum));
        Ok(())
    }
}
