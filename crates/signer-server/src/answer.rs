//! Every answer: JSON in UTF-8, never stored by a cache.

use axum::body::Body;
use axum::http::header::{
    ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE,
};
use axum::http::{HeaderValue, Response, StatusCode};
use signer_protocols::blink::SignerResponse;

use crate::Refusal;
use crate::json_text::Object;

/// How long a caller should wait after a 503, in seconds.
const RETRY_AFTER_S: HeaderValue = HeaderValue::from_static("1");
/// How long a caller should wait for its oldest idempotency keys to expire, in seconds.
const TOO_MANY_KEYS_RETRY_AFTER_S: HeaderValue = HeaderValue::from_static("3600");

pub(crate) fn signed(response: &SignerResponse) -> Response<Body> {
    json(StatusCode::OK, response.to_json())
}

pub(crate) fn refused(refusal: &Refusal) -> Response<Body> {
    let mut body = String::new();
    Object::write(&mut body, |object| object.text("error", Some(refusal.message())));
    let mut response = json(refusal.status(), body);
    let headers = response.headers_mut();
    match refusal {
        Refusal::Method => {
            headers.insert(ALLOW, HeaderValue::from_static("POST, OPTIONS"));
        }
        Refusal::Unauthenticated => {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        Refusal::Unavailable | Refusal::Busy => {
            headers.insert(RETRY_AFTER, RETRY_AFTER_S);
        }
        Refusal::TooMany { retry_after_s } => {
            headers.insert(RETRY_AFTER, HeaderValue::from(*retry_after_s));
        }
        Refusal::TooManyKeys => {
            headers.insert(RETRY_AFTER, TOO_MANY_KEYS_RETRY_AFTER_S);
        }
        // What follows on the connection was not read to its end.
        Refusal::TooLarge | Refusal::Incomplete => {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        _ => {}
    }
    response
}

pub(crate) fn json(status: StatusCode, body: String) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
