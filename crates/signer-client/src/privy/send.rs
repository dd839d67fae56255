//! How a request goes out: signed, as often as may be, within one deadline.

use bytes::BytesMut;
use reqwest::header::{HeaderName, HeaderValue};
use serde::de::DeserializeOwned;
use signer_protocols::privy::{
    APP_ID_HEADER, AuthorizationError, DEFAULT_EXPIRY_MS, IDEMPOTENCY_KEY_HEADER,
    REQUEST_EXPIRY_HEADER, SIGNATURE_HEADER, SignedRequest,
};
use tokio::time::{Instant, timeout_at};

use super::authorization::AuthorizationSigner;
use super::request::{Expiry, Plan, Request};
use super::{Authorization, Client};
use crate::clock::unix_ms;
use crate::error::{Error, Kind};
use crate::random;
use crate::transport::{Answer, Call, Outgoing, Repeat, check_key};

/// A request that goes out again is signed anew when less than this is left of it.
const LEAST_LIFE_MS: u64 = 30_000;

impl<T: DeserializeOwned + Send> Request<T> {
    /// Makes the call.
    ///
    /// # Errors
    /// [`Error`]; `code()` is the service's, and where the outcome is not known, `idempotency_key()` is the one
    /// under which to ask again.
    pub async fn send(self) -> Result<T, Error> {
        let Self { client, plan, authorization, idempotency_key, expiry, check, .. } = self;
        let plan = plan?;
        let key = match idempotency_key {
            Some(key) if plan.kind.keyed => {
                check_key(&key)?;
                Some(key)
            }
            Some(_) => return Err(Error::input("the call takes no idempotency key")),
            None if plan.kind.keyed => Some(random::uuid()?),
            None => None,
        };
        let named = |error: Error| match &key {
            Some(key) => error.with_idempotency_key(key),
            None => error,
        };
        let answer = client.signed_attempts(&plan, &authorization, key.as_deref(), expiry).await;
        let answer = answer.map_err(named)?;
        let answer = if answer.body.is_empty() {
            serde_json::from_str("{}").map_err(|_| answer.unreadable())
        } else {
            answer.json()
        };
        let answer = answer.map_err(named)?;
        check(&answer)?;
        Ok(answer)
    }
}

impl Client {
    /// Sends a request. All that it takes, exchanges of sessions and their renewal included, ends within one
    /// deadline.
    async fn signed_attempts(
        &self,
        plan: &Plan,
        authorization: &Authorization,
        key: Option<&str>,
        expiry: Expiry,
    ) -> Result<Answer, Error> {
        let deadline = Instant::now() + self.0.transport.total();
        match authorization.keys() {
            Some(keys) => self.attempts(deadline, plan, &keys, key, expiry).await,
            None => {
                let renewed = self.renewing_attempts(deadline, plan, authorization, key, expiry);
                Box::pin(renewed).await
            }
        }
    }

    /// Where a user's session has ended, once more with a new key of it.
    async fn renewing_attempts(
        &self,
        deadline: Instant,
        plan: &Plan,
        authorization: &Authorization,
        key: Option<&str>,
        expiry: Expiry,
    ) -> Result<Answer, Error> {
        let signers = in_time(deadline, authorization.signers()).await?;
        match self.attempts(deadline, plan, &signers.keys, key, expiry).await {
            Err(refused) if refused.code() == Some("user_session_keys_expired") => {
                let again = async {
                    in_time(deadline, signers.renew()).await?;
                    let signers = in_time(deadline, authorization.signers()).await?;
                    self.attempts(deadline, plan, &signers.keys, key, expiry).await
                };
                // An attempt before the refusal may have done it.
                let unknown = refused.is_outcome_unknown();
                again
                    .await
                    .map_err(|error| if unknown { error.with_unknown_outcome() } else { error })
            }
            answer => answer,
        }
    }

