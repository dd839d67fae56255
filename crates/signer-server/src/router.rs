use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::ORIGIN;
use axum::http::{HeaderMap, Method, Request, Response};
use axum::routing::any;
use sha2::{Digest, Sha256};
use signer_protocols::blink::{SignerRequest, SignerResponse, UsdMicros};
use signer_protocols::jcs::Limits;

use crate::endpoint::Configuration;
use crate::store::{ReservationRequest, StoreError};
use crate::{CallerError, Endpoint, OwnershipError, Refusal, answer, body, cors};

const IDEMPOTENCY_KEY: &str = "idempotency-key";
const MAX_IDEMPOTENCY_KEY: usize = 255;

/// The endpoint as a router with one route, to be merged into an application of one's own. Other paths
/// stay that application's.
pub fn router(endpoint: Endpoint) -> Router {
    let path = endpoint.configuration().path.clone();
    Router::new().route(&path, any(handle)).with_state(endpoint)
}

async fn handle(State(endpoint): State<Endpoint>, request: Request<Body>) -> Response<Body> {
    let configuration = endpoint.configuration();
    let allowed = cors::allowed_origin(request.headers(), &configuration.origins);
    let preflight = cors::preflight(request.method(), request.headers(), allowed.as_ref());
    let verdict = match preflight {
        Some(verdict) => verdict,
        None if configuration.foreign_origins_refused
            && request.headers().contains_key(ORIGIN)
            && allowed.is_none() =>
        {
            Err(Refusal::Origin)
        }
        None => sign_payment(configuration, request).await.map(|signed| answer::signed(&signed)),
    };
    let mut response = verdict.unwrap_or_else(|refusal| answer::refused(&refusal));
    cors::mark(&mut response, allowed);
    response
}

/// The steps of a request, each of which can only refuse.
async fn sign_payment(
    endpoint: &Configuration,
    request: Request<Body>,
) -> Result<SignerResponse, Refusal> {
    if request.method() != Method::POST {
        return Err(Refusal::Method);
    }
    let (head, body) = request.into_parts();
    body::check_headers(&head.headers, endpoint.max_body_bytes)?;
    let caller =
        endpoint.callers.authenticate(&head.headers).await.map_err(|error| match error {
            CallerError::Unauthenticated => Refusal::Unauthenticated,
            CallerError::Unavailable => Refusal::Unavailable,
        })?;
    let retry_key = idempotency_key(&head.headers)?;
    let body = body::read(body, endpoint.max_body_bytes, endpoint.body_timeout).await?;

    let limits = Limits::default().with_max_bytes(endpoint.max_body_bytes);
    let payment = SignerRequest::parse(&body, limits)?.validate(&endpoint.policy)?;
    match endpoint.ownership.owns(&caller, &payment).await {
        Ok(true) => {}
        Ok(false) => return Err(Refusal::NotOwner),
        Err(OwnershipError) => return Err(Refusal::Unavailable),
    }

    let reservation = ReservationRequest {
        caller: &caller.id,
        retry: retry_key.map(|key| (key, Sha256::digest(&body).into())),
        fresh_key: endpoint.fresh_key().ok_or(Refusal::Unavailable)?,
        amount: payment.amount().map_or(UsdMicros(0), |amount| amount.to_micros()),
        day_ceiling: endpoint.day_ceiling,
        now: endpoint.now().ok_or(Refusal::Unavailable)?,
    };
    let reserved = endpoint.store.reserve(reservation).await.map_err(|error| match error {
        StoreError::Conflict => Refusal::IdempotencyConflict,
        StoreError::DayCeiling => Refusal::DayCeiling,
        StoreError::Unavailable => Refusal::Unavailable,
    })?;
    let signed_at = reserved.signed_at.back_dated(endpoint.back_date_ms);
    payment
        .into_payload(reserved.idempotency_key, signed_at)
        .sign(&endpoint.merchant, endpoint.signer.as_ref())
        .map_err(|_| Refusal::Unavailable)
}

/// The one `Idempotency-Key`, visible ASCII.
fn idempotency_key(headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
    let rule = || {
        Refusal::Request("Idempotency-Key must be 1 to 255 visible characters, given once.".into())
    };
    let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let key = value.to_str().map_err(|_| rule())?;
    let fits = (1..=MAX_IDEMPOTENCY_KEY).contains(&key.len());
    if values.next().is_some() || !fits || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(rule());
    }
    Ok(Some(key))
}
