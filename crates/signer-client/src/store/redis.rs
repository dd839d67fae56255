use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, RedisError, Script, ScriptInvocation};
use secrecy::{ExposeSecret, SecretString};

use super::{Lease, StoreError, TokenStore, codec};
use crate::random;
use crate::token::{Token, TokenKey};

/// Keeps a token unless a later one is there.
const REPLACE: &str = "local stored = redis.call('HGET', KEYS[1], 'version')
if stored and (#stored > #ARGV[1] or (#stored == #ARGV[1] and stored > ARGV[1])) then return 0 end
redis.call('HSET', KEYS[1], 'version', ARGV[2], 'token', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1";
/// Removes a token unless a later one is there.
const REMOVE: &str = "local stored = redis.call('HGET', KEYS[1], 'version')
if stored and (#stored > #ARGV[1] or (#stored == #ARGV[1] and stored > ARGV[1])) then return 0 end
return redis.call('DEL', KEYS[1])";
/// Gives a lease back, if it is still the holder's.
const RELEASE: &str =
    "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0";
/// A token that nobody asks for is forgotten after this.
const KEPT_MS: u64 = 30 * 24 * 3_600 * 1_000;
const MAX_RECONNECT_DELAY: Duration = Duration::from_secs(1);

/// Tokens in a Redis, for many replicas: what is kept there is readable for whoever may read that Redis.
#[derive(Clone)]
pub struct RedisTokenStore {
    connection: ConnectionManager,
    prefix: String,
}

impl RedisTokenStore {
    /// A store at a `redis://` or `rediss://` address, which may hold a password. It connects when it is first
    /// asked, and again after each failure. An answer may take as long as `patience`.
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
        Ok(Self { connection, prefix: "signer-token".into() })
    }

    /// What the names of all keys start with. Default: `signer-token`.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    fn name(&self, key: &TokenKey, what: &str) -> String {
        format!("{}:{{{}}}:{what}", self.prefix, key.name())
    }

    async fn run(&self, invocation: &ScriptInvocation<'_>) -> Result<u64, StoreError> {
        invocation.invoke_async(&mut self.connection.clone()).await.map_err(|error| reason(&error))
    }
}

#[async_trait]
impl TokenStore for RedisTokenStore {
    async fn load(&self, key: &TokenKey) -> Result<Option<Token>, StoreError> {
        let mut get = redis::cmd("HGET");
        get.arg(self.name(key, "token")).arg("token");
        let answer = get.query_async::<Option<Vec<u8>>>(&mut self.connection.clone()).await;
        let bytes = answer.map_err(|error| reason(&error))?.map(zeroize::Zeroizing::new);
        Ok(bytes.and_then(|bytes| codec::decode(key, &bytes)))
    }

    async fn replace(
        &self,
        key: &TokenKey,
        expected: u64,
        token: &Token,
    ) -> Result<bool, StoreError> {
        let script = Script::new(REPLACE);
        let mut invocation = script.key(self.name(key, "token"));
        invocation.arg(expected).arg(token.version).arg(codec::encode(key, token).as_slice());
        Ok(self.run(invocation.arg(KEPT_MS)).await? == 1)
    }

    async fn remove(&self, key: &TokenKey, version: u64) -> Result<(), StoreError> {
        let script = Script::new(REMOVE);
        self.run(script.key(self.name(key, "token")).arg(version)).await.map(|_| ())
    }

    async fn lease(&self, key: &TokenKey, ttl: Duration) -> Result<Option<Lease>, StoreError> {
        let name = self.name(key, "lease");
        let holder = random::uuid().map_err(|_| StoreError::Unavailable)?;
        // What is beyond its calendar Redis refuses, and nobody would have the turn.
        let ttl = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX).min(KEPT_MS);
        let mut set = redis::cmd("SET");
        set.arg(&name).arg(&holder).arg("NX").arg("PX").arg(ttl);
        let mut connection = self.connection.clone();
        let release = async move {
            let script = Script::new(RELEASE);
            let mut invocation = script.key(name);
            // Without Redis it ends by itself.
            let _ = invocation.arg(holder).invoke_async::<u64>(&mut connection).await;
        };
        match set.query_async::<Option<String>>(&mut self.connection.clone()).await {
            Ok(Some(_)) => Ok(Some(Lease::new(release))),
            Ok(None) => Ok(None),
            Err(error) => {
                // Its answer may be what was lost.
                drop(Lease::new(release));
                Err(reason(&error))
            }
        }
    }
}

fn reason(error: &RedisError) -> StoreError {
    tracing::warn!(kind = ?error.kind(), "the token store in redis");
    StoreError::Unavailable
}

impl fmt::Debug for RedisTokenStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedisTokenStore({})", self.prefix)
    }
}
