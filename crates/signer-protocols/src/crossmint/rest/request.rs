use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use serde::{Serialize, Serializer};

use super::super::{ChainId, ChainType, Locator};
use super::Json;
use crate::any_json::exactly;

/// `POST /wallets`
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateWallet {
    #[serde(rename = "type")]
    wallet_type: &'static str,
    chain_type: &'static str,
    config: Config,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alias: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Config {
    admin_signer: AdminSigner,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    delegated_signers: Vec<DelegatedSigner>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct AdminSigner {
    #[serde(rename = "type")]
    signer_type: &'static str,
    address: String,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct DelegatedSigner {
    signer: String,
}

impl CreateWallet {
    /// A smart wallet whose admin is the server signer `admin`.
    pub fn new(chain_type: ChainType, admin: &Locator) -> Self {
        Self {
            wallet_type: "smart",
            chain_type: chain_type.as_str(),
            config: Config {
                admin_signer: AdminSigner {
                    signer_type: "server",
                    address: admin.address().to_string(),
                },
                delegated_signers: Vec::new(),
            },
            owner: None,
            alias: None,
        }
    }

    /// Adds a further server signer.
    #[must_use]
    pub fn delegated_signer(mut self, signer: &Locator) -> Self {
        self.config.delegated_signers.push(DelegatedSigner { signer: signer.to_string() });
        self
    }

    /// Names the owner, e.g. `email:user@example.com`.
    #[must_use]
    pub fn owner(mut self, owner: impl Into<String>) -> Self {
        self.owner = Some(owner.into());
        self
    }

    /// Gives the wallet an alias.
    #[must_use]
    pub fn alias(mut self, alias: impl Into<String>) -> Self {
        self.alias = Some(alias.into());
        self
    }
}

/// `POST /wallets/{wallet}/transactions`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TransactionRequest {
    params: Params,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
enum Params {
    Evm { signer: String, chain: &'static str, calls: Vec<EvmCall> },
    Solana { transaction: String, signer: String },
    Stellar { transaction: StellarCall, signer: String },
}

/// What a transaction does, by chain type.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Transaction {
    /// Calls on an EVM chain.
    Evm(ChainId, Vec<EvmCall>),
    /// Base58 of a Solana transaction.
    Solana(String),
    /// A Stellar contract call.
    Stellar(StellarCall),
}

/// One call of an EVM transaction.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum EvmCall {
    /// A call in its parts.
    Parts {
        /// The address called.
        to: String,
        /// Wei, decimal.
        value: String,
        /// `0x` hex.
        data: String,
    },
    /// A serialised transaction, `0x` hex.
    Serialized {
        /// The transaction.
        transaction: String,
    },
    /// A call of a function by its ABI.
    Function {
        /// The contract.
        address: String,
        /// The name of the function.
        #[serde(rename = "functionName")]
        function_name: String,
        /// The ABI with exactly one function of that name.
        #[serde(serialize_with = "exactly")]
        abi: Json,
        /// The arguments: a list. An integer from 2^53 on must be a text.
        #[serde(serialize_with = "exactly")]
        args: Json,
        /// Wei, decimal.
        value: String,
    },
}

/// A Stellar contract call.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StellarCall {
    #[serde(rename = "type")]
    call_type: &'static str,
    contract_id: String,
    method: String,
    #[serde(serialize_with = "exactly")]
    args: Json,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "exactly_if_any")]
    memo: Option<Json>,
}

fn exactly_if_any<S: Serializer>(value: &Option<Json>, serializer: S) -> Result<S::Ok, S::Error> {
    exactly(value.as_ref().unwrap_or(&Json::Null), serializer)
}

impl StellarCall {
    /// Calls `method` of `contract_id`.
    pub fn new(contract_id: impl Into<String>, method: impl Into<String>, args: Json) -> Self {
        Self {
            call_type: "contract-call",
            contract_id: contract_id.into(),
            method: method.into(),
            args,
            memo: None,
        }
    }

    /// Adds a memo.
    #[must_use]
    pub fn memo(mut self, memo: Json) -> Self {
        self.memo = Some(memo);
        self
    }
}

impl TransactionRequest {
    /// A transaction that `signer` will approve.
    pub fn new(transaction: Transaction, signer: &Locator) -> Self {
        let signer = signer.to_string();
        let params = match transaction {
            Transaction::Evm(chain, calls) => Params::Evm { signer, chain: chain.as_str(), calls },
            Transaction::Solana(transaction) => Params::Solana { transaction, signer },
            Transaction::Stellar(transaction) => Params::Stellar { transaction, signer },
        };
        Self { params }
    }
}

/// `POST /wallets/{wallet}/tokens/{chain}:{symbol}/transfers`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Transfer {
    recipient: String,
    amount: String,
    signer: String,
}

impl Transfer {
    /// Sends `amount` (decimal, in whole tokens) to `recipient`.
    pub fn new(recipient: impl Into<String>, amount: impl Into<String>, signer: &Locator) -> Self {
        Self { recipient: recipient.into(), amount: amount.into(), signer: signer.to_string() }
    }
}

/// `POST …/approvals`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Approvals {
    approvals: Vec<SignatureApproval>,
}

/// One approval. `Debug` does not show its signature.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct SignatureApproval {
    signature: String,
    signer: String,
}

impl fmt::Debug for SignatureApproval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignatureApproval").field("signer", &self.signer).finish_non_exhaustive()
    }
}

impl Approvals {
    /// One signature of one signer.
    pub fn one(signature: String, signer: &Locator) -> Self {
        let approval = SignatureApproval { signature, signer: signer.to_string() };
        Self { approvals: [approval].into() }
    }
}

/// `POST /wallets/{wallet}/signatures` of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SignMessage {
    #[serde(rename = "type")]
    request_type: &'static str,
    params: MessageParams,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct MessageParams {
    message: String,
    signer: String,
    chain: &'static str,
}

impl SignMessage {
    /// A message on an EVM chain.
    pub fn new(message: impl Into<String>, signer: &Locator, chain: ChainId) -> Self {
        Self {
            request_type: "message",
            params: MessageParams {
                message: message.into(),
                signer: signer.to_string(),
                chain: chain.as_str(),
            },
        }
    }
}

/// `POST /wallets/{wallet}/signatures` of typed data.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SignTypedData {
    #[serde(rename = "type")]
    request_type: &'static str,
    params: TypedDataParams,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct TypedDataParams {
    typed_data: TypedData,
    signer: String,
    chain: &'static str,
}

/// EIP-712 typed data. An integer from 2^53 on must be a text (`"9007199254740993"` or `"0x20000000000001"`), for a
/// service that reads numbers as doubles signs another one; the request is refused.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TypedData {
    /// The domain.
    #[serde(serialize_with = "exactly")]
    pub domain: Json,
    /// The message.
    #[serde(serialize_with = "exactly")]
    pub message: Json,
    /// The name of the message's type.
    pub primary_type: String,
    /// The struct types.
    pub types: Json,
}

impl SignTypedData {
    /// Typed data on an EVM chain.
    pub fn new(typed_data: TypedData, signer: &Locator, chain: ChainId) -> Self {
        Self {
            request_type: "typed-data",
            params: TypedDataParams {
                typed_data,
                signer: signer.to_string(),
                chain: chain.as_str(),
            },
        }
    }
}
