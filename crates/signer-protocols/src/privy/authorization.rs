use alloc::borrow::{Cow, ToOwned};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;
use core::str::FromStr;

use serde::Serialize;
use signer_core::p256::{DerSignature, VerifyingKey};
use signer_core::signature::Signer;

use super::AuthorizationError;
use crate::base64;
use crate::jcs::{self, Limits};
use crate::json::write_string;

/// The header that carries the app id.
pub const APP_ID_HEADER: &str = "privy-app-id";
/// The header that carries the idempotency key.
pub const IDEMPOTENCY_KEY_HEADER: &str = "privy-idempotency-key";
/// The header that carries the expiry in Unix milliseconds.
pub const REQUEST_EXPIRY_HEADER: &str = "privy-request-expiry";
/// The header that carries the signatures.
pub const SIGNATURE_HEADER: &str = "privy-authorization-signature";
/// The vendor's default life of a request: 15 minutes, in milliseconds.
pub const DEFAULT_EXPIRY_MS: u64 = 15 * 60 * 1_000;

const MAX_HEADER_VALUE: usize = 256;

/// A name in lower case and its value.
type Header = (Cow<'static, str>, String);

/// The methods that are signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// `POST`
    Post,
    /// `PUT`
    Put,
    /// `PATCH`
    Patch,
    /// `DELETE`
    Delete,
}

impl Method {
    /// The name in capitals.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

impl FromStr for Method {
    type Err = AuthorizationError;

    fn from_str(text: &str) -> Result<Self, AuthorizationError> {
        [Self::Post, Self::Put, Self::Patch, Self::Delete]
            .into_iter()
            .find(|method| method.as_str() == text)
            .ok_or(AuthorizationError::Method)
    }
}

/// Collects the parts of a request. What it makes cannot be changed any more.
#[derive(Clone)]
#[must_use]
pub struct AuthorizationRequestBuilder {
    method: Method,
    url: String,
    body: Option<Vec<u8>>,
    headers: Vec<Header>,
}

impl AuthorizationRequestBuilder {
    /// A typed JSON body. Its canonical form is what is sent.
    ///
    /// # Errors
    /// [`AuthorizationError::Body`]: NaN, infinity, duplicate map keys.
    pub fn body<T: Serialize + ?Sized>(mut self, body: &T) -> Result<Self, AuthorizationError> {
        self.body = Some(jcs::to_vec(body)?);
        Ok(self)
    }

    /// A body given as JSON text, read strictly and within `limits`.
    ///
    /// # Errors
    /// [`AuthorizationError::Body`].
    pub fn body_text(mut self, text: &[u8], limits: Limits) -> Result<Self, AuthorizationError> {
        self.body = Some(jcs::canonicalize(text, limits)?);
        Ok(self)
    }

    /// The idempotency key; an empty one is none.
    ///
    /// # Errors
    /// [`AuthorizationError::IdempotencyKey`].
    pub fn idempotency_key(self, key: &str) -> Result<Self, AuthorizationError> {
        if key.is_empty() {
            return Ok(self);
        }
        if !is_header_value(key) {
            return Err(AuthorizationError::IdempotencyKey);
        }
        self.add(Cow::Borrowed(IDEMPOTENCY_KEY_HEADER), key.to_owned())
    }

    /// When the request expires, in Unix milliseconds. Without a call there is no expiry; the
    /// vendor's default is [`DEFAULT_EXPIRY_MS`] from now.
    ///
    /// # Errors
    /// [`AuthorizationError::Expiry`] on zero.
    pub fn expiry_unix_ms(self, expiry: u64) -> Result<Self, AuthorizationError> {
        if expiry == 0 {
            return Err(AuthorizationError::Expiry);
        }
        self.add(Cow::Borrowed(REQUEST_EXPIRY_HEADER), expiry.to_string())
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
        if self.url.is_empty() || self.url.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(AuthorizationError::Url);
        }
        if !self.headers.iter().all(|(_, value)| is_header_value(value)) {
            return Err(AuthorizationError::AppId);
        }
        self.headers.sort();

