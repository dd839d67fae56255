//! The store in a Redis, by which many replicas act as one.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use redis::Script;
use secrecy::SecretString;
use signer_protocols::blink::{IdempotencyKey, Timestamp};

use crate::payment::{MAX_SKEW_MS, MS_PER_DAY, REMEMBERED_MS, SAME_PAYLOAD_MS};
use crate::{PaymentStore, Readiness, Reservation, ReservationRequest, StoreError, digest, hex};

mod link;
mod settings;
mod url;

pub use link::{RedisCall, RedisFault, RedisLink};

/// The script counts in doubles, which are exact up to here: nine billion dollars.
const MAX_MICROS: u64 = (1 << 53) - 1;

/// The behaviour while Redis does not answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum WhenDown {
    /// Nothing is signed: 503.
    #[default]
    Refuse,
    /// Payments are signed and not recorded, for as long as given: a retry is a payment of its own, and no
    /// daily limit holds. After that time nothing is signed until Redis answers again.
    Sign {
        /// The longest time without a record, counted from the first call that was not answered.
        at_most: Duration,
    },
}

/// A store in Redis. A reservation is one script, atomic on the server, over keys that share a slot. The keys are
/// named by digests and expire after 24 hours (idempotency keys) and two days (sums).
///
/// A marker with a random epoch shows that the server still has its records. If the marker that this process has
/// seen is missing or another one, the store refuses with [`StoreError::Lost`] until
/// [`accept_loss`](Self::accept_loss) is called, by this process or another.
pub struct RedisStore {
    link: RedisLink,
    reserve: Script,
    probe: Script,
    prefix: String,
    when_down: WhenDown,
    max_keys_per_caller: u64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The epoch of the server whose records this process knows; empty before the first answer.
    epoch: String,
    /// The first of the calls that were not answered.
    down_since: Option<Instant>,
    /// When the loss of records was logged.
    lost_logged: Option<Instant>,
    /// When the marker of a cluster was checked.
    checked: Option<Instant>,
}

impl RedisStore {
    /// A store at an address, whose forms [`RedisLink::new`] states. The first call connects. `patience` bounds
    /// each call.
    ///
    /// # Errors
    /// A text for the operator if it is not such an address.
    pub fn new(url: &SecretString, patience: Duration) -> Result<Self, &'static str> {
        Ok(Self {
            link: RedisLink::new(url, patience)?,
            reserve: Script::new(include_str!("redis/reserve.lua")),
            probe: Script::new(include_str!("redis/probe.lua")),
            prefix: "signer".into(),
            when_down: WhenDown::default(),
            max_keys_per_caller: 100_000,
            state: Mutex::default(),
        })
    }

    /// The prefix of all keys. Endpoints that share it act as one. Default: `signer`.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// The behaviour while Redis does not answer. Default: nothing is signed.
    #[must_use]
    pub const fn when_down(mut self, when_down: WhenDown) -> Self {
        self.when_down = when_down;
        self
    }

    /// How many replicas of Redis must have a reservation before it is answered. Default: 0, or one of the connected
    /// replicas, if there are any, where Sentinels name the primary. In a cluster it has no effect.
    #[must_use]
    pub fn replicas(mut self, replicas: u32) -> Self {
        self.link = self.link.replicas(replicas);
        self
    }

    /// How many idempotency keys of the last 24 hours one caller may have. Default: 100,000.
    #[must_use]
    pub const fn max_keys_per_caller(mut self, keys: u64) -> Self {
        self.max_keys_per_caller = keys;
        self
    }

    /// Accepts that the server lost its records: writes a new marker, which every endpoint takes within the
    /// next hour. Idempotency keys and daily sums from before are gone.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn accept_loss(&self) -> Result<(), StoreError> {
        let epoch = fresh_epoch().ok_or(StoreError::Unavailable)?;
        let now = now_ms();
        let mut command = redis::cmd("HSET");
        command.arg(self.marker()).arg("epoch").arg(epoch).arg("since").arg(now);
        command.arg("accepted").arg(now);
        let written = self.link.run::<u64>(RedisCall::Command(&command)).await;
        written.map(|_| ()).map_err(|_| StoreError::Unavailable)
    }

    fn marker(&self) -> String {
        format!("{{{}}}:epoch", self.prefix)
    }

    async fn ask(
        &self,
        request: &ReservationRequest<'_>,
        epoch: &str,
        fresh_epoch: &str,
    ) -> Result<Vec<String>, RedisFault> {
        let prefix = &self.prefix;
        let scope = digest::scope(request.merchant, request.caller);
        // The digest in braces keeps the keys of a caller in one slot of a cluster.
        let tag = hex::encode(&scope);
        let (retry, old_retry, hash) = match &request.retry {
            Some((key, hash)) => (
                hex::encode(&digest::retry(&scope, key)),
                hex::encode(&digest::version_0_1::retry(request.caller, key)),
                hex::encode(hash),
            ),
            None => Default::default(),
        };
        let mut invocation = self.reserve.prepare_invoke();
        invocation
            .key(format!("{prefix}:{{{tag}}}:retry:{retry}"))
            .key(format!("{prefix}:{{{tag}}}:day"))
            .key(format!("{prefix}:{{{tag}}}:keys"));
        if !self.link.is_cluster() {
            let old = hex::encode(&digest::version_0_1::scope(request.caller));
            invocation
                .key(self.marker())
                .key(format!("{prefix}:{{{old}}}:retry:{old_retry}"))
                .key(format!("{prefix}:{{{old}}}:day"));
        }
        let limit = request.day_ceiling.map(|limit| limit.0.min(MAX_MICROS));
        invocation
            .arg(hash)
            .arg(request.fresh_key.as_str())
            .arg(request.now.unix_ms())
            .arg(request.key.to_string())
            .arg(u8::from(request.retry.is_some()))
            .arg(request.amount.0.min(MAX_MICROS + 1))
            .arg(limit.map_or_else(|| "-1".into(), |limit| limit.to_string()))
            .arg(SAME_PAYLOAD_MS)
            .arg(REMEMBERED_MS)
            .arg(MS_PER_DAY)
            .arg(MAX_SKEW_MS)
            .arg(self.max_keys_per_caller)
            .arg(epoch)
            .arg(fresh_epoch);
        self.link.run_again(RedisCall::Script(&invocation)).await
    }

    /// Checks the marker and writes a key that nobody reads.
    async fn check(&self) -> Result<(), Refusal> {
        let fresh_epoch = fresh_epoch().ok_or(Refusal::Refused)?;
        let mut invocation = self.probe.prepare_invoke();
        invocation
            .key(self.marker())
            .key(format!("{{{}}}:probe", self.prefix))
            .arg(self.epoch())
            .arg(fresh_epoch)
            .arg(now_ms());
        let answer = self.link.run_again::<Vec<String>>(RedisCall::Script(&invocation)).await;
        match answer.map_err(|fault| self.note_fault(fault))?.as_slice() {
            [ready, epoch] if ready == "ready" => {
                self.note_answer(epoch);
                Ok(())
            }
            _ => Err(self.note_loss()),
        }
    }

    /// In a cluster the marker has a slot of its own, so that the reservation's script cannot check it.
    async fn check_cluster(&self) -> Result<(), Refusal> {
        let recent = |at: Instant| at.elapsed() < Duration::from_secs(1);
        if !self.link.is_cluster() || self.lock().checked.is_some_and(recent) {
            return Ok(());
        }
        self.check().await?;
        self.lock().checked = Some(Instant::now());
        Ok(())
    }

    fn epoch(&self) -> String {
        self.lock().epoch.clone()
    }

    fn note_answer(&self, epoch: &str) {
        let mut state = self.lock();
        state.down_since = None;
        if state.epoch != epoch && !epoch.is_empty() {
            epoch.clone_into(&mut state.epoch);
        }
    }

    fn note_fault(&self, fault: RedisFault) -> Refusal {
        if fault != RedisFault::Down {
            return Refusal::Refused;
        }
        let since = *self.lock().down_since.get_or_insert_with(Instant::now);
        match self.when_down {
            WhenDown::Sign { at_most } if since.elapsed() < at_most => Refusal::MaySign,
            WhenDown::Sign { .. } | WhenDown::Refuse => Refusal::Refused,
        }
    }

    fn note_loss(&self) -> Refusal {
        let mut state = self.lock();
        state.checked = None;
        let recent = |at: Instant| at.elapsed() < Duration::from_secs(1);
        if !state.lost_logged.is_some_and(recent) {
            state.lost_logged = Some(Instant::now());
            tracing::error!(
                "redis lost its records, so that keys and daily sums are gone: nothing is signed until an \
                 operator runs `signer store accept-loss`"
            );
        }
        Refusal::Lost
    }

    /// Nothing panics while it is held.
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why nothing is recorded.
enum Refusal {
    /// Redis does not answer, and payments may be signed without it.
    MaySign,
    Refused,
    Lost,
}

