use alloc::borrow::{Cow, ToOwned};
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::Serialize;

use super::{
    APP_ID_HEADER, AuthorizationRequest, Body, Header, IDEMPOTENCY_KEY_HEADER, Method,
    REQUEST_EXPIRY_HEADER, SIGNATURE_HEADER, expiry_text, is_header_value,
};
use crate::jcs::{self, Limits};
use crate::json;
use crate::privy::AuthorizationError;

/// How a signing input with a body begins.
const BEFORE_BODY: &[u8] = b"{\"body\":";
/// Most signing inputs fit into it.
const USUAL_INPUT: usize = 512;
/// The app id, an idempotency key, an expiry.
const USUAL_HEADERS: usize = 3;

/// Collects the parts of a request. Of what it makes only the expiry can still change.
#[derive(Clone)]
#[must_use]
pub struct AuthorizationRequestBuilder {
    method: Method,
    url: String,
    /// The signing input up to the end of the body; empty without one.
    input: Vec<u8>,
    headers: Vec<Header>,
}

impl AuthorizationRequestBuilder {
    pub(super) fn new(method: Method, url: &str, app_id: &str) -> Self {
        let mut headers = Vec::with_capacity(USUAL_HEADERS);
        headers.push((Cow::Borrowed(APP_ID_HEADER), app_id.to_owned()));
        Self { method, url: url.to_owned(), input: Vec::new(), headers }
    }

    /// A typed JSON body. Its canonical form is what is sent.
    ///
    /// # Errors
    /// [`AuthorizationError::Body`]: NaN, infinity, duplicate map keys.
    pub fn body<T: Serialize + ?Sized>(mut self, body: &T) -> Result<Self, AuthorizationError> {
        self.begin_body();
        json::write_typed(body, &mut self.input)?;
        Ok(self)
    }

    /// A body given as JSON text, read strictly and within `limits`.
    ///
    /// # Errors
    /// [`AuthorizationError::Body`].
    pub fn body_text(mut self, text: &[u8], limits: Limits) -> Result<Self, AuthorizationError> {
        self.begin_body();
        self.input.extend(jcs::canonicalize(text, limits)?);
        Ok(self)
    }

    fn begin_body(&mut self) {
        self.input.clear();
        self.input.reserve(USUAL_INPUT);
        self.input.extend_from_slice(BEFORE_BODY);
    }

    /// The idempotency key; an empty one is none.
    ///
    /// # Errors
    /// [`AuthorizationError::IdempotencyKey`].
    pub fn idempotency_key(self, key: impl Into<String>) -> Result<Self, AuthorizationError> {
        let key = key.into();
        if key.is_empty() {
            return Ok(self);
        }
        if !is_header_value(&key) {
            return Err(AuthorizationError::IdempotencyKey);
        }
        self.add(Cow::Borrowed(IDEMPOTENCY_KEY_HEADER), key)
    }

    /// When the request expires, in Unix milliseconds. Without a call there is no expiry; the
    /// vendor's default is [`DEFAULT_EXPIRY_MS`](crate::privy::DEFAULT_EXPIRY_MS) from now.
    ///
    /// # Errors
    /// [`AuthorizationError::Expiry`] on zero.
    pub fn expiry_unix_ms(self, expiry: u64) -> Result<Self, AuthorizationError> {
        self.add(Cow::Borrowed(REQUEST_EXPIRY_HEADER), expiry_text(expiry)?)
    }

    /// A further `privy-*` header, in lower case. It is signed and sent.
    ///
    /// # Errors
    /// [`AuthorizationError::Header`] when it is not one, or one that has a method of its own.
    pub fn header(self, name: &str, value: &str) -> Result<Self, AuthorizationError> {
        let own = [APP_ID_HEADER, IDEMPOTENCY_KEY_HEADER, REQUEST_EXPIRY_HEADER, SIGNATURE_HEADER];
        let letters = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
        if !name.starts_with("privy-")
            || !name.bytes().all(letters)
            || own.contains(&name)
            || !is_header_value(value)
        {
            return Err(AuthorizationError::Header);
        }
        self.add(Cow::Owned(name.to_owned()), value.to_owned())
    }

    fn add(mut self, name: Cow<'static, str>, value: String) -> Result<Self, AuthorizationError> {
        if self.headers.iter().any(|(known, _)| *known == name) {
            return Err(AuthorizationError::Header);
        }
        self.headers.push((name, value));
        Ok(self)
    }

    /// Freezes the request.
    ///
    /// # Errors
    /// [`AuthorizationError::Url`], [`AuthorizationError::AppId`].
    pub fn build(mut self) -> Result<AuthorizationRequest, AuthorizationError> {
        if !is_url(&self.url) {
            return Err(AuthorizationError::Url);
        }
        // The others were read as they came.
        let app_id = self.headers.iter().find(|(name, _)| name == APP_ID_HEADER);
        if !app_id.is_some_and(|(_, value)| is_header_value(value)) {
            return Err(AuthorizationError::AppId);
        }
        self.headers.sort();

        let mut input = self.input;
        let body = match input.get(BEFORE_BODY.len()..) {
            // The vendor signs these as an empty string and sends them as they are.
            Some(b"{}") => Body::Empty("{}"),
            Some(b"[]") => Body::Empty("[]"),
            Some(_) => Body::Signed(BEFORE_BODY.len()..input.len()),
            None if self.method == Method::Delete => Body::Empty(""),
            None => Body::None,
        };
        match body {
            Body::Signed(_) => {}
            Body::Empty(_) => {
                input.clear();
                input.extend_from_slice(BEFORE_BODY);
                input.extend_from_slice(b"\"\"");
            }
            Body::None => input.push(b'{'),
        }
        let mut request = AuthorizationRequest {
            method: self.method,
            url: self.url,
            headers: self.headers,
            headers_start: input.len(),
            payload: input,
            body,
        };
        request.write_headers();
        Ok(request)
    }
}

/// The body may hold what the caller would not log: it is not shown.
impl fmt::Debug for AuthorizationRequestBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationRequestBuilder")
            .field("method", &self.method)
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

fn is_url(url: &str) -> bool {
    let spaced = || url.chars().any(|c| c.is_control() || c.is_whitespace());
    !url.is_empty() && (url.bytes().all(|byte| byte.is_ascii_graphic()) || !spaced())
}