        let headers: usize =
            self.headers.iter().map(|(name, value)| name.len() + value.len() + 6).sum();
        let body = self.body.as_ref().map_or(0, Vec::len);
        let mut payload = Vec::with_capacity(80 + self.url.len() + headers + body);
        payload.push(b'{');
        let mut body = Body::None;
        match self.body.as_deref() {
            // The vendor signs these as an empty string and sends them as they are.
            Some(b"{}") => body = Body::Empty("{}"),
            Some(b"[]") => body = Body::Empty("[]"),
            Some(_) => {}
            None if self.method == Method::Delete => body = Body::Empty(""),
            None => {}
        }
        match (&body, &self.body) {
            (Body::Empty(_), _) => payload.extend_from_slice(b"\"body\":\"\","),
            (_, Some(canonical)) => {
                payload.extend_from_slice(b"\"body\":");
                let start = payload.len();
                payload.extend_from_slice(canonical);
                body = Body::Signed(start..payload.len());
                payload.push(b',');
            }
            (_, None) => {}
        }
        payload.extend_from_slice(b"\"headers\":{");
        for (at, (name, value)) in self.headers.iter().enumerate() {
            if at > 0 {
                payload.push(b',');
            }
            write_string(name, &mut payload);
            payload.push(b':');
            write_string(value, &mut payload);
        }
        payload.extend_from_slice(b"},\"method\":\"");
        payload.extend_from_slice(self.method.as_str().as_bytes());
        payload.extend_from_slice(b"\",\"url\":");
        write_string(&self.url, &mut payload);
        payload.extend_from_slice(b",\"version\":1}");

        Ok(AuthorizationRequest {
            method: self.method,
            url: self.url,
            headers: self.headers,
            payload,
            body,
        })
    }
}

