//! Browsers: preflights, and which origins may read an answer. The list is exact, and empty by default.

use axum::body::Body;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD,
    CACHE_CONTROL, ORIGIN, VARY,
};
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode};

use crate::Refusal;

/// The origin of a request, if it is on the list.
pub(crate) fn allowed_origin(headers: &HeaderMap, origins: &[HeaderValue]) -> Option<HeaderValue> {
    let mut sent = headers.get_all(ORIGIN).iter();
    let origin = sent.next().filter(|_| sent.next().is_none())?;
    origins.iter().find(|allowed| *allowed == origin).cloned()
}

/// The answer to a preflight; `None` when the request is none.
pub(crate) fn preflight(
    method: &Method,
    headers: &HeaderMap,
    allowed: Option<&HeaderValue>,
) -> Option<Result<Response<Body>, Refusal>> {
    let asked = headers.get(ACCESS_CONTROL_REQUEST_METHOD);
    if method != Method::OPTIONS || asked.is_none() || !headers.contains_key(ORIGIN) {
        return None;
    }
    if allowed.is_none() || asked != Some(&HeaderValue::from_static("POST")) {
        return Some(Err(Refusal::Origin));
    }
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    for (name, value) in [
        (ACCESS_CONTROL_ALLOW_METHODS, "POST"),
        (
            ACCESS_CONTROL_ALLOW_HEADERS,
            "content-type, authorization, idempotency-key, privy-id-token",
        ),
        (ACCESS_CONTROL_MAX_AGE, "600"),
        (CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    Some(Ok(response))
}

/// Lets the allowed origin read the answer, and tells caches that it depends on the origin.
pub(crate) fn mark(response: &mut Response<Body>, allowed: Option<HeaderValue>) {
    let headers = response.headers_mut();
    headers.insert(VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = allowed {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        let readable = HeaderValue::from_static("retry-after, x-request-id");
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, readable);
    }
}
