//! What an operator asks: is it alive, is it ready, what has it done.

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, Response, StatusCode};
use axum::routing::get;

use crate::json_text::Object;
use crate::{Endpoint, PaymentKey, Readiness, answer, metrics};

/// Paths for an operator, on a listener of their own; none of them changes anything.
///
/// - `/healthz`: 200 while the process answers.
/// - `/readyz`: 200 when a payment could be signed, else 503. The store performs what a reservation performs, a write
///   included; `"store":"degraded"` means that payments are signed and not recorded. It names the key that signs, the key that is
///   staged, and the head of the audit log.
/// - `/metrics`: the text form of OpenMetrics, as Prometheus reads it.
/// - `/openapi.json`, with the feature `openapi`: the endpoint for machines.
pub fn status_router(endpoint: Endpoint) -> Router {
    let router = Router::new();
    #[cfg(feature = "openapi")]
    let router = router.route("/openapi.json", get(description));
    router
        .route("/healthz", get(health))
        .route("/readyz", get(readiness))
        .route("/metrics", get(measurements))
        .with_state(endpoint)
}

async fn health() -> Response<Body> {
    answer::json(StatusCode::OK, "{\"alive\":true}".into())
}

async fn readiness(State(endpoint): State<Endpoint>) -> Response<Body> {
    let shared = endpoint.shared();
    let rules = shared.rules();
    let store = shared.store.readiness().await;
    let parts = [
        ("serving", !shared.is_ending()),
        ("callers", rules.callers.is_ready()),
        ("store", store != Readiness::Unavailable),
        ("audit", shared.audit.as_ref().is_none_or(|audit| audit.is_healthy())),
    ];
    let ready = parts.iter().all(|(_, ready)| *ready);
    let value = |name, ready| {
        let degraded = name == "store" && store == Readiness::Degraded;
        if degraded { "\"degraded\"" } else { truth(ready) }
    };
    let mut body = String::new();
    Object::write(&mut body, |object| {
        object.raw("ready", truth(ready));
        for (name, ready) in parts {
            object.raw(name, value(name, ready));
        }
        write_key(object, "key", Some(&rules.key));
        write_key(object, "stagedKey", rules.staged.as_ref());
        if let Some(audit) = &shared.audit {
            let head = audit.head();
            object.object("auditHead", |object| {
                object.number("count", head.count);
                object.text("hash", Some(&head.hash.to_string()));
            });
        }
    });
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    answer::json(status, body)
}

#[cfg(feature = "openapi")]
async fn description(State(endpoint): State<Endpoint>) -> Response<Body> {
    answer::json(StatusCode::OK, crate::openapi_json(&endpoint))
}

const fn truth(holds: bool) -> &'static str {
    if holds { "true" } else { "false" }
}

fn write_key(object: &mut Object<'_>, name: &str, key: Option<&PaymentKey>) {
    let Some(key) = key else { return object.raw(name, "null") };
    object.object(name, |object| {
        object.text("id", Some(&key.id().to_string()));
        let pem = key.public().to_spki_pem();
        object.text("publicKey", std::str::from_utf8(&pem).ok());
    });
}

async fn measurements(State(endpoint): State<Endpoint>) -> Response<Body> {
    let shared = endpoint.shared();
    let mut response = Response::new(Body::from(shared.metrics.text(shared.key_age())));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(metrics::CONTENT_TYPE));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
