//! The types of the REST interface. What a service of tomorrow adds survives: unknown members are kept in `other`,
//! and what looks like an enumeration is a text with known values.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, Serializer, ser};
use signer_core::p256::VerifyingKey;
use signer_protocols::Json;
use signer_protocols::privy::encode_public_key;

/// A member of a change: left alone, cleared (`null`), or set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Update<T> {
    /// It is not sent.
    #[default]
    Keep,
    /// `null` is sent.
    Clear,
    /// A value is sent; an empty list is one.
    Set(T),
}

impl<T> Update<T> {
    const fn is_keep(&self) -> bool {
        matches!(self, Self::Keep)
    }
}

impl<T: Serialize> Serialize for Update<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Keep | Self::Clear => serializer.serialize_none(),
            Self::Set(value) => value.serialize(serializer),
        }
    }
}

impl<T> From<T> for Update<T> {
    fn from(value: T) -> Self {
        Self::Set(value)
    }
}

/// The family of chains of a wallet; any text that the service knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChainType(Cow<'static, str>);

impl ChainType {
    /// `ethereum`
    pub const ETHEREUM: Self = Self(Cow::Borrowed("ethereum"));
    /// `solana`
    pub const SOLANA: Self = Self(Cow::Borrowed("solana"));

    /// Any other.
    pub const fn other(name: String) -> Self {
        Self(Cow::Owned(name))
    }

    /// Its name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Who owns a thing: whoever signs with a key, or a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Owner {
    #[serde(skip_serializing_if = "Option::is_none")]
    public_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<String>,
}

impl Owner {
    /// Whoever signs with the key of this public key.
    pub fn public_key(key: &VerifyingKey) -> Self {
        Self { public_key: Some(encode_public_key(key)), user_id: None }
    }

    /// A user, by the id.
    pub fn user(id: impl Into<String>) -> Self {
        Self { public_key: None, user_id: Some(id.into()) }
    }
}

/// `POST /v1/wallets`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CreateWallet {
    chain_type: ChainType,
    #[serde(skip_serializing_if = "Option::is_none")]
    display_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy_ids: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<Owner>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    additional_signers: Option<Vec<AdditionalSigner>>,
}

/// Who may sign beside the owner: a key quorum, with policies of its own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AdditionalSigner {
    /// The id of the key quorum.
    pub signer_id: String,
    /// Policies that override the wallet's, for this signer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub override_policy_ids: Option<Vec<String>>,
    /// Whatever else the service says.
    #[serde(flatten)]
    pub other: BTreeMap<String, Json>,
}

/// A list that the service may leave out or call null.
fn or_empty<'de, D: serde::Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

impl CreateWallet {
    /// A wallet on a family of chains, that nobody owns but the app.
    pub const fn new(chain_type: ChainType) -> Self {
        Self {
            chain_type,
            display_name: None,
            external_id: None,
            policy_ids: None,
            owner: None,
            owner_id: None,
            additional_signers: None,
        }
    }

    /// Names it.
    #[must_use]
    pub fn display_name(mut self, name: impl Into<String>) -> Self {
        self.display_name = Some(name.into());
        self
    }

    /// Gives it an id of yours.
    #[must_use]
    pub fn external_id(mut self, id: impl Into<String>) -> Self {
        self.external_id = Some(id.into());
        self
    }

    /// Puts it under policies.
    #[must_use]
    pub fn policy_ids(mut self, ids: Vec<String>) -> Self {
        self.policy_ids = Some(ids);
        self
    }

    /// Gives it an owner.
    #[must_use]
    pub fn owner(mut self, owner: Owner) -> Self {
        self.owner = Some(owner);
        self
    }

    /// Gives it a key quorum as its owner.
    #[must_use]
    pub fn owner_id(mut self, id: impl Into<String>) -> Self {
        self.owner_id = Some(id.into());
        self
    }

    /// Lets others sign beside the owner.
    #[must_use]
    pub fn additional_signers(mut self, signers: Vec<AdditionalSigner>) -> Self {
        self.additional_signers = Some(signers);
        self
    }
}

/// `PATCH /v1/wallets/{id}`
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[allow(missing_docs, reason = "the members of a wallet, by their own names")]
pub struct WalletChange {
    #[serde(skip_serializing_if = "Update::is_keep")]
    pub display_name: Update<String>,
    #[serde(skip_serializing_if = "Update::is_keep")]
    pub policy_ids: Update<Vec<String>>,
    #[serde(skip_serializing_if = "Update::is_keep")]
    pub owner: Update<Owner>,
    #[serde(skip_serializing_if = "Update::is_keep")]
    pub owner_id: Update<String>,
    #[serde(skip_serializing_if = "Update::is_keep")]
    pub additional_signers: Update<Vec<AdditionalSigner>>,
}

/// A wallet.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Wallet {
    /// Its id.
    pub id: String,
    /// Its address, in the form of its chains.
    pub address: String,
    /// Its family of chains.
    pub chain_type: ChainType,
    /// The key quorum that owns it.
    pub owner_id: Option<String>,
    /// Its public key, where the service gives it.
    pub public_key: Option<String>,
    /// Its name.
    pub display_name: Option<String>,
    /// The policies that it is under.
    #[serde(default, deserialize_with = "or_empty")]
    pub policy_ids: Vec<String>,
    /// Who may sign beside the owner.
    #[serde(default, deserialize_with = "or_empty")]
    pub additional_signers: Vec<AdditionalSigner>,
    /// Whatever else the service says.
    #[serde(flatten)]
    pub other: BTreeMap<String, Json>,
}

