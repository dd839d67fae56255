//! Approvals on EVM: user operations and signatures of Kernel accounts, decoded, hashed, and compared with the request.
//!
//! [`verify`] is the entry point. The other items build the same bytes, for a service or an emulator of it: a
//! [`UserOperation`] with its [`hash`](UserOperation::hash), [`encode_execute`] for its calls, [`deployment`] for its first
//! operation, [`wrap`] for signatures.

mod chain_ids;
mod compare;
mod content;
mod entry_point;
mod facts;
mod factory;
mod kernel;
mod kernel_version;
mod nonce;
mod operation;
mod request;
mod signature;
mod signed_data;
mod signer_change;
mod transfer;
mod user_operation;

pub use chain_ids::chain_id;
pub use entry_point::EntryPoint;
pub use factory::{META_FACTORY, account_address, deployment, factory_data};
pub use kernel::{Call, encode_execute};
pub use kernel_version::KernelVersion;
pub use nonce::Nonce;
pub use signature::wrap;
pub use signer_change::{encode_installation, encode_removal};
pub use user_operation::{Deployment, Paymaster, UserOperation, UserOperationError};

use super::verify::{Context, Operation, Request, Verification};
use crate::Json;

/// Verifies an answer against the request that was sent.
///
/// The verdict is [`AsRequested`](super::verify::Verdict::AsRequested) if the pending hash is that of the user operation in
/// the answer on the caller's chain, and the operation makes exactly the requested calls from the caller's wallet within
/// the bound on gas; or if it is the hash of the requested message or typed data for this wallet and chain. The cost is
/// about that of the Keccak-256 of the call data.
///
/// Not verified, because the answer does not show it: whether a deployed wallet has other owners or modules, the terms of
/// a paymaster, and whether the operation is sent.
pub fn verify(request: &Request, answer: &Json, context: &Context<'_>) -> Verification {
    match request.operation() {
        Operation::Signature => signed_data::verify(request, answer, context),
        _ => operation::verify(request, answer, context),
    }
}
