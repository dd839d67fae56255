use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::{Token, TokenKey};
use crate::cache::{Cache, Failure, Fetched, Replaced, Served, Source};
use crate::error::{Error, Kind};
use crate::random;
use crate::store::{StoreError, TokenStore};
use crate::transport::after;

/// How long the source may take, where it does not say.
const FETCH_DEADLINE: Duration = Duration::from_secs(15);
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

    /// Whether an error says that `replaced` can never be replaced, so that only beginning anew helps. A token that is
    /// good until then stays. Default: no.
    fn ends_session(&self, error: &Error, replaced: &Token) -> bool {
        let _ = (error, replaced);
        false
    }

    /// How long a fetch may take. Another process waits for one three times as long at most. Default: 15 s.
    fn deadline(&self) -> Duration {
        FETCH_DEADLINE
    }
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
        let source = Box::new(source);
        let coordinator = Arc::new(Coordinator {
            key,
            store,
            source,
            forgotten: AtomicU64::new(0),
            epoch: AtomicU64::new(0),
        });
        Self { cache: Cache::new(Flight(Arc::clone(&coordinator))), coordinator }
    }

    /// The token that is good now. Call it in a runtime.
    ///
    /// # Errors
    /// The source's, shared by all that wait.
    pub async fn token(&self) -> Result<ServedToken, Error> {
        self.cache.value().await.map(|served| ServedToken { served })
    }

    /// The token that may be served without asking anybody, if there is one.
    pub fn fresh(&self) -> Option<ServedToken> {
        self.cache.fresh().map(|served| ServedToken { served })
    }

    /// A token other than `failed`, which the service refused: the one that is held by now, or a new one.
    ///
    /// # Errors
    /// The source's, shared by all that wait.
    pub async fn replace(&self, failed: &ServedToken) -> Result<ServedToken, Error> {
        self.cache.replace(failed.served.generation).await.map(|served| ServedToken { served })
    }

    /// The token that is good now, of a session that was begun before: none is begun for it.
    ///
    /// # Errors
    /// `is_unauthorized()` where no token is held; the source's, shared by all that wait.
    pub async fn existing(&self) -> Result<ServedToken, Error> {
        self.cache.existing().await.map(|served| ServedToken { served })
    }

    /// Forgets the token, here and in the store, whichever it is by now; a fetch that is under way brings nothing.
    /// The next that asks has the source begin anew, without a cool-down.
    ///
    /// # Errors
    /// The store's, which may then give the token to another process; here it is forgotten.
    pub async fn forget(&self) -> Result<(), Error> {
        let version = self.held().map_or(0, |held| held.token().version);
        self.coordinator.epoch.fetch_add(1, Ordering::SeqCst);
        self.coordinator.forgotten.fetch_max(version, Ordering::SeqCst);
        self.cache.forget();
        self.coordinator.remove(u64::MAX).await.map_err(Into::into)
    }

    /// Waits for a fetch that is under way, if one is: a token may be refreshed while the one before it is served. Call it
    /// before the process ends or is frozen, for a token that the service gave and nobody kept is lost, and with it the
    /// session of all processes that share the store.
    pub async fn settle(&self) {
        self.cache.settle().await;
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
    /// What is stored up to this version is not used any more.
    forgotten: AtomicU64,
    /// Counts what was forgotten.
    epoch: AtomicU64,
}

struct Flight(Arc<Coordinator>);

#[async_trait]
impl Source<Token> for Flight {
    async fn fetch(&self, replaced: Option<Replaced<Token>>) -> Result<Fetched<Token>, Failure> {
        let is_good = replaced.as_ref().is_some_and(|replaced| replaced.is_good);
        let last = replaced.as_ref().map(|replaced| &*replaced.value);
        let (value, made) = self.0.bring(last, is_good).await?;
        Ok(Fetched { lifetime: value.lifetime(), value, made })
    }
}

impl Coordinator {
    /// A token later than `replaced`: another process's from the store, or a new one of the source. One that `is_good`
    /// stays where there is no other.
    async fn bring(
        &self,
        replaced: Option<&Token>,
        is_good: bool,
    ) -> Result<(Token, bool), Failure> {
        let deadline = after(Instant::now(), self.source.deadline().saturating_mul(3));
        let epoch = self.epoch.load(Ordering::SeqCst);
        loop {
            let stored = match self.load_later(replaced).await? {
                Some(stored) if !stored.has_ended() => return Ok((stored, false)),
                stored => stored,
            };
            match self.lease().await? {
                Turn::Held if Instant::now() >= deadline => {
                    let what = "another process did not bring a token in time";
                    return Err(Error::new(Kind::Deadline, what).into());
                }
                Turn::Held => {
                    let pause = LOOK_EVERY_MS + random::below(LOOK_EVERY_MS / 2);
                    sleep(Duration::from_millis(pause)).await;
                }
                Turn::Ours(lease) => {
                    // Between the look and the lease another may have brought it.
                    let stored =
                        if lease.is_some() { self.load_later(replaced).await? } else { stored };
                    let brought = match stored {
                        Some(stored) if !stored.has_ended() => Ok((stored, false)),
                        Some(stored) => self.fetch(Some(&stored), false, epoch).await,
                        None => self.fetch(replaced, is_good, epoch).await,
                    };
                    if let Some(lease) = lease {
                        // A process that ends now must not leave it behind.
                        let _ = timeout(STORE_DEADLINE, lease.release()).await;
                    }
                    return brought;
                }
            }
        }
    }