fn is_header_value(value: &str) -> bool {
    (1..=MAX_HEADER_VALUE).contains(&value.len())
        && value.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Where the body to send is found.
#[derive(Clone, Debug)]
enum Body {
    None,
    /// Signed as an empty string; sent as this, and not at all when it is empty.
    Empty(&'static str),
    /// A part of the payload.
    Signed(Range<usize>),
}

/// A frozen request: the bytes to sign, and the body inside them that is to be sent.
#[derive(Clone)]
pub struct AuthorizationRequest {
    method: Method,
    url: String,
    headers: Vec<Header>,
    payload: Vec<u8>,
    body: Body,
}

impl AuthorizationRequest {
    /// Starts a request. `url` is signed as it stands: it must be the one that is sent.
    pub fn builder(method: Method, url: &str, app_id: &str) -> AuthorizationRequestBuilder {
        AuthorizationRequestBuilder {
            method,
            url: url.to_owned(),
            body: None,
            headers: alloc::vec![(Cow::Borrowed(APP_ID_HEADER), app_id.to_owned())],
        }
    }

    /// The exact bytes to sign: canonical JSON, UTF-8. A key elsewhere signs them with ECDSA P-256
    /// over their SHA-256.
    pub fn signing_input(&self) -> &[u8] {
        &self.payload
    }

    /// The exact body to send, `None` where none is sent.
    pub fn body(&self) -> Option<&[u8]> {
        match &self.body {
            Body::None | Body::Empty("") => None,
            Body::Empty(text) => Some(text.as_bytes()),
            Body::Signed(range) => self.payload.get(range.clone()),
        }
    }

    /// The method to send it with.
    pub const fn method(&self) -> Method {
        self.method
    }

    /// The URL to send it to.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Signs with each of `signers`, in their order. With none, the signature header is left out.
    ///
    /// # Errors
    /// [`AuthorizationError::Signer`] with the place of the one that failed.
    pub fn sign(
        self,
        signers: &[&dyn Signer<DerSignature>],
    ) -> Result<SignedRequest, AuthorizationError> {
        let signatures = signers
            .iter()
            .enumerate()
            .map(|(index, signer)| {
                signer.try_sign(&self.payload).map_err(|_| AuthorizationError::Signer { index })
            })
            .collect::<Result<Vec<_>, _>>()?;
        Ok(self.with_signatures(&signatures))
    }

    /// Takes signatures that were made elsewhere, each with the key that must have made it, as DER
    /// or 64 bytes r ‖ s. Each is verified; their order is kept.
    ///
    /// # Errors
    /// [`AuthorizationError::Signature`].
    pub fn attach(
        self,
        signatures: &[(&VerifyingKey, &[u8])],
    ) -> Result<SignedRequest, AuthorizationError> {
        let signatures = signatures
            .iter()
            .enumerate()
            .map(|(index, (key, signature))| {
                key.accept(&self.payload, signature)
                    .map_err(|reason| AuthorizationError::Signature { index, reason })
            })
            .collect::<Result<Vec<_>, _>>()?;
        Ok(self.with_signatures(&signatures))
    }

    fn with_signatures(self, signatures: &[DerSignature]) -> SignedRequest {
        let texts = signatures.iter().map(|signature| base64::encode(signature.as_bytes()));
        let signature = texts.reduce(|all, next| all + "," + &next);
        SignedRequest { request: self, signature }
    }

    /// The receiving side: `header` must hold exactly one signature under each of `keys`, in any
    /// order, as base64 of strict DER.
    ///
    /// # Errors
    /// [`AuthorizationError::SignatureCount`], [`AuthorizationError::Signature`].
    pub fn verify(&self, header: &str, keys: &[VerifyingKey]) -> Result<(), AuthorizationError> {
        let found = if header.is_empty() { 0 } else { header.split(',').count() };
        if found != keys.len() || found == 0 {
            return Err(AuthorizationError::SignatureCount { expected: keys.len(), found });
        }
        let mut left = keys.to_vec();
        for (index, text) in header.split(',').enumerate() {
            let refuse = |reason| AuthorizationError::Signature { index, reason };
            let der = base64::decode(text).map_err(refuse)?;
            let signature = DerSignature::from_bytes(&der).map_err(refuse)?;
            let owner = left
                .iter()
                .position(|key| key.accept(&self.payload, signature.as_bytes()).is_ok())
                .ok_or(refuse(signer_core::Error::SignatureMismatch))?;
            left.swap_remove(owner);
        }
        Ok(())
    }

    /// The receiving side: whether the signed expiry, if there is one, is still ahead of
    /// `now_unix_ms`.
    ///
    /// # Errors
    /// [`AuthorizationError::Expired`].
    pub fn check_expiry(&self, now_unix_ms: u64) -> Result<(), AuthorizationError> {
        let expiry = self.headers.iter().find(|(name, _)| name == REQUEST_EXPIRY_HEADER);
        match expiry.map(|(_, value)| value.parse::<u64>()) {
            Some(Ok(expiry)) if expiry > now_unix_ms => Ok(()),
            None => Ok(()),
            Some(_) => Err(AuthorizationError::Expired),
        }
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

/// A signature is worth a request until it expires: it is not shown.
impl fmt::Debug for SignedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedRequest").field("request", &self.request).finish_non_exhaustive()
    }
}

/// The payload may hold what the caller would not log: only its length is shown.
impl fmt::Debug for AuthorizationRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationRequest")
            .field("method", &self.method)
            .field("url", &self.url)
            .field("payload_len", &self.payload.len())
            .finish_non_exhaustive()
    }
}

fn pair((name, value): &Header) -> (&str, &str) {
    (name, value)
}

/// A request with its headers, ready to send.
#[derive(Clone)]
pub struct SignedRequest {
    request: AuthorizationRequest,
    signature: Option<String>,
}

impl SignedRequest {
    /// The `privy-*` headers to send, names in lower case, sorted.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        let headers = &self.request.headers;
        let place = headers.partition_point(|(name, _)| **name < *SIGNATURE_HEADER);
        let (before, after) = headers.split_at(place);
        let signature = self.signature().map(|signature| (SIGNATURE_HEADER, signature));
        before.iter().map(pair).chain(signature).chain(after.iter().map(pair))
    }

    /// The value of the signature header: base64 of DER, joined with `,`. `None` without signers.
    pub fn signature(&self) -> Option<&str> {
        self.signature.as_deref()
    }

    /// The request that was signed.
    pub const fn request(&self) -> &AuthorizationRequest {
        &self.request
    }
}
