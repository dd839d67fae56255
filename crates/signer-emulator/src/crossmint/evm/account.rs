//! A Kernel account: its factory data, its CREATE2 address, and the wrapping of ERC-1271. Section 1.6 and 2 of the
//! specification page.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use signer_core::address::evm::Address;
use signer_core::keccak::keccak256;
use signer_protocols::U256;
use signer_protocols::evm::abi::{Value, word};

use super::super::operation::random_bytes;
use super::super::signer::Signer;
use super::{encode_function, keccak, last_20};

/// A release of the Kernel account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum KernelVersion {
    /// 0.3.0, whose EIP-712 version is `0.3.0-beta`.
    V0_3_0,
    /// 0.3.1; it cannot grant a selector to a permission.
    V0_3_1,
    /// 0.3.2.
    V0_3_2,
    /// 0.3.3, as the newest recorded answers have it.
    #[default]
    V0_3_3,
}

/// The text is not `0.3.0`, `0.3.1`, `0.3.2` or `0.3.3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a version of Kernel is 0.3.0, 0.3.1, 0.3.2 or 0.3.3")]
pub struct KernelVersionError;

impl FromStr for KernelVersion {
    type Err = KernelVersionError;

    fn from_str(text: &str) -> Result<Self, KernelVersionError> {
        let all = [Self::V0_3_0, Self::V0_3_1, Self::V0_3_2, Self::V0_3_3];
        all.into_iter().find(|it| it.to_string() == text).ok_or(KernelVersionError)
    }
}

impl fmt::Display for KernelVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V0_3_0 => "0.3.0",
            Self::V0_3_1 => "0.3.1",
            Self::V0_3_2 => "0.3.2",
            Self::V0_3_3 => "0.3.3",
        })
    }
}

pub(super) const META_FACTORY: &str = "0xd703aaE79538628d27099B8c4f621bE4CCd142d5";
const PASSKEY_VALIDATOR: &str = "0xbA45a2BFb8De3D24cA9D7F1B551E14dFF5d690Fd";

impl KernelVersion {
    const fn eip712(self) -> &'static str {
        match self {
            Self::V0_3_0 => "0.3.0-beta",
            Self::V0_3_1 => "0.3.1",
            Self::V0_3_2 => "0.3.2",
            Self::V0_3_3 => "0.3.3",
        }
    }

    fn factory(self) -> Address {
        address(match self {
            Self::V0_3_0 => "0x6723b44Abeec4E71eBE3232BD5B455805baDD22f",
            Self::V0_3_1 => "0xaac5D4240AF87249B3f71BC8E4A2cae074A3E419",
            Self::V0_3_2 => "0x7a1dBAB750f12a90EB1B60D2Ae3aD17D4D81EfFe",
            Self::V0_3_3 => "0x2577507b78c2008Ff367261CB6285d44ba5eF2E9",
        })
    }

    fn init_code_hash(self) -> [u8; 32] {
        let hex = match self {
            Self::V0_3_0 => "0x6fe6e6ea30eddce942b9618033ab8429f9ddac594053bec8a6744fffc71976e2",
            Self::V0_3_1 => "0x85d96aa1c9a65886d094915d76ccae85f14027a02c1647dde659f869460f03e6",
            Self::V0_3_2 => "0xc7c48c9dd12de68b8a4689b6f8c8c07b61d4d6fa4ddecdd86a6980d045fa67eb",
            Self::V0_3_3 => "0xc452397f1e7518f8cea0566ac057e243bb1643f6298aba8eec8cdee78ee3b3dd",
        };
        U256::from_hex(hex).unwrap_or_default().to_be_bytes()
    }

    fn ecdsa_validator(self) -> Address {
        address(match self {
            Self::V0_3_0 => "0x8104e3Ad430EA6d354d013A6789fDFc71E671c43",
            _ => "0x845ADb2C711129d4f3966735eD98a9F09fC4cE57",
        })
    }

    /// `grantAccess` exists.
    pub(in super::super) const fn grants_access(self) -> bool {
        matches!(self, Self::V0_3_2 | Self::V0_3_3)
    }
}

/// Which validation the nonce names.
#[derive(Clone, Copy)]
pub(in super::super) enum Nonce {
    /// The validation of the admin signer.
    Root,
    /// The validation of a further signer.
    Permission([u8; 4]),
}

#[derive(Clone)]
pub(in super::super) struct Account {
    pub(in super::super) version: KernelVersion,
    validator: Address,
    validator_data: Vec<u8>,
    salt: [u8; 32],
    /// The chains on which its first operation succeeded.
    deployed: BTreeSet<String>,
}

