//! How a request goes out: signed, as often as may be, within one deadline.

use bytes::BytesMut;
use reqwest::Url;
use reqwest::header::{HeaderName, HeaderValue};
use serde::de::DeserializeOwned;
use signer_protocols::privy::{
    APP_ID_HEADER, AuthorizationError, AuthorizationRequest, DEFAULT_EXPIRY_MS,
    IDEMPOTENCY_KEY_HEADER, Method, REQUEST_EXPIRY_HEADER, SIGNATURE_HEADER,
};
use tokio::time::Instant;

use super::authorization::SignerRef;
use super::request::{CallKind, Expiry, Plan, Request};
use super::{Authorization, Client};
use crate::clock::unix_ms;
use crate::error::{Error, Kind};
use crate::random;
use crate::transport::{Answer, Call, Outgoing, Repeat, after, check_key, in_time};

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
        let prepared = Prepared::new(plan, key.as_deref(), expiry).map_err(named)?;
        let answer = client.signed_attempts(prepared, &authorization).await.map_err(named)?;
        let answer = if answer.body.is_empty() {
            serde_json::from_str("{}").map_err(|_| answer.unreadable())
        } else {
            answer.json()
        };
        let answer = answer.map_err(named)?;
        check(&answer).map_err(named)?;
        Ok(answer)
    }
}

/// A request that is ready but for its signatures.
struct Prepared<'a> {
    url: Url,
    route: &'static str,
    kind: CallKind,
    key: Option<&'a str>,
    unsigned: Unsigned,
}

/// What is signed, and until when it is good.
struct Unsigned {
    request: AuthorizationRequest,
    life_ms: Option<u64>,
    /// In Unix milliseconds; 0 for a life that begins when it is signed.
    ends: u64,
}

impl<'a> Prepared<'a> {
    fn new(plan: Plan, key: Option<&'a str>, expiry: Expiry) -> Result<Self, Error> {
        let Plan { url, route, builder, kind } = plan;
        let life_ms = life_ms(expiry).filter(|_| kind.expires || expiry != Expiry::Default);
        let ends = life_ms.map_or(u64::MAX, |life| unix_ms().saturating_add(life));
        let request = || {
            let builder = match key {
                Some(key) => builder.idempotency_key(key)?,
                None => builder,
            };
            match life_ms {
                Some(_) => builder.expiry_unix_ms(ends)?.build(),
                None => builder.build(),
            }
        };
        let request = request().map_err(|error| refused(&error))?;
        Ok(Self { url, route, kind, key, unsigned: Unsigned { request, life_ms, ends } })
    }
}

impl Unsigned {
    /// Gives it a new life where too little is left of it; whether it did.
    fn renew(&mut self) -> Result<bool, Error> {
        let now = unix_ms();
        match self.life_ms {
            Some(life) if now.saturating_add(LEAST_LIFE_MS) >= self.ends => {
                self.ends = now.saturating_add(life);
                self.request.renew(self.ends).map_err(|error| refused(&error))?;
                Ok(true)
            }
            _ => Ok(false),
        }
    }
}

impl Client {
    /// Sends a request. All that it waits for, exchanges of sessions and their renewal included, ends within one
    /// deadline; a key that signs is not waited for.
    async fn signed_attempts(
        &self,
        mut prepared: Prepared<'_>,
        authorization: &Authorization,
    ) -> Result<Answer, Error> {
        let deadline = after(Instant::now(), self.0.transport.total());
        match authorization.keys() {
            Some(keys) => self.attempts(deadline, &mut prepared, &keys).await,
            None => Box::pin(self.renewing_attempts(deadline, &mut prepared, authorization)).await,
        }
    }

