use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::{Token, TokenKey};
use crate::cache::{Cache, Fetched, Served, Source};
use crate::error::{Error, Kind};
use crate::random;
use crate::store::{StoreError, TokenStore};

/// How long a fetch may take, with all that the store has to do with it.
const FLIGHT_DEADLINE: Duration = Duration::from_secs(45);
/// How long one step of a store may take.
const STORE_DEADLINE: Duration = Duration::from_secs(5);
/// How often it is looked whether another process has brought a token.
const LOOK_EVERY_MS: u64 = 40;
/// How often a token that was given is offered to a store that does not take it.
const WRITES: u32 = 3;

/// Where tokens come from: a service.
#[async_trait]
pub trait TokenSource: Send + Sync + 'static {
    /// Gets a new token. `replaced` is the last one known, which has ended or was refused; without one, nobody
    /// is signed in.
    ///
    /// # Errors
    /// Whatever the service says; all callers that wait get it, and there is a cool-down before the next call.
    async fn fetch(&self, replaced: Option<&Token>) -> Result<Token, Error>;
}

/// Keeps one token alive for any number of callers.
///
/// A valid token is served without a lock. It is fetched when it is first asked for, refreshed shortly before its
/// end while the old one is still served, and refreshed once when it is refused, however many callers come back
/// with it and however late: a refresh is keyed by the token that failed. Processes that share a store refresh
/// once, too. An error is the answer to all that wait, and nobody tries again until a cool-down has passed. A
/// fetch is a task of its own: nobody is lost when a caller stops waiting.
///
/// A store that does not answer does not stop the business: the token is then fetched and kept in memory.
pub struct TokenCache {
    cache: Cache<Token>,
    coordinator: Arc<Coordinator>,
}

/// A token as the cache serves it.
#[derive(Clone)]
pub struct ServedToken {
    pub(crate) served: Served<Token>,
}

impl TokenCache {
    /// A cache of the token of `key`, which `source` gives and `store` keeps.
    pub fn new(key: TokenKey, store: Arc<dyn TokenStore>, source: impl TokenSource) -> Self {
        let coordinator = Arc::new(Coordinator { key, store, source: Box::new(source) });
        Self { cache: Cache::new(Flight(Arc::clone(&coordinator))), coordinator }
    }

    /// The token that is good now. Call it in a runtime.
    ///
    /// # Errors
    /// The source's, shared by all that wait.
    pub async fn token(&self) -> Result<ServedToken, Error> {
        self.cache.value().await.map(|served| ServedToken { served })
    }

    /// A token other than `failed`, which the service refused: the one that is held by now, or a new one.
    ///
    /// # Errors
    /// The source's, shared by all that wait.
    pub async fn replace(&self, failed: &ServedToken) -> Result<ServedToken, Error> {
        self.cache.replace(failed.served.generation).await.map(|served| ServedToken { served })
    }

    /// Forgets a token, here and in the store, unless there is a later one by now. The next that asks has the
    /// source begin anew, without a cool-down.
    ///
    /// # Errors
    /// The store's.
    pub async fn forget(&self, token: &ServedToken) -> Result<(), Error> {
        self.cache.forget(token.served.generation);
        let removal = self.coordinator.store.remove(&self.coordinator.key, token.token().version);
        match timeout(STORE_DEADLINE, removal).await {
            Ok(removed) => removed.map_err(Into::into),
            Err(_) => Err(StoreError::Unavailable.into()),
        }
    }

    /// The token that is held in this process, good or not.
    pub fn held(&self) -> Option<ServedToken> {
        self.cache.held().map(|served| ServedToken { served })
    }
}

impl ServedToken {
    /// The token.
    pub fn token(&self) -> &Token {
        &self.served.value
    }

    /// Whether this caller waited while the service made the token; `false` for one that was there.
    pub const fn is_new(&self) -> bool {
        self.served.made
    }
}

impl fmt::Debug for ServedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.token().fmt(f)
    }
}

impl fmt::Debug for TokenCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenCache({:?})", self.coordinator.key)
    }
}

/// One flight among all processes that share the store.
struct Coordinator {
    key: TokenKey,
    store: Arc<dyn TokenStore>,
    source: Box<dyn TokenSource>,
}

struct Flight(Arc<Coordinator>);

