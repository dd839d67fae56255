//! The deployment of a wallet and its owner (section 1.6).

mod check;

use alloc::vec::Vec;

use signer_core::address::evm::Address;
use signer_core::keccak::keccak256;

use super::kernel::Reader;
use super::kernel_version::KernelVersion;
use super::user_operation::Deployment;
use crate::evm::abi::word::left_aligned;
use crate::evm::abi::{Value, encode};
use crate::hex::literal;

pub(super) use self::check::{Deployed, check};

/// The factory that calls the factory of a Kernel version.
pub const META_FACTORY: Address =
    Address::from_bytes(literal("d703aaE79538628d27099B8c4f621bE4CCd142d5"));

/// `deployWithFactory(address,bytes,bytes32)`
const DEPLOY_WITH_FACTORY: [u8; 4] = literal("c5265d5d");
/// `initialize(bytes21,address,bytes,bytes,bytes[])`
const INITIALIZE: [u8; 4] = literal("3c3b752b");
/// `initialize(bytes21,address,bytes,bytes)`, of Kernel 0.3.0
const INITIALIZE_0_3_0: [u8; 4] = literal("12af322c");

const NO_HOOK: Address = Address::from_bytes([0; 20]);
/// The most first calls of a wallet that are read.
const MAX_INIT_CONFIG: usize = 64;

/// The address of the wallet that an owner's secp256k1 key controls alone: CREATE2 of the version's factory.
pub fn account_address(version: KernelVersion, owner: &Address, salt: &[u8; 32]) -> Address {
    create2(version, &create_data(version, owner), salt)
}

/// The deployment of that wallet, for its first operation. The service uses salts that start with 16 zero bytes.
pub fn deployment(version: KernelVersion, owner: &Address, salt: &[u8; 32]) -> Deployment {
    let factory_data = factory_data(version, owner, salt);
    Deployment { factory: META_FACTORY, factory_data }
}

/// The call data of the factory in that deployment.
pub fn factory_data(version: KernelVersion, owner: &Address, salt: &[u8; 32]) -> Vec<u8> {
    encode_deployment(&version.factory(), &create_data(version, owner), salt)
}

fn create_data(version: KernelVersion, owner: &Address) -> Vec<u8> {
    let initialization = Initialization {
        root: root_of(version),
        hook: NO_HOOK,
        validator_data: owner.as_bytes(),
        hook_data: &[],
        init_config: Vec::new(),
    };
    initialization.encode(version)
}

/// Type 1 and the address of the ECDSA validator.
fn root_of(version: KernelVersion) -> [u8; 21] {
    let mut root = [1; 21];
    let validator = version.ecdsa_validator();
    root.iter_mut().skip(1).zip(validator.as_bytes()).for_each(|(to, from)| *to = *from);
    root
}

fn encode_deployment(kernel_factory: &Address, create_data: &[u8], salt: &[u8; 32]) -> Vec<u8> {
    let data = Value::Bytes(create_data.into());
    let arguments = encode(&[(*kernel_factory).into(), data, Value::Word(*salt)]);
    [&DEPLOY_WITH_FACTORY[..], &arguments[..]].concat()
}

fn create2(version: KernelVersion, create_data: &[u8], salt: &[u8; 32]) -> Address {
    let salt = keccak256(&[create_data, salt].concat());
    let (factory, init_code_hash) = (version.factory(), version.init_code_hash());
    let input = [&[0xff], &factory.as_bytes()[..], salt.as_bytes(), &init_code_hash].concat();
    let digest = keccak256(&input);
    let mut address = [0; 20];
    address.iter_mut().zip(digest.as_bytes().iter().skip(12)).for_each(|(to, from)| *to = *from);
    Address::from_bytes(address)
}

/// The arguments of `deployWithFactory`.
struct FactoryCall<'a> {
    kernel_factory: Address,
    create_data: &'a [u8],
    salt: [u8; 32],
}

impl<'a> FactoryCall<'a> {
    /// `None` for another function, or arguments that are not canonical.
    fn decode(factory_data: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(factory_data.strip_prefix(&DEPLOY_WITH_FACTORY)?);
        let kernel_factory = reader.address()?;
        let create_data = reader.bytes_at(96)?;
        let salt = reader.word()?;
        reader.end()?;
        let canonical = encode_deployment(&kernel_factory, create_data, &salt) == factory_data;
        canonical.then_some(Self { kernel_factory, create_data, salt })
    }
}

/// The arguments of `initialize`.
struct Initialization<'a> {
    root: [u8; 21],
    hook: Address,
    validator_data: &'a [u8],
    hook_data: &'a [u8],
    init_config: Vec<&'a [u8]>,
}

impl<'a> Initialization<'a> {
    fn encode(&self, version: KernelVersion) -> Vec<u8> {
        let mut arguments = alloc::vec![
            Value::Word(left_aligned(&self.root)),
            self.hook.into(),
            Value::Bytes(self.validator_data.into()),
            Value::Bytes(self.hook_data.into()),
        ];
        let mut selector = INITIALIZE_0_3_0;
        if version.has_init_config() {
            selector = INITIALIZE;
            let calls = self.init_config.iter().map(|call| Value::Bytes((*call).into()));
            arguments.push(Value::Array(calls.collect()));
        }
        [&selector[..], &encode(&arguments)[..]].concat()
    }

    /// `None` for the function of another version, or arguments that are not canonical.
    fn decode(version: KernelVersion, create_data: &'a [u8]) -> Option<Self> {
        let config = version.has_init_config();
        let selector = if config { INITIALIZE } else { INITIALIZE_0_3_0 };
        let mut reader = Reader::new(create_data.strip_prefix(&selector)?);
        let (root, hook) = (reader.fixed()?, reader.address()?);
        let validator_data = reader.bytes_at(if config { 160 } else { 128 })?;
        let hook_data = reader.bytes_at(reader.position())?;
        let init_config = match config {
            true => reader.bytes_array_at(reader.position(), MAX_INIT_CONFIG)?,
            false => Vec::new(),
        };
        let initialization = Self { root, hook, validator_data, hook_data, init_config };
        (initialization.encode(version) == create_data).then_some(initialization)
    }
}

#[cfg(test)]
mod tests;
