use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::Serialize;

use super::super::{ChainId, ChainType, Locator};

/// `POST /wallets/{wallet}/signers`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AddSigner {
    signer: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    chain: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deploy_immediately: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    scopes: Vec<Scope>,
}

impl AddSigner {
    /// Adds a server signer. On EVM the chain is named, and `deployImmediately` asks for a transaction that can be
    /// checked: without it the service asks for a signature of 32 bytes without a known preimage.
    pub fn new(signer: &Locator, chain: ChainId) -> Self {
        let is_evm = chain.chain_type() == ChainType::Evm;
        Self {
            signer: signer.to_string(),
            chain: is_evm.then_some(chain.as_str()),
            deploy_immediately: is_evm.then_some(true),
            expires_at: None,
            scopes: Vec::new(),
        }
    }

    /// Ends the signer's rights at a time: ISO 8601 in UTC, such as `2027-01-31T12:00:00Z`. Sent as given.
    #[must_use]
    pub fn expires_at(mut self, time: impl Into<String>) -> Self {
        self.expires_at = Some(time.into());
        self
    }

    /// Limits the signer to a scope; may be repeated.
    #[must_use]
    pub fn scope(mut self, scope: Scope) -> Self {
        self.scopes.push(scope);
        self
    }
}

/// A limit of a new signer: transfers of one token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Scope {
    #[serde(rename = "type")]
    scope_type: &'static str,
    token_locator: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    recipients: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    spending_limit: Option<SpendingLimit>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct SpendingLimit {
    amount: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    interval: Option<u64>,
}

impl Scope {
    /// Transfers of the token of a locator, such as `base-sepolia:usdc`.
    pub fn transfer(token_locator: impl Into<String>) -> Self {
        Self {
            scope_type: "transfer",
            token_locator: token_locator.into(),
            recipients: Vec::new(),
            spending_limit: None,
        }
    }

    /// Allows a recipient; may be repeated. Default: every recipient.
    #[must_use]
    pub fn recipient(mut self, recipient: impl Into<String>) -> Self {
        self.recipients.push(recipient.into());
        self
    }

    /// Limits the amount (decimal, in whole tokens). `interval` is sent as given: the vendor's document names no unit.
    #[must_use]
    pub fn spending_limit(mut self, amount: impl Into<String>, interval: Option<u64>) -> Self {
        self.spending_limit = Some(SpendingLimit { amount: amount.into(), interval });
        self
    }
}