#[async_trait]
impl Source<Token> for Flight {
    async fn fetch(&self, replaced: Option<Arc<Token>>) -> Result<Fetched<Token>, Error> {
        let (value, made) = timeout(FLIGHT_DEADLINE, self.0.bring(replaced.as_deref()))
            .await
            .unwrap_or_else(|_| Err(Error::new(Kind::Deadline, "no token came in time")))?;
        Ok(Fetched { lifetime: value.lifetime(), value, made })
    }
}

impl Coordinator {
    /// A token later than `replaced`: another process's from the store, or a new one of the source.
    async fn bring(&self, replaced: Option<&Token>) -> Result<(Token, bool), Error> {
        let deadline = Instant::now() + FLIGHT_DEADLINE;
        loop {
            let stored = self.load().await?;
            let stored = match stored {
                Some(stored) if is_later(&stored, replaced) && !stored.has_ended() => {
                    return Ok((stored, false));
                }
                stored => stored,
            };
            match self.lease().await? {
                Turn::Held => {
                    let pause = LOOK_EVERY_MS + random::below(LOOK_EVERY_MS / 2);
                    sleep(Duration::from_millis(pause)).await;
                }
                Turn::Ours(lease) => {
                    // Between the look and the lease another may have brought it.
                    let stored = if lease.is_some() { self.load().await? } else { stored };
                    match stored {
                        Some(stored) if is_later(&stored, replaced) && !stored.has_ended() => {
                            return Ok((stored, false));
                        }
                        Some(stored) if is_later(&stored, replaced) => {
                            return self.fetch(Some(&stored), deadline).await;
                        }
                        _ => return self.fetch(replaced, deadline).await,
                    }
                }
            }
        }
    }

    /// Has the source give a token, and the store keep it.
    async fn fetch(&self, last: Option<&Token>, deadline: Instant) -> Result<(Token, bool), Error> {
        let fetched = timeout_at(deadline, self.source.fetch(last)).await;
        let token = fetched
            .unwrap_or_else(|_| Err(Error::new(Kind::Deadline, "no token came in time")))?
            .succeeding(last.map_or(0, Token::version));
        // Given once, it must not be lost to a store that stumbles: it is offered again, and served all the same.
        for attempt in 1..=WRITES {
            let write = self.store.replace(&self.key, last.map_or(0, Token::version), &token);
            match timeout(STORE_DEADLINE, write).await {
                Ok(Ok(true)) => return Ok((token, true)),
                Ok(Ok(false)) => {
                    // Another wrote meanwhile, and what is stored is what all others use.
                    let stored = self.load().await?;
                    let newer = stored.filter(|stored| stored.version > token.version);
                    return Ok(newer.map_or((token, true), |newer| (newer, false)));
                }
                Ok(Err(error)) if !error.is_worth_another_try() => {
                    tracing::warn!(%error, "the token is kept in memory only");
                    return Ok((token, true));
                }
                Ok(Err(_)) | Err(_) if attempt < WRITES => {
                    sleep(Duration::from_millis(50 << attempt)).await;
                }
                Ok(Err(_)) | Err(_) => {}
            }
        }
        tracing::warn!("the token store does not answer: the token is kept in memory only");
        Ok((token, true))
    }

    /// What is stored. A store that is down holds nothing; one that is not safe is an error.
    async fn load(&self) -> Result<Option<Token>, Error> {
        match timeout(STORE_DEADLINE, self.store.load(&self.key)).await {
            Ok(Ok(stored)) => Ok(stored),
            Ok(Err(error)) if !error.is_worth_another_try() => Err(error.into()),
            Ok(Err(_)) | Err(_) => {
                tracing::warn!("the token store does not answer");
                Ok(None)
            }
        }
    }

    async fn lease(&self) -> Result<Turn, Error> {
        match timeout(STORE_DEADLINE, self.store.lease(&self.key, FLIGHT_DEADLINE)).await {
            Ok(Ok(Some(lease))) => Ok(Turn::Ours(Some(lease))),
            Ok(Ok(None)) => Ok(Turn::Held),
            Ok(Err(error)) if !error.is_worth_another_try() => Err(error.into()),
            Ok(Err(_)) | Err(_) => Ok(Turn::Ours(None)),
        }
    }
}

/// Whose turn it is; without a lease where the store does not answer.
enum Turn {
    Ours(Option<crate::store::Lease>),
    Held,
}

fn is_later(stored: &Token, replaced: Option<&Token>) -> bool {
    replaced.is_none_or(|replaced| stored.version > replaced.version)
}
