use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use serde::de::DeserializeOwned;
use signer_protocols::privy::AuthorizationRequestBuilder;

use super::{Authorization, Client};
use crate::error::Error;

/// How long a signed request is good for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Expiry {
    /// 15 minutes, as the vendor has it, for the calls that the vendor gives an end.
    #[default]
    Default,
    /// So long.
    In(Duration),
    /// For ever: no expiry is sent.
    Never,
}

/// A call that is about to be made: who signs it, under which idempotency key, and how long it is good for.
#[must_use = "nothing is sent before send()"]
pub struct Request<T> {
    pub(super) client: Client,
    pub(super) plan: Result<Plan, Error>,
    pub(super) authorization: Authorization,
    pub(super) idempotency_key: Option<String>,
    pub(super) expiry: Expiry,
    pub(super) check: Check<T>,
    answer: PhantomData<fn() -> T>,
}

/// What is done with an answer before it is handed on.
pub(super) type Check<T> = Box<dyn Fn(&T) -> Result<(), Error> + Send + Sync>;

/// What is fixed about a call.
pub(super) struct Plan {
    pub(super) url: reqwest::Url,
    pub(super) route: &'static str,
    /// The method, the address and the body; the body in the form in which it is signed and sent.
    pub(super) builder: AuthorizationRequestBuilder,
    pub(super) kind: CallKind,
}

/// What a call does, and so what it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CallKind {
    /// Whether an expiry is sent.
    pub(super) expires: bool,
    /// Whether the service takes an idempotency key; one is made where none is given.
    pub(super) keyed: bool,
    /// Whether it may be repeated without one: it sets what is set already, or signs the same again.
    pub(super) repeatable: bool,
}

impl<T: DeserializeOwned + Send> Request<T> {
    pub(super) fn new(client: Client, plan: Result<Plan, Error>) -> Self {
        Self {
            client,
            plan,
            authorization: Authorization::none(),
            idempotency_key: None,
            expiry: Expiry::default(),
            check: Box::new(|_| Ok(())),
            answer: PhantomData,
        }
    }

    pub(super) fn checked(mut self, check: Check<T>) -> Self {
        self.check = check;
        self
    }

    /// Who signs the request.
    pub fn authorization(mut self, authorization: Authorization) -> Self {
        self.authorization = authorization;
        self
    }

    /// The idempotency key, 1 to 256 visible characters, good for 24 hours. Where none is given one is made for
    /// calls that take one, and used for each attempt. Give one to repeat a call whose outcome is not known.
    pub fn idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.idempotency_key = Some(key.into());
        self
    }

    /// How long the signed request is good for. A call that makes something has no end unless one is given here.
    pub const fn expiry(mut self, expiry: Expiry) -> Self {
        self.expiry = expiry;
        self
    }
}

impl<T> fmt::Debug for Request<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let route = self.plan.as_ref().map_or("", |plan| plan.route);
        write!(f, "Request({route}, {:?})", self.authorization)
    }
}