#[async_trait]
impl PaymentStore for RedisStore {
    async fn reserve(&self, request: ReservationRequest<'_>) -> Result<Reservation, StoreError> {
        let unrecorded = |refusal: Refusal| match refusal {
            Refusal::MaySign => Ok(Reservation {
                idempotency_key: request.fresh_key.clone(),
                signed_at: request.now,
                remembered: false,
            }),
            Refusal::Refused => Err(StoreError::Unavailable),
            Refusal::Lost => Err(StoreError::Lost),
        };
        if let Err(refusal) = self.check_cluster().await {
            return unrecorded(refusal);
        }
        let epoch = self.epoch();
        let fresh = if epoch.is_empty() { fresh_epoch() } else { Some(String::new()) };
        let fresh = fresh.ok_or(StoreError::Unavailable)?;
        let answer = match self.ask(&request, &epoch, &fresh).await {
            Ok(answer) => answer,
            Err(fault) => return unrecorded(self.note_fault(fault)),
        };
        match answer.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["reserved", id, at, epoch] => {
                self.note_answer(epoch);
                reservation(id, at).ok_or(StoreError::Unavailable)
            }
            ["conflict"] => Err(StoreError::Conflict),
            ["ceiling"] => Err(StoreError::DayCeiling),
            ["full"] => Err(StoreError::TooManyKeys),
            ["lost"] => unrecorded(self.note_loss()),
            _ => Err(StoreError::Unavailable),
        }
    }

    async fn readiness(&self) -> Readiness {
        match self.check().await {
            Ok(()) => Readiness::Ready,
            Err(Refusal::MaySign) => Readiness::Degraded,
            Err(Refusal::Refused | Refusal::Lost) => Readiness::Unavailable,
        }
    }
}

fn reservation(id: &str, at: &str) -> Option<Reservation> {
    let signed_at = Timestamp::from_unix_ms(at.parse().ok()?).ok()?;
    let idempotency_key = IdempotencyKey::parse(id).ok()?;
    Some(Reservation { idempotency_key, signed_at, remembered: true })
}

fn fresh_epoch() -> Option<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).ok()?;
    Some(hex::encode(&bytes))
}

fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedisStore({}, {:?})", self.prefix, self.when_down)
    }
}
