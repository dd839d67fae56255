use std::fmt;
use std::sync::{Arc, Weak};
use std::time::Duration;

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use signer_protocols::privy::{AuthorizationKey, SessionRecipient};

use super::authorization::AuthorizationSigner;
use super::client::Client;
use crate::cache::{Cache, Failure, Fetched, Replaced, Served, Source};
use crate::clock::unix_ms;
use crate::error::{Error, Kind};
use crate::random;

/// A key is kept for so long at least: who exchanges for each request asks more than the service gives.
const LEAST_LIFE_MS: f64 = 10_000.0;

/// A user who signs requests: the user's token is exchanged for a key, which is kept until shortly before it ends.
/// Any number of callers share one exchange.
#[derive(Clone)]
pub struct UserSession(Arc<Inner>);

struct Inner {
    keys: Cache<AuthorizationKey>,
}

#[derive(Serialize)]
struct Authenticate<'a> {
    user_jwt: &'a str,
    encryption_type: &'static str,
    recipient_public_key: String,
}

#[derive(Deserialize)]
struct Authenticated {
    encrypted_authorization_key: Sealed,
    /// Unix milliseconds.
    expires_at: f64,
}

#[derive(Deserialize)]
struct Sealed {
    encapsulated_key: String,
    ciphertext: String,
}

/// A session as long as somebody uses it.
pub(super) struct WeakSession(Weak<Inner>);

impl WeakSession {
    pub(super) fn upgrade(&self) -> Option<UserSession> {
        self.0.upgrade().map(UserSession)
    }
}

struct Exchange {
    /// Without the sessions, which would hold each other.
    client: Client,
    user_jwt: SecretString,
}

impl UserSession {
    pub(super) fn new(client: Client, user_jwt: SecretString) -> Self {
        Self(Arc::new(Inner { keys: Cache::new(Exchange { client, user_jwt }) }))
    }

    pub(super) fn downgrade(&self) -> WeakSession {
        WeakSession(Arc::downgrade(&self.0))
    }

    /// The key that signs now, and which of the session's keys it is.
    pub(super) async fn signer(&self) -> Result<(AuthorizationSigner, u64), Error> {
        let Served { value, generation, .. } = self.0.keys.value().await?;
        Ok((value, generation))
    }

    /// The key `refused` is not good any more: exchanges anew, unless another has by now.
    pub(super) async fn renew(&self, refused: u64) -> Result<(), Error> {
        self.0.keys.replace(refused).await.map(|_| ())
    }
}

#[async_trait]
impl Source<AuthorizationKey> for Exchange {
    async fn fetch(
        &self,
        _: Option<Replaced<AuthorizationKey>>,
    ) -> Result<Fetched<AuthorizationKey>, Failure> {
        let recipient = SessionRecipient::from(random::p256_key()?);
        let body = Authenticate {
            user_jwt: self.user_jwt.expose_secret(),
            encryption_type: "HPKE",
            recipient_public_key: recipient.public_key(),
        };
        let answer: Authenticated = self.client.authenticate(&body).await?;
        let sealed = &answer.encrypted_authorization_key;
        let key = recipient
            .open(&sealed.encapsulated_key, &sealed.ciphertext)
            .map_err(|_| Error::new(Kind::Answer, "the session's key does not open"))?;
        // By a clock that is fast each key has ended when it comes; it is the service that says so.
        #[allow(clippy::cast_precision_loss, reason = "milliseconds of this millennium are exact")]
        let lifetime_ms = (answer.expires_at - unix_ms() as f64).clamp(LEAST_LIFE_MS, 1e12);
        let lifetime = Some(Duration::from_secs_f64(lifetime_ms / 1_000.0));
        Ok(Fetched { value: key, lifetime, made: true })
    }
}

impl fmt::Debug for UserSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserSession([redacted])")
    }
}
