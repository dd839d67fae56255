use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use signer_core::p256::{DerSignature, VerifyingKey};
use signer_core::signature::Signer;

use super::{Amount, IdempotencyKey, MerchantId, PayloadError, SignerResponse, Timestamp};
use crate::base64;
use crate::json::write_string;

/// What a payload says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// Dollars; `None` is an open amount.
    pub amount: Option<Amount>,
    /// The destination chain.
    pub chain_id: u64,
    /// The destination address.
    pub address: String,
    /// The token on that chain.
    pub token: String,
    /// The id of this payment.
    pub idempotency_key: IdempotencyKey,
    /// The scheme of a mobile application, `None` on the web.
    pub callback_scheme: Option<String>,
    /// When it was signed.
    pub signed_at: Timestamp,
}

impl Payment {
    /// The JSON that is signed: compact, in the order of the specification.
    pub fn to_json(&self) -> String {
        let mut out = Vec::with_capacity(320);
        self.write_terms(&mut out);
        self.write_idempotency_key(&mut out);
        out.extend_from_slice(b",\"callbackScheme\":");
        match &self.callback_scheme {
            Some(scheme) => write_string(scheme, &mut out),
            None => out.extend_from_slice(b"null"),
        }
        out.extend_from_slice(b",\"signatureTimestamp\":");
        write_string(&self.signed_at.to_text(), &mut out);
        out.extend_from_slice(b",\"version\":\"v1\"}");
        String::from_utf8(out).unwrap_or_default()
    }

    /// The preview of the response: the first five members of the payload.
    pub(super) fn write_preview(&self, out: &mut Vec<u8>) {
        self.write_terms(out);
        self.write_idempotency_key(out);
        out.push(b'}');
    }

    fn write_terms(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"amount\":");
        out.extend_from_slice(self.amount.as_ref().map_or("null", Amount::as_str).as_bytes());
        out.extend_from_slice(b",\"chainId\":");
        out.extend_from_slice(self.chain_id.to_string().as_bytes());
        out.extend_from_slice(b",\"address\":");
        write_string(&self.address, out);
        out.extend_from_slice(b",\"token\":");
        write_string(&self.token, out);
    }

    fn write_idempotency_key(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b",\"idempotencyKey\":");
        write_string(self.idempotency_key.as_str(), out);
    }
}

/// A frozen payload.
#[derive(Clone)]
pub struct UnsignedPayment {
    payment: Payment,
    payload: String,
}

impl UnsignedPayment {
    pub(super) fn new(payment: Payment) -> Self {
        let payload = base64::encode_url(payment.to_json().as_bytes());
        Self { payment, payload }
    }

    /// The exact bytes to sign: the ASCII of the base64url payload. A key elsewhere signs them with
    /// ECDSA P-256 over their SHA-256.
    pub fn signing_input(&self) -> &[u8] {
        self.payload.as_bytes()
    }

    /// What the payload says.
    pub const fn payment(&self) -> &Payment {
        &self.payment
    }

    /// Signs, and makes the response.
    ///
    /// # Errors
    /// [`PayloadError::Signer`].
    pub fn sign(
        self,
        merchant: &MerchantId,
        signer: &dyn Signer<DerSignature>,
    ) -> Result<SignerResponse, PayloadError> {
        let signature = signer.try_sign(self.signing_input()).map_err(|_| PayloadError::Signer)?;
        Ok(SignerResponse::new(merchant, self.payment, self.payload, &signature))
    }

    /// Takes a signature that was made elsewhere by `key`, as DER or 64 bytes r ‖ s, verifies it,
    /// and makes the response.
    ///
    /// # Errors
    /// [`PayloadError::Signature`].
    pub fn attach(
        self,
        merchant: &MerchantId,
        key: &VerifyingKey,
        signature: &[u8],
    ) -> Result<SignerResponse, PayloadError> {
        let signature = key.accept(self.signing_input(), signature)?;
        Ok(SignerResponse::new(merchant, self.payment, self.payload, &signature))
    }
}

impl fmt::Debug for UnsignedPayment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnsignedPayment").field("payment", &self.payment).finish_non_exhaustive()
    }
}
