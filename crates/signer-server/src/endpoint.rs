use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::http::HeaderValue;
use signer_core::p256::DerSignature;
use signer_core::signature::Signer;
use signer_protocols::blink::{IdempotencyKey, MerchantId, Policy, Timestamp, UsdMicros};

use crate::{CallerAuthenticator, MemoryStore, Ownership, PaymentStore};

/// The path of the vendor's sample.
const DEFAULT_PATH: &str = "/api/sign-payment";
/// 16 KiB.
const DEFAULT_MAX_BODY_BYTES: usize = 16 * 1024;
/// A retry gets the same payload for 10 minutes, and the receiver takes it for 15.
const MAX_BACK_DATE_MS: u64 = 60_000;
const DEFAULT_BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Now; `None` when it cannot be told, and then nothing is signed.
    fn now(&self) -> Option<Timestamp>;
}

/// The clock of the system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Option<Timestamp> {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
        Timestamp::from_unix_ms(u64::try_from(since.as_millis()).ok()?).ok()
    }
}

/// Fills bytes at random; `false` when there are none to be had, and then nothing is signed.
type RandomSource = dyn Fn(&mut [u8]) -> bool + Send + Sync;

/// A configured endpoint. Callers and ownership are always there: there is no way to leave them out.
#[derive(Clone)]
pub struct Endpoint(Arc<Configuration>);

pub(crate) struct Configuration {
    pub(crate) merchant: MerchantId,
    pub(crate) signer: Arc<dyn Signer<DerSignature> + Send + Sync>,
    pub(crate) callers: Arc<dyn CallerAuthenticator>,
    pub(crate) ownership: Arc<dyn Ownership>,
    pub(crate) store: Arc<dyn PaymentStore>,
    pub(crate) policy: Policy,
    pub(crate) day_ceiling: Option<UsdMicros>,
    pub(crate) path: String,
    pub(crate) origins: Vec<HeaderValue>,
    pub(crate) foreign_origins_refused: bool,
    pub(crate) max_body_bytes: usize,
    pub(crate) body_timeout: Duration,
    pub(crate) back_date_ms: u64,
    clock: Arc<dyn Clock>,
    random: Arc<RandomSource>,
}

impl Endpoint {
    /// An endpoint that signs for `merchant` with `signer`, for the callers and addresses given. The
    /// policy starts as the vendor's catalogue, the store in memory.
    pub fn builder(
        merchant: MerchantId,
        signer: Arc<dyn Signer<DerSignature> + Send + Sync>,
        callers: Arc<dyn CallerAuthenticator>,
        ownership: Arc<dyn Ownership>,
    ) -> EndpointBuilder {
        EndpointBuilder(Configuration {
            merchant,
            signer,
            callers,
            ownership,
            store: Arc::new(MemoryStore::default()),
            policy: Policy::catalogue(),
            day_ceiling: None,
            path: DEFAULT_PATH.into(),
            origins: Vec::new(),
            foreign_origins_refused: false,
            max_body_bytes: DEFAULT_MAX_BODY_BYTES,
            body_timeout: DEFAULT_BODY_TIMEOUT,
            back_date_ms: 0,
            clock: Arc::new(SystemClock),
            random: Arc::new(|bytes| getrandom::fill(bytes).is_ok()),
        })
    }

    pub(crate) fn configuration(&self) -> &Configuration {
        &self.0
    }
}

impl Configuration {
    pub(crate) fn now(&self) -> Option<Timestamp> {
        self.clock.now()
    }

    /// A new id; never a fallback.
    pub(crate) fn fresh_key(&self) -> Option<IdempotencyKey> {
        let mut bytes = [0; 16];
        (self.random)(&mut bytes).then(|| IdempotencyKey::from_random_bytes(bytes))
    }
}

/// Collects what an endpoint may differ in.
#[must_use]
pub struct EndpointBuilder(Configuration);

impl EndpointBuilder {
    /// What may be signed.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.0.policy = policy;
        self
    }

    /// The most that one caller is signed for on a day (UTC).
    pub const fn day_ceiling(mut self, ceiling: UsdMicros) -> Self {
        self.0.day_ceiling = Some(ceiling);
        self
    }

    /// Where idempotency keys are remembered.
    pub fn store(mut self, store: Arc<dyn PaymentStore>) -> Self {
        self.0.store = store;
        self
    }

    /// The path, which must start with a slash and hold no placeholder.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.0.path = path.into();
        self
    }

    /// The origins of browsers that may read answers, exactly as they send them.
    pub fn origins(mut self, origins: impl IntoIterator<Item = HeaderValue>) -> Self {
        self.0.origins = origins.into_iter().collect();
        self
    }

    /// Refuses every call from a browser whose origin is not on the list, instead of only keeping the
    /// answer from it.
    pub const fn refuse_foreign_origins(mut self) -> Self {
        self.0.foreign_origins_refused = true;
        self
    }

    /// The longest body, in bytes. Default: 16 KiB.
    pub const fn max_body_bytes(mut self, max: usize) -> Self {
        self.0.max_body_bytes = max;
        self
    }

    /// How long a body may take. Default: 10 seconds.
    pub const fn body_timeout(mut self, timeout: Duration) -> Self {
        self.0.body_timeout = timeout;
        self
    }

    /// Dates payloads back by so many milliseconds, where this clock may be fast.
    pub const fn back_date_ms(mut self, ms: u64) -> Self {
        self.0.back_date_ms = ms;
        self
    }

    /// Another clock.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.0.clock = clock;
        self
    }

    /// Another source of random bytes; `false` when it has none.
    pub fn random(mut self, random: Arc<RandomSource>) -> Self {
        self.0.random = random;
        self
    }

    /// The endpoint.
    ///
    /// # Errors
    /// A text for the operator: the path is no plain path ([`check_path`]), open amounts would pass the
    /// ceiling of the day, or payloads would be dated back by more than a minute.
    pub fn build(self) -> Result<Endpoint, &'static str> {
        check_path(&self.0.path)?;
        if self.0.day_ceiling.is_some() && self.0.policy.allows_open_amounts() {
            return Err("a ceiling of the day and open amounts exclude each other");
        }
        if self.0.back_date_ms > MAX_BACK_DATE_MS {
            return Err("payloads cannot be dated back by more than 60,000 ms");
        }
        Ok(Endpoint(Arc::new(self.0)))
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
        write!(f, "Endpoint({}, {:?})", self.0.path, self.0.merchant)
    }
}

impl fmt::Debug for EndpointBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EndpointBuilder({}, {:?})", self.0.path, self.0.merchant)
    }
}
