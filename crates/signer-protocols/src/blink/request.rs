use alloc::string::String;
use alloc::vec::Vec;

use super::address::{Form, form_of};
use super::policy::{is_forbidden_scheme, is_scheme};
use super::{Amount, IdempotencyKey, Payment, Policy, Rejection, Timestamp, UnsignedPayment};
use crate::jcs::{JsonError, JsonErrorKind, Limits};
use crate::json::{self, Object, Overflow, Value};

/// The vendor's own limit on a request body: 100 KiB.
pub const MAX_REQUEST_BYTES: usize = 102_400;

const AMOUNT: (&str, &str) = ("amount", "amount must be a positive number.");
const AMOUNT_CEILING: (&str, &str) = ("amount", "amount is above the limit for one payment.");
const CHAIN_ID: (&str, &str) = ("chainId", "chainId must be a positive integer.");
const CHAIN_ID_LISTED: (&str, &str) = ("chainId", "chainId is not supported.");
const ADDRESS: (&str, &str) =
    ("address", "address must be a 0x-prefixed, 40-character hex string.");
const ADDRESS_SOLANA: (&str, &str) = ("address", "address must be the Base58 text of 32 bytes.");
const ADDRESS_OWNED: (&str, &str) =
    ("address", "address must not be the zero address or the token.");
const TOKEN: (&str, &str) = ("token", "token must be a 0x-prefixed hex contract address.");
const TOKEN_SOLANA: (&str, &str) = ("token", "token must be the Base58 text of 32 bytes.");
const TOKEN_LISTED: (&str, &str) = ("token", "token is not supported on this chainId.");
const SCHEME: (&str, &str) =
    ("callbackScheme", "callbackScheme must be null or a valid URI scheme.");
const SCHEME_LISTED: (&str, &str) = ("callbackScheme", "callbackScheme is not allowed.");
const VERSION: (&str, &str) = ("version", "version must be v1.");
const URL: (&str, &str) = ("url", "url must be a URL of Blink.");
const REFERENCE: (&str, &str) = ("reference", "reference must be a string.");
const METADATA: (&str, &str) = ("metadata", "metadata must be an object of strings.");

/// A request as it was sent: one strict JSON object, nothing about its members checked yet.
#[derive(Debug)]
pub struct SignerRequest {
    amount: Field<f64>,
    chain_id: Field<f64>,
    address: Field<String>,
    token: Field<String>,
    callback_scheme: Field<String>,
    version: Field<String>,
    url: Field<String>,
    reference: Field<String>,
    metadata: Field<Vec<(String, String)>>,
}

/// A member by what JSON made of it.
#[derive(Debug, PartialEq)]
enum Field<T> {
    Absent,
    Null,
    Given(T),
    OtherType,
}

impl<T> Field<T> {
    fn read<'a>(value: Option<Value<'a>>, given: impl FnOnce(Value<'a>) -> Option<T>) -> Self {
        match value {
            None => Self::Absent,
            Some(Value::Null) => Self::Null,
            Some(value) => given(value).map_or(Self::OtherType, Self::Given),
        }
    }
}

impl SignerRequest {
    /// Reads a body: UTF-8, no duplicate names at any depth, within `limits`.
    ///
    /// # Errors
    /// [`Rejection`] with the fault of the JSON.
    pub fn parse(body: &[u8], limits: Limits) -> Result<Self, Rejection> {
        let value =
            json::parse_with(body, limits, Overflow::Infinite).map_err(Rejection::from_json)?;
        let no_object = JsonError::new(JsonErrorKind::UnexpectedCharacter, Some(0));
        let mut object = Object::from_value(value).ok_or(Rejection::from_json(no_object))?;
        let mut member = |name| object.take(name);
        let request = Self {
            amount: Field::read(member("amount"), number),
            chain_id: Field::read(member("chainId"), number),
            address: Field::read(member("address"), string),
            token: Field::read(member("token"), string),
            callback_scheme: Field::read(member("callbackScheme"), string),
            version: Field::read(member("version"), string),
            url: Field::read(member("url"), string),
            reference: Field::read(member("reference"), string),
            metadata: Field::read(member("metadata"), strings),
        };
        if object.holds_infinity() {
            let error = JsonError::new(JsonErrorKind::NumberRange, None);
            return Err(Rejection::from_json(error));
        }
        Ok(request)
    }

