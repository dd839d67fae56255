use alloc::string::String;
use alloc::vec::Vec;

use signer_core::p256::{DerSignature, VerifyingKey};
use signer_core::signature::Verifier;

use super::address::form_of;
use super::policy::{is_forbidden_scheme, is_scheme};
use super::request::{chain_id, number, string};
use super::{Amount, IdempotencyKey, MerchantId, Payment, Timestamp, VerifyError};
use crate::base64;
use crate::jcs::Limits;
use crate::json::{self, Object, Value};

/// The vendor's limit: a signature is accepted for 15 minutes. In milliseconds.
pub const DEFAULT_MAX_AGE_MS: u64 = 15 * 60 * 1_000;

/// Remembers idempotency keys that were accepted.
pub trait ReplayStore {
    /// Records the key, atomically. `Ok(false)` when it was there before.
    ///
    /// # Errors
    /// Any text that tells the operator what failed; the payment is then not accepted.
    fn insert(&mut self, key: &IdempotencyKey, signed_at: Timestamp) -> Result<bool, String>;
}

/// The receiving side of a merchant's signatures.
#[derive(Clone, Debug)]
pub struct PaymentVerifier {
    key: VerifyingKey,
    max_age_ms: u64,
    future_ms: u64,
}

impl PaymentVerifier {
    /// Accepts signatures of `key` up to [`DEFAULT_MAX_AGE_MS`] old, and none from the future.
    pub const fn new(key: VerifyingKey) -> Self {
        Self { key, max_age_ms: DEFAULT_MAX_AGE_MS, future_ms: 0 }
    }

    /// Another age, in milliseconds.
    #[must_use]
    pub const fn max_age_ms(mut self, max_age_ms: u64) -> Self {
        self.max_age_ms = max_age_ms;
        self
    }

    /// Tolerates signers whose clock is ahead by so many milliseconds.
    #[must_use]
    pub const fn future_ms(mut self, future_ms: u64) -> Self {
        self.future_ms = future_ms;
        self
    }

    /// Checks a whole response: signature, age, and that its preview shows what is signed.
    ///
    /// # Errors
    /// [`VerifyError`].
    pub fn verify_response(&self, response: &[u8], now: Timestamp) -> Result<Payment, VerifyError> {
        let mut response = object(json::parse(response, Limits::default())?, "response")?;
        let mut text = |field| response.take(field).and_then(string).ok_or(missing(field));
        text("merchantId")?;
        let (payload, signature) = (text("payload")?, text("signature")?);
        let payment = self.verify(&payload, &signature, now)?;
        let preview = response.take("preview").ok_or(missing("preview"))?;
        check_preview(object(preview, "preview")?, &payment)?;
        Ok(payment)
    }

    /// Checks a payload and its signature as they stand in a payment link.
    ///
    /// # Errors
    /// [`VerifyError`]; what the payload says is read only after its signature.
    pub fn verify(
        &self,
        payload: &str,
        signature: &str,
        now: Timestamp,
    ) -> Result<Payment, VerifyError> {
        let json = self.open(payload, signature)?;
        let payment = read_payment(object(json::parse(&json, Limits::default())?, "payload")?)?;
        self.check_age(payment.signed_at, now)?;
        Ok(payment)
    }

    /// Checks the value of the header `X-Merchant-Authorization`: signature and age. Gives the
    /// merchant that it names, whose key this verifier must have.
    ///
    /// # Errors
    /// [`VerifyError`].
    pub fn verify_merchant_authorization(
        &self,
        header: &str,
        now: Timestamp,
    ) -> Result<MerchantId, VerifyError> {
        let json = base64::decode(header).map_err(|_| missing("header"))?;
        let mut header = object(json::parse(&json, Limits::default())?, "header")?;
        let mut text = |field| header.take(field).and_then(string).ok_or(missing(field));
        let merchant =
            MerchantId::parse(&text("merchantId")?).map_err(|_| missing("merchantId"))?;
        let (payload, signature) = (text("payload")?, text("signature")?);
        let json = self.open(&payload, &signature)?;
        let mut payload = object(json::parse(&json, Limits::default())?, "payload")?;
        let signed_at = read_signed_at(&mut payload)?;
        if !payload.is_empty() {
            return Err(missing("payload"));
        }
        self.check_age(signed_at, now)?;
        Ok(merchant)
    }

    /// The JSON inside a payload, once its signature is checked.
    fn open(&self, payload: &str, signature: &str) -> Result<Vec<u8>, VerifyError> {
        let encoding = |field| move |_| VerifyError::Encoding { field };
        let der = base64::decode_url(signature).map_err(encoding("signature"))?;
        let json = base64::decode_url(payload).map_err(encoding("payload"))?;
        let der = DerSignature::from_bytes(&der).map_err(|_| VerifyError::Signature)?;
        self.key.verify(payload.as_bytes(), &der).map_err(|_| VerifyError::Signature)?;
        Ok(json)
    }

