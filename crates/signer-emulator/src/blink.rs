//! The side of Blink: a payment link, a merchant's own call, and a merchant's registration.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use signer_core::p256::VerifyingKey;
use signer_protocols::blink::{
    IdempotencyKey, MERCHANT_AUTHORIZATION_HEADER, PaymentVerifier, ReplayStore, Timestamp,
    VerifyError,
};

use crate::answer::{Answer, Refusal, parse, text};
use crate::emulator::{Incoming, Shared};

#[derive(Default)]
pub(crate) struct Blink(Mutex<State>);

#[derive(Default)]
struct State {
    merchants: HashMap<String, VerifyingKey>,
    paid: HashSet<String>,
}

impl Blink {
    pub(crate) fn register(&self, merchant_id: &str, key: VerifyingKey) {
        self.state().merchants.insert(merchant_id.into(), key);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Paid<'a>(&'a mut HashSet<String>);

impl ReplayStore for Paid<'_> {
    fn insert(&mut self, key: &IdempotencyKey, _: Timestamp) -> Result<bool, String> {
        Ok(self.0.insert(key.as_str().into()))
    }
}

/// Answers a request.
pub(crate) fn answer(shared: &Shared, request: &Incoming) -> Result<Answer, Refusal> {
    let segments: Vec<&str> = request.segments.iter().map(String::as_str).collect();
    let now = Timestamp::from_unix_ms(shared.clock.now_ms())
        .map_err(|_| Refusal::new(500, "clock", "the clock stands beyond all timestamps"))?;
    let mut state = shared.blink.state();
    match (request.method.as_str(), &segments[..]) {
        ("POST", ["merchants"]) => {
            let body = parse(&request.body)?;
            let (merchant, pem) = (text(&body, "merchantId")?, text(&body, "publicKey")?);
            let key = VerifyingKey::from_spki_pem(pem.as_bytes())
                .map_err(|_| Refusal::new(400, "invalid_key", "publicKey is PEM of SPKI, P-256"))?;
            state.merchants.insert(merchant.into(), key);
            Ok(Answer::ok(json!({"merchantId": merchant})))
        }
        ("GET", ["pay"]) => pay(&mut state, &request.query, now).map(Answer::ok),
        ("POST", ["merchant"]) => {
            let header = request.headers.get(MERCHANT_AUTHORIZATION_HEADER);
            let header = header.and_then(|value| value.to_str().ok()).unwrap_or_default();
            let verified = state.merchants.iter().find_map(|(name, key)| {
                let verifier = PaymentVerifier::new(*key);
                let merchant = verifier.verify_merchant_authorization(header, now).ok()?;
                (merchant.as_str() == name).then_some(name)
            });
            let merchant = verified.ok_or_else(|| {
                Refusal::new(401, "unauthorized", "no merchant signed it just now")
            })?;
            Ok(Answer::ok(json!({"merchantId": merchant})))
        }
        _ => Err(Refusal::new(404, "not_found", "there is no such call")),
    }
}

fn pay(state: &mut State, query: &str, now: Timestamp) -> Result<Value, Refusal> {
    let parameter = |name: &str| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    };
    let key = state.merchants.get(parameter("merchantId"));
    let key =
        *key.ok_or_else(|| Refusal::new(404, "unknown_merchant", "there is no such merchant"))?;
    let verifier = PaymentVerifier::new(key);
    let (payload, signature) = (parameter("payload"), parameter("signature"));
    let payment = verifier
        .verify_once(payload, signature, now, &mut Paid(&mut state.paid))
        .map_err(|error| match error {
            VerifyError::Replay => Refusal::new(409, "replay", "the payment was made already"),
            VerifyError::TooOld => Refusal::new(403, "too_old", "the signature is too old"),
            VerifyError::InTheFuture => {
                Refusal::new(403, "future", "the signature is of the future")
            }
            _ => Refusal::new(403, "invalid_signature", "the signature does not verify"),
        })?;
    Ok(json!({
        "status": "accepted",
        "amount": payment.amount.map(|amount| amount.as_str().to_owned()),
        "chainId": payment.chain_id,
        "address": payment.address,
        "token": payment.token,
        "idempotencyKey": payment.idempotency_key.as_str(),
    }))
}