impl Account {
    /// An account whose root validator obeys this signer.
    pub(in super::super) fn new(version: KernelVersion, owner: &Signer) -> Option<Self> {
        let (validator, validator_data) = match (&owner.point, owner.address.as_deref()) {
            (Some(point), _) => {
                let id = keccak(&[owner.locator.as_bytes()]);
                (address(PASSKEY_VALIDATOR), [&point[..], &id].concat())
            }
            (None, owner) => {
                let owner = Address::parse(owner?).ok()?;
                (version.ecdsa_validator(), owner.as_bytes().to_vec())
            }
        };
        let mut salt = [0; 32];
        let (_, low) = salt.split_at_mut(16);
        low.copy_from_slice(&random_bytes::<16>());
        Some(Self { version, validator, validator_data, salt, deployed: BTreeSet::new() })
    }

    /// The same owner's account with another salt.
    pub(in super::super) fn sibling(&self) -> Self {
        let mut other = self.clone();
        other.salt.reverse();
        other.salt.rotate_left(16);
        other
    }

    /// The account with this owner's address in the place of the own.
    pub(super) fn owned_by(&self, owner: Address) -> Self {
        Self { validator_data: owner.as_bytes().to_vec(), ..self.clone() }
    }

    pub(in super::super) fn address(&self) -> Address {
        let salt = keccak(&[&self.create_data(), &self.salt]);
        let factory = self.version.factory();
        let hash = self.version.init_code_hash();
        last_20(&keccak(&[&[0xff], factory.as_bytes(), &salt, &hash]))
    }

    pub(in super::super) fn deploy(&mut self, chain: &str) {
        self.deployed.insert(chain.into());
    }

    pub(super) fn is_deployed(&self, chain: &str) -> bool {
        self.deployed.contains(chain)
    }

    /// `initialize` with the root validator and no hook.
    fn create_data(&self) -> Vec<u8> {
        let root = [&[1], &self.validator.as_bytes()[..]].concat();
        let empty = || Value::Bytes(Vec::new());
        let mut arguments = vec![
            Value::Word(word::left_aligned(&root)),
            Address::from_bytes([0; 20]).into(),
            Value::Bytes(self.validator_data.clone()),
            empty(),
        ];
        if self.version == KernelVersion::V0_3_0 {
            return encode_function("initialize(bytes21,address,bytes,bytes)", &arguments);
        }
        arguments.push(Value::Array(Vec::new()));
        encode_function("initialize(bytes21,address,bytes,bytes,bytes[])", &arguments)
    }

    /// `deployWithFactory` of the meta factory.
    pub(super) fn factory_data(&self) -> Vec<u8> {
        let arguments = [
            self.version.factory().into(),
            Value::Bytes(self.create_data()),
            Value::Word(self.salt),
        ];
        encode_function("deployWithFactory(address,bytes,bytes32)", &arguments)
    }

    /// `mode ‖ type ‖ id ‖ key ‖ sequence`; each operation has a key of its own.
    pub(super) fn nonce(&self, nonce: Nonce) -> [u8; 32] {
        let mut bytes = [0; 32];
        match nonce {
            Nonce::Root => {
                bytes.iter_mut().skip(2).zip(self.validator.as_bytes()).for_each(|(to, from)| {
                    *to = *from;
                });
            }
            Nonce::Permission(id) => {
                bytes.iter_mut().skip(1).zip([2].iter().chain(&id)).for_each(|(to, from)| {
                    *to = *from;
                });
            }
        }
        let key = random_bytes::<2>();
        bytes.iter_mut().skip(22).zip(key).for_each(|(to, from)| *to = from);
        bytes
    }

    /// The digest that the account checks for a digest of ERC-1271.
    pub(in super::super) fn wrap(&self, chain_id: u64, digest: &[u8; 32]) -> [u8; 32] {
        let type_hash = keccak(&[b"Kernel(bytes32 hash)"]);
        self.digest(chain_id, &keccak(&[&type_hash, digest]))
    }

    /// The EIP-712 digest of a struct under the domain of the account.
    pub(super) fn digest(&self, chain_id: u64, struct_hash: &[u8; 32]) -> [u8; 32] {
        let domain_type = keccak256(
            b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)",
        );
        let domain = keccak(&[
            domain_type.as_bytes(),
            &keccak(&[b"Kernel"]),
            &keccak(&[self.version.eip712().as_bytes()]),
            &word::from_uint(U256::from(chain_id)),
            &word::from_address(&self.address()),
        ]);
        keccak(&[b"\x19\x01", &domain, struct_hash])
    }
}

/// An address of the tables, which tests read.
pub(super) fn address(text: &str) -> Address {
    Address::parse(text).unwrap_or(Address::from_bytes([0; 20]))
}
