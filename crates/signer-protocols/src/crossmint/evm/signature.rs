//! The digest that an owner signs for a signature of a Kernel account (section 2).

use signer_core::address::evm::Address;
use signer_core::keccak::keccak256;

use super::entry_point::{domain_separator, typed_data_digest};
use super::kernel_version::KernelVersion;

/// Wraps the digest of a message or of typed data as the account does: EIP-712 of `Kernel(bytes32 hash)` in the domain of
/// this wallet on this chain. The owner signs the result as a personal message.
///
/// ```
/// use signer_protocols::crossmint::evm::{KernelVersion, wrap};
/// use signer_protocols::signer_core::address::evm::Address;
/// use signer_protocols::signer_core::keccak::eip191_digest;
///
/// let wallet = Address::from_bytes([9; 20]);
/// let digest = eip191_digest(b"hello");
/// let message = wrap(KernelVersion::V0_3_3, 84_532, &wallet, digest.as_bytes());
/// assert_ne!(message, wrap(KernelVersion::V0_3_1, 84_532, &wallet, digest.as_bytes()));
/// ```
pub fn wrap(
    version: KernelVersion,
    chain_id: u64,
    wallet: &Address,
    digest: &[u8; 32],
) -> [u8; 32] {
    let type_hash = keccak256(b"Kernel(bytes32 hash)");
    let message_hash = keccak256([*type_hash.as_bytes(), *digest].as_flattened());
    let domain = domain_separator("Kernel", version.domain_version(), chain_id, wallet);
    typed_data_digest(&domain, message_hash.as_bytes())
}
