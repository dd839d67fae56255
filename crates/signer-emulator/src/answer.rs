//! What a service answers.

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, SET_COOKIE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use serde_json::{Value, json};

/// An answer in JSON.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) cookie: Option<String>,
}

/// Why a service refuses: a status, its code and its words.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    status: u16,
    code: &'static str,
    message: String,
}

impl Answer {
    pub(crate) const fn ok(body: Value) -> Self {
        Self { status: 200, body, cookie: None }
    }

    pub(crate) fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body.to_string()));
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or_default();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(cookie) = self.cookie.and_then(|cookie| HeaderValue::from_str(&cookie).ok()) {
            headers.insert(SET_COOKIE, cookie);
        }
        response
    }
}

impl Refusal {
    pub(crate) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }
}

/// `error` holds the words, as Privy has it; the code and the message stand beside it, as the others read them.
impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        let Refusal { status, code, message } = refusal;
        let body = json!({"error": message, "code": code, "message": message});
        Self { status, body, cookie: None }
    }
}

/// A member of a JSON object that must be a string.
pub(crate) fn text<'a>(body: &'a Value, member: &'static str) -> Result<&'a str, Refusal> {
    let missing = || Refusal::new(400, "invalid_data", format!("{member} must be a string"));
    body[member].as_str().ok_or_else(missing)
}

/// A body that must be JSON; an empty one is an empty object.
pub(crate) fn parse(body: &[u8]) -> Result<Value, Refusal> {
    if body.is_empty() {
        return Ok(json!({}));
    }
    let no_json = || Refusal::new(400, "invalid_data", "the body must be JSON");
    serde_json::from_slice(body).map_err(|_| no_json())
}
