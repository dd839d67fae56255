//! Typed bodies of `POST /v1/wallets/{id}/rpc` and `/raw_sign`.
//!
//! Integers are integers. Optional members are left out when absent. What a method does not model
//! is sent with [`AuthorizationRequestBuilder::body_text`](super::AuthorizationRequestBuilder::body_text).

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Serialize, Serializer};

pub use crate::Json;
use crate::any_json::exactly;
use crate::json::TWO_TO_53;

/// A call of the rpc method of a wallet.
///
/// ```
/// use signer_protocols::jcs;
/// use signer_protocols::privy::rpc::RpcRequest;
///
/// let call = RpcRequest::personal_sign("hello");
/// assert_eq!(
///     jcs::to_vec(&call)?,
///     br#"{"chain_type":"ethereum","method":"personal_sign","params":{"encoding":"utf-8","message":"hello"}}"#,
/// );
/// # Ok::<(), jcs::JsonError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum RpcRequest {
    /// Without a broadcast: the method, its chain family and its parameters.
    Sign(Call),
    /// With a broadcast, on the chain that CAIP-2 names. It moves money: send it under an
    /// idempotency key.
    Send(SendCall),
}

/// The members of a call that does not broadcast.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Call {
    chain_type: ChainType,
    #[serde(flatten)]
    method: SignMethod,
}

/// The members of a call that broadcasts.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SendCall {
    chain_type: ChainType,
    caip2: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sponsor: Option<bool>,
    #[serde(flatten)]
    method: SendMethod,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum ChainType {
    Ethereum,
    Solana,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "method", content = "params")]
enum SignMethod {
    #[serde(rename = "personal_sign")]
    PersonalSign { encoding: MessageEncoding, message: String },
    #[serde(rename = "eth_signTransaction")]
    EthSignTransaction { transaction: Box<EthTransaction> },
    #[serde(rename = "eth_signTypedData_v4")]
    EthSignTypedDataV4 { typed_data: TypedData },
    #[serde(rename = "secp256k1_sign")]
    Secp256k1Sign { hash: String },
    #[serde(rename = "eth_sign7702Authorization")]
    EthSign7702Authorization {
        contract: String,
        chain_id: Quantity,
        #[serde(skip_serializing_if = "Option::is_none")]
        nonce: Option<Quantity>,
    },
    #[serde(rename = "signMessage")]
    SolanaSignMessage { encoding: Base64Only, message: String },
    #[serde(rename = "signTransaction")]
    SolanaSignTransaction { transaction: String, encoding: Base64Only },
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "method", content = "params")]
enum SendMethod {
    #[serde(rename = "eth_sendTransaction")]
    EthSendTransaction { transaction: Box<EthTransaction> },
    #[serde(rename = "signAndSendTransaction")]
    SolanaSignAndSendTransaction { transaction: String, encoding: Base64Only },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
enum MessageEncoding {
    #[serde(rename = "utf-8")]
    Utf8,
    #[serde(rename = "hex")]
    Hex,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Base64Only {
    Base64,
}

impl RpcRequest {
    /// `personal_sign` of a text.
    pub fn personal_sign(message: impl Into<String>) -> Self {
        Self::ethereum(SignMethod::PersonalSign {
            message: message.into(),
            encoding: MessageEncoding::Utf8,
        })
    }

    /// `personal_sign` of bytes given in hex, with or without `0x` as the service takes it.
    pub fn personal_sign_hex(message: impl Into<String>) -> Self {
        Self::ethereum(SignMethod::PersonalSign {
            message: message.into(),
            encoding: MessageEncoding::Hex,
        })
    }

    /// `eth_signTransaction`.
    pub fn eth_sign_transaction(transaction: EthTransaction) -> Self {
        Self::ethereum(SignMethod::EthSignTransaction { transaction: Box::new(transaction) })
    }

    /// `eth_sendTransaction` on the chain `caip2`, e.g. `eip155:8453`.
    pub fn eth_send_transaction(caip2: impl Into<String>, transaction: EthTransaction) -> Self {
        Self::Send(SendCall {
            chain_type: ChainType::Ethereum,
            caip2: caip2.into(),
            sponsor: None,
            method: SendMethod::EthSendTransaction { transaction: Box::new(transaction) },
        })
    }

    /// `eth_signTypedData_v4`.
    pub fn eth_sign_typed_data(typed_data: TypedData) -> Self {
        Self::ethereum(SignMethod::EthSignTypedDataV4 { typed_data })
    }

    /// `secp256k1_sign` of a `0x` hash.
    pub fn secp256k1_sign(hash: impl Into<String>) -> Self {
        Self::ethereum(SignMethod::Secp256k1Sign { hash: hash.into() })
    }

    /// `eth_sign7702Authorization`.
    pub fn eth_sign_7702(contract: impl Into<String>, chain_id: u64, nonce: Option<u64>) -> Self {
        Self::ethereum(SignMethod::EthSign7702Authorization {
            contract: contract.into(),
            chain_id: chain_id.into(),
            nonce: nonce.map(Quantity::from),
        })
    }

