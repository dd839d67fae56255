use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use signer_core::p256::VerifyingKey;
use signer_protocols::blink::{Amount, Payment, PaymentVerifier, Timestamp};

use crate::clock::unix_ms;
use crate::error::{Error, Kind};
use crate::transport::{
    Call, Outgoing, Repeat, Transport, bearer, check_key, header, json, secret_header,
};
use crate::{BaseUrl, TransportOptions, random};

/// The vendor's deadline for an endpoint.
const DEADLINE: Duration = Duration::from_secs(15);
/// The most that `signer serve` takes.
const MAX_IDEMPOTENCY_KEY: usize = 255;
/// How far the clock of an endpoint that is asked may stand ahead of ours.
const SKEW_MS: u64 = 60_000;

/// A merchant's signer endpoint, and the public key that its signatures must verify under.
#[derive(Clone)]
pub struct SignerEndpoint {
    transport: Transport,
    key: VerifyingKey,
    bearer: Option<HeaderValue>,
}

/// What is to be paid.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[must_use]
pub struct PaymentRequest {
    amount: Option<f64>,
    chain_id: u64,
    address: String,
    token: String,
    callback_scheme: Option<String>,
    version: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    metadata: BTreeMap<String, String>,
}

impl PaymentRequest {
    /// `amount` (US dollars) of a `token` on the chain `chain_id`, to an `address` of the user.
    pub fn new(
        amount: f64,
        chain_id: u64,
        address: impl Into<String>,
        token: impl Into<String>,
    ) -> Self {
        Self {
            amount: Some(amount),
            chain_id,
            address: address.into(),
            token: token.into(),
            callback_scheme: None,
            version: "v1",
            url: None,
            reference: None,
            metadata: BTreeMap::new(),
        }
    }

    /// With an amount that the payer chooses, where the endpoint allows it.
    pub const fn open_amount(mut self) -> Self {
        self.amount = None;
        self
    }

    /// With the scheme of a mobile application to come back to.
    pub fn callback_scheme(mut self, scheme: impl Into<String>) -> Self {
        self.callback_scheme = Some(scheme.into());
        self
    }

    /// With the address of the payment page.
    pub fn url(mut self, url: impl Into<String>) -> Self {
        self.url = Some(url.into());
        self
    }

    /// With a reference of the merchant's, which only the endpoint sees.
    pub fn reference(mut self, reference: impl Into<String>) -> Self {
        self.reference = Some(reference.into());
        self
    }

    /// With something more that only the endpoint sees.
    pub fn metadata(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata.insert(name.into(), value.into());
        self
    }
}

/// An endpoint's answer, checked: the signature is the merchant's, it is young, and it signs what was asked for.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct SignedPayment {
    /// The merchant.
    pub merchant_id: String,
    /// Base64url without padding.
    pub payload: String,
    /// Base64url without padding, of DER.
    pub signature: String,
    /// What is signed.
    pub payment: Payment,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answered {
    merchant_id: String,
    payload: String,
    signature: String,
}

impl SignerEndpoint {
    /// The endpoint at `url` (with its path), whose merchant has the public key `key`.
    ///
    /// # Errors
    /// An error of the system when there are no certificates to verify https with.
    pub fn new(url: BaseUrl, key: VerifyingKey) -> Result<Self, Error> {
        let options =
            TransportOptions { total: DEADLINE, attempt: DEADLINE, ..TransportOptions::default() };
        Ok(Self { transport: Transport::new(url, options)?, key, bearer: None })
    }

    /// Calls with `Authorization: Bearer`.
    ///
    /// # Errors
    /// An input error when the token cannot stand in a header.
    #[allow(clippy::needless_pass_by_value, reason = "the secret ends here")]
    pub fn bearer(mut self, token: SecretString) -> Result<Self, Error> {
        let rule = "a bearer token must be of visible characters";
        self.bearer = Some(secret_header(&bearer(&token), rule)?);
        Ok(self)
    }

    /// Has a payment signed, under an idempotency key of its own.
    ///
    /// # Errors
    /// [`Error`]; `is_mismatch()` when what was signed is not what was asked for, or not signed by the merchant.
    pub async fn sign(&self, request: &PaymentRequest) -> Result<SignedPayment, Error> {
        self.sign_under(request, &random::uuid()?).await
    }

