//! The cache over a service of the test's own, on a clock that stands still until all wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use signer_client::{
    BaseUrl, Error, Lease, MemoryTokenStore, ServedToken, StoreError, Token, TokenCache, TokenKey,
    TokenSource, TokenStore,
};
use tokio::time::{Instant, sleep};

fn key() -> TokenKey {
    crate::trace::look();
    let base = BaseUrl::parse("http://127.0.0.1:1").unwrap();
    TokenKey::new(&base, &"test api key".into(), "user")
}

/// Gives tokens that are numbered, each after a while; only the last one is good.
#[derive(Default)]
struct Service {
    fetches: AtomicU32,
    down: AtomicBool,
}

impl Service {
    fn fetches(&self) -> u32 {
        self.fetches.load(Ordering::SeqCst)
    }

    /// What an authenticated call would say.
    fn accepts(&self, token: &ServedToken) -> bool {
        text(token) == format!("token {}", self.fetches())
    }
}

fn text(token: &ServedToken) -> String {
    let text = token.token().access().expose_secret();
    text.split('.').next_back().unwrap_or_default().replace('-', " ")
}

/// A JWT without a signature that lives for so many seconds.
fn jwt(number: u32, seconds: u64) -> SecretString {
    use base64ct::{Base64UrlUnpadded, Encoding};
    let claims = format!("{{\"iat\":1000,\"exp\":{}}}", 1000 + seconds);
    format!("e30.{}.token-{number}", Base64UrlUnpadded::encode_string(claims.as_bytes())).into()
}

struct Source(Arc<Service>, u64);

#[async_trait]
impl TokenSource for Source {
    async fn fetch(&self, _: Option<&Token>) -> Result<Token, Error> {
        let number = self.0.fetches.fetch_add(1, Ordering::SeqCst) + 1;
        sleep(Duration::from_millis(80)).await;
        if self.0.down.load(Ordering::SeqCst) {
            // Any error of this crate's own will do.
            return Err(BaseUrl::parse("").unwrap_err());
        }
        Ok(Token::new(jwt(number, self.1)))
    }
}

fn cache(seconds: u64) -> (Arc<TokenCache>, Arc<Service>) {
    let service = Arc::new(Service::default());
    let store = Arc::new(MemoryTokenStore::new());
    let cache = TokenCache::new(key(), store, Source(Arc::clone(&service), seconds));
    (Arc::new(cache), service)
}

