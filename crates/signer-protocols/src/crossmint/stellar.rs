//! Approvals on Stellar: decoding, hashing and comparison with the request.

use super::verify::{Context, Finding, Request, Verification};
use crate::Json;

/// Verifies an answer against the request that was sent.
pub fn verify(request: &Request, answer: &Json, context: &Context<'_>) -> Verification {
    let _ = (request, answer, context);
    Verification::only(Finding::unverified("malformed", "not decoded"))
}
