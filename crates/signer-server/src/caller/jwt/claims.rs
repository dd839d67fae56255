//! What a token must say.

use jsonwebtoken::{Algorithm, Header, Validation};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::keys::Key;
use crate::{CallerError, CallerId};

/// How far the issuer's clock may be ahead of ours, in milliseconds.
const AHEAD_MS: u64 = 5_000;
const LINKED_ACCOUNTS: &str = "linked_accounts";
/// The longest name of a caller, in bytes.
const MAX_SUBJECT: usize = 255;

/// Where the caller's addresses stand.
#[derive(Debug)]
pub(super) enum Addresses {
    /// In no token.
    Nothing,
    /// In a claim of the token.
    Claim(String),
    /// In Privy's identity token.
    PrivyIdentityToken,
}

#[derive(Debug)]
pub(super) struct Rules {
    issuer: String,
    audience: String,
    pub(super) addresses: Addresses,
    /// Whether a token of this issuer may be an identity token, which says who one is and grants nothing.
    pub(super) is_privys: bool,
}

/// The claims of a token that was verified.
#[derive(Deserialize)]
pub(super) struct Claims {
    sub: String,
    exp: f64,
    nbf: Option<f64>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

impl Rules {
    pub(super) const fn new(issuer: String, audience: String) -> Self {
        Self { issuer, audience, addresses: Addresses::Nothing, is_privys: false }
    }

    /// The header, of which only `kid` and `alg` are used: to find the key, which fixes the rest.
    pub(super) fn header(&self, token: &[u8]) -> Result<Header, CallerError> {
        let header =
            jsonwebtoken::decode_header(token).map_err(|_| CallerError::Unauthenticated)?;
        // An extension that must be understood is not (RFC 7515, section 4.1.11).
        if header.crit.is_some() { Err(CallerError::Unauthenticated) } else { Ok(header) }
    }

    /// Verifies the signature and every claim.
    pub(super) fn claims(
        &self,
        token: &[u8],
        key: &Key,
        now_ms: u64,
    ) -> Result<Claims, CallerError> {
        let mut validation = Validation::new(key.algorithm);
        validation.set_audience(&[&self.audience]);
        validation.set_issuer(&[&self.issuer]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // The times are ours to check, with the clock that everything else goes by.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let claims = jsonwebtoken::decode::<Claims>(token, &key.decoding, &validation)
            .map_err(|_| CallerError::Unauthenticated)?
            .claims;
        let begun = claims.nbf.is_none_or(|nbf| milliseconds(nbf) <= now_ms + AHEAD_MS);
        if begun && now_ms < claims.expires_ms() {
            Ok(claims)
        } else {
            Err(CallerError::Unauthenticated)
        }
    }
}

impl Claims {
    pub(super) fn subject(&self) -> &str {
        &self.sub
    }

    /// Unix milliseconds.
    pub(super) fn expires_ms(&self) -> u64 {
        milliseconds(self.exp)
    }

    pub(super) fn caller(&self) -> Result<CallerId, CallerError> {
        let fits = (1..=MAX_SUBJECT).contains(&self.sub.len());
        if fits && !self.sub.chars().any(char::is_control) {
            Ok(CallerId::new(&self.sub))
        } else {
            Err(CallerError::Unauthenticated)
        }
    }

    /// The texts of a claim that is an array of texts. Without the claim the caller owns nothing.
    pub(super) fn listed(&self, claim: &str) -> Result<Vec<String>, CallerError> {
        match self.others.get(claim) {
            None => Ok(Vec::new()),
            Some(value) => texts(value).ok_or(CallerError::Unauthenticated),
        }
    }

    pub(super) fn is_identity(&self) -> bool {
        self.others.contains_key(LINKED_ACCOUNTS)
    }

    /// The wallets of Privy's `linked_accounts`, which is an array, or the JSON text of one.
    pub(super) fn linked_accounts(&self) -> Result<Vec<String>, CallerError> {
        let accounts = self.others.get(LINKED_ACCOUNTS).ok_or(CallerError::Unauthenticated)?;
        let parsed;
        let accounts = match accounts {
            Value::String(text) => {
                parsed = serde_json::from_str(text).map_err(|_| CallerError::Unauthenticated)?;
                &parsed
            }
            accounts => accounts,
        };
        crate::ownership::wallets(accounts).ok_or(CallerError::Unauthenticated)
    }
}

fn texts(value: &Value) -> Option<Vec<String>> {
    value.as_array()?.iter().map(|text| text.as_str().map(str::to_owned)).collect()
}

/// A `NumericDate`, which counts seconds and may have a fraction. What is no time lies in the past.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
fn milliseconds(seconds: f64) -> u64 {
    (seconds * 1_000.0) as u64
}

/// The algorithms that a key may fix.
pub(super) const ALGORITHMS: [Algorithm; 3] =
    [Algorithm::ES256, Algorithm::RS256, Algorithm::EdDSA];
