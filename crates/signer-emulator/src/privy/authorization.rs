//! Whether a request is signed by whom it needs: rebuilt from the bytes received.

use base64ct::{Base64, Encoding};
use signer_core::p256::VerifyingKey;
use signer_protocols::jcs::Limits;
use signer_protocols::privy::{AuthorizationRequest, Method};

use super::State;
use crate::answer::Refusal;
use crate::emulator::{Incoming, Shared};

pub(super) fn header<'a>(request: &'a Incoming, name: &str) -> Option<&'a str> {
    request.headers.get(name).and_then(|value| value.to_str().ok())
}

fn unauthorized(code: &'static str, message: &str) -> Refusal {
    Refusal::new(401, code, message)
}

/// Checks the signatures of a request on what the quorum `owner` owns. What nobody owns needs none.
pub(super) fn check(
    shared: &Shared,
    state: &State,
    request: &Incoming,
    owner: Option<&str>,
) -> Result<(), Refusal> {
    check_expiry(shared, request)?;
    let Some(owner) = owner else { return Ok(()) };
    let unknown = || Refusal::new(400, "invalid_data", "owner_id names no key quorum");
    let quorum = state.quorums.get(owner).ok_or_else(unknown)?;
    let given = header(request, "privy-authorization-signature").unwrap_or_default();
    if given.is_empty() {
        let code = "missing_or_empty_authorization_header";
        return Err(unauthorized(code, "the request must be signed"));
    }
    let now = shared.clock.now_ms();
    let mut keys = quorum.keys.clone();
    for user in &quorum.users {
        match state.sessions.get(user) {
            Some((key, ends)) if *ends > now => keys.push(*key),
            Some(_) => {
                let code = "user_session_keys_expired";
                return Err(unauthorized(code, "the user's session has ended"));
            }
            None => {}
        }
    }
    if keys.is_empty() {
        return Err(unauthorized("no_valid_user_session_keys", "the user has no session"));
    }
    let payload = signing_input(request)?;
    let count = given.split(',').count();
    let mut left: Vec<VerifyingKey> = keys;
    let mut correct = 0;
    for signature in given.split(',') {
        let der = Base64::decode_vec(signature.trim()).unwrap_or_default();
        if let Some(at) = left.iter().position(|key| key.accept(&payload, &der).is_ok()) {
            left.swap_remove(at);
            correct += 1;
        }
    }
    let threshold = quorum.threshold;
    let code = match (correct, count) {
        (0, _) => "zero_correct_authorization_signatures",
        (correct, _) if correct < threshold => "insufficient_correct_authorization_signatures",
        (_, count) if count != threshold => "incorrect_quantity_of_authorization_signatures",
        _ => return Ok(()),
    };
    Err(unauthorized(code, "the signatures are not those that are needed"))
}

fn check_expiry(shared: &Shared, request: &Incoming) -> Result<(), Refusal> {
    let Some(expiry) = header(request, "privy-request-expiry") else { return Ok(()) };
    let expiry: u64 = expiry
        .parse()
        .map_err(|_| Refusal::new(400, "invalid_data", "the expiry is in Unix milliseconds"))?;
    if expiry <= shared.clock.now_ms() {
        return Err(unauthorized("request_expired", "the request has expired"));
    }
    Ok(())
}

/// The bytes that must have been signed.
fn signing_input(request: &Incoming) -> Result<Vec<u8>, Refusal> {
    let bad = |_| Refusal::new(400, "invalid_data", "the request cannot be rebuilt");
    let method: Method = request.method.as_str().parse().map_err(bad)?;
    let app_id = header(request, "privy-app-id").unwrap_or_default();
    let mut builder = AuthorizationRequest::builder(method, &request.url, app_id);
    if !request.body.is_empty() {
        builder = builder.body_text(&request.body, Limits::default()).map_err(bad)?;
    }
    for (name, value) in &request.headers {
        let value = value.to_str().unwrap_or_default();
        builder = match name.as_str() {
            "privy-app-id" | "privy-authorization-signature" => continue,
            "privy-idempotency-key" => builder.idempotency_key(value).map_err(bad)?,
            "privy-request-expiry" => {
                builder.expiry_unix_ms(value.parse().unwrap_or(0)).map_err(bad)?
            }
            name if name.starts_with("privy-") => builder.header(name, value).map_err(bad)?,
            _ => continue,
        };
    }
    Ok(builder.build().map_err(bad)?.signing_input().to_vec())
}
