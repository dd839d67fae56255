use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

use crate::digest::{self, Name};
use crate::payment::{MS_PER_DAY, REMEMBERED_MS};
use crate::remembered::Remembered;
use crate::sums::DaySum;
use crate::{
    PaymentStore, Reservation, ReservationRequest, StoreError, SumError, SumRequest, SumStore,
};

/// A store in memory, for development and tests: its records are lost when the process ends. Its size is
/// bounded; when it is full, it refuses new keys and keeps the recorded ones.
pub struct MemoryStore {
    state: Mutex<State>,
    capacity: usize,
    keys_per_caller: usize,
}

#[derive(Default)]
struct State {
    retries: HashMap<Name, Remembered>,
    /// The keys of `retries` and their callers, oldest first. A clock that is set does not change this age.
    by_age: VecDeque<(Instant, Name, Name)>,
    /// How many keys each caller has.
    keys: HashMap<Name, usize>,
    /// The latest day of any request.
    day: u64,
    sums: HashMap<Name, DaySum>,
}

impl MemoryStore {
    /// A store of up to `capacity` idempotency keys, of all callers together, and as many daily sums.
    pub fn new(capacity: usize) -> Self {
        Self { state: Mutex::default(), capacity, keys_per_caller: capacity }
    }

    /// How many of the keys one caller may have. Default: all.
    #[must_use]
    pub const fn keys_per_caller(mut self, keys: usize) -> Self {
        self.keys_per_caller = keys;
        self
    }

    /// Nothing panics while it is held, and a few map operations are all that happens.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryStore {
    /// A store of 100,000 keys.
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
        let scope = digest::scope(request.merchant, request.caller);
        let mut state = self.state();
        state.forget(Instant::now());
        let Some((key, hash)) = request.retry else {
            state.count(&scope, &request, self.capacity)?;
            let (idempotency_key, signed_at) = (request.fresh_key, request.now);
            return Ok(Reservation { idempotency_key, signed_at, remembered: true });
        };
        let id = digest::retry(&scope, key);
        if let Some(mut known) = state.retries.get(&id).cloned() {
            if let Some(same) = known.same_payload(&hash, request.now, request.key)? {
                return Ok(same);
            }
            state.count(&scope, &request, self.capacity)?;
            let reservation = known.renew(request.now, request.key);
            state.retries.insert(id, known);
            return Ok(reservation);
        }
        if state.retries.len() >= self.capacity {
            return Err(StoreError::Unavailable);
        }
        if state.keys.get(&scope).is_some_and(|keys| *keys >= self.keys_per_caller) {
            return Err(StoreError::TooManyKeys);
        }
        state.count(&scope, &request, self.capacity)?;
        let (idempotency_key, signed_at) = (request.fresh_key, request.now);
        let known = Remembered { hash, idempotency_key, signed_at, key: request.key };
        Ok(state.remember(scope, id, known))
    }
}

#[async_trait]
impl SumStore for MemoryStore {
    async fn add(&self, requests: &[SumRequest<'_>]) -> Result<(), SumError> {
        let mut state = self.state();
        if let Some(day) = requests.iter().map(|request| request.day).max() {
            state.begin_day(day);
        }
        let mut sums = HashMap::new();
        for (index, request) in requests.iter().enumerate() {
            let name = digest::sum(request.name.iter().copied());
            let known = sums.get(&name).or_else(|| state.sums.get(&name)).copied();
            if known.is_none() && state.sums.len() + sums.len() >= self.capacity {
                return Err(SumError::Unavailable);
            }
            let sum = known.unwrap_or_default().plus(request.day, request.amount, request.limit);
            sums.insert(name, sum.ok_or(SumError::Limit(index))?);
        }
        state.sums.extend(sums);
        Ok(())
    }
}

impl State {
    fn forget(&mut self, now: Instant) {
        let old =
            |at: Instant| now.saturating_duration_since(at) > Duration::from_millis(REMEMBERED_MS);
        while self.by_age.front().is_some_and(|(at, ..)| old(*at)) {
            let Some((_, scope, id)) = self.by_age.pop_front() else { return };
            self.retries.remove(&id);
            if let Some(keys) = self.keys.get_mut(&scope) {
                *keys = keys.saturating_sub(1);
                if *keys == 0 {
                    self.keys.remove(&scope);
                }
            }
        }
    }

    fn remember(&mut self, scope: Name, id: Name, known: Remembered) -> Reservation {
        let (idempotency_key, signed_at) = (known.idempotency_key.clone(), known.signed_at);
        self.by_age.push_back((Instant::now(), scope, id));
        *self.keys.entry(scope).or_default() += 1;
        self.retries.insert(id, known);
        Reservation { idempotency_key, signed_at, remembered: true }
    }

    /// Drops the sums of earlier days.
    fn begin_day(&mut self, day: u64) {
        if day > self.day {
            self.day = day;
            self.sums.retain(|_, sum| sum.day >= day);
        }
    }

    /// Counts the amount towards the caller's day. Without a limit, a full table counts nothing new.
    fn count(
        &mut self,
        scope: &Name,
        request: &ReservationRequest<'_>,
        capacity: usize,
    ) -> Result<(), StoreError> {
        let day = request.now.unix_ms() / MS_PER_DAY;
        self.begin_day(day);
        let known = self.sums.get(scope).copied();
        if known.is_none() && self.sums.len() >= capacity {
            let limited = request.day_ceiling.is_some();
            return if limited { Err(StoreError::Unavailable) } else { Ok(()) };
        }
        let limit = request.day_ceiling.map(|limit| u128::from(limit.0));
        let sum = known.unwrap_or_default().plus(day, u128::from(request.amount.0), limit);
        self.sums.insert(*scope, sum.ok_or(StoreError::DayCeiling)?);
        Ok(())
    }
}
