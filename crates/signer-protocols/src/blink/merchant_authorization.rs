use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use signer_core::p256::{DerSignature, VerifyingKey};
use signer_core::signature::Signer;

use super::response::write_signed_members;
use super::{MerchantId, PayloadError, Timestamp};
use crate::base64;
use crate::json::write_string;

/// The header of calls that a merchant makes to Blink.
pub const MERCHANT_AUTHORIZATION_HEADER: &str = "X-Merchant-Authorization";

/// The second use of a merchant key: the header that authorises the merchant's own calls.
#[derive(Clone)]
pub struct MerchantAuthorization {
    merchant_id: MerchantId,
    payload: String,
}

impl MerchantAuthorization {
    /// Freezes `{"version":"v1","signatureTimestamp":…}`.
    pub fn new(merchant_id: MerchantId, signed_at: Timestamp) -> Self {
        let mut json = b"{\"version\":\"v1\",\"signatureTimestamp\":".to_vec();
        write_string(&signed_at.to_text(), &mut json);
        json.push(b'}');
        Self { merchant_id, payload: base64::encode_url(&json) }
    }

    /// The exact bytes to sign: the ASCII of the base64url payload.
    pub fn signing_input(&self) -> &[u8] {
        self.payload.as_bytes()
    }

    /// Signs, and gives the value of the header: standard base64 of the JSON.
    ///
    /// # Errors
    /// [`PayloadError::Signer`].
    pub fn sign(&self, signer: &dyn Signer<DerSignature>) -> Result<String, PayloadError> {
        let signature = signer.try_sign(self.signing_input()).map_err(|_| PayloadError::Signer)?;
        Ok(self.header(&signature))
    }

    /// Takes a signature that was made elsewhere by `key`, as DER or 64 bytes r ‖ s, and verifies it.
    ///
    /// # Errors
    /// [`PayloadError::Signature`].
    pub fn attach(&self, key: &VerifyingKey, signature: &[u8]) -> Result<String, PayloadError> {
        Ok(self.header(&key.accept(self.signing_input(), signature)?))
    }

    fn header(&self, signature: &DerSignature) -> String {
        let signature = base64::encode_url(signature.as_bytes());
        let mut json = Vec::new();
        write_signed_members(&self.merchant_id, &self.payload, &signature, &mut json);
        json.push(b'}');
        base64::encode(&json)
    }
}

impl fmt::Debug for MerchantAuthorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MerchantAuthorization({:?})", self.merchant_id)
    }
}
