use std::fmt;
use std::sync::Arc;

use axum::http::HeaderValue;
use signer_protocols::blink::{MerchantId, Policy};

use crate::{CallerAuthenticator, KeyId, Ownership, PaymentKey};

/// A retry gets the same payload for 10 minutes, and the receiver takes it for 15.
const MAX_BACK_DATE_MS: u64 = 60_000;

/// What an endpoint goes by, and what a reload replaces as one. Callers and ownership are always there: there
/// is no way to leave them out.
#[derive(Clone)]
pub struct Rules {
    pub(crate) merchant: MerchantId,
    pub(crate) key: PaymentKey,
    pub(crate) staged: Option<PaymentKey>,
    pub(crate) callers: Arc<dyn CallerAuthenticator>,
    pub(crate) ownership: Arc<dyn Ownership>,
    pub(crate) policy: Arc<Policy>,
    pub(crate) origins: Arc<[HeaderValue]>,
    pub(crate) foreign_origins_refused: bool,
    pub(crate) back_date_ms: u64,
}

impl Rules {
    /// Signs for `merchant` with `key`, for the callers and addresses given. The policy is the vendor's
    /// catalogue.
    pub fn new(
        merchant: MerchantId,
        key: PaymentKey,
        callers: Arc<dyn CallerAuthenticator>,
        ownership: Arc<dyn Ownership>,
    ) -> Self {
        Self {
            merchant,
            key,
            staged: None,
            callers,
            ownership,
            policy: Arc::new(Policy::catalogue()),
            origins: Arc::new([]),
            foreign_origins_refused: false,
            back_date_ms: 0,
        }
    }

    /// The names of the key that signs and of the one that is staged.
    pub fn key_ids(&self) -> impl Iterator<Item = KeyId> {
        [Some(&self.key), self.staged.as_ref()].into_iter().flatten().map(PaymentKey::id)
    }

    /// What may be signed.
    #[must_use]
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = Arc::new(policy);
        self
    }

    /// A key that is to sign after [`switch_key`](crate::Endpoint::switch_key), and not before.
    #[must_use]
    pub fn staged_key(mut self, key: Option<PaymentKey>) -> Self {
        self.staged = key;
        self
    }

    /// The origins of browsers that may read answers, exactly as they send them.
    #[must_use]
    pub fn origins(mut self, origins: impl IntoIterator<Item = HeaderValue>) -> Self {
        self.origins = origins.into_iter().collect();
        self
    }

    /// Refuses every call from a browser whose origin is not on the list, instead of only keeping the
    /// answer from it.
    #[must_use]
    pub const fn refuse_foreign_origins(mut self) -> Self {
        self.foreign_origins_refused = true;
        self
    }

    /// Dates payloads back by so many milliseconds, 60,000 at most, where this clock may be fast.
    ///
    /// # Errors
    /// A text for the operator when it is more.
    pub fn back_date_ms(mut self, ms: u64) -> Result<Self, &'static str> {
        if ms > MAX_BACK_DATE_MS {
            return Err("payloads cannot be dated back by more than 60,000 ms");
        }
        self.back_date_ms = ms;
        Ok(self)
    }
}

impl fmt::Debug for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rules({:?}, {:?}, staged {:?})", self.merchant, self.key, self.staged)
    }
}
