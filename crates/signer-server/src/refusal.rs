use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use signer_protocols::blink::Rejection;

use crate::answer;

/// Why a request is not signed. What the caller is told is the rule, and nothing about the server.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// 400: the body or a header breaks a rule, which the text names.
    Request(String),
    /// 400: the body did not come whole, or not in time.
    Incomplete,
    /// 401: the caller is not known.
    Unauthenticated,
    /// 403: the destination is not the caller's.
    NotOwner,
    /// 403: a browser calls from an origin that is not on the list.
    Origin,
    /// 403: the request came by a name that is not this service's.
    Host,
    /// 403: the caller's ceiling of the day would be passed.
    DayCeiling,
    /// 404: another path.
    NoSuchPath,
    /// 405: another method than POST.
    Method,
    /// 409: the idempotency key was used for another request.
    IdempotencyConflict,
    /// 413: the body is too long.
    TooLarge,
    /// 415: not plain JSON in UTF-8.
    MediaType,
    /// 429: the peer, the caller or the destination comes too often.
    TooMany {
        /// When the next request would pass, in seconds.
        retry_after_s: u64,
    },
    /// 429: the caller has as many idempotency keys of the last 24 hours as one caller may have.
    TooManyKeys,
    /// 500: a fault of ours. Nothing that was signed went out.
    Fault,
    /// 503: too many requests wait already.
    Busy,
    /// 503: something that is needed does not answer. Nothing was signed.
    Unavailable,
}

impl Refusal {
    /// The status of the answer.
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::Request(_) | Self::Incomplete => StatusCode::BAD_REQUEST,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::NotOwner | Self::Origin | Self::Host | Self::DayCeiling => StatusCode::FORBIDDEN,
            Self::NoSuchPath => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::IdempotencyConflict => StatusCode::CONFLICT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooMany { .. } | Self::TooManyKeys => StatusCode::TOO_MANY_REQUESTS,
            Self::Fault => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Busy | Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The text of the answer.
    pub fn message(&self) -> &str {
        match self {
            Self::Request(message) => message,
            Self::Incomplete => "The body did not arrive.",
            Self::Unauthenticated => "Authentication is required.",
            Self::NotOwner => "Destination address does not belong to the authenticated user.",
            Self::Origin => "Origin is not allowed.",
            Self::Host => "Host is not allowed.",
            Self::DayCeiling => "The limit of the day is reached.",
            Self::NoSuchPath => "Not found.",
            Self::Method => "Only POST is allowed.",
            Self::IdempotencyConflict => "Idempotency-Key was used for another request.",
            Self::TooLarge => "The body is too long.",
            Self::MediaType => "The body must be application/json in UTF-8, not encoded.",
            Self::TooMany { .. } => "Too many requests.",
            Self::TooManyKeys => "Too many idempotency keys in 24 hours.",
            Self::Fault => "The signer failed.",
            Self::Busy => "The signer is busy. Try again later.",
            Self::Unavailable => "The signer is not available. Try again later.",
        }
    }

    /// One word for logs and metrics.
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Request(_) => "request",
            Self::Incomplete => "incomplete",
            Self::Unauthenticated => "unauthenticated",
            Self::NotOwner => "not_owner",
            Self::Origin => "origin",
            Self::Host => "host",
            Self::DayCeiling => "day_ceiling",
            Self::NoSuchPath => "no_such_path",
            Self::Method => "method",
            Self::IdempotencyConflict => "conflict",
            Self::TooLarge => "too_large",
            Self::MediaType => "media_type",
            Self::TooMany { .. } => "too_many",
            Self::TooManyKeys => "too_many_keys",
            Self::Fault => "fault",
            Self::Busy => "busy",
            Self::Unavailable => "unavailable",
        }
    }

    /// Every label there is.
    pub(crate) const LABELS: [&'static str; 17] = [
        "request",
        "incomplete",
        "unauthenticated",
        "not_owner",
        "origin",
        "host",
        "day_ceiling",
        "no_such_path",
        "method",
        "conflict",
        "too_large",
        "media_type",
        "too_many",
        "too_many_keys",
        "fault",
        "busy",
        "unavailable",
    ];
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        answer::refused(&self)
    }
}

impl From<Rejection> for Refusal {
    fn from(rejection: Rejection) -> Self {
        Self::Request(rejection.to_string())
    }
}
