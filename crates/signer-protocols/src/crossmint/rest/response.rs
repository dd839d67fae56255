use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use serde::de::Error;
use serde::{Deserialize, Deserializer};

use super::Json;

/// Reads a type from any JSON value. Members of another shape than expected read as absent, because an answer must not
/// become unreadable by a signer, an approval or a state that this version does not know.
macro_rules! read_leniently {
    ($type:ty, $rule:literal) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let answer = Json::deserialize(deserializer)?;
                Self::read(&answer).ok_or_else(|| D::Error::custom($rule))
            }
        }
    };
}

fn text(value: &Json, name: &str) -> Option<String> {
    value.member(name)?.as_str().map(Into::into)
}

/// A member that is neither absent nor `null`.
fn any(value: &Json, name: &str) -> Option<Json> {
    value.member(name).filter(|member| **member != Json::Null).cloned()
}

/// The items of an array, each read alone.
fn items<T>(value: Option<&Json>, read: impl Fn(&Json) -> T) -> Vec<T> {
    value.and_then(Json::as_array).unwrap_or_default().iter().map(read).collect()
}

/// A wallet.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Wallet {
    /// `evm`, `solana` or `stellar`.
    pub chain_type: String,
    /// `smart`
    pub wallet_type: String,
    /// Its address.
    pub address: String,
    /// Its signers.
    pub config: WalletConfig,
    /// The owner's locator.
    pub owner: Option<String>,
    /// The alias.
    pub alias: Option<String>,
    /// When it was made.
    pub created_at: Option<Timestamp>,
}

impl Wallet {
    /// Reads a wallet. `None` without a chain type or an address.
    pub fn read(answer: &Json) -> Option<Self> {
        let config = answer.member("config");
        let admin = config.and_then(|config| config.member("adminSigner"));
        let delegated = config.and_then(|config| config.member("delegatedSigners"));
        Some(Self {
            chain_type: text(answer, "chainType")?,
            wallet_type: text(answer, "type").unwrap_or_default(),
            address: text(answer, "address")?,
            config: WalletConfig {
                admin_signer: admin.filter(|admin| admin.is_object()).map(SignerReference::read),
                delegated_signers: items(delegated, SignerReference::read),
            },
            owner: text(answer, "owner"),
            alias: text(answer, "alias"),
            created_at: Timestamp::read(answer),
        })
    }
}

read_leniently!(Wallet, "a wallet must have a chainType and an address");

/// The signers of a wallet.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct WalletConfig {
    /// The admin signer.
    pub admin_signer: Option<SignerReference>,
    /// The further signers.
    pub delegated_signers: Vec<SignerReference>,
}

/// A signer as the API names it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignerReference {
    /// `server`, `api-key`, `external-wallet`, …
    pub signer_type: Option<String>,
    /// Its address.
    pub address: Option<String>,
    /// Its locator, e.g. `server:0x…`.
    pub locator: Option<String>,
}

impl SignerReference {
    /// Reads a signer of any shape.
    pub fn read(value: &Json) -> Self {
        Self {
            signer_type: text(value, "type"),
            address: text(value, "address"),
            locator: text(value, "locator"),
        }
    }

    /// The name for a person: the locator, else the type with the address, else the type.
    pub fn name(&self) -> Option<String> {
        self.locator.clone().or_else(|| {
            let kind = self.signer_type.clone()?;
            Some(match &self.address {
                Some(address) => alloc::format!("{kind}:{address}"),
                None => kind,
            })
        })
    }
}

/// A time: the API gives a number or a string.
#[derive(Clone, Debug, PartialEq)]
pub enum Timestamp {
    /// A number, as sent.
    Number(f64),
    /// A text, as sent.
    Text(String),
}

impl Timestamp {
    #[allow(clippy::cast_precision_loss, reason = "no time has that many milliseconds")]
    fn read(answer: &Json) -> Option<Self> {
        match answer.member("createdAt")? {
            Json::Unsigned(number) => Some(Self::Number(*number as f64)),
            Json::Signed(number) => Some(Self::Number(*number as f64)),
            Json::Number(number) => Some(Self::Number(*number)),
            Json::String(text) => Some(Self::Text(text.clone())),
            _ => None,
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
    /// A state that this version does not know. Empty if the answer has none.
    Other(String),
}

impl Status {
    fn read(answer: &Json) -> Option<Self> {
        answer.member("status")?.as_str().map(Self::from)
    }
}

impl From<&str> for Status {
    fn from(text: &str) -> Self {
        match text {
            "awaiting-approval" => Self::AwaitingApproval,
            "pending" => Self::Pending,
            "success" => Self::Success,
            "failed" => Self::Failed,
            other => Self::Other(other.into()),
        }
    }
}

/// A transaction.
#[derive(Clone, Debug, PartialEq)]
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
    /// The request as the service understood it.
    pub params: Option<Json>,
    /// The part that goes on chain.
    pub on_chain: Option<OnChain>,
    /// The approvals.
    pub approvals: ApprovalsState,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// The cause of a failure.
    pub error: Option<Json>,
}

impl TransactionResponse {
    /// Reads a transaction. `None` without an id.
    pub fn read(answer: &Json) -> Option<Self> {
        Some(Self {
            id: text(answer, "id").filter(|id| !id.is_empty())?,
            status: Status::read(answer).unwrap_or_else(|| Status::Other(String::new())),
            chain_type: text(answer, "chainType"),
            wallet_type: text(answer, "walletType"),
            params: any(answer, "params"),
            on_chain: OnChain::read(answer),
            approvals: ApprovalsState::read(answer),
            created_at: Timestamp::read(answer),
            error: any(answer, "error"),
        })
    }
}

read_leniently!(TransactionResponse, "a transaction must have an id");

/// The part of a transaction that goes on chain.
#[derive(Clone, Debug, Default, PartialEq)]
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
    fn read(answer: &Json) -> Option<Self> {
        let on_chain = answer.member("onChain").filter(|it| it.is_object())?;
        Some(Self {
            transaction: any(on_chain, "transaction"),
            tx_id: text(on_chain, "txId"),
            tx_hash: text(on_chain, "txHash"),
        })
    }

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

/// The approvals of a transaction or a signature.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ApprovalsState {
    /// Not yet approved.
    pub pending: Vec<PendingApproval>,
    /// Approved.
    pub submitted: Vec<ApprovalStatus>,
}

