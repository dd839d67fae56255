use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use redis::{Script, ScriptInvocation};
use secrecy::SecretString;
use signer_store::{RedisCall, RedisFault, RedisLink};

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

/// Tokens in a Redis, for many replicas: what is kept there is readable for whoever may read that Redis.
#[derive(Clone)]
pub struct RedisTokenStore {
    link: Arc<RedisLink>,
    prefix: String,
}

impl RedisTokenStore {
    /// A store at an address, whose forms [`RedisLink::new`] states; it may hold a password. The first call connects.
    /// `patience` bounds each call.
    ///
    /// # Errors
    /// A text for the operator if it is not such an address.
    pub fn new(url: &SecretString, patience: Duration) -> Result<Self, &'static str> {
        let link = Arc::new(RedisLink::new(url, patience)?);
        Ok(Self { link, prefix: "signer-token".into() })
    }

    /// The prefix of all keys. Default: `signer-token`.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    fn name(&self, key: &TokenKey, what: &str) -> String {
        format!("{}:{{{}}}:{what}", self.prefix, key.name())
    }

    async fn run(&self, invocation: &ScriptInvocation<'_>) -> Result<u64, StoreError> {
        self.link.run(RedisCall::Script(invocation)).await.map_err(reason)
    }
}

#[async_trait]
impl TokenStore for RedisTokenStore {
    async fn load(&self, key: &TokenKey) -> Result<Option<Token>, StoreError> {
        let mut get = redis::cmd("HGET");
        get.arg(self.name(key, "token")).arg("token");
        let answer = self.link.run::<Option<Vec<u8>>>(RedisCall::Command(&get)).await;
        let bytes = answer.map_err(reason)?.map(zeroize::Zeroizing::new);
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
        let link = Arc::clone(&self.link);
        let release = async move {
            let script = Script::new(RELEASE);
            let mut invocation = script.key(name);
            // Without Redis the lease ends by its time to live.
            let _ = link.run::<u64>(RedisCall::Script(invocation.arg(holder))).await;
        };
        match self.link.run::<Option<String>>(RedisCall::Command(&set)).await {
            Ok(Some(_)) => Ok(Some(Lease::new(release))),
            Ok(None) => Ok(None),
            Err(fault) => {
                // Its answer may be what was lost.
                drop(Lease::new(release));
                Err(reason(fault))
            }
        }
    }
}

fn reason(fault: RedisFault) -> StoreError {
    tracing::warn!(%fault, "the token store in redis");
    StoreError::Unavailable
}

impl fmt::Debug for RedisTokenStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedisTokenStore({})", self.prefix)
    }
}
