use sha2::{Digest, Sha256};
use signer_core::address::stellar::ContractAddress;

use super::super::Environment;
use super::xdr::InvocationTree;

/// The passphrase of the public network.
pub const PUBLIC_NETWORK: &str = "Public Global Stellar Network ; September 2015";
/// The passphrase of the test network.
pub const TEST_NETWORK: &str = "Test SDF Network ; September 2015";

const ENVELOPE_TYPE_CONTRACT_ID: u32 = 8;
const ENVELOPE_TYPE_SOROBAN_AUTHORIZATION: u32 = 9;

/// The network of an environment: production uses the public one, every other environment the test network.
pub const fn network_passphrase(environment: Environment) -> &'static str {
    match environment {
        Environment::Production => PUBLIC_NETWORK,
        Environment::Staging | Environment::Development => TEST_NETWORK,
    }
}

/// The 32 bytes that a wallet's signer signs: SHA-256 of `HashIDPreimage` with `ENVELOPE_TYPE_SOROBAN_AUTHORIZATION`.
///
/// The address that authorizes is not a part of it.
///
/// ```
/// use signer_protocols::crossmint::stellar::xdr::{Invocation, InvocationTree};
/// use signer_protocols::crossmint::stellar::{TEST_NETWORK, authorization_payload};
/// use signer_protocols::signer_core::address::stellar::ContractAddress;
///
/// let contract = ContractAddress::from_bytes([7; 32]);
/// let root = InvocationTree::leaf(Invocation::new(contract, "claim", Vec::new()));
/// let payload = authorization_payload(TEST_NETWORK, 1, 50_000_000, &root);
/// assert_ne!(payload, authorization_payload(TEST_NETWORK, 2, 50_000_000, &root));
/// ```
pub fn authorization_payload(
    passphrase: &str,
    nonce: i64,
    expiration_ledger: u32,
    root: &InvocationTree,
) -> [u8; 32] {
    Sha256::new()
        .chain_update(ENVELOPE_TYPE_SOROBAN_AUTHORIZATION.to_be_bytes())
        .chain_update(Sha256::digest(passphrase))
        .chain_update(nonce.to_be_bytes())
        .chain_update(expiration_ledger.to_be_bytes())
        .chain_update(root.encode())
        .finalize()
        .into()
}

/// The contract of the native asset (XLM) on a network.
pub fn native_contract(passphrase: &str) -> ContractAddress {
    let from_asset = 1_u32;
    let native = 0_u32;
    let id = Sha256::new()
        .chain_update(ENVELOPE_TYPE_CONTRACT_ID.to_be_bytes())
        .chain_update(Sha256::digest(passphrase))
        .chain_update(from_asset.to_be_bytes())
        .chain_update(native.to_be_bytes())
        .finalize();
    ContractAddress::from_bytes(id.into())
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    /// Both contracts as the vectors' transfers of XLM name them.
    #[test]
    fn the_contract_of_xlm_is_that_of_each_network() {
        let test = "CDLZFC3SYJYDZT7K67VZ75HPJVIEUVNIXF47ZG2FB2RMQQVU2HHGCYSC";
        let public = "CAS3J7GYLGXMF6TDJBBYYSE3HQ6BBSMLNUQ34T6TZMYMW2EVH34XOWMA";
        assert_eq!(native_contract(TEST_NETWORK).to_string(), test);
        assert_eq!(native_contract(PUBLIC_NETWORK).to_string(), public);
    }
}
