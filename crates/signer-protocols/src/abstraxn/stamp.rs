use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use signer_core::p256::{DerSignature, VerifyingKey};
use signer_core::signature::Signer;

use super::access_key::PublicKey;
use super::{StampError, wire};
use crate::jcs::Limits;
use crate::json::{self, Object, write_string};
use crate::{base64, hex};

/// The header that carries a stamp.
pub const STAMP_HEADER: &str = "X-Stamp";
/// The one signature scheme.
pub const STAMP_SCHEME: &str = "SIGNATURE_SCHEME_TK_API_P256";

/// A body to be stamped: ECDSA P-256 over its SHA-256.
#[derive(Clone)]
pub struct UnsignedStamp {
    key: VerifyingKey,
    body: Vec<u8>,
}

impl UnsignedStamp {
    /// Freezes `body`, to be stamped by `key`.
    pub const fn new(key: VerifyingKey, body: Vec<u8>) -> Self {
        Self { key, body }
    }

    /// The exact bytes to sign, which are the bytes to send.
    pub fn signing_input(&self) -> &[u8] {
        &self.body
    }

    /// Signs, and checks that the signer has the key that the stamp names.
    ///
    /// # Errors
    /// [`StampError::Signer`], [`StampError::Signature`].
    pub fn sign(self, signer: &dyn Signer<DerSignature>) -> Result<Stamp, StampError> {
        let signature = signer.try_sign(&self.body).map_err(|_| StampError::Signer)?;
        self.attach(signature.as_bytes())
    }

    /// Takes a signature that was made elsewhere, as DER or 64 bytes r ‖ s, and verifies it.
    ///
    /// # Errors
    /// [`StampError::Signature`].
    pub fn attach(self, signature: &[u8]) -> Result<Stamp, StampError> {
        let signature = self.key.accept(&self.body, signature)?;
        Ok(self.with_signature(&signature))
    }

    pub(super) fn with_signature(self, signature: &DerSignature) -> Stamp {
        let mut json = b"{\"publicKey\":".to_vec();
        write_string(&PublicKey(self.key).compressed(), &mut json);
        json.extend_from_slice(b",\"scheme\":");
        write_string(STAMP_SCHEME, &mut json);
        json.extend_from_slice(b",\"signature\":");
        write_string(&hex::encode(signature.as_bytes()), &mut json);
        json.push(b'}');
        Stamp { value: base64::encode_url(&json), body: self.body }
    }
}

impl fmt::Debug for UnsignedStamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UnsignedStamp({:?})", self.key)
    }
}

/// A stamp with the body it is for.
#[derive(Clone)]
pub struct Stamp {
    value: String,
    body: Vec<u8>,
}

impl Stamp {
    /// [`STAMP_HEADER`].
    pub const fn header_name(&self) -> &'static str {
        STAMP_HEADER
    }

    /// Base64url without padding of the stamp's JSON. JSON members have no order: compare stamps
    /// by what they say.
    pub fn header_value(&self) -> &str {
        &self.value
    }

    /// The exact body that was stamped.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The stamped request to send to the service for the call `url`.
    ///
    /// # Errors
    /// [`StampError::Format`] when the body is not UTF-8.
    pub fn into_request(self, url: impl Into<String>) -> Result<wire::StampedRequest, StampError> {
        let body = String::from_utf8(self.body).map_err(|_| StampError::Format)?;
        Ok(wire::StampedRequest::new(url.into(), body, self.value))
    }

    /// The receiving side: whether `value` is a stamp of `body` by `key`.
    ///
    /// # Errors
    /// [`StampError`].
    pub fn verify(value: &str, body: &[u8], key: &VerifyingKey) -> Result<(), StampError> {
        let json = base64::decode_url(value).map_err(|_| StampError::Format)?;
        let stamp = json::parse(&json, Limits::default()).map_err(|_| StampError::Format)?;
        let mut stamp = Object::from_value(stamp).ok_or(StampError::Format)?;
        let mut member = |name| stamp.take_string(name).ok_or(StampError::Format);
        let (public_key, scheme) = (member("publicKey")?, member("scheme")?);
        let signature = hex::decode(&member("signature")?).map_err(|_| StampError::Format)?;
        if scheme != STAMP_SCHEME {
            return Err(StampError::Scheme);
        }
        let public_key = hex::decode(&public_key).map_err(|_| StampError::Format)?;
        if VerifyingKey::from_sec1_bytes(&public_key)? != *key {
            return Err(StampError::PublicKey);
        }
        let signature = DerSignature::from_bytes(&signature)?;
        key.accept(body, signature.as_bytes())?;
        Ok(())
    }
}

impl fmt::Debug for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stamp").field("value", &self.value).finish_non_exhaustive()
    }
}
