use std::convert::Infallible;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::http::header::ORIGIN;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response};
use futures_util::FutureExt;
use sha2::{Digest, Sha256};
use signer_protocols::blink::{SignerRequest, SignerResponse, UsdMicros, ValidPayment};
use signer_protocols::jcs::Limits;
use tower::service_fn;

use crate::audit::AuditEntry;
use crate::endpoint::Shared;
use crate::metrics::{PREFLIGHT, SIGNED};
use crate::{
    Caller, CallerError, Endpoint, KeyId, OwnershipError, Refusal, Reservation, ReservationRequest,
    Rules, StoreError, answer, body, cors, peer,
};

const IDEMPOTENCY_KEY: &str = "idempotency-key";
const MAX_IDEMPOTENCY_KEY: usize = 255;
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The endpoint as a router with one route, to be merged into an application of one's own. Other paths
/// stay that application's. Rates per peer need its connections' addresses
/// (`into_make_service_with_connect_info::<SocketAddr>()`); the rest needs nothing.
pub fn router(endpoint: Endpoint) -> Router {
    let path = endpoint.shared().path.clone();
    let service = service_fn(move |request: Request<Body>| {
        let endpoint = endpoint.clone();
        let (head, mut body) = request.into_parts();
        async move { Ok::<_, Infallible>(handle(endpoint.shared(), &head, &mut body).await) }
    });
    Router::new().route_service(&path, service)
}

async fn handle(shared: &Shared, head: &Parts, body: &mut Body) -> Response<Body> {
    let rules = shared.rules();
    let visit = Visit::of(shared, head, &rules.origins);

    // A panic is a fault of ours, and costs nobody but this caller.
    let decision = AssertUnwindSafe(decide(shared, &rules, &visit, body)).catch_unwind().await;

    let (label, mut response) = match decision.unwrap_or(Err(Refusal::Fault)) {
        Ok(Verdict::Preflight(response)) => (PREFLIGHT, response),
        Ok(Verdict::Signed(response)) => (SIGNED, answer::signed(&response)),
        Err(refusal) => (refusal.label(), answer::refused(&refusal)),
    };
    cors::mark(&mut response, visit.origin.clone());
    visit.note(shared, label, response)
}

/// A path that is nobody's.
pub(crate) async fn no_such_path(endpoint: Endpoint, request: Request<Body>) -> Response<Body> {
    let (head, _) = request.into_parts();
    let refusal = Refusal::NoSuchPath;
    let visit = Visit::of(endpoint.shared(), &head, &[]);
    visit.note(endpoint.shared(), refusal.label(), answer::refused(&refusal))
}

/// What is known of a request before its body is read.
struct Visit<'a> {
    begun: Instant,
    id: String,
    peer: Option<IpAddr>,
    /// Of those that may read the answer.
    origin: Option<HeaderValue>,
    head: &'a Parts,
}

impl<'a> Visit<'a> {
    fn of(shared: &Shared, head: &'a Parts, origins: &[HeaderValue]) -> Self {
        Self {
            begun: Instant::now(),
            id: shared.request_ids.next(),
            peer: peer::address(&head.extensions, &head.headers, shared.rates.trusted()),
            origin: cors::allowed_origin(&head.headers, origins),
            head,
        }
    }

    /// Counts and logs an answer, and names it in its head as in the log.
    fn note(
        &self,
        shared: &Shared,
        label: &'static str,
        mut response: Response<Body>,
    ) -> Response<Body> {
        if let Ok(value) = HeaderValue::from_str(&self.id) {
            response.headers_mut().insert(REQUEST_ID, value);
        }
        shared.metrics.count(label);
        tracing::info!(
            request_id = self.id,
            outcome = label,
            status = response.status().as_u16(),
            peer = self.peer.map(tracing::field::display),
            micros = u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(u64::MAX),
            "request"
        );
        response
    }
}

enum Verdict {
    Preflight(Response<Body>),
    Signed(SignerResponse),
}

