//! The hashes of a user operation by entry point (section 1.2). Accounts are bound to v0.7; the others are known so that
//! a refusal can name them.

use alloc::vec::Vec;

use signer_core::address::evm::Address;
use signer_core::keccak::keccak256;

use super::user_operation::UserOperation;
use crate::U256;
use crate::evm::abi::word::{Word, from_address, from_uint};
use crate::hex::literal;

const V0_6: Address = Address::from_bytes(literal("5FF137D4b0FDCD49DcA30c7CF57E578a026d2789"));
const V0_7: Address = Address::from_bytes(literal("0000000071727De22E5E9d8BAf0edAc6f37da032"));
const V0_8: Address = Address::from_bytes(literal("4337084D9E255Ff0702461CF8895CE9E3b5Ff108"));

/// A version of the entry point contract of ERC-4337.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EntryPoint {
    /// 0.6
    V0_6,
    /// 0.7
    V0_7,
    /// 0.8
    V0_8,
}

impl EntryPoint {
    /// The contract, the same on every chain.
    pub const fn address(self) -> Address {
        match self {
            Self::V0_6 => V0_6,
            Self::V0_7 => V0_7,
            Self::V0_8 => V0_8,
        }
    }

    /// The version, such as `v0.7`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V0_6 => "v0.6",
            Self::V0_7 => "v0.7",
            Self::V0_8 => "v0.8",
        }
    }

    /// The hash of an operation on a chain. An operation of v0.6 has the paymaster's address and data, without gas limits,
    /// as its `paymasterAndData`.
    pub fn hash(self, operation: &UserOperation, chain_id: u64) -> [u8; 32] {
        match self {
            Self::V0_6 => {
                let paymaster = operation.paymaster.as_ref();
                let paymaster = paymaster.map(|it| [it.address.as_bytes(), &it.data[..]].concat());
                hash_v0_6(operation, &paymaster.unwrap_or_default(), chain_id)
            }
            Self::V0_7 => hash_v0_7(operation, chain_id),
            Self::V0_8 => hash_v0_8(operation, chain_id),
        }
    }

    /// Whether a hash is that of this entry point, also with the paymaster data of v0.7 in an operation of v0.6.
    pub(super) fn has_hash(
        self,
        operation: &UserOperation,
        chain_id: u64,
        hash: &[u8; 32],
    ) -> bool {
        self.hash(operation, chain_id) == *hash
            || self == Self::V0_6
                && hash_v0_6(operation, &paymaster_and_data(operation), chain_id) == *hash
    }
}

fn keccak(parts: &[Word]) -> Word {
    *keccak256(parts.as_flattened()).as_bytes()
}

fn init_code(operation: &UserOperation) -> Vec<u8> {
    let deployment = operation.deployment.as_ref();
    let parts = deployment.map(|it| [it.factory.as_bytes(), &it.factory_data[..]].concat());
    parts.unwrap_or_default()
}

fn paymaster_and_data(operation: &UserOperation) -> Vec<u8> {
    let Some(paymaster) = &operation.paymaster else { return Vec::new() };
    let limits = pack(paymaster.verification_gas_limit, paymaster.post_op_gas_limit);
    [paymaster.address.as_bytes(), &limits[..], &paymaster.data[..]].concat()
}

/// Two integers of 128 bits in one word.
fn pack(high: u128, low: u128) -> Word {
    let mut word = [0; 32];
    let bytes = high.to_be_bytes().into_iter().chain(low.to_be_bytes());
    word.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
    word
}

/// The Keccak-256 of no bytes: most operations have no deployment.
const EMPTY: Word = literal("c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");

fn hash_of(bytes: &[u8]) -> Word {
    if bytes.is_empty() { EMPTY } else { *keccak256(bytes).as_bytes() }
}

fn number(value: impl Into<U256>) -> Word {
    from_uint(value.into())
}

/// The members that v0.7 and v0.8 hash.
fn packed(operation: &UserOperation) -> [Word; 8] {
    [
        from_address(&operation.sender),
        from_uint(operation.nonce),
        hash_of(&init_code(operation)),
        hash_of(&operation.call_data),
        pack(operation.verification_gas_limit, operation.call_gas_limit),
        from_uint(operation.pre_verification_gas),
        pack(operation.max_priority_fee_per_gas, operation.max_fee_per_gas),
        hash_of(&paymaster_and_data(operation)),
    ]
}

fn hash_v0_7(operation: &UserOperation, chain_id: u64) -> Word {
    keccak(&[keccak(&packed(operation)), from_address(&V0_7), number(chain_id)])
}

fn hash_v0_6(operation: &UserOperation, paymaster_and_data: &[u8], chain_id: u64) -> Word {
    let inner = keccak(&[
        from_address(&operation.sender),
        from_uint(operation.nonce),
        hash_of(&init_code(operation)),
        hash_of(&operation.call_data),
        number(operation.call_gas_limit),
        number(operation.verification_gas_limit),
        from_uint(operation.pre_verification_gas),
        number(operation.max_fee_per_gas),
        number(operation.max_priority_fee_per_gas),
        hash_of(paymaster_and_data),
    ]);
    keccak(&[inner, from_address(&V0_6), number(chain_id)])
}

const PACKED_USER_OPERATION: &str = "PackedUserOperation(address sender,uint256 nonce,bytes initCode,bytes callData,bytes32 accountGasLimits,uint256 preVerificationGas,bytes32 gasFees,bytes paymasterAndData)";

fn hash_v0_8(operation: &UserOperation, chain_id: u64) -> Word {
    let mut members = alloc::vec![hash_of(PACKED_USER_OPERATION.as_bytes())];
    members.extend(packed(operation));
    let domain = domain_separator("ERC4337", "1", chain_id, &V0_8);
    typed_data_digest(&domain, &keccak(&members))
}

/// `hashStruct` of an EIP-712 domain with a name, a version, a chain id and a contract.
pub(super) fn domain_separator(
    name: &str,
    version: &str,
    chain_id: u64,
    contract: &Address,
) -> Word {
    const TYPE: &str =
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";
    keccak(&[
        hash_of(TYPE.as_bytes()),
        hash_of(name.as_bytes()),
        hash_of(version.as_bytes()),
        number(chain_id),
        from_address(contract),
    ])
}

/// The digest of EIP-712.
pub(super) fn typed_data_digest(domain_separator: &Word, message_hash: &Word) -> Word {
    let parts = [b"\x19\x01", &domain_separator[..], &message_hash[..]];
    hash_of(&parts.concat())
}
