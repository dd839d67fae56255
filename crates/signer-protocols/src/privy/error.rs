use crate::jcs::JsonError;
use signer_core::Error as CoreError;

/// Why an authorization request was not built, signed or accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthorizationError {
    /// The method is not signed.
    #[error("method must be POST, PUT, PATCH or DELETE: a GET is never signed")]
    Method,
    /// The URL is empty or holds a control character or white space.
    #[error("url must be the exact url that is sent, without white space")]
    Url,
    /// The app id is empty or no header value.
    #[error("app id must be 1 to 256 visible ascii characters")]
    AppId,
    /// The idempotency key is no header value.
    #[error("idempotency key must be at most 256 visible ascii characters")]
    IdempotencyKey,
    /// The expiry is zero.
    #[error("request expiry must be a positive number of unix milliseconds")]
    Expiry,
    /// Another header than a further `privy-*` one, or one given twice.
    #[error("header must be a further privy-* header of visible ascii, given once")]
    Header,
    /// The body has no canonical form.
    #[error("body: {0}")]
    Body(#[from] JsonError),
    /// A signer failed.
    #[error("signer {index} failed")]
    Signer {
        /// Its place in the list.
        index: usize,
    },
    /// A signature made elsewhere is not one of this request under its key.
    #[error("signature {index}: {reason}")]
    Signature {
        /// Its place in the list.
        index: usize,
        /// What is wrong with it.
        reason: CoreError,
    },
    /// The header does not hold one signature for each key, each under a key of its own.
    #[error("expected {expected} signatures, found {found}")]
    SignatureCount {
        /// How many keys were given.
        expected: usize,
        /// How many signatures were found.
        found: usize,
    },
    /// The request expired, by the clock given.
    #[error("request has expired")]
    Expired,
}

/// Why a key was refused. Never any part of its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("authorization key: {0}")]
pub struct KeyError(#[from] pub(super) CoreError);

impl KeyError {
    /// The rule that was broken.
    pub const fn reason(&self) -> CoreError {
        self.0
    }
}

/// Why the key of a user session was not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// Not base64 of the expected length.
    #[error("{field} is not base64 of an hpke message")]
    Encoding {
        /// `encapsulated_key` or `ciphertext`.
        field: &'static str,
    },
    /// The message was not sealed for this recipient, or was changed.
    #[error("ciphertext does not open under this recipient key")]
    Open,
    /// What was sealed is no authorization key.
    #[error("opened {0}")]
    Key(#[from] KeyError),
}

/// Why a webhook was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WebhookError {
    /// The secret is not `whsec_` and base64.
    #[error("webhook secret must be whsec_ and base64")]
    Secret,
    /// The id, timestamp or signature is empty.
    #[error("webhook header is missing")]
    MissingHeader,
    /// The timestamp is no integer of Unix seconds.
    #[error("webhook timestamp must be unix seconds")]
    Timestamp,
    /// Older than the tolerance.
    #[error("webhook timestamp is too old")]
    TooOld,
    /// Further ahead than the tolerance.
    #[error("webhook timestamp is too new")]
    TooNew,
    /// None of the signatures is right.
    #[error("no webhook signature matches")]
    Mismatch,
}
