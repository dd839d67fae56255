//! Keys that are fetched.

use std::sync::Arc;
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
    url: HttpUrl,
    fetcher: Fetcher,
    current: ArcSwapOption<Fetched>,
    /// Held while it is fetched.
    tried: Mutex<Tried>,
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
            url: HttpUrl::parse(url)?,
            fetcher: Fetcher::new()?,
            current: ArcSwapOption::empty(),
            tried: Mutex::default(),
        })
    }

    pub(super) fn generation(&self) -> u64 {
        self.current.load().as_ref().map_or(0, |fetched| fetched.generation)
    }

    pub(super) async fn prepare(&self) -> Result<(), CallerError> {
        self.fetch_first().await;
        if self.current.load().is_some() { Ok(()) } else { Err(CallerError::Unavailable) }
    }

    pub(super) async fn find(self: &Arc<Self>, header: &Header) -> Result<Arc<Key>, CallerError> {
        let known = |fetched: &Fetched| fetched.keys.find(header).cloned();
        if self.current.load().is_none() {
            self.fetch_first().await;
        }
        if let Some(fetched) = self.current.load().as_ref()
            && let Some(key) = known(fetched)
        {
            if fetched.at.elapsed() > MAX_AGE {
                let keys = Arc::clone(self);
                tokio::spawn(async move { keys.fetch_again().await });
            }
            return Ok(key);
        }
        self.fetch_for(|fetched| known(fetched).is_some()).await;
        match self.current.load().as_ref() {
            Some(fetched) => known(fetched).ok_or(CallerError::Unauthenticated),
            None => Err(CallerError::Unavailable),
        }
    }

    /// Fetches a set where there is none.
    async fn fetch_first(&self) {
        let mut tried = self.tried.lock().await;
        if self.current.load().is_none() && is_due(tried.at_all, FIRST_INTERVAL) {
            self.fetch(&mut tried).await;
        }
    }

    /// Fetches the set again when it is old.
    async fn fetch_again(&self) {
        let mut tried = self.tried.lock().await;
        let old = self.current.load().as_ref().is_some_and(|set| set.at.elapsed() > MAX_AGE);
        if old && is_due(tried.at_all, INTERVAL) {
            self.fetch(&mut tried).await;
        }
    }

    /// Fetches the set for a key that is not in it, unless it has come in the meantime.
    async fn fetch_for(&self, has_come: impl Fn(&Fetched) -> bool) {
        let mut tried = self.tried.lock().await;
        let needless = self.current.load().as_deref().is_none_or(has_come);
        if !needless && is_due(tried.for_an_unknown_key, INTERVAL) {
            tried.for_an_unknown_key = Some(Instant::now());
            self.fetch(&mut tried).await;
        }
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
