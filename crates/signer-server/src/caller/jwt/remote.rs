//! Keys that are fetched.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use jsonwebtoken::Header;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::keys::{Key, KeySet};
use crate::CallerError;
use crate::fetch::{Fetcher, HttpUrl};

/// How often the set may be fetched again, for unknown keys or for its age.
const INTERVAL: Duration = Duration::from_secs(60);
/// The same while there is no set at all.
const FIRST_INTERVAL: Duration = Duration::from_secs(5);
/// How old a set may become before it is fetched again beside the requests.
const MAX_AGE: Duration = Duration::from_secs(600);
const MAX_SET_BYTES: usize = 256 * 1024;

pub(super) struct RemoteKeys {
    text: String,
    url: HttpUrl,
    fetcher: Fetcher,
    current: ArcSwapOption<Fetched>,
    /// Held while it is fetched.
    tried: Mutex<Tried>,
    renewing: AtomicBool,
}

/// When it was last tried.
#[derive(Default)]
struct Tried {
    at_all: Option<Instant>,
    for_an_unknown_key: Option<Instant>,
}

struct Fetched {
    keys: KeySet,
    document: Vec<u8>,
    generation: u64,
    at: Instant,
}

impl RemoteKeys {
    pub(super) fn new(url: &str) -> Result<Self, &'static str> {
        Ok(Self {
            text: url.into(),
            url: HttpUrl::parse(url)?,
            fetcher: Fetcher::new()?,
            current: ArcSwapOption::empty(),
            tried: Mutex::default(),
            renewing: AtomicBool::new(false),
        })
    }

    pub(super) fn generation(&self) -> u64 {
        self.current.load().as_ref().map_or(0, |fetched| fetched.generation)
    }

    pub(super) fn url(&self) -> &str {
        &self.text
    }

    /// Fetches an old set again; nobody waits for it.
    pub(super) fn renew(self: &Arc<Self>) {
        if self.is_old() && !self.renewing.swap(true, Ordering::Relaxed) {
            let keys = Arc::clone(self);
            tokio::spawn(async move {
                keys.fetch_again().await;
                keys.renewing.store(false, Ordering::Relaxed);
            });
        }
    }

    fn is_old(&self) -> bool {
        self.current.load().as_ref().is_some_and(|set| set.at.elapsed() > MAX_AGE)
    }

    pub(super) async fn prepare(self: &Arc<Self>) -> Result<(), CallerError> {
        self.fetch_first().await;
        if self.current.load().is_some() { Ok(()) } else { Err(CallerError::Unavailable) }
    }

    pub(super) async fn find(self: &Arc<Self>, header: &Header) -> Result<Arc<Key>, CallerError> {
        let known = |fetched: &Fetched| fetched.keys.find(header).cloned();
        if self.current.load().is_none() {
            self.fetch_first().await;
        }
        if let Some(key) = self.current.load().as_ref().and_then(|fetched| known(fetched)) {
            return Ok(key);
        }
        self.fetch_for(header).await;
        match self.current.load().as_ref() {
            Some(fetched) => known(fetched).ok_or(CallerError::Unauthenticated),
            None => Err(CallerError::Unavailable),
        }
    }

    /// Fetches a set where there is none. The fetch ends also when the caller who asked has gone.
    async fn fetch_first(self: &Arc<Self>) {
        let keys = Arc::clone(self);
        let fetch = async move {
            let mut tried = keys.tried.lock().await;
            if keys.current.load().is_none() && is_due(tried.at_all, FIRST_INTERVAL) {
                keys.fetch(&mut tried).await;
            }
        };
        let _ = tokio::spawn(fetch).await;
    }

    /// Fetches the set again when it is old.
    async fn fetch_again(&self) {
        let mut tried = self.tried.lock().await;
        if self.is_old() && is_due(tried.at_all, INTERVAL) {
            self.fetch(&mut tried).await;
        }
    }

    /// Fetches the set for a key that is not in it, unless it has come in the meantime.
    async fn fetch_for(self: &Arc<Self>, header: &Header) {
        let (keys, header) = (Arc::clone(self), header.clone());
        let fetch = async move {
            let mut tried = keys.tried.lock().await;
            let set = keys.current.load_full();
            let needless = set.is_none_or(|set| set.keys.find(&header).is_some());
            if !needless && is_due(tried.for_an_unknown_key, INTERVAL) {
                tried.for_an_unknown_key = Some(Instant::now());
                keys.fetch(&mut tried).await;
            }
        };
        let _ = tokio::spawn(fetch).await;
    }

    /// Fetches the set; where that fails, the set that is there stays.
    async fn fetch(&self, tried: &mut Tried) {
        tried.at_all = Some(Instant::now());
        let current = self.current.load_full();
        let Ok(document) = self.fetcher.get(&self.url, &[], MAX_SET_BYTES).await else {
            tracing::warn!("the key set of the callers could not be fetched");
            return;
        };
        let Some(keys) = KeySet::parse(&document) else {
            tracing::warn!("the key set of the callers holds no key that can be used");
            return;
        };
        let generation = match &current {
            Some(current) if current.document == document => current.generation,
            Some(current) => current.generation + 1,
            None => 1,
        };
        let fetched = Fetched { keys, document, generation, at: Instant::now() };
        self.current.store(Some(Arc::new(fetched)));
    }
}

fn is_due(tried: Option<Instant>, interval: Duration) -> bool {
    tried.is_none_or(|tried| tried.elapsed() >= interval)
}
