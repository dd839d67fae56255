use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use signer_protocols::blink::{IdempotencyKey, Timestamp};

use crate::metrics::Metrics;
use crate::queue::Queue;
use crate::request_id::RequestIds;
use crate::{
    AuditLog, Clock, KeyId, MemoryStore, PaymentKey, PaymentStore, Rates, Rules, SystemClock,
};

/// The path of the vendor's sample.
pub(crate) const DEFAULT_PATH: &str = "/api/sign-payment";
/// 16 KiB.
const DEFAULT_MAX_BODY_BYTES: usize = 16 * 1024;
const DEFAULT_QUEUE: usize = 512;
const DEFAULT_BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// Fills bytes at random; `false` when there are none to be had, and then nothing is signed.
type RandomSource = dyn Fn(&mut [u8]) -> bool + Send + Sync;

/// A configured endpoint.
#[derive(Clone)]
pub struct Endpoint(Arc<Shared>);

/// What lasts over reloads, and the rules of the moment.
pub(crate) struct Shared {
    rules: ArcSwap<Rules>,
    pub(crate) store: Arc<dyn PaymentStore>,
    pub(crate) rates: Rates,
    pub(crate) audit: Option<AuditLog>,
    pub(crate) metrics: Metrics,
    pub(crate) queue: Queue,
    pub(crate) request_ids: RequestIds,
    pub(crate) path: String,
    pub(crate) max_body_bytes: usize,
    pub(crate) body_timeout: Duration,
    clock: Arc<dyn Clock>,
    random: Arc<RandomSource>,
    started_at: Option<Timestamp>,
    ending: AtomicBool,
}

impl Endpoint {
    /// An endpoint that goes by these rules. Without more it remembers in memory, has no rates and keeps no
    /// audit log.
    pub fn builder(rules: Rules) -> EndpointBuilder {
        EndpointBuilder {
            rules,
            store: Arc::new(MemoryStore::default()),
            rates: Rates::unlimited(),
            audit: None,
            places: DEFAULT_QUEUE,
            path: DEFAULT_PATH.into(),
            max_body_bytes: DEFAULT_MAX_BODY_BYTES,
            body_timeout: DEFAULT_BODY_TIMEOUT,
            clock: Arc::new(SystemClock),
            random: Arc::new(|bytes| getrandom::fill(bytes).is_ok()),
        }
    }

    /// Replaces the rules at once, for requests that begin from now on; those that were begun keep theirs.
    pub fn replace(&self, rules: Rules) {
        self.0.rules.store(Arc::new(rules));
    }

    /// Lets the staged key sign, and the other no more: exactly one signs at any time.
    ///
    /// # Errors
    /// A text for the operator when no key is staged.
    pub fn switch_key(&self) -> Result<KeyId, &'static str> {
        let mut switched = None;
        // Tried again where rules came meanwhile: those are not undone.
        self.0.rules.rcu(|rules| {
            switched = rules.staged.as_ref().map(PaymentKey::id);
            match &rules.staged {
                Some(staged) => {
                    let key = staged.clone();
                    Arc::new(Rules { key, staged: None, ..Rules::clone(rules) })
                }
                None => Arc::clone(rules),
            }
        });
        switched.ok_or("no key is staged")
    }

    /// The key that is staged, if one is.
    pub fn staged_key(&self) -> Option<KeyId> {
        self.0.rules().staged.as_ref().map(PaymentKey::id)
    }

    /// The audit log, if one is kept.
    pub fn audit(&self) -> Option<&AuditLog> {
        self.0.audit.as_ref()
    }

    /// Counts a reload that was refused, so that it shows in the metrics.
    pub fn count_refused_reload(&self) {
        self.0.metrics.reload_failures.inc();
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.0
    }
}

impl Shared {
    pub(crate) fn rules(&self) -> Arc<Rules> {
        self.rules.load_full()
    }

