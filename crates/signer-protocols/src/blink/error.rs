use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::jcs::JsonError;

/// Why a value that the caller gives was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseError {
    /// Not a version 4 UUID.
    #[error("idempotency key must be a version 4 uuid")]
    IdempotencyKey,
    /// Not a UUID, or the placeholder of the vendor's sample.
    #[error("merchant id must be the uuid of your registration")]
    MerchantId,
    /// Not RFC 3339 in UTC with milliseconds.
    #[error("timestamp must be rfc 3339 in utc with milliseconds, as 2026-03-01T12:00:00.000Z")]
    Timestamp,
    /// Not a decimal dollar amount.
    #[error("dollar amount must be digits with at most six decimals")]
    UsdAmount,
}

/// Why a request is answered with 400. The text tells the caller the rules, in the vendor's words
/// and order where it has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    pub(super) faults: Vec<(&'static str, &'static str)>,
    pub(super) json: Option<JsonError>,
}

impl Rejection {
    pub(super) const fn from_json(error: JsonError) -> Self {
        Self { faults: Vec::new(), json: Some(error) }
    }

    /// The fields at fault, in the order of the messages. Empty when the body is no JSON object.
    pub fn fields(&self) -> impl Iterator<Item = &'static str> {
        self.faults.iter().map(|(field, _)| *field)
    }

    /// What is wrong with the JSON, when that is the reason.
    pub const fn json_error(&self) -> Option<&JsonError> {
        self.json.as_ref()
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(error) = &self.json {
            return write!(f, "body must be one strict JSON object ({error}).");
        }
        for (at, (_, message)) in self.faults.iter().enumerate() {
            if at > 0 {
                f.write_str(" ")?;
            }
            f.write_str(message)?;
        }
        Ok(())
    }
}

impl core::error::Error for Rejection {}

/// Why a payment was not signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PayloadError {
    /// The signer failed.
    #[error("signer failed")]
    Signer,
    /// A signature made elsewhere is not one of this payload under its key.
    #[error("attached signature: {0}")]
    Signature(#[from] signer_core::Error),
}

/// Why a signed payment was not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The response is not JSON of the specified members.
    #[error("response: {0}")]
    Json(#[from] JsonError),
    /// A member of the response or the payload is missing, of another type or of no valid form.
    #[error("{field} is missing or not of its form")]
    Field {
        /// The member.
        field: &'static str,
    },
    /// Base64url with padding, another alphabet or loose bits.
    #[error("{field} is not base64url without padding")]
    Encoding {
        /// `payload` or `signature`.
        field: &'static str,
    },
    /// The signature is not DER, or does not verify.
    #[error("signature is not one of this payload under this key")]
    Signature,
    /// Signed further in the past than allowed.
    #[error("signature timestamp is older than allowed")]
    TooOld,
    /// Signed in the future.
    #[error("signature timestamp is in the future")]
    InTheFuture,
    /// The preview shows something else than what is signed.
    #[error("preview differs from the payload in {field}")]
    Preview {
        /// The member.
        field: &'static str,
    },
    /// The idempotency key was seen before.
    #[error("idempotency key was used before")]
    Replay,
    /// The store of idempotency keys failed; the payment must not be accepted.
    #[error("replay store failed: {0}")]
    Store(String),
}
