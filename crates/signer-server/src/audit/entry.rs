use sha2::{Digest, Sha256};
use signer_protocols::blink::{IdempotencyKey, Timestamp, ValidPayment};

use crate::json_text::{self, Object};
use crate::{CallerId, KeyId, Refusal, hex};

/// The longest JSON text of a member that the caller fills as it likes. A refused request is written, too, and
/// must not fill the disk.
const MAX_MEMBER_BYTES: usize = 1_024;

/// What is known of a request when it is decided.
pub(crate) struct AuditEntry {
    time: Timestamp,
    request_id: String,
    caller: CallerId,
    key: KeyId,
    /// The members of the payment, written when it was known.
    payment: String,
    idempotency_key: Option<IdempotencyKey>,
    refusal: Option<Refusal>,
}

impl AuditEntry {
    /// A request of an authenticated caller, of which nothing else is known yet.
    pub(crate) fn new(time: Timestamp, request_id: String, caller: CallerId, key: KeyId) -> Self {
        Self {
            time,
            request_id,
            caller,
            key,
            payment: String::new(),
            idempotency_key: None,
            refusal: None,
        }
    }

    pub(crate) fn asks_for(&mut self, payment: &ValidPayment) {
        self.payment.reserve(256);
        let mut line = Object::continued(&mut self.payment);
        line.text("address", Some(payment.address()));
        line.number("chainId", payment.chain_id());
        line.text("token", Some(payment.token()));
        // In dollars, as it is signed; null is an open amount.
        line.raw("amount", payment.amount().map_or("null", |amount| amount.as_str()));
        match payment.reference() {
            None => line.text("reference", None),
            Some(reference) => bounded(&mut line, "reference", &json_text::string(reference)),
        }
        if !payment.metadata().is_empty() {
            let mut metadata = String::new();
            Object::write(&mut metadata, |pairs| {
                for (name, value) in payment.metadata() {
                    pairs.text(name, Some(value));
                }
            });
            bounded(&mut line, "metadata", &metadata);
        }
    }

    pub(crate) fn signs_under(&mut self, id: &IdempotencyKey, key: KeyId) {
        self.idempotency_key = Some(id.clone());
        self.key = key;
    }

    pub(crate) fn is_refused(&mut self, refusal: &Refusal) {
        self.refusal = Some(refusal.clone());
    }

    pub(super) const fn time(&self) -> Timestamp {
        self.time
    }

    /// The members of the line.
    pub(super) fn write(&self, line: &mut Object<'_>) {
        line.text("requestId", Some(&self.request_id));
        line.text("caller", Some(self.caller.as_str()));
        line.members(&self.payment);
        line.text("keyId", Some(&self.key.to_string()));
        line.text("idempotencyKey", self.idempotency_key.as_ref().map(IdempotencyKey::as_str));
        line.text("decision", Some(if self.refusal.is_none() { "signed" } else { "refused" }));
        line.text("reason", self.refusal.as_ref().map(Refusal::message));
    }
}

/// A member, or where it is too long what it can be told by: the SHA-256 of its JSON text, and how long that is.
fn bounded(line: &mut Object<'_>, name: &str, json: &str) {
    if json.len() <= MAX_MEMBER_BYTES {
        return line.raw(name, json);
    }
    line.object(name, |hashed| {
        hashed.text("sha256", Some(&hex::encode(&Sha256::digest(json))));
        hashed.number("bytes", json.len() as u64);
    });
}