    /// Checks every member against its rule and `policy`, and says all that is wrong at once.
    ///
    /// # Errors
    /// [`Rejection`], whose text is that of the 400 answer.
    pub fn validate(self, policy: &Policy) -> Result<ValidPayment, Rejection> {
        let mut faults = Vec::new();

        let amount = match self.amount {
            Field::Given(value) => Amount::from_f64(value).map(Some),
            Field::Null if policy.allows_open_amounts() => Some(None),
            _ => None,
        };
        let above =
            |amount: &Amount| policy.max_amount().is_some_and(|max| amount.to_micros() > max);
        match &amount {
            None => faults.push(AMOUNT),
            Some(Some(amount)) if above(amount) => faults.push(AMOUNT_CEILING),
            Some(_) => {}
        }

        let chain_id = match self.chain_id {
            Field::Given(value) => chain_id(value),
            _ => None,
        };
        match chain_id {
            None => faults.push(CHAIN_ID),
            Some(id) if !policy.lists_chain(id) => faults.push(CHAIN_ID_LISTED),
            Some(_) => {}
        }

        // Where the chain is not known, the common form tells most about the rest.
        let form = chain_id.and_then(form_of).unwrap_or(Form::Evm);
        let solana = form == Form::Solana;
        let token = match self.token {
            Field::Given(token) if form.is_token(&token) => Some(token),
            _ => None,
        };
        let address = match self.address {
            Field::Given(address) if form.is_address(&address, policy.checks_eip55()) => {
                Some(address)
            }
            _ => None,
        };
        match &address {
            None => faults.push(if solana { ADDRESS_SOLANA } else { ADDRESS }),
            Some(address)
                if form.is_zero(address)
                    || token.as_ref().is_some_and(|token| form.same(token, address)) =>
            {
                faults.push(ADDRESS_OWNED);
            }
            Some(_) => {}
        }
        match (&token, chain_id) {
            (None, _) => faults.push(if solana { TOKEN_SOLANA } else { TOKEN }),
            (Some(token), Some(id))
                if policy.lists_chain(id) && !policy.lists_token(id, form, token) =>
            {
                faults.push(TOKEN_LISTED);
            }
            _ => {}
        }

        match &self.callback_scheme {
            Field::Absent | Field::Null => {}
            Field::Given(scheme) if is_scheme(scheme) => {
                if is_forbidden_scheme(scheme) || !policy.allows_scheme(scheme) {
                    faults.push(SCHEME_LISTED);
                }
            }
            _ => faults.push(SCHEME),
        }
        match &self.version {
            Field::Absent => {}
            Field::Given(version) if version == "v1" => {}
            _ => faults.push(VERSION),
        }
        match &self.url {
            Field::Absent => {}
            Field::Given(url) if policy.allows_url(url) => {}
            _ => faults.push(URL),
        }
        if matches!(self.reference, Field::Null | Field::OtherType) {
            faults.push(REFERENCE);
        }
        if matches!(self.metadata, Field::Null | Field::OtherType) {
            faults.push(METADATA);
        }

        match (amount, chain_id, address, token) {
            (Some(amount), Some(chain_id), Some(address), Some(token)) if faults.is_empty() => {
                Ok(ValidPayment {
                    amount,
                    chain_id,
                    address,
                    token,
                    callback_scheme: match self.callback_scheme {
                        Field::Given(scheme) => Some(scheme),
                        _ => None,
                    },
                    reference: match self.reference {
                        Field::Given(reference) => Some(reference),
                        _ => None,
                    },
                    metadata: match self.metadata {
                        Field::Given(metadata) => metadata,
                        _ => Vec::new(),
                    },
                })
            }
            _ => Err(Rejection { faults, json: None }),
        }
    }
}

/// A request that may be signed once the caller is known to own the address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidPayment {
    amount: Option<Amount>,
    chain_id: u64,
    address: String,
    token: String,
    callback_scheme: Option<String>,
    reference: Option<String>,
    metadata: Vec<(String, String)>,
}

impl ValidPayment {
    /// The amount in dollars; `None` is an open amount, which the policy allowed.
    pub const fn amount(&self) -> Option<&Amount> {
        self.amount.as_ref()
    }

    /// The destination chain.
    pub const fn chain_id(&self) -> u64 {
        self.chain_id
    }

    /// The destination address, as it was sent.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The token, as it was sent.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The merchant's order id: log it with the idempotency key, for it goes no further.
    pub fn reference(&self) -> Option<&str> {
        self.reference.as_deref()
    }

    /// The merchant's own pairs: log them likewise.
    pub fn metadata(&self) -> &[(String, String)] {
        &self.metadata
    }

    /// Whether `owned` is the destination: EVM addresses compare without case, Solana's exactly.
    pub fn is_destination(&self, owned: &str) -> bool {
        form_of(self.chain_id).is_some_and(|form| form.same(owned, &self.address))
    }

    /// Freezes the payload under an id of the caller's making and the time of signing.
    pub fn into_payload(self, key: IdempotencyKey, signed_at: Timestamp) -> UnsignedPayment {
        UnsignedPayment::new(Payment {
            amount: self.amount,
            chain_id: self.chain_id,
            address: self.address,
            token: self.token,
            idempotency_key: key,
            callback_scheme: self.callback_scheme,
            signed_at,
        })
    }
}

/// An integer of 1 to 2^53 - 1, judged after rounding to a double.
pub(super) fn chain_id(value: f64) -> Option<u64> {
    let integer = value.is_finite() && value == value_as_integer(value);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "in range")]
    (integer && (1.0..=9_007_199_254_740_991.0).contains(&value)).then_some(value as u64)
}

#[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "saturates")]
fn value_as_integer(value: f64) -> f64 {
    value as i64 as f64
}

#[allow(clippy::needless_pass_by_value, reason = "a function to hand to `and_then`")]
pub(super) fn number(value: Value<'_>) -> Option<f64> {
    match value {
        Value::Number(number) => Some(number.to_f64()),
        _ => None,
    }
}

pub(super) fn string(value: Value<'_>) -> Option<String> {
    match value {
        Value::String(text) => Some(text.as_str().into()),
        _ => None,
    }
}

fn strings(value: Value<'_>) -> Option<Vec<(String, String)>> {
    let Value::Object(members) = value else { return None };
    members
        .into_iter()
        .map(|member| Some((member.key.as_str().into(), string(member.value)?)))
        .collect()
}