/// The steps up to the caller, and the audit of what follows.
async fn decide(
    shared: &Shared,
    rules: &Rules,
    visit: &Visit<'_>,
    body: &mut Body,
) -> Result<Verdict, Refusal> {
    let Parts { method, headers, .. } = visit.head;
    if let Some(answer) = cors::preflight(method, headers, visit.origin.as_ref()) {
        return answer.map(Verdict::Preflight);
    }
    let foreign = headers.contains_key(ORIGIN) && visit.origin.is_none();
    if rules.foreign_origins_refused && foreign {
        return Err(Refusal::Origin);
    }
    if method != Method::POST {
        return Err(Refusal::Method);
    }
    body::check_headers(headers, shared.max_body_bytes)?;
    if let Some(peer) = visit.peer {
        shared.rates.admit_peer(peer)?;
    }
    let caller = rules.callers.authenticate(headers).await.map_err(|error| match error {
        CallerError::Unauthenticated => Refusal::Unauthenticated,
        CallerError::Unavailable => Refusal::Unavailable,
    })?;

    // Before the audit log: a caller that is throttled must not drive the disk.
    shared.rates.admit_caller(&caller.id)?;

    let now = shared.now().ok_or(Refusal::Unavailable)?;
    let id = visit.id.clone();
    let mut entry = Box::new(AuditEntry::new(now, id, caller.id.clone(), rules.key.id()));
    let signed = AssertUnwindSafe(sign_payment(shared, rules, &caller, headers, body, &mut entry))
        .catch_unwind()
        .await
        .unwrap_or(Err(Refusal::Fault));
    if let Err(refusal) = &signed {
        entry.is_refused(refusal);
    }
    if let Some(audit) = &shared.audit
        && audit.append(entry).await.is_err()
    {
        // What is not written down does not go out.
        shared.metrics.audit_errors.inc();
        return Err(Refusal::Unavailable);
    }
    signed.map(Verdict::Signed)
}

/// The steps behind the caller, each of which can only refuse.
async fn sign_payment(
    shared: &Shared,
    rules: &Rules,
    caller: &Caller,
    headers: &HeaderMap,
    body: &mut Body,
    entry: &mut AuditEntry,
) -> Result<SignerResponse, Refusal> {
    let retry_key = idempotency_key(headers)?;
    let body = body::read(body, shared.max_body_bytes, shared.body_timeout).await?;
    let place = shared.queue.enter()?;

    let limits = Limits::default().with_max_bytes(shared.max_body_bytes);
    let payment = SignerRequest::parse(&body, limits)?.validate(&rules.policy)?;
    entry.asks_for(&payment);
    match rules.ownership.owns(caller, &payment).await {
        Ok(true) => {}
        Ok(false) => return Err(Refusal::NotOwner),
        Err(OwnershipError) => return Err(Refusal::Unavailable),
    }
    // All callers share this rate: who owns nothing here must not use it up for who does.
    shared.rates.admit_destination(payment.address())?;

    let key = shared.rules().key.id();
    let reservation = ReservationRequest {
        merchant: &rules.merchant,
        caller: &caller.id,
        retry: retry_key.map(|key| (key, Sha256::digest(&body).into())),
        fresh_key: shared.fresh_key().ok_or(Refusal::Unavailable)?,
        amount: payment.amount().map_or(UsdMicros(0), |amount| amount.to_micros()),
        day_ceiling: rules.policy.max_per_day(),
        now: shared.now().ok_or(Refusal::Unavailable)?,
        key,
    };
    let reserved = shared.store.reserve(reservation).await.map_err(|error| match error {
        StoreError::Conflict => Refusal::IdempotencyConflict,
        StoreError::DayCeiling => Refusal::DayCeiling,
        StoreError::TooManyKeys => Refusal::TooManyKeys,
        StoreError::Lost => {
            shared.metrics.store_lost.inc();
            Refusal::Unavailable
        }
        // Any other reason is one that this version of the endpoint does not know.
        _ => {
            shared.metrics.store_errors.inc();
            Refusal::Unavailable
        }
    })?;
    if !reserved.remembered {
        shared.metrics.store_errors.inc();
    }
    let _turn = place.turn().await?;
    let current = shared.rules();
    if current.merchant != rules.merchant {
        // It was checked by the rules of another merchant.
        return Err(Refusal::Unavailable);
    }
    sign(shared, &current, payment, reserved, key, entry)
}

/// Signs with the key of this moment: whatever was replaced since the request began signs nothing any more.
fn sign(
    shared: &Shared,
    rules: &Rules,
    payment: ValidPayment,
    reserved: Reservation,
    reserved_for: KeyId,
    entry: &mut AuditEntry,
) -> Result<SignerResponse, Refusal> {
    entry.signs_under(&reserved.idempotency_key, rules.key.id());
    let signed_at = if rules.key.id() == reserved_for {
        reserved.signed_at
    } else {
        shared.now().ok_or(Refusal::Unavailable)?
    };
    let begun = Instant::now();
    let signed = payment
        .into_payload(reserved.idempotency_key, signed_at.back_dated(rules.back_date_ms))
        .sign(&rules.merchant, rules.key.signer.as_ref())
        .map_err(|_| Refusal::Unavailable);
    shared.metrics.signed_in(begun.elapsed());
    signed
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
