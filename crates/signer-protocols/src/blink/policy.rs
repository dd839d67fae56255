use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::Deserialize;

use super::UsdMicros;
use super::address::{Form, form_of};
use super::catalogue::{CATALOGUE, URL_ORIGINS};

/// Schemes that a browser would run or load: never allowed as a callback.
const FORBIDDEN_SCHEMES: [&str; 7] =
    ["javascript", "http", "https", "data", "file", "blob", "vbscript"];
const MAX_CHAIN_ID: u64 = (1 << 53) - 1;

/// What may be signed: chains with their tokens, callback schemes, amounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    chains: BTreeMap<u64, Vec<String>>,
    callback_schemes: Vec<String>,
    url_origins: Vec<String>,
    open_amounts: bool,
    max_amount: Option<UsdMicros>,
    max_per_day: Option<UsdMicros>,
    check_eip55: bool,
}

impl Policy {
    /// The vendor's catalogue, without callback schemes, open amounts or a ceiling.
    pub fn catalogue() -> Self {
        let mut chains: BTreeMap<u64, Vec<String>> = BTreeMap::new();
        for (chain, token) in CATALOGUE {
            chains.entry(*chain).or_default().push((*token).to_owned());
        }
        Self {
            chains,
            callback_schemes: Vec::new(),
            url_origins: URL_ORIGINS.map(str::to_owned).to_vec(),
            open_amounts: false,
            max_amount: None,
            max_per_day: None,
            check_eip55: false,
        }
    }

    pub(super) fn lists_chain(&self, chain_id: u64) -> bool {
        self.chains.contains_key(&chain_id)
    }

    pub(super) fn lists_token(&self, chain_id: u64, form: Form, token: &str) -> bool {
        let tokens = self.chains.get(&chain_id);
        tokens.is_some_and(|tokens| tokens.iter().any(|listed| form.same(listed, token)))
    }

    pub(super) fn allows_scheme(&self, scheme: &str) -> bool {
        self.callback_schemes.iter().any(|listed| listed == scheme)
    }

    pub(super) fn allows_url(&self, url: &str) -> bool {
        if !url.bytes().all(|byte| byte.is_ascii_graphic()) {
            return false;
        }
        self.url_origins.iter().any(|origin| {
            url.strip_prefix(origin.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']))
        })
    }

    /// Whether `amount: null` is signed, which no ceiling can bound.
    pub const fn allows_open_amounts(&self) -> bool {
        self.open_amounts
    }

    pub(super) const fn max_amount(&self) -> Option<UsdMicros> {
        self.max_amount
    }

    /// The most that one caller is signed for on a day (UTC). A request alone cannot tell: whoever
    /// remembers what was signed must add up.
    pub const fn max_per_day(&self) -> Option<UsdMicros> {
        self.max_per_day
    }

    pub(super) const fn checks_eip55(&self) -> bool {
        self.check_eip55
    }
}

/// A policy as a file gives it; every member may be absent. [`Policy::try_from`] checks it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyFile {
    /// Whether the vendor's catalogue is allowed besides `chains`. Default: only when `chains` is absent.
    pub catalogue: Option<bool>,
    /// Chain ids (as text) and the tokens allowed on each.
    pub chains: Option<BTreeMap<String, Vec<String>>>,
    /// Callback schemes, exact in case. Default: none.
    #[serde(default)]
    pub callback_schemes: Vec<String>,
    /// Origins that `url` may have. Default: the vendor's.
    pub url_origins: Option<Vec<String>>,
    /// Whether `amount: null` is signed. Default: no.
    #[serde(default)]
    pub open_amounts: bool,
    /// The most that one payment may have, in dollars as text, e.g. `"2500.00"`. Default: none.
    pub max_amount: Option<String>,
    /// The most that one caller is signed for on a day, in dollars as text. Default: none.
    pub max_per_day: Option<String>,
    /// Whether a mixed-case EVM address must have a right checksum. Default: no.
    #[serde(default)]
    pub check_eip55: bool,
}

