//! The REST types, version `2025-06-09`. Requests serialise to the bodies of the vendor's table;
//! responses ignore members that they do not know and keep unknown states as text.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

/// The version in every path.
pub const API_VERSION: &str = "2025-06-09";
/// The header of the API key.
pub const API_KEY_HEADER: &str = "x-api-key";
/// The header of the idempotency key.
pub const IDEMPOTENCY_KEY_HEADER: &str = "x-idempotency-key";

mod request;
mod response;

pub use request::{
    AddSigner, Approvals, CreateWallet, EvmCall, SignMessage, SignTypedData, SignatureApproval,
    StellarCall, Transaction, TransactionRequest, Transfer, TypedData,
};
pub use response::{
    ApiError, ApprovalStatus, ApprovalsState, OnChain, PendingApproval, SignatureResponse,
    SignerReference, Status, Timestamp, TransactionResponse, Wallet, WalletConfig,
};

/// A JSON value of any shape, for members that pass through.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Json {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// An integer of 64 bits.
    Unsigned(u64),
    /// A negative integer.
    Signed(i64),
    /// Any other number.
    Number(f64),
    /// A string.
    String(String),
    /// An array.
    Array(Vec<Json>),
    /// An object.
    Object(alloc::collections::BTreeMap<String, Json>),
}
