use signer_protocols::blink::{IdempotencyKey, Timestamp, ValidPayment};

use crate::json_text::Object;
use crate::{CallerId, KeyId, Refusal};

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
        line.text("reference", payment.reference());
        if !payment.metadata().is_empty() {
            line.object("metadata", |pairs| {
                for (name, value) in payment.metadata() {
                    pairs.text(name, Some(value));
                }
            });
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