/// Why a policy file was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// A chain id that is no positive integer up to 2^53 - 1, or has no validator here.
    #[error("policy: chain {0:?} is not a chain id whose addresses can be checked")]
    Chain(String),
    /// A token that is not of its chain's form.
    #[error("policy: token {token:?} is not of the form of chain {chain}")]
    Token {
        /// The chain id.
        chain: u64,
        /// The token.
        token: String,
    },
    /// No scheme, or one that is never allowed.
    #[error("policy: callback scheme {0:?} is not a scheme that can be allowed")]
    Scheme(String),
    /// Not an `https://` origin.
    #[error("policy: url origin {0:?} must be https:// and a host, without a path")]
    UrlOrigin(String),
    /// The ceiling of a payment is no dollar amount.
    #[error("policy: max_amount must be dollars as text, as \"2500.00\"")]
    MaxAmount,
    /// The ceiling of a day is no dollar amount, or nothing.
    #[error("policy: max_per_day must be dollars as text and more than nothing, as \"10000.00\"")]
    MaxPerDay,
    /// An open amount has no ceiling.
    #[error("policy: open_amounts and a ceiling (max_amount, max_per_day) exclude each other")]
    OpenAmountsWithCeiling,
    /// Nothing could be signed.
    #[error("policy: no chain is allowed")]
    Empty,
}

impl TryFrom<PolicyFile> for Policy {
    type Error = PolicyError;

    fn try_from(file: PolicyFile) -> Result<Self, PolicyError> {
        let mut policy = Self::catalogue();
        if !file.catalogue.unwrap_or(file.chains.is_none()) {
            policy.chains.clear();
        }
        for (chain, tokens) in file.chains.unwrap_or_default() {
            let id = chain
                .parse()
                .ok()
                .filter(|id: &u64| (1..=MAX_CHAIN_ID).contains(id) && id.to_string() == chain);
            let (Some(id), Some(form)) = (id, id.and_then(form_of)) else {
                return Err(PolicyError::Chain(chain));
            };
            if let Some(token) = tokens.iter().find(|token| !form.is_token(token)) {
                return Err(PolicyError::Token { chain: id, token: token.clone() });
            }
            policy.chains.entry(id).or_default().extend(tokens);
        }
        policy.chains.retain(|_, tokens| !tokens.is_empty());
        if policy.chains.is_empty() {
            return Err(PolicyError::Empty);
        }
        let bad = |scheme: &&String| !is_scheme(scheme) || is_forbidden_scheme(scheme);
        if let Some(scheme) = file.callback_schemes.iter().find(bad) {
            return Err(PolicyError::Scheme(scheme.clone()));
        }
        policy.callback_schemes = file.callback_schemes;
        if let Some(origins) = file.url_origins {
            if let Some(origin) = origins.iter().find(|origin| !is_https_origin(origin)) {
                return Err(PolicyError::UrlOrigin(origin.clone()));
            }
            policy.url_origins = origins;
        }
        if let Some(max) = file.max_amount {
            let max = UsdMicros::parse_dollars(&max).map_err(|_| PolicyError::MaxAmount)?;
            policy.max_amount = Some(max);
        }
        if let Some(max) = file.max_per_day {
            let max = UsdMicros::parse_dollars(&max).ok().filter(|max| max.0 > 0);
            policy.max_per_day = Some(max.ok_or(PolicyError::MaxPerDay)?);
        }
        let ceiling = policy.max_amount.is_some() || policy.max_per_day.is_some();
        if file.open_amounts && ceiling {
            return Err(PolicyError::OpenAmountsWithCeiling);
        }
        policy.open_amounts = file.open_amounts;
        policy.check_eip55 = file.check_eip55;
        Ok(policy)
    }
}

/// `ALPHA *( ALPHA / DIGIT / "+" / "-" / "." )`, RFC 3986, section 3.1.
pub(super) fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
}

pub(super) fn is_forbidden_scheme(text: &str) -> bool {
    FORBIDDEN_SCHEMES.iter().any(|forbidden| text.eq_ignore_ascii_case(forbidden))
}

fn is_https_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").unwrap_or_default();
    let part = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b':' | b'[' | b']');
    !host.is_empty() && host.bytes().all(part)
}
