//! The versions of the Kernel account that the service deploys, with their contracts (table of section 1.6).

use signer_core::address::evm::Address;

use crate::hex::literal;

/// A version of the Kernel account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KernelVersion {
    /// 0.3.0
    V0_3_0,
    /// 0.3.1
    V0_3_1,
    /// 0.3.2
    V0_3_2,
    /// 0.3.3
    V0_3_3,
}

const FACTORY_0_3_0: Address =
    Address::from_bytes(literal("6723b44Abeec4E71eBE3232BD5B455805baDD22f"));
const FACTORY_0_3_1: Address =
    Address::from_bytes(literal("aac5D4240AF87249B3f71BC8E4A2cae074A3E419"));
const FACTORY_0_3_2: Address =
    Address::from_bytes(literal("7a1dBAB750f12a90EB1B60D2Ae3aD17D4D81EfFe"));
const FACTORY_0_3_3: Address =
    Address::from_bytes(literal("2577507b78c2008Ff367261CB6285d44ba5eF2E9"));

const INIT_CODE_HASH_0_3_0: [u8; 32] =
    literal("6fe6e6ea30eddce942b9618033ab8429f9ddac594053bec8a6744fffc71976e2");
const INIT_CODE_HASH_0_3_1: [u8; 32] =
    literal("85d96aa1c9a65886d094915d76ccae85f14027a02c1647dde659f869460f03e6");
const INIT_CODE_HASH_0_3_2: [u8; 32] =
    literal("c7c48c9dd12de68b8a4689b6f8c8c07b61d4d6fa4ddecdd86a6980d045fa67eb");
const INIT_CODE_HASH_0_3_3: [u8; 32] =
    literal("c452397f1e7518f8cea0566ac057e243bb1643f6298aba8eec8cdee78ee3b3dd");

const VALIDATOR_0_3_0: Address =
    Address::from_bytes(literal("8104e3Ad430EA6d354d013A6789fDFc71E671c43"));
const VALIDATOR_0_3_1: Address =
    Address::from_bytes(literal("845ADb2C711129d4f3966735eD98a9F09fC4cE57"));

impl KernelVersion {
    /// All versions, the oldest first.
    pub const ALL: [Self; 4] = [Self::V0_3_0, Self::V0_3_1, Self::V0_3_2, Self::V0_3_3];

    /// The number, such as `0.3.1`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V0_3_0 => "0.3.0",
            Self::V0_3_1 => "0.3.1",
            Self::V0_3_2 => "0.3.2",
            Self::V0_3_3 => "0.3.3",
        }
    }

    /// The version in the EIP-712 domain of the account: `0.3.0-beta` for 0.3.0, else the number.
    pub const fn domain_version(self) -> &'static str {
        match self {
            Self::V0_3_0 => "0.3.0-beta",
            _ => self.as_str(),
        }
    }

    /// The factory that deploys accounts of this version.
    pub const fn factory(self) -> Address {
        match self {
            Self::V0_3_0 => FACTORY_0_3_0,
            Self::V0_3_1 => FACTORY_0_3_1,
            Self::V0_3_2 => FACTORY_0_3_2,
            Self::V0_3_3 => FACTORY_0_3_3,
        }
    }

    /// The version that a factory deploys.
    pub fn from_factory(factory: &Address) -> Option<Self> {
        Self::ALL.into_iter().find(|version| version.factory() == *factory)
    }

    /// The Keccak-256 of the init code with which the factory calls CREATE2.
    pub const fn init_code_hash(self) -> [u8; 32] {
        match self {
            Self::V0_3_0 => INIT_CODE_HASH_0_3_0,
            Self::V0_3_1 => INIT_CODE_HASH_0_3_1,
            Self::V0_3_2 => INIT_CODE_HASH_0_3_2,
            Self::V0_3_3 => INIT_CODE_HASH_0_3_3,
        }
    }

    /// The validator that checks the signatures of an owner's secp256k1 key.
    pub const fn ecdsa_validator(self) -> Address {
        match self {
            Self::V0_3_0 => VALIDATOR_0_3_0,
            _ => VALIDATOR_0_3_1,
        }
    }

    /// Whether `initialize` takes a list of first calls as its last argument.
    pub(super) const fn has_init_config(self) -> bool {
        !matches!(self, Self::V0_3_0)
    }

    /// Whether the account has the function `grantAccess`.
    pub const fn has_grant_access(self) -> bool {
        matches!(self, Self::V0_3_2 | Self::V0_3_3)
    }
}