    /// Where a user's session has ended, once more with a new key of it.
    async fn renewing_attempts(
        &self,
        deadline: Instant,
        prepared: &mut Prepared<'_>,
        authorization: &Authorization,
    ) -> Result<Answer, Error> {
        let signers = in_time(deadline, LATE, authorization.signers()).await?;
        prepared.unsigned.ends = 0;
        match self.attempts(deadline, prepared, &signers.keys()).await {
            Err(refused) if refused.code().is_some_and(|code| ENDED.contains(&code)) => {
                let again = async {
                    in_time(deadline, LATE, signers.renew()).await?;
                    let signers = in_time(deadline, LATE, authorization.signers()).await?;
                    prepared.unsigned.ends = 0;
                    self.attempts(deadline, prepared, &signers.keys()).await
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
        prepared: &mut Prepared<'_>,
        signers: &[SignerRef<'_>],
    ) -> Result<Answer, Error> {
        let Prepared { url, route, kind, key, unsigned } = prepared;
        let repeat = match *key {
            Some(key) => Repeat::Under(key),
            None if kind.repeatable => Repeat::Freely,
            None => Repeat::Never,
        };
        let method = http_method(unsigned.request.method());
        let call = Call { method, url, route, repeat };
        let mut signed = None;
        let outgoing = || {
            let is_renewed = unsigned.renew()?;
            let signature = match signed.take() {
                Some(signature) if !is_renewed => signature,
                _ => {
                    let signers = signers.iter().map(|signer| *signer as _);
                    unsigned.request.signature(signers).map_err(|error| refused(&error))?
                }
            };
            let outgoing = self.outgoing(&unsigned.request, signature.as_deref());
            signed = Some(signature);
            outgoing
        };
        self.0.transport.call_until(deadline, &call, outgoing).await
    }

    fn outgoing(
        &self,
        request: &AuthorizationRequest,
        signature: Option<&str>,
    ) -> Result<Outgoing, Error> {
        let signature = signature.map(|signature| (SIGNATURE_HEADER, signature));
        let own = request.headers().filter(|(name, _)| *name != APP_ID_HEADER).chain(signature);
        let body = request.body();
        // All of it shares one allocation.
        let len = own.clone().map(|it| it.1.len()).sum::<usize>() + body.map_or(0, <[u8]>::len);
        let mut bytes = BytesMut::with_capacity(len);
        let mut headers = self.credentials();
        for (name, value) in own {
            bytes.extend_from_slice(value.as_bytes());
            let rule = "a privy header has a value of visible characters";
            let mut value = HeaderValue::from_maybe_shared(bytes.split().freeze())
                .map_err(|_| Error::input(rule))?;
            // Worth a request until it expires.
            value.set_sensitive(name == SIGNATURE_HEADER);
            headers.insert(header_name(name)?, value);
        }
        let json = body.map(|body| {
            bytes.extend_from_slice(body);
            bytes.freeze()
        });
        Ok(Outgoing { headers, json })
    }
}

const fn http_method(method: Method) -> reqwest::Method {
    match method {
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        Method::Patch => reqwest::Method::PATCH,
        Method::Delete => reqwest::Method::DELETE,
    }
}

/// What the service says of a user whose session's key it does not know, or no longer.
const ENDED: [&str; 2] = ["user_session_keys_expired", "no_valid_user_session_keys"];

/// Of what comes before the request itself: where its time is up nothing was asked of the service.
const LATE: &str = "no session was opened in time";

/// The names that most requests have are not read again.
fn header_name(name: &str) -> Result<HeaderName, Error> {
    const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static(IDEMPOTENCY_KEY_HEADER);
    const REQUEST_EXPIRY: HeaderName = HeaderName::from_static(REQUEST_EXPIRY_HEADER);
    const SIGNATURE: HeaderName = HeaderName::from_static(SIGNATURE_HEADER);
    match name {
        IDEMPOTENCY_KEY_HEADER => Ok(IDEMPOTENCY_KEY),
        REQUEST_EXPIRY_HEADER => Ok(REQUEST_EXPIRY),
        SIGNATURE_HEADER => Ok(SIGNATURE),
        _ => HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| Error::input("a header has a name of letters, digits and hyphens")),
    }
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
        AuthorizationError::Body { .. } => Error::input(
            "the body must be JSON with every name once, and numbers that doubles hold (integers below 2^53)",
        ),
        _ => Error::input("the request cannot be signed as it is"),
    }
}
