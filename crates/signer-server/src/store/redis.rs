use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, RedisError, Script};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use signer_protocols::blink::{IdempotencyKey, Timestamp};
use tokio::time::timeout;

use super::{
    MAX_SKEW_MS, MS_PER_DAY, PaymentStore, REMEMBERED_MS, Reservation, ReservationRequest,
    SAME_PAYLOAD_MS, StoreError, retry_id,
};
use crate::hex;

const SCRIPT: &str = include_str!("redis.lua");
/// The script counts in doubles, which are exact up to here: nine milliards of dollars.
const MAX_MICROS: u64 = (1 << 53) - 1;
/// How long it waits at most before it tries to connect again.
const MAX_RECONNECT_DELAY: Duration = Duration::from_secs(1);

/// What happens while Redis does not answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum WhenDown {
    /// Nothing is signed: 503.
    #[default]
    Refuse,
    /// Payments are signed without a memory: a retry is a payment of its own, and no day has a ceiling.
    Sign,
}

/// A store in Redis, so that many replicas act as one. A reservation is one script, atomic on its side, over
/// keys that share a slot. What it keeps is named by digests, and goes after 24 hours (keys) and two days
/// (sums); give Redis `maxmemory-policy noeviction`, or it forgets earlier.
pub struct RedisStore {
    connection: ConnectionManager,
    script: Script,
    prefix: String,
    patience: Duration,
    when_down: WhenDown,
}

impl RedisStore {
    /// A store at a `redis://` or `rediss://` address, which may hold a password. It connects when it is
    /// first asked, and again after each failure. An answer may take as long as `patience`.
    ///
    /// # Errors
    /// A text for the operator when it is no such address. Call it in a runtime.
    pub fn new(url: &SecretString, patience: Duration) -> Result<Self, &'static str> {
        let rule = "must be an address as redis://host:6379, or rediss:// for tls";
        let client = Client::open(url.expose_secret()).map_err(|_| rule)?;
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(patience))
            .set_response_timeout(Some(patience))
            .set_number_of_retries(0)
            .set_max_delay(MAX_RECONNECT_DELAY);
        let connection =
            ConnectionManager::new_lazy_with_config(client, config).map_err(|_| rule)?;
        Ok(Self {
            connection,
            script: Script::new(SCRIPT),
            prefix: "signer".into(),
            patience,
            when_down: WhenDown::default(),
        })
    }

    /// What the names of all keys start with. Endpoints that share it act as one. Default: `signer`.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// What happens while Redis does not answer. Default: nothing is signed.
    #[must_use]
    pub const fn when_down(mut self, when_down: WhenDown) -> Self {
        self.when_down = when_down;
        self
    }

    async fn ask(&self, request: &ReservationRequest<'_>) -> Result<Vec<String>, Fault> {
        // The digest in braces keeps the two keys of a caller in one slot of a cluster.
        let caller = hex::encode(&Sha256::digest(request.caller.as_str()));
        let (retry, hash) = match &request.retry {
            Some((key, hash)) => (hex::encode(&retry_id(request.caller, key)), hex::encode(hash)),
            None => (String::new(), String::new()),
        };
        let ceiling = request.day_ceiling.map(|ceiling| ceiling.0.min(MAX_MICROS));
        let mut invocation = self.script.prepare_invoke();
        invocation
            .key(format!("{}:{{{caller}}}:retry:{retry}", self.prefix))
            .key(format!("{}:{{{caller}}}:day", self.prefix))
            .arg(hash)
            .arg(request.fresh_key.as_str())
            .arg(request.now.unix_ms())
            .arg(request.key.to_string())
            .arg(u8::from(request.retry.is_some()))
            .arg(request.amount.0.min(MAX_MICROS + 1))
            .arg(ceiling.map_or_else(|| "-1".into(), |ceiling| ceiling.to_string()))
            .arg(SAME_PAYLOAD_MS)
            .arg(REMEMBERED_MS)
            .arg(MS_PER_DAY)
            .arg(MAX_SKEW_MS);
        let mut connection = self.connection.clone();
        let answer = invocation.invoke_async(&mut connection);
        match timeout(self.patience, answer).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => {
                tracing::warn!(kind = ?error.kind(), "redis did not reserve");
                Err(if is_down(&error) { Fault::Down } else { Fault::Refused })
            }
            Err(_) => {
                tracing::warn!("redis did not answer in time");
                Err(Fault::Down)
            }
        }
    }
}

enum Fault {
    /// Redis did not answer.
    Down,
    /// It answered, and not as it was asked: it is full, read-only, or wants another password.
    Refused,
}

fn is_down(error: &RedisError) -> bool {
    error.is_io_error()
        || error.is_timeout()
        || error.is_connection_dropped()
        || error.is_connection_refusal()
}

#[async_trait]
impl PaymentStore for RedisStore {
    async fn reserve(&self, request: ReservationRequest<'_>) -> Result<Reservation, StoreError> {
        let answer = match (self.ask(&request).await, self.when_down) {
            (Ok(answer), _) => answer,
            (Err(Fault::Down), WhenDown::Sign) => {
                let (idempotency_key, signed_at) = (request.fresh_key, request.now);
                return Ok(Reservation { idempotency_key, signed_at, remembered: false });
            }
            (Err(Fault::Down | Fault::Refused), _) => return Err(StoreError::Unavailable),
        };
        match answer.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["reserved", id, at] => reservation(id, at).ok_or(StoreError::Unavailable),
            ["conflict"] => Err(StoreError::Conflict),
            ["ceiling"] => Err(StoreError::DayCeiling),
            _ => Err(StoreError::Unavailable),
        }
    }

    async fn is_ready(&self) -> bool {
        let mut connection = self.connection.clone();
        let ping = async { redis::cmd("PING").query_async::<String>(&mut connection).await };
        self.when_down == WhenDown::Sign || matches!(timeout(self.patience, ping).await, Ok(Ok(_)))
    }
}

fn reservation(id: &str, at: &str) -> Option<Reservation> {
    let signed_at = Timestamp::from_unix_ms(at.parse().ok()?).ok()?;
    let idempotency_key = IdempotencyKey::parse(id).ok()?;
    Some(Reservation { idempotency_key, signed_at, remembered: true })
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedisStore({}, {:?})", self.prefix, self.when_down)
    }
}
