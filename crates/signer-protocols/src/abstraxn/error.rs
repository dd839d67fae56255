use crate::jcs::JsonError;
use signer_core::Error as CoreError;

/// Why an access key was refused. Never any part of its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("access key must be 64 hex digits of a p-256 scalar: {0}")]
pub struct AccessKeyError(#[from] pub(super) CoreError);

/// Why a stamp was not made or not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StampError {
    /// The signer failed.
    #[error("signer failed")]
    Signer,
    /// The signature is not one of this body under this key.
    #[error("stamp signature: {0}")]
    Signature(#[from] CoreError),
    /// Not base64url of the stamp's JSON.
    #[error("stamp is not base64url of its json")]
    Format,
    /// Another signature scheme.
    #[error("stamp scheme is not SIGNATURE_SCHEME_TK_API_P256")]
    Scheme,
    /// Made by another key.
    #[error("stamp is of another public key")]
    PublicKey,
}

/// Why an export bundle was not opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// Not JSON.
    #[error("export bundle: {0}")]
    Json(#[from] JsonError),
    /// A member is missing or of no valid form.
    #[error("export bundle: {field} is missing or not of its form")]
    Field {
        /// The member.
        field: &'static str,
    },
    /// The bundle names another enclave key than the pinned one.
    #[error("export bundle is not of the pinned enclave key")]
    QuorumKey,
    /// The enclave did not sign it.
    #[error("export bundle signature does not verify under the pinned enclave key")]
    Signature,
    /// It is of another organization.
    #[error("export bundle is of another organization")]
    Organization,
    /// It was not sealed for this recipient, or was changed.
    #[error("export bundle does not open under this recipient key")]
    Open,
    /// What was sealed is no key of 32 bytes.
    #[error("export bundle does not hold a key of 32 bytes")]
    KeyLength,
}