    /// Sends a request as often as may be, always under the one key.
    async fn attempts(
        &self,
        deadline: Instant,
        plan: &Plan,
        signers: &[AuthorizationSigner],
        key: Option<&str>,
        expiry: Expiry,
    ) -> Result<Answer, Error> {
        let repeat = match key {
            Some(key) => Repeat::Under(key),
            None if plan.kind.repeatable => Repeat::Freely,
            None => Repeat::Never,
        };
        let mut signed: Option<(SignedRequest, u64)> = None;
        let outgoing = || {
            let now = unix_ms();
            let good =
                |(_, ends): &&(SignedRequest, u64)| now.saturating_add(LEAST_LIFE_MS) < *ends;
            if signed.as_ref().filter(good).is_none() {
                let life = plan.kind.expires.then(|| life_ms(expiry)).flatten();
                let ends = life.map(|life| now.saturating_add(life));
                signed = Some((sign(plan, signers, key, ends)?, ends.unwrap_or(u64::MAX)));
            }
            let Some((request, _)) = &signed else {
                return Err(Error::new(Kind::Local, "the request is not signed"));
            };
            let mut headers = self.credentials();
            // The values share one allocation.
            let mut values = BytesMut::with_capacity(request.headers().map(|it| it.1.len()).sum());
            for (name, value) in request.headers() {
                values.extend_from_slice(value.as_bytes());
                let value = HeaderValue::from_maybe_shared(values.split().freeze());
                let rule = "a privy header has a value of visible characters";
                headers.insert(header_name(name)?, value.map_err(|_| Error::input(rule))?);
            }
            Ok(Outgoing { headers, json: request.request().body().map(Into::into) })
        };
        let method = plan.http_method();
        let call = Call { method, url: &plan.url, route: plan.route, repeat };
        self.0.transport.call_until(deadline, &call, outgoing).await
    }
}

/// What comes before the request itself: where its time is up nothing was asked of the service.
async fn in_time<T>(
    deadline: Instant,
    step: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let late = || Error::new(Kind::Deadline, "no session was opened in time");
    timeout_at(deadline, step).await.unwrap_or_else(|_| Err(late()))
}

/// The names that most requests have are not read again.
fn header_name(name: &str) -> Result<HeaderName, Error> {
    let known = [APP_ID_HEADER, IDEMPOTENCY_KEY_HEADER, REQUEST_EXPIRY_HEADER, SIGNATURE_HEADER];
    match known.into_iter().find(|known| *known == name) {
        Some(known) => Ok(HeaderName::from_static(known)),
        None => HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| Error::input("a header has a name of letters, digits and hyphens")),
    }
}

fn sign(
    plan: &Plan,
    signers: &[AuthorizationSigner],
    key: Option<&str>,
    ends: Option<u64>,
) -> Result<SignedRequest, Error> {
    let signers: Vec<_> = signers.iter().map(|signer| &**signer as _).collect();
    let mut builder = plan.builder.clone();
    if let Some(key) = key {
        builder = builder.idempotency_key(key).map_err(|error| refused(&error))?;
    }
    if let Some(ends) = ends {
        builder = builder.expiry_unix_ms(ends).map_err(|error| refused(&error))?;
    }
    let request = builder.build().map_err(|error| refused(&error))?;
    request.sign(&signers).map_err(|error| refused(&error))
}

fn life_ms(expiry: Expiry) -> Option<u64> {
    match expiry {
        Expiry::Default => Some(DEFAULT_EXPIRY_MS),
        Expiry::In(life) => Some(u64::try_from(life.as_millis()).unwrap_or(u64::MAX)),
        Expiry::Never => None,
    }
}

pub(super) fn refused(error: &AuthorizationError) -> Error {
    match error {
        AuthorizationError::Signer { .. } => {
            Error::new(Kind::Local, "a signer of the request failed")
        }
        AuthorizationError::IdempotencyKey => {
            Error::input("an idempotency key must be 1 to 256 visible characters")
        }
        AuthorizationError::Body { .. } => {
            Error::input("the body must be JSON with plain numbers and every name once")
        }
        _ => Error::input("the request cannot be signed as it is"),
    }
}
