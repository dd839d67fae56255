use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use signer_core::p256::DerSignature;

use super::{MerchantId, Payment};
use crate::base64;
use crate::json::write_string;

/// The answer of a signer endpoint.
#[derive(Clone, PartialEq, Eq)]
pub struct SignerResponse {
    merchant_id: MerchantId,
    payment: Payment,
    payload: String,
    signature: String,
}

impl SignerResponse {
    pub(super) fn new(
        merchant_id: &MerchantId,
        payment: Payment,
        payload: String,
        signature: &DerSignature,
    ) -> Self {
        let signature = base64::encode_url(signature.as_bytes());
        Self { merchant_id: merchant_id.clone(), payment, payload, signature }
    }

    /// The payload: base64url without padding.
    pub fn payload(&self) -> &str {
        &self.payload
    }

    /// The signature: base64url without padding of DER.
    pub fn signature(&self) -> &str {
        &self.signature
    }

    /// What was signed.
    pub const fn payment(&self) -> &Payment {
        &self.payment
    }

    /// The body of the answer, members in the order of the specification.
    pub fn to_json(&self) -> String {
        let mut out = Vec::with_capacity(800);
        write_signed_members(&self.merchant_id, &self.payload, &self.signature, &mut out);
        out.extend_from_slice(b",\"preview\":");
        self.payment.write_preview(&mut out);
        out.push(b'}');
        String::from_utf8(out).unwrap_or_default()
    }
}

/// `{"merchantId":…,"payload":…,"signature":…`, not closed.
pub(super) fn write_signed_members(
    merchant_id: &MerchantId,
    payload: &str,
    signature: &str,
    out: &mut Vec<u8>,
) {
    out.extend_from_slice(b"{\"merchantId\":");
    write_string(merchant_id.as_str(), out);
    out.extend_from_slice(b",\"payload\":");
    write_string(payload, out);
    out.extend_from_slice(b",\"signature\":");
    write_string(signature, out);
}

/// The signature is worth the payment until it expires: it is not shown.
impl fmt::Debug for SignerResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignerResponse")
            .field("merchant_id", &self.merchant_id)
            .field("payment", &self.payment)
            .finish_non_exhaustive()
    }
}