    fn check_age(&self, signed_at: Timestamp, now: Timestamp) -> Result<(), VerifyError> {
        let (signed, now) = (signed_at.unix_ms(), now.unix_ms());
        if signed > now.saturating_add(self.future_ms) {
            return Err(VerifyError::InTheFuture);
        }
        if now.saturating_sub(signed) > self.max_age_ms {
            return Err(VerifyError::TooOld);
        }
        Ok(())
    }

    /// As [`PaymentVerifier::verify`], and each idempotency key only once.
    ///
    /// # Errors
    /// [`VerifyError::Replay`], [`VerifyError::Store`] and those of `verify`.
    pub fn verify_once(
        &self,
        payload: &str,
        signature: &str,
        now: Timestamp,
        store: &mut dyn ReplayStore,
    ) -> Result<Payment, VerifyError> {
        let payment = self.verify(payload, signature, now)?;
        match store.insert(&payment.idempotency_key, payment.signed_at) {
            Ok(true) => Ok(payment),
            Ok(false) => Err(VerifyError::Replay),
            Err(reason) => Err(VerifyError::Store(reason)),
        }
    }
}

const fn missing(field: &'static str) -> VerifyError {
    VerifyError::Field { field }
}

fn object<'a>(value: Value<'a>, field: &'static str) -> Result<Object<'a>, VerifyError> {
    Object::from_value(value).ok_or(missing(field))
}

fn read_payment(mut payload: Object<'_>) -> Result<Payment, VerifyError> {
    let amount = read_amount(payload.take("amount"))?;
    let chain_id =
        payload.take("chainId").and_then(number).and_then(chain_id).ok_or(missing("chainId"))?;
    let form = form_of(chain_id).ok_or(missing("chainId"))?;
    let callback_scheme = match payload.take("callbackScheme") {
        None | Some(Value::Null) => None,
        Some(value) => {
            let scheme = string(value).filter(|scheme| is_scheme(scheme));
            Some(scheme.filter(|s| !is_forbidden_scheme(s)).ok_or(missing("callbackScheme"))?)
        }
    };
    let mut text = |field| payload.take(field).and_then(string).ok_or(missing(field));
    let (address, token) = (text("address")?, text("token")?);
    if !form.is_address(&address, false) {
        return Err(missing("address"));
    }
    if !form.is_token(&token) {
        return Err(missing("token"));
    }
    let idempotency_key =
        IdempotencyKey::parse(&text("idempotencyKey")?).map_err(|_| missing("idempotencyKey"))?;
    let signed_at = read_signed_at(&mut payload)?;
    if !payload.is_empty() {
        return Err(missing("payload"));
    }
    Ok(Payment { amount, chain_id, address, token, idempotency_key, callback_scheme, signed_at })
}

/// Takes `signatureTimestamp`, and `version`, which must be `v1`.
fn read_signed_at(payload: &mut Object<'_>) -> Result<Timestamp, VerifyError> {
    let mut text = |field| payload.take(field).and_then(string).ok_or(missing(field));
    if text("version")? != "v1" {
        return Err(missing("version"));
    }
    let signed_at = text("signatureTimestamp")?;
    Timestamp::parse_signed(&signed_at).map_err(|_| missing("signatureTimestamp"))
}

fn read_amount(value: Option<Value<'_>>) -> Result<Option<Amount>, VerifyError> {
    match value {
        Some(Value::Null) => Ok(None),
        value => {
            value.and_then(number).and_then(Amount::from_f64).map(Some).ok_or(missing("amount"))
        }
    }
}

fn check_preview(mut preview: Object<'_>, payment: &Payment) -> Result<(), VerifyError> {
    let differs = |field| VerifyError::Preview { field };
    if read_amount(preview.take("amount")).ok() != Some(payment.amount.clone()) {
        return Err(differs("amount"));
    }
    if preview.take("chainId").and_then(number).and_then(chain_id) != Some(payment.chain_id) {
        return Err(differs("chainId"));
    }
    for (field, signed) in [("address", &payment.address), ("token", &payment.token)] {
        if preview.take(field).and_then(string).as_ref() != Some(signed) {
            return Err(differs(field));
        }
    }
    let shown = preview.take("idempotencyKey").and_then(string);
    let shown = shown.and_then(|text| IdempotencyKey::parse(&text).ok());
    if shown.as_ref() != Some(&payment.idempotency_key) {
        return Err(differs("idempotencyKey"));
    }
    Ok(())
}
