use alloc::string::String;
use alloc::vec::Vec;

use serde::de::Error;
use serde::{Deserialize, Deserializer};

use super::Json;

/// A wallet.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Wallet {
    /// `evm`, `solana` or `stellar`.
    pub chain_type: String,
    /// `smart`
    #[serde(rename = "type")]
    pub wallet_type: String,
    /// Its address.
    pub address: String,
    /// Its signers.
    #[serde(default)]
    pub config: WalletConfig,
    /// The owner's locator.
    pub owner: Option<String>,
    /// The alias.
    pub alias: Option<String>,
    /// When it was made.
    pub created_at: Option<Timestamp>,
}

/// The signers of a wallet.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct WalletConfig {
    /// The admin signer.
    pub admin_signer: Option<SignerReference>,
    /// The further signers.
    #[serde(default)]
    pub delegated_signers: Vec<SignerReference>,
}

/// A signer as the API names it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct SignerReference {
    /// `server`, `api-key`, `external-wallet`, …
    #[serde(rename = "type")]
    pub signer_type: Option<String>,
    /// Its address.
    pub address: Option<String>,
    /// Its locator, e.g. `server:0x…`.
    pub locator: Option<String>,
}

/// A time: the API gives a number or a string.
#[derive(Clone, Debug, PartialEq)]
pub enum Timestamp {
    /// A number, as sent.
    Number(f64),
    /// A text, as sent.
    Text(String),
}

impl<'de> Deserialize<'de> for Timestamp {
    #[allow(clippy::cast_precision_loss, reason = "no time has that many milliseconds")]
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Json::deserialize(deserializer)? {
            Json::Unsigned(number) => Ok(Self::Number(number as f64)),
            Json::Signed(number) => Ok(Self::Number(number as f64)),
            Json::Number(number) => Ok(Self::Number(number)),
            Json::String(text) => Ok(Self::Text(text)),
            _ => Err(D::Error::custom("a time must be a number or a text")),
        }
    }
}

/// The state of a transaction or a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Status {
    /// A signer has to approve.
    AwaitingApproval,
    /// On its way.
    Pending,
    /// Done.
    Success,
    /// Failed for good.
    Failed,
    /// A state that this version does not know.
    Other(String),
}

impl<'de> Deserialize<'de> for Status {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Ok(match text.as_str() {
            "awaiting-approval" => Self::AwaitingApproval,
            "pending" => Self::Pending,
            "success" => Self::Success,
            "failed" => Self::Failed,
            _ => Self::Other(text),
        })
    }
}

/// A transaction.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct TransactionResponse {
    /// Its id.
    pub id: String,
    /// Its state.
    pub status: Status,
    /// `evm`, `solana` or `stellar`.
    pub chain_type: Option<String>,
    /// `smart`
    pub wallet_type: Option<String>,
    /// What was asked, as the service understood it.
    pub params: Option<Json>,
    /// What goes on chain.
    pub on_chain: Option<OnChain>,
    /// Who has to approve, and who did.
    #[serde(default)]
    pub approvals: ApprovalsState,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// Why it failed.
    pub error: Option<Json>,
}

/// What goes on chain.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct OnChain {
    /// On Solana, the transaction to approve: base58 of its wire form. On Stellar an object.
    pub transaction: Option<Json>,
    /// The transaction's hash, under one of its names.
    pub tx_id: Option<String>,
    /// The transaction's hash, under the other.
    pub tx_hash: Option<String>,
}

impl OnChain {
    /// On Solana, the transaction to approve: base58 of its wire form.
    pub fn solana_transaction(&self) -> Option<&str> {
        match &self.transaction {
            Some(Json::String(text)) => Some(text),
            _ => None,
        }
    }

    /// The transaction's hash, under either of its names.
    pub fn hash(&self) -> Option<&str> {
        self.tx_id.as_deref().or(self.tx_hash.as_deref())
    }
}

/// Who has to approve, and who did.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct ApprovalsState {
    /// Not yet approved.
    #[serde(default)]
    pub pending: Vec<PendingApproval>,
    /// Approved.
    #[serde(default)]
    pub submitted: Vec<ApprovalStatus>,
}

/// An approval that is waited for.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct PendingApproval {
    /// Who has to approve.
    pub signer: SignerReference,
    /// What is to be signed, in the text form of the chain type.
    pub message: String,
}

/// An approval that was given.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct ApprovalStatus {
    /// Who approved.
    pub signer: Option<SignerReference>,
    /// The signature.
    pub signature: Option<String>,
}

/// A signature of a message or of typed data.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SignatureResponse {
    /// Its id.
    pub id: String,
    /// Its state.
    pub status: Status,
    /// The signature of the wallet, once it is there.
    pub output_signature: Option<String>,
    /// Who has to approve, and who did.
    #[serde(default)]
    pub approvals: ApprovalsState,
    /// When it was made.
    pub created_at: Option<Timestamp>,
}

/// The answer to `POST /wallets/{wallet}/signers`, in the forms that were seen: a transaction, at the top or inside,
/// or on EVM a signature for each chain.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct SignerChange {
    /// The signer that it is about.
    pub locator: Option<String>,
    /// The id of the transaction to approve, where the answer is one.
    pub id: Option<String>,
    /// Its state.
    pub status: Option<Status>,
    /// Who has to approve it.
    #[serde(default)]
    pub approvals: ApprovalsState,
    /// What goes on chain.
    #[serde(rename = "onChain")]
    pub on_chain: Option<OnChain>,
    /// The transaction to approve, where it stands inside.
    pub transaction: Option<TransactionResponse>,
    /// The signatures to approve, by chain.
    #[serde(default)]
    pub chains: alloc::collections::BTreeMap<String, ChainState>,
}

/// The state of a signer on one chain: a signature to approve, or what became of it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct ChainState {
    /// The id of the signature; what has succeeded may have none.
    pub id: Option<String>,
    /// Its state.
    pub status: Status,
    /// Who has to approve, and who did.
    #[serde(default)]
    pub approvals: ApprovalsState,
}

impl SignerChange {
    /// The transaction to approve, wherever it stands.
    pub fn into_transaction(self) -> Option<TransactionResponse> {
        let Self { id, status, approvals, on_chain, transaction, .. } = self;
        transaction.or_else(|| {
            Some(TransactionResponse {
                id: id?,
                status: status?,
                chain_type: None,
                wallet_type: None,
                params: None,
                on_chain,
                approvals,
                created_at: None,
                error: None,
            })
        })
    }
}

/// An error of the API.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct ApiError {
    /// `true`, or an object with a reason (status 422).
    pub error: Json,
    /// For people.
    pub message: Option<String>,
    /// For programs.
    pub code: Option<String>,
}
