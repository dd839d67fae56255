//! The page of the development mode, and what keeps everybody else's pages out.

use axum::Router;
use axum::extract::Request;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use signer_core::p256::VerifyingKey;
use signer_protocols::blink::MerchantId;
use signer_server::Refusal;

/// The names by which this machine may be called: another is a page elsewhere that had its name point here.
pub(super) const LOCAL_NAMES: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// No third party, no inline script, and nowhere to send anything but here.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The page beside the endpoint, and the door in front of both.
pub(super) fn around(
    endpoint: Router,
    key: &VerifyingKey,
    merchant: &MerchantId,
    openapi: String,
) -> Router {
    let facts = serde_json::json!({
        "publicKey": standard_base64(&key.to_spki_der()),
        "merchantId": merchant.as_str(),
    })
    .to_string();
    let text =
        |kind: &'static str, text: &'static str| get(move || async move { answer(kind, text) });
    endpoint
        .route("/", text("text/html; charset=utf-8", include_str!("page.html")))
        .route("/page.css", text("text/css; charset=utf-8", include_str!("page.css")))
        .route("/page.js", text("text/javascript; charset=utf-8", include_str!("page.js")))
        .route("/key.json", get(move || async move { answer("application/json", facts) }))
        .route("/openapi.json", get(move || async move { answer("application/json", openapi) }))
        .layer(from_fn(only_by_local_names))
}

fn answer(kind: &'static str, body: impl IntoResponse) -> Response {
    let headers: [(HeaderName, &str); 5] = [
        (CONTENT_TYPE, kind),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (CACHE_CONTROL, "no-store"),
    ];
    (headers, body).into_response()
}

async fn only_by_local_names(request: Request, next: Next) -> Response {
    if is_local(request.headers()) {
        next.run(request).await
    } else {
        Refusal::Host.into_response()
    }
}

/// Whether the one `Host` is this machine by its own name, with any port.
fn is_local(headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    let host = hosts.next().and_then(|host| host.to_str().ok()).unwrap_or_default();
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    let name = match host.rsplit_once(':') {
        Some((name, port)) if is_port(port) => name,
        _ => host,
    };
    hosts.next().is_none() && LOCAL_NAMES.iter().any(|local| name.eq_ignore_ascii_case(local))
}

fn standard_base64(bytes: &[u8]) -> String {
    use base64ct::{Base64, Encoding};
    Base64::encode_string(bytes)
}