    /// Solana `signMessage`; the message in base64.
    pub fn solana_sign_message(message: impl Into<String>) -> Self {
        Self::Sign(Call {
            chain_type: ChainType::Solana,
            method: SignMethod::SolanaSignMessage {
                message: message.into(),
                encoding: Base64Only::Base64,
            },
        })
    }

    /// Solana `signTransaction`; the transaction in base64.
    pub fn solana_sign_transaction(transaction: impl Into<String>) -> Self {
        Self::Sign(Call {
            chain_type: ChainType::Solana,
            method: SignMethod::SolanaSignTransaction {
                transaction: transaction.into(),
                encoding: Base64Only::Base64,
            },
        })
    }

    /// Solana `signAndSendTransaction`; the transaction in base64.
    pub fn solana_sign_and_send_transaction(
        caip2: impl Into<String>,
        transaction: impl Into<String>,
    ) -> Self {
        Self::Send(SendCall {
            chain_type: ChainType::Solana,
            caip2: caip2.into(),
            sponsor: None,
            method: SendMethod::SolanaSignAndSendTransaction {
                transaction: transaction.into(),
                encoding: Base64Only::Base64,
            },
        })
    }

    /// Has the service pay the fee of a call that broadcasts.
    #[must_use]
    pub fn sponsored(mut self) -> Self {
        if let Self::Send(call) = &mut self {
            call.sponsor = Some(true);
        }
        self
    }

    /// Whether the call broadcasts, and so may only be retried under an idempotency key.
    pub const fn moves_money(&self) -> bool {
        matches!(self, Self::Send(_))
    }

    const fn ethereum(method: SignMethod) -> Self {
        Self::Sign(Call { chain_type: ChainType::Ethereum, method })
    }
}

/// A number of a transaction: an integer, or a `0x` text where it may pass 2^53.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Quantity {
    /// A JSON integer; from 2^53 on, where it would be another one, it is refused.
    Integer(#[serde(serialize_with = "exact_integer")] u64),
    /// A `0x` hex text.
    Hex(String),
}

/// A text from 2^53 on, where a JSON number would be another one.
impl From<u64> for Quantity {
    fn from(value: u64) -> Self {
        if value < TWO_TO_53 {
            Self::Integer(value)
        } else {
            Self::Hex(alloc::format!("0x{value:x}"))
        }
    }
}

fn exact_integer<S: Serializer>(value: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    exactly(&Json::Unsigned(*value), serializer)
}

/// An EVM transaction; the service fills in what is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[allow(missing_docs, reason = "the members of an EVM transaction, by their own names")]
pub struct EthTransaction {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Quantity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonce: Option<Quantity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chain_id: Option<Quantity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gas_limit: Option<Quantity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gas_price: Option<Quantity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_fee_per_gas: Option<Quantity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_priority_fee_per_gas: Option<Quantity>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub transaction_type: Option<u8>,
}

/// EIP-712 typed data in the service's spelling. An integer from 2^53 on must be a text (`"9007199254740993"` or
/// `"0x20000000000001"`): as a number it would be another one, and the body is refused.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TypedData {
    /// The members of each struct type.
    pub types: BTreeMap<String, Vec<TypedDataField>>,
    /// The name of the type of `message`.
    pub primary_type: String,
    /// The domain.
    #[serde(serialize_with = "exactly")]
    pub domain: Json,
    /// The message.
    #[serde(serialize_with = "exactly")]
    pub message: Json,
}

/// A member of an EIP-712 struct type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TypedDataField {
    /// The member's name.
    pub name: String,
    /// The member's type.
    #[serde(rename = "type")]
    pub field_type: String,
}

/// The body of `POST /v1/wallets/{id}/raw_sign`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RawSign {
    params: RawSignParams,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
enum RawSignParams {
    Hash { hash: String },
    Bytes { bytes: String, encoding: String, hash_function: String },
}

impl RawSign {
    /// Signs a `0x` hash.
    pub fn hash(hash: impl Into<String>) -> Self {
        Self { params: RawSignParams::Hash { hash: hash.into() } }
    }

    /// The hash, where it is one that is signed.
    pub fn as_hash(&self) -> Option<&str> {
        match &self.params {
            RawSignParams::Hash { hash } => Some(hash),
            RawSignParams::Bytes { .. } => None,
        }
    }

    /// Has the service hash `bytes`, given in `encoding`, with `hash_function`, and signs that.
    pub fn bytes(
        bytes: impl Into<String>,
        encoding: impl Into<String>,
        hash_function: impl Into<String>,
    ) -> Self {
        Self {
            params: RawSignParams::Bytes {
                bytes: bytes.into(),
                encoding: encoding.into(),
                hash_function: hash_function.into(),
            },
        }
    }
}