/// The answer to an rpc call.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct RpcResponse {
    /// The method that was called, where the service says it.
    #[serde(default)]
    pub method: String,
    /// What came of it: `signature`, `signed_transaction`, `hash`, `transaction_id`, … as the method has it.
    /// An answer without it is no answer: the outcome of the call is then unknown.
    pub data: BTreeMap<String, Json>,
    /// Whatever else the service says.
    #[serde(flatten)]
    pub other: BTreeMap<String, Json>,
}

impl RpcResponse {
    /// A text of the data, by its name.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.data.get(name) {
            Some(Json::String(text)) => Some(text),
            _ => None,
        }
    }

    /// The signature, of methods that give one.
    pub fn signature(&self) -> Option<&str> {
        self.text("signature")
    }
}

/// `POST /v1/key_quorums`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NewKeyQuorum {
    /// The public keys, in base64 of SPKI DER.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub public_keys: Vec<String>,
    /// The users, by their ids.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub user_ids: Vec<String>,
    /// How many of them must sign. Without it, one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_threshold: Option<u32>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
}

impl NewKeyQuorum {
    /// So many of these keys.
    pub fn of_keys<'a>(threshold: u32, keys: impl IntoIterator<Item = &'a VerifyingKey>) -> Self {
        let public_keys = keys.into_iter().map(encode_public_key).collect();
        Self { public_keys, authorization_threshold: Some(threshold), ..Self::default() }
    }
}

/// `PATCH /v1/key_quorums/{id}`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[allow(missing_docs, reason = "the members of a key quorum, by their own names")]
pub struct KeyQuorumChange {
    #[serde(skip_serializing_if = "Update::is_keep")]
    pub public_keys: Update<Vec<String>>,
    #[serde(skip_serializing_if = "Update::is_keep")]
    pub user_ids: Update<Vec<String>>,
    #[serde(skip_serializing_if = "Update::is_keep")]
    pub authorization_threshold: Update<u32>,
    #[serde(skip_serializing_if = "Update::is_keep")]
    pub display_name: Update<String>,
}

/// A key quorum.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct KeyQuorum {
    /// Its id.
    pub id: String,
    /// How many must sign.
    pub authorization_threshold: Option<u32>,
    /// Its name.
    pub display_name: Option<String>,
    /// Whatever else the service says.
    #[serde(flatten)]
    pub other: BTreeMap<String, Json>,
}

/// `POST /v1/policies`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CreatePolicy {
    /// `1.0`
    pub version: String,
    /// Its name.
    pub name: String,
    /// The family of chains that it is for.
    pub chain_type: ChainType,
    /// The rules, as the service's documents have them. A limit from 2^53 on must be a text.
    #[serde(serialize_with = "exact_rules")]
    pub rules: Vec<Json>,
    /// Who owns it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<Owner>,
}

fn exact_rules<S: Serializer>(rules: &[Json], serializer: S) -> Result<S::Ok, S::Error> {
    if rules.iter().all(Json::is_exact) {
        rules.serialize(serializer)
    } else {
        Err(ser::Error::custom("an integer of a rule is from 2^53 on"))
    }
}

fn exact_rules_update<S: Serializer>(
    rules: &Update<Vec<Json>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match rules {
        Update::Set(rules) => exact_rules(rules, serializer),
        Update::Keep | Update::Clear => rules.serialize(serializer),
    }
}

/// `PATCH /v1/policies/{id}`
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[allow(missing_docs, reason = "the members of a policy, by their own names")]
pub struct PolicyChange {
    #[serde(skip_serializing_if = "Update::is_keep")]
    pub name: Update<String>,
    #[serde(skip_serializing_if = "Update::is_keep", serialize_with = "exact_rules_update")]
    pub rules: Update<Vec<Json>>,
    #[serde(skip_serializing_if = "Update::is_keep")]
    pub owner: Update<Owner>,
    #[serde(skip_serializing_if = "Update::is_keep")]
    pub owner_id: Update<String>,
}

/// A policy.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Policy {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: Option<String>,
    /// The rules.
    #[serde(default, deserialize_with = "or_empty")]
    pub rules: Vec<Json>,
    /// Whatever else the service says.
    #[serde(flatten)]
    pub other: BTreeMap<String, Json>,
}

/// The state of a transaction; any text that the service knows.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct TransactionStatus(String);

impl TransactionStatus {
    /// Its name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is done: `confirmed`, in a block that may still go, or `finalized`, which stays.
    pub fn is_success(&self) -> bool {
        matches!(self.as_str(), "confirmed" | "finalized")
    }

    /// Whether it is not done and will not be: `failed`, `execution_reverted`. Of a `provider_error` nobody says
    /// whether the transaction went out, so it is none of these.
    pub fn is_failure(&self) -> bool {
        matches!(self.as_str(), "failed" | "execution_reverted")
    }

    /// Whether another transaction with the same nonce took its place, as where it was sped up: `replaced`. That one
    /// may have paid; who pays again without a look at it may pay twice.
    pub fn is_replaced(&self) -> bool {
        self.as_str() == "replaced"
    }
}

/// A transaction.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Transaction {
    /// Its id.
    pub id: String,
    /// Its state.
    pub status: TransactionStatus,
    /// Its hash on the chain.
    pub transaction_hash: Option<String>,
    /// The chain.
    pub caip2: Option<String>,
    /// Whatever else the service says.
    #[serde(flatten)]
    pub other: BTreeMap<String, Json>,
}
