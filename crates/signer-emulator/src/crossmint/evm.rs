//! EVM wallets: Kernel accounts (ERC-7579) and their user operations (ERC-4337, entry point 0.7).
//!
//! Three recorded user operations and one recorded signature give the form: unpacked members, quantities without leading
//! zeros, a paymaster, the root validator in the nonce, the meta factory with a salt of 16 zero bytes and 16 others, and
//! the wrapping of typed data. All of it is encoded here from the specification page, not by the verifier's code, so that
//! tests hold one against the other. Inferred: the owner of wallets whose admin is no `server` signer, the calls that add
//! and remove signers, and `Enable` for those that are added without `deployImmediately`.

mod account;
mod call;
mod chain;
mod permission;
mod tampered;
mod user_operation;

pub(super) use self::account::{Account, Nonce};
pub use self::account::{KernelVersion, KernelVersionError};
pub(super) use self::call::{Call, calls_of};
pub(super) use self::chain::chain_id;
pub(super) use self::permission::Permission;
pub(super) use self::user_operation::build;

use signer_core::address::evm::Address;
use signer_core::keccak::keccak256;

/// The first four bytes of the hash of a signature, and the arguments.
fn encode_function(signature: &str, arguments: &[signer_protocols::evm::abi::Value]) -> Vec<u8> {
    let mut data = signer_protocols::evm::abi::selector(signature).to_vec();
    data.extend(signer_protocols::evm::abi::encode(arguments));
    data
}

fn keccak(parts: &[&[u8]]) -> [u8; 32] {
    *keccak256(&parts.concat()).as_bytes()
}

/// 20 bytes of a word that ends with an address.
fn last_20(word: &[u8; 32]) -> Address {
    let mut bytes = [0; 20];
    bytes.iter_mut().rev().zip(word.iter().rev()).for_each(|(to, from)| *to = *from);
    Address::from_bytes(bytes)
}
