use alloc::borrow::Cow;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;
use core::str::FromStr;

use signer_core::p256::{DerSignature, VerifyingKey};
use signer_core::signature::Signer;

use super::AuthorizationError;
use crate::base64;
use crate::json::write_string;

mod builder;
pub use builder::AuthorizationRequestBuilder;

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

fn expiry_text(unix_ms: u64) -> Result<String, AuthorizationError> {
    if unix_ms == 0 { Err(AuthorizationError::Expiry) } else { Ok(unix_ms.to_string()) }
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
    /// Where in the payload the body has ended.
    headers_start: usize,
    body: Body,
}

impl AuthorizationRequest {
    /// Starts a request. `url` is signed as it stands: it must be the one that is sent.
    pub fn builder(method: Method, url: &str, app_id: &str) -> AuthorizationRequestBuilder {
        AuthorizationRequestBuilder::new(method, url, app_id)
    }

    /// Writes what comes after the body.
    fn write_headers(&mut self) {
        let payload = &mut self.payload;
        payload.truncate(self.headers_start);
        let headers: usize =
            self.headers.iter().map(|(name, value)| name.len() + value.len() + 6).sum();
        payload.reserve(80 + self.url.len() + headers);
        if !matches!(self.body, Body::None) {
            payload.push(b',');
        }
        payload.extend_from_slice(b"\"headers\":{");
        for (at, (name, value)) in self.headers.iter().enumerate() {
            if at > 0 {
                payload.push(b',');
            }
            // Names are letters, digits and hyphens.
            payload.push(b'"');
            payload.extend_from_slice(name.as_bytes());
            payload.extend_from_slice(b"\":");
            write_string(value, payload);
        }
        payload.extend_from_slice(b"},\"method\":\"");
        payload.extend_from_slice(self.method.as_str().as_bytes());
        payload.extend_from_slice(b"\",\"url\":");
        write_string(&self.url, payload);
        payload.extend_from_slice(b",\"version\":1}");
    }

    /// Gives the request an expiry, in Unix milliseconds, or another one, for when it goes out again. Signatures
    /// from before it are good no longer.
    ///
    /// # Errors
    /// [`AuthorizationError::Expiry`] on zero.
    pub fn renew(&mut self, expiry_unix_ms: u64) -> Result<(), AuthorizationError> {
        let expiry = expiry_text(expiry_unix_ms)?;
        match self.headers.binary_search_by(|(name, _)| (**name).cmp(REQUEST_EXPIRY_HEADER)) {
            Ok(at) => {
                if let Some((_, value)) = self.headers.get_mut(at) {
                    *value = expiry;
                }
            }
            Err(at) => self.headers.insert(at, (Cow::Borrowed(REQUEST_EXPIRY_HEADER), expiry)),
        }
        self.write_headers();
        Ok(())
    }

    /// The `privy-*` headers that are signed, names in lower case, sorted.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> + Clone {
        self.headers.iter().map(pair)
    }

    /// The value of a `privy-*` header that is signed, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers().find(|(known, _)| *known == name).map(|(_, value)| value)
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
        let signature = self.signature(signers.iter().copied())?;
        Ok(SignedRequest { request: self, signature })
    }

    /// The value of the signature header by `signers`, in their order: base64 of DER, joined with `,`. `None`
    /// with none.
    ///
    /// # Errors
    /// [`AuthorizationError::Signer`] with the place of the one that failed.
    pub fn signature<'a>(
        &self,
        signers: impl IntoIterator<Item = &'a dyn Signer<DerSignature>>,
    ) -> Result<Option<String>, AuthorizationError> {
        let signatures = signers.into_iter().enumerate().map(|(index, signer)| {
            signer.try_sign(&self.payload).map_err(|_| AuthorizationError::Signer { index })
        });
        joined(signatures)
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
        let signatures = signatures.iter().enumerate().map(|(index, (key, signature))| {
            key.accept(&self.payload, signature)
                .map_err(|reason| AuthorizationError::Signature { index, reason })
        });
        let signature = joined(signatures)?;
        Ok(SignedRequest { request: self, signature })
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
        match self.header(REQUEST_EXPIRY_HEADER).map(str::parse::<u64>) {
            Some(Ok(expiry)) if expiry > now_unix_ms => Ok(()),
            None => Ok(()),
            Some(_) => Err(AuthorizationError::Expired),
        }
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

/// The value of the signature header, once all signatures are there.
fn joined(
    mut signatures: impl Iterator<Item = Result<DerSignature, AuthorizationError>>,
) -> Result<Option<String>, AuthorizationError> {
    signatures.try_fold(None, |all: Option<String>, signature| {
        let next = base64::encode(signature?.as_bytes());
        Ok(Some(match all {
            Some(all) => all + "," + &next,
            None => next,
        }))
    })
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