impl ApprovalsState {
    fn read(answer: &Json) -> Self {
        let list = |name| answer.member("approvals").and_then(|approvals| approvals.member(name));
        Self {
            pending: items(list("pending"), PendingApproval::read),
            submitted: items(list("submitted"), ApprovalStatus::read),
        }
    }
}

/// An approval that is waited for.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct PendingApproval {
    /// The signer that has to approve.
    pub signer: SignerReference,
    /// The text to sign, in the form of the chain type. The entry of a quorum has none.
    pub message: Option<String>,
}

impl PendingApproval {
    fn read(value: &Json) -> Self {
        let signer = value.member("signer").map(SignerReference::read).unwrap_or_default();
        Self { signer, message: text(value, "message") }
    }
}

/// An approval that was given.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ApprovalStatus {
    /// The signer that approved.
    pub signer: Option<SignerReference>,
    /// The signature, if it is a text.
    pub signature: Option<String>,
}

impl ApprovalStatus {
    fn read(value: &Json) -> Self {
        let signer = value.member("signer").filter(|it| it.is_object());
        Self { signer: signer.map(SignerReference::read), signature: text(value, "signature") }
    }
}

/// A signature of a message or of typed data.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SignatureResponse {
    /// Its id.
    pub id: String,
    /// Its state.
    pub status: Status,
    /// The signature of the wallet, once it is there.
    pub output_signature: Option<String>,
    /// The approvals.
    pub approvals: ApprovalsState,
    /// When it was made.
    pub created_at: Option<Timestamp>,
}

impl SignatureResponse {
    /// Reads a signature. `None` without an id.
    pub fn read(answer: &Json) -> Option<Self> {
        Some(Self {
            id: text(answer, "id").filter(|id| !id.is_empty())?,
            status: Status::read(answer).unwrap_or_else(|| Status::Other(String::new())),
            output_signature: text(answer, "outputSignature"),
            approvals: ApprovalsState::read(answer),
            created_at: Timestamp::read(answer),
        })
    }
}

read_leniently!(SignatureResponse, "a signature must have an id");

/// The answer to `POST /wallets/{wallet}/signers`: the signer, with a transaction (Solana, Stellar) or with a state for
/// each chain (EVM).
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct SignerChange {
    /// The signer that was added.
    pub locator: Option<String>,
    /// The state, if the answer is a transaction itself.
    pub status: Option<Status>,
    /// The transaction to approve.
    pub transaction: Option<TransactionResponse>,
    /// The states by chain.
    pub chains: BTreeMap<String, ChainState>,
}

/// The state of a signer on one chain: an operation to approve, or its outcome.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ChainState {
    /// The id of the operation. A state of success may have none.
    pub id: Option<String>,
    /// Its state.
    pub status: Status,
    /// Whether the operation is a transaction (`onChain` is present), not a signature.
    pub is_transaction: bool,
}

impl SignerChange {
    /// Reads a change of signers of any shape.
    pub fn read(answer: &Json) -> Self {
        let chains = match answer.member("chains") {
            Some(Json::Object(chains)) => chains
                .iter()
                .filter(|(_, state)| state.is_object())
                .map(|(chain, state)| (chain.clone(), ChainState::read(state)))
                .collect(),
            _ => BTreeMap::new(),
        };
        Self {
            locator: text(answer, "locator"),
            status: Status::read(answer),
            transaction: answer
                .member("transaction")
                .and_then(TransactionResponse::read)
                .or_else(|| TransactionResponse::read(answer)),
            chains,
        }
    }
}

impl<'de> Deserialize<'de> for SignerChange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Json::deserialize(deserializer).map(|answer| Self::read(&answer))
    }
}

impl ChainState {
    fn read(state: &Json) -> Self {
        Self {
            id: text(state, "id").filter(|id| !id.is_empty()),
            status: Status::read(state).unwrap_or_else(|| Status::Other(String::new())),
            is_transaction: any(state, "onChain").is_some(),
        }
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