/// The herd: refusals that come back staggered by a seed, at a service that revokes the old token.
#[tokio::test(start_paused = true)]
async fn a_thousand_staggered_refusals_are_one_refresh() {
    for seed in 0_u64..30 {
        let (cache, service) = cache(3_600);
        let old = cache.token().await.unwrap();
        assert!(old.is_new() && service.fetches() == 1);
        // The service revokes it.
        service.fetches.fetch_add(1, Ordering::SeqCst);
        let callers: Vec<_> = (0..1_000_u64)
            .map(|caller| {
                let (cache, service, old) = (Arc::clone(&cache), Arc::clone(&service), old.clone());
                tokio::spawn(async move {
                    let mixed = (caller + seed * 1_000).wrapping_mul(6_364_136_223_846_793_005);
                    let stagger = (mixed >> 33) % 60_000;
                    sleep(Duration::from_micros(stagger)).await;
                    assert!(!service.accepts(&old));
                    let token = cache.replace(&old).await.unwrap();
                    assert!(service.accepts(&token));
                })
            })
            .collect();
        for caller in callers {
            caller.await.unwrap();
        }
        assert_eq!(service.fetches(), 3, "one sign-in, one revocation, one refresh: seed {seed}");
        // Whoever comes back late with the old one gets the new one, and nothing is fetched.
        assert!(service.accepts(&cache.replace(&old).await.unwrap()));
        assert_eq!(service.fetches(), 3);
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_the_answer_to_all_and_then_there_is_peace() {
    let (cache, service) = cache(3_600);
    service.down.store(true, Ordering::SeqCst);
    let callers: Vec<_> = (0..100)
        .map(|_| {
            let cache = Arc::clone(&cache);
            tokio::spawn(async move { cache.token().await.unwrap_err() })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
    assert_eq!(service.fetches(), 1);
    for _ in 0..10 {
        cache.token().await.unwrap_err();
        sleep(Duration::from_millis(90)).await;
    }
    assert_eq!(service.fetches(), 1, "the cool-down is a second at least");
    sleep(Duration::from_secs(1)).await;
    service.down.store(false, Ordering::SeqCst);
    assert!(cache.token().await.is_ok());
    assert_eq!(service.fetches(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_stops_waiting_stops_nobody_else() {
    let (cache, service) = cache(3_600);
    let leader = tokio::spawn({
        let cache = Arc::clone(&cache);
        async move { cache.token().await }
    });
    sleep(Duration::from_millis(10)).await;
    let waiting = tokio::spawn({
        let cache = Arc::clone(&cache);
        async move { cache.token().await }
    });
    sleep(Duration::from_millis(10)).await;
    leader.abort();
    assert_eq!(text(&waiting.await.unwrap().unwrap()), "token 1");
    assert_eq!(service.fetches(), 1);
}

#[tokio::test(start_paused = true)]
async fn it_is_refreshed_early_and_served_until_its_end() {
    let (cache, service) = cache(1_000);
    let first = cache.token().await.unwrap();
    sleep(Duration::from_secs(800)).await;
    cache.token().await.unwrap();
    assert_eq!(service.fetches(), 1, "not yet");
    service.down.store(true, Ordering::SeqCst);
    sleep(Duration::from_secs(120)).await;
    let early = Instant::now();
    assert_eq!(text(&cache.token().await.unwrap()), text(&first), "the old one is served");
    assert!(early.elapsed() < Duration::from_millis(1), "and nobody waits");
    sleep(Duration::from_millis(100)).await;
    assert_eq!(service.fetches(), 2, "while a new one was tried for");
    assert_eq!(text(&cache.token().await.unwrap()), text(&first), "it failed: still served");
    service.down.store(false, Ordering::SeqCst);
    sleep(Duration::from_secs(3)).await;
    assert_eq!(text(&cache.token().await.unwrap()), text(&first));
    sleep(Duration::from_millis(100)).await;
    assert_eq!(text(&cache.token().await.unwrap()), "token 3");
    sleep(Duration::from_secs(1_001)).await;
    assert_eq!(
        text(&cache.token().await.unwrap()),
        "token 4",
        "one that has ended is never served"
    );
}

/// Whoever ends the process loses no token that the service gave.
#[tokio::test(start_paused = true)]
async fn a_refresh_behind_the_calls_can_be_waited_for() {
    let (cache, service) = cache(1_000);
    cache.settle().await;
    cache.token().await.unwrap();
    sleep(Duration::from_secs(950)).await;
    assert_eq!(text(&cache.token().await.unwrap()), "token 1");
    cache.settle().await;
    assert_eq!((service.fetches(), text(&cache.token().await.unwrap()).as_str()), (2, "token 2"));
    cache.settle().await;
    assert_eq!(service.fetches(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_is_forgotten_is_made_anew_and_nobody_gets_it_back() {
    let (cache, service) = cache(1_000);
    let first = cache.token().await.unwrap();
    cache.forget().await.unwrap();
    assert!(cache.existing().await.unwrap_err().is_unauthorized());
    assert!(cache.replace(&first).await.unwrap_err().is_unauthorized());
    assert_eq!(service.fetches(), 1, "no session is begun for those that had one");
    assert!(cache.token().await.unwrap().is_new());
    assert_eq!(text(&cache.existing().await.unwrap()), "token 2");
}

#[tokio::test(start_paused = true)]
async fn a_fetch_that_is_under_way_when_it_is_forgotten_brings_nothing() {
    let store = Arc::new(MemoryTokenStore::new());
    let service = Arc::new(Service::default());
    let cache = TokenCache::new(key(), store.clone(), Source(Arc::clone(&service), 1_000));
    let cache = Arc::new(cache);
    cache.token().await.unwrap();
    // Past its end: a call refreshes, and somebody signs out meanwhile.
    sleep(Duration::from_secs(1_001)).await;
    let call = tokio::spawn({
        let cache = Arc::clone(&cache);
        async move { cache.existing().await }
    });
    sleep(Duration::from_millis(40)).await;
    assert_eq!(service.fetches(), 2, "the refresh is under way");
    cache.forget().await.unwrap();
    assert!(call.await.unwrap().unwrap_err().is_unauthorized());
    sleep(Duration::from_secs(10)).await;
    assert_eq!(service.fetches(), 2, "nobody signs in behind the back of who signed out");
    assert!(cache.held().is_none() && store.load(&key()).await.unwrap().is_none());
}

/// Gives one token, and refuses to replace it.
struct Refusing(Arc<Service>);

#[async_trait]
impl TokenSource for Refusing {
    async fn fetch(&self, replaced: Option<&Token>) -> Result<Token, Error> {
        let number = self.0.fetches.fetch_add(1, Ordering::SeqCst) + 1;
        match replaced {
            Some(_) => Err(BaseUrl::parse("").unwrap_err()),
            None => Ok(Token::new(jwt(number, 1_000))),
        }
    }

    fn ends_session(&self, _: &Error, _: &Token) -> bool {
        true
    }
}

#[tokio::test(start_paused = true)]
async fn an_early_refresh_that_is_refused_takes_no_good_token_away() {
    let store = Arc::new(MemoryTokenStore::new());
    let service = Arc::new(Service::default());
    let cache = TokenCache::new(key(), store.clone(), Refusing(Arc::clone(&service)));
    let first = cache.token().await.unwrap();
    sleep(Duration::from_secs(920)).await;
    for _ in 0..10 {
        assert_eq!(text(&cache.existing().await.unwrap()), text(&first));
        sleep(Duration::from_secs(5)).await;
    }
    assert!(service.fetches() > 1, "it was tried");
    assert!(store.load(&key()).await.unwrap().is_some(), "other processes use it, too");
    // Refused itself, it has ended, and the session with it: now, not after the pauses between the early ones.
    cache.replace(&first).await.unwrap_err();
    assert!(cache.existing().await.unwrap_err().is_unauthorized());
    assert!(store.load(&key()).await.unwrap().is_none());
}

#[tokio::test(start_paused = true)]
async fn refused_early_refreshes_do_not_keep_from_beginning_anew() {
    let service = Arc::new(Service::default());
    let cache =
        TokenCache::new(key(), Arc::new(MemoryTokenStore::new()), Refusing(Arc::clone(&service)));
    let first = cache.token().await.unwrap();
    for _ in 0..1_000 {
        sleep(Duration::from_secs(1)).await;
        if cache.token().await.is_err() {
            break;
        }
    }
    // The refusal of the one that has ended is said once, and whoever asks next signs in.
    assert!(service.fetches() > 3, "{}", service.fetches());
    assert_ne!(text(&cache.token().await.unwrap()), text(&first));
}

/// A store whose steps fail or hang, as it is told.
pub(crate) struct BadStore {
    pub(crate) inner: MemoryTokenStore,
    pub(crate) fault: &'static str,
}

impl BadStore {
    async fn step(&self, name: &str) -> Result<(), StoreError> {
        match self.fault.split_once(' ') {
            Some((step, "fails")) if step == name || step == "all" => Err(StoreError::Unavailable),
            Some((step, "hangs")) if step == name || step == "all" => std::future::pending().await,
            _ => Ok(()),
        }
    }
}

#[async_trait]
impl TokenStore for BadStore {
    async fn load(&self, key: &TokenKey) -> Result<Option<Token>, StoreError> {
        self.step("load").await?;
        self.inner.load(key).await
    }

    async fn replace(&self, key: &TokenKey, last: u64, token: &Token) -> Result<bool, StoreError> {
        self.step("replace").await?;
        let replaced = self.inner.replace(key, last, token).await?;
        // It is written, and the answer is lost.
        if replaced && self.fault == "replace loses" {
            return Err(StoreError::Unavailable);
        }
        Ok(replaced)
    }

    async fn remove(&self, key: &TokenKey, version: u64) -> Result<(), StoreError> {
        self.step("remove").await?;
        self.inner.remove(key, version).await
    }

    async fn lease(&self, key: &TokenKey, ttl: Duration) -> Result<Option<Lease>, StoreError> {
        self.step("lease").await?;
        self.inner.lease(key, ttl).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_down_loses_no_token_and_stops_nobody() {
    for fault in [
        "load fails",
        "load hangs",
        "replace fails",
        "replace hangs",
        "replace loses",
        "lease fails",
        "lease hangs",
        "all fails",
        "all hangs",
    ] {
        let service = Arc::new(Service::default());
        let store = Arc::new(BadStore { inner: MemoryTokenStore::new(), fault });
        let cache = TokenCache::new(key(), store, Source(Arc::clone(&service), 3_600));
        let first = cache.token().await.unwrap();
        assert!(service.accepts(&first), "{fault}");
        assert_eq!(text(&cache.token().await.unwrap()), "token 1", "{fault}");
        let second = cache.replace(&first).await.unwrap();
        assert!(service.accepts(&second), "{fault}");
        assert_eq!(service.fetches(), 2, "{fault}");
    }
}