    /// From now on `/readyz` sends nobody here.
    pub(crate) fn ends(&self) {
        self.ending.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_ending(&self) -> bool {
        self.ending.load(Ordering::Relaxed)
    }

    pub(crate) fn now(&self) -> Option<Timestamp> {
        self.clock.now()
    }

    /// A new id; never a fallback.
    pub(crate) fn fresh_key(&self) -> Option<IdempotencyKey> {
        let mut bytes = [0; 16];
        (self.random)(&mut bytes).then(|| IdempotencyKey::from_random_bytes(bytes))
    }

    /// How old the key is that signs.
    pub(crate) fn key_age(&self) -> Option<Duration> {
        let since = self.rules.load().key.since().or(self.started_at)?;
        let age = self.now()?.unix_ms().saturating_sub(since.unix_ms());
        Some(Duration::from_millis(age))
    }
}

/// Collects what an endpoint may differ in.
#[must_use]
pub struct EndpointBuilder {
    rules: Rules,
    store: Arc<dyn PaymentStore>,
    rates: Rates,
    audit: Option<AuditLog>,
    places: usize,
    path: String,
    max_body_bytes: usize,
    body_timeout: Duration,
    clock: Arc<dyn Clock>,
    random: Arc<RandomSource>,
}

impl EndpointBuilder {
    /// Where idempotency keys are remembered.
    pub fn store(mut self, store: Arc<dyn PaymentStore>) -> Self {
        self.store = store;
        self
    }

    /// How often peers, callers and destinations may come.
    pub fn rates(mut self, rates: Rates) -> Self {
        self.rates = rates;
        self
    }

    /// Where every decision about an authenticated caller is written before it is answered.
    pub fn audit(mut self, log: AuditLog) -> Self {
        self.audit = Some(log);
        self
    }

    /// How many requests may be worked on at once; the next gets a 503. Default: 512.
    pub const fn queue(mut self, places: usize) -> Self {
        self.places = places;
        self
    }

    /// The path, which must start with a slash and hold no placeholder.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// The longest body, in bytes. Default: 16 KiB.
    pub const fn max_body_bytes(mut self, max: usize) -> Self {
        self.max_body_bytes = max;
        self
    }

    /// How long a body may take. Default: 10 seconds.
    pub const fn body_timeout(mut self, timeout: Duration) -> Self {
        self.body_timeout = timeout;
        self
    }

    /// Another clock.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Another source of random bytes; `false` when it has none.
    pub fn random(mut self, random: Arc<RandomSource>) -> Self {
        self.random = random;
        self
    }

    /// The endpoint.
    ///
    /// # Errors
    /// A text for the operator when the path is no plain path ([`check_path`]).
    pub fn build(self) -> Result<Endpoint, &'static str> {
        check_path(&self.path)?;
        let started_at = self.clock.now();
        Ok(Endpoint(Arc::new(Shared {
            rules: ArcSwap::from_pointee(self.rules),
            store: self.store,
            rates: self.rates,
            audit: self.audit,
            metrics: Metrics::new(),
            queue: Queue::new(self.places),
            request_ids: RequestIds::new(),
            path: self.path,
            max_body_bytes: self.max_body_bytes,
            body_timeout: self.body_timeout,
            clock: self.clock,
            random: self.random,
            started_at,
            ending: AtomicBool::new(false),
        })))
    }
}

/// Whether a path can be the endpoint's: it starts with a slash and holds no placeholder.
///
/// # Errors
/// A text for the operator.
pub fn check_path(path: &str) -> Result<(), &'static str> {
    let plain = |byte: u8| {
        byte.is_ascii_graphic() && !matches!(byte, b'{' | b'}' | b'*' | b':' | b'?' | b'#')
    };
    if path.starts_with('/') && path.bytes().all(plain) {
        Ok(())
    } else {
        Err("path must start with a slash and hold no placeholder")
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Endpoint({}, {:?})", self.0.path, self.0.rules.load())
    }
}

impl fmt::Debug for EndpointBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EndpointBuilder({}, {:?})", self.path, self.rules)
    }
}
