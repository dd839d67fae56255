//! Every answer: JSON in UTF-8, never stored by a cache.

use axum::body::Body;
use axum::http::header::{
    ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE,
};
use axum::http::{HeaderValue, Response, StatusCode};
use signer_protocols::blink::SignerResponse;

use crate::Refusal;

/// How long a caller should wait after a 503, in seconds.
const RETRY_AFTER_S: HeaderValue = HeaderValue::from_static("1");

pub(crate) fn signed(response: &SignerResponse) -> Response<Body> {
    json(StatusCode::OK, response.to_json())
}

pub(crate) fn refused(refusal: &Refusal) -> Response<Body> {
    let mut body = String::from("{\"error\":");
    write_string(refusal.message(), &mut body);
    body.push('}');
    let mut response = json(refusal.status(), body);
    let headers = response.headers_mut();
    match refusal {
        Refusal::Method => {
            headers.insert(ALLOW, HeaderValue::from_static("POST, OPTIONS"));
        }
        Refusal::Unauthenticated => {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        Refusal::Unavailable => {
            headers.insert(RETRY_AFTER, RETRY_AFTER_S);
        }
        // What follows on the connection was not read to its end.
        Refusal::TooLarge | Refusal::Incomplete => {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        _ => {}
    }
    response
}

fn json(status: StatusCode, body: String) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Our own texts, which may quote what a request held: everything but plain ASCII is escaped.
fn write_string(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            ' '..='~' => out.push(character),
            _ => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    out.push_str("\\u");
                    for shift in [12, 8, 4, 0] {
                        let nibble = usize::from((*unit >> shift) & 15);
                        out.push(char::from(b"0123456789abcdef"[nibble]));
                    }
                }
            }
        }
    }
    out.push('"');
}
