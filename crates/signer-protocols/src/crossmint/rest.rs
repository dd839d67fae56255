//! The REST types, version `2025-06-09`. Requests serialise to the bodies of the vendor's table;
//! responses ignore members that they do not know and keep unknown states as text.

/// The version in every path.
pub const API_VERSION: &str = "2025-06-09";
/// The header of the API key.
pub const API_KEY_HEADER: &str = "x-api-key";
/// The header of the idempotency key.
pub const IDEMPOTENCY_KEY_HEADER: &str = "x-idempotency-key";

mod request;
mod response;
mod signer;

pub use request::{
    Approvals, CreateWallet, EvmCall, SignMessage, SignTypedData, SignatureApproval, StellarCall,
    Transaction, TransactionRequest, Transfer, TypedData,
};
pub use response::{
    ApiError, ApprovalStatus, ApprovalsState, ChainState, OnChain, PendingApproval,
    SignatureResponse, SignerChange, SignerReference, Status, Timestamp, TransactionResponse,
    Wallet, WalletConfig,
};

pub use signer::{AddSigner, Scope};

pub use crate::Json;