    /// Has the source give a token, and the store keep it.
    async fn fetch(
        &self,
        last: Option<&Token>,
        is_good: bool,
        epoch: u64,
    ) -> Result<(Token, bool), Failure> {
        let fetched = timeout(self.source.deadline(), self.source.fetch(last)).await;
        let late = || Err(Error::new(Kind::Deadline, "no token came in time"));
        let last_version =
            last.map_or(0, Token::version).max(self.forgotten.load(Ordering::SeqCst));
        let token = match fetched.unwrap_or_else(|_| late()) {
            Ok(token) => token.succeeding(last_version),
            Err(error)
                if !is_good && last.is_some_and(|last| self.source.ends_session(&error, last)) =>
            {
                // It may have been refused because another process has replaced it.
                match self.load_later(last).await? {
                    Some(later) if !later.has_ended() => return Ok((later, false)),
                    _ => {}
                }
                self.forgotten.fetch_max(last_version, Ordering::SeqCst);
                self.drop_stored(last_version).await;
                return Err(Failure { error, ended: true });
            }
            Err(error) => return Err(error.into()),
        };
        if self.epoch.load(Ordering::SeqCst) != epoch {
            return Err(ended_meanwhile().into());
        }
        if let Some(newer) = self.keep(&token, last_version).await? {
            return Ok((newer, false));
        }
        if self.epoch.load(Ordering::SeqCst) != epoch {
            // Whoever forgot it did so before it was there.
            self.drop_stored(token.version).await;
            return Err(ended_meanwhile().into());
        }
        Ok((token, true))
    }

    /// Has the store keep a token; the answer is a newer one that another process put there. Given once, a token must
    /// not be lost to a store that stumbles: it is offered again, and served all the same.
    async fn keep(&self, token: &Token, last_version: u64) -> Result<Option<Token>, Error> {
        let mut expected = last_version;
        let deadline = Instant::now() + STORE_DEADLINE;
        for attempt in 1..=WRITES {
            let write = self.store.replace(&self.key, expected, token);
            match timeout_at(deadline, write).await {
                Ok(Ok(true)) => return Ok(None),
                Ok(Ok(false)) => match self.load().await? {
                    // A write whose answer was lost.
                    Some(stored) if stored.is_same(token) => return Ok(None),
                    // What is stored is what all others use.
                    Some(newer) if newer.version >= token.version => return Ok(Some(newer)),
                    // What is there is older than ours, or damaged.
                    _ => expected = token.version.saturating_sub(1),
                },
                Ok(Err(error)) if !error.is_worth_another_try() => break,
                Ok(Err(_)) | Err(_) if attempt < WRITES => {
                    sleep(Duration::from_millis(50 << attempt)).await;
                }
                Ok(Err(_)) | Err(_) => {}
            }
        }
        tracing::warn!("the token store does not take the token: it is kept in memory only");
        Ok(None)
    }

    async fn drop_stored(&self, version: u64) {
        if let Err(error) = self.remove(version).await {
            tracing::warn!(%error, "a token that has ended could not be removed");
        }
    }

    async fn remove(&self, version: u64) -> Result<(), StoreError> {
        let removal = self.store.remove(&self.key, version);
        timeout(STORE_DEADLINE, removal).await.unwrap_or(Err(StoreError::Unavailable))
    }

    /// What is stored and later than `replaced`, and was not forgotten.
    async fn load_later(&self, replaced: Option<&Token>) -> Result<Option<Token>, Error> {
        let forgotten = self.forgotten.load(Ordering::SeqCst);
        let last = replaced.map_or(0, Token::version).max(forgotten);
        Ok(self.load().await?.filter(|stored| stored.version > last))
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
        // For a fetch and keeping its token.
        let ttl = self.source.deadline().saturating_add(STORE_DEADLINE);
        match timeout(STORE_DEADLINE, self.store.lease(&self.key, ttl)).await {
            Ok(Ok(Some(lease))) => Ok(Turn::Ours(Some(lease))),
            Ok(Ok(None)) => Ok(Turn::Held),
            Ok(Err(error)) if !error.is_worth_another_try() => Err(error.into()),
            Ok(Err(_)) | Err(_) => Ok(Turn::Ours(None)),
        }
    }
}

fn ended_meanwhile() -> Error {
    Error::new(Kind::SignedOut, "the session was ended meanwhile")
}

/// Whose turn it is; without a lease where the store does not answer.
enum Turn {
    Ours(Option<crate::store::Lease>),
    Held,
}