    /// Has a payment signed under an idempotency key: the same request under the same key is the same payment at an
    /// endpoint that heeds the header, as `signer serve` does. Another may sign it twice.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn sign_under(
        &self,
        request: &PaymentRequest,
        idempotency_key: &str,
    ) -> Result<SignedPayment, Error> {
        if request.amount.is_some_and(|amount| Amount::from_f64(amount).is_none()) {
            return Err(Error::input("amount must be a positive number"));
        }
        let rule = "an idempotency key must be 1 to 255 visible characters";
        if idempotency_key.len() > MAX_IDEMPOTENCY_KEY {
            return Err(Error::input(rule));
        }
        check_key(idempotency_key)?;
        let body = Bytes::from(json(request)?);
        let url = self.transport.base().join([], &[])?;
        let repeat = Repeat::Under(idempotency_key);
        let call = Call { method: Method::POST, url: &url, route: "signer endpoint", repeat };
        let outgoing = || {
            let mut headers = HeaderMap::new();
            if let Some(bearer) = &self.bearer {
                headers.insert(AUTHORIZATION, bearer.clone());
            }
            header(
                &mut headers,
                HeaderName::from_static("idempotency-key"),
                idempotency_key,
                rule,
            )?;
            Ok(Outgoing { headers, json: Some(body.clone()) })
        };
        let answer = self.transport.call(&call, outgoing).await?;
        let verifier = PaymentVerifier::new(self.key).future_ms(SKEW_MS);
        let now = now()?;
        let mismatch = |what| Error::new(Kind::Mismatch, what);
        let payment = verifier.verify_response(&answer.body, now).map_err(|_| {
            mismatch("the endpoint's answer is not a young signature of the merchant")
        })?;
        if !is_asked(request, &payment) {
            return Err(mismatch("the endpoint signed something else than was asked for"));
        }
        let Answered { merchant_id, payload, signature } = answer.json()?;
        Ok(SignedPayment { merchant_id, payload, signature, payment })
    }
}

/// Checks a payload and its signature, as they stand in a payment link, under the merchant's key, now.
///
/// # Errors
/// `is_mismatch()` when it is not a signature of that key, is older than 15 minutes, or from the future.
pub fn verify(payload: &str, signature: &str, key: &VerifyingKey) -> Result<Payment, Error> {
    PaymentVerifier::new(*key).verify(payload, signature, now()?).map_err(|_| not_signed())
}

fn now() -> Result<Timestamp, Error> {
    Timestamp::from_unix_ms(unix_ms())
        .map_err(|_| Error::new(Kind::Local, "the clock stands beyond all timestamps"))
}

fn not_signed() -> Error {
    Error::new(Kind::Mismatch, "it is not a young signature of the merchant")
}

/// Whether all that was asked for, and nothing else, is what is signed.
fn is_asked(request: &PaymentRequest, payment: &Payment) -> bool {
    let amount = request.amount.and_then(Amount::from_f64);
    payment.amount == amount
        && payment.chain_id == request.chain_id
        && payment.address == request.address
        && payment.token == request.token
        && payment.callback_scheme == request.callback_scheme
}

/// The address at which a payment is made: `base` with the three values as query parameters.
///
/// # Errors
/// An input error when the base is no address.
pub fn payment_link(base: &BaseUrl, signed: &SignedPayment) -> Result<String, Error> {
    let SignedPayment { merchant_id, payload, signature, .. } = signed;
    let query = [
        ("merchantId", merchant_id.as_str()),
        ("payload", payload.as_str()),
        ("signature", signature.as_str()),
    ];
    base.join([], &query).map(String::from)
}

impl fmt::Debug for SignerEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignerEndpoint({})", self.transport.base())
    }
}

/// The signature is worth the payment until it expires: it is not shown.
impl fmt::Debug for SignedPayment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedPayment")
            .field("merchant_id", &self.merchant_id)
            .field("payment", &self.payment)
            .finish_non_exhaustive()
    }
}
