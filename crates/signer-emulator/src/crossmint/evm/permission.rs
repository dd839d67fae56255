//! The permission of a further signer, and the calls that install and remove it: section 3 of the specification page.
//!
//! Inferred from Kernel's source; no answer that adds or removes a signer was recorded. Without limits the permission has
//! the sudo policy; with `scopes` or `expiresAt` a call policy with made-up data stands for them.

use signer_core::address::evm::Address;
use signer_protocols::U256;
use signer_protocols::evm::abi::{Value, encode, word};

use super::super::signer::Signer;
use super::account::{Account, address};
use super::{Call, encode_function, keccak};

const ECDSA_SIGNER: &str = "0x6A6F069E2a08c2468e7724Ab3250CdBFBA14D4FF";
/// Made up: the module of passkeys and devices.
const POINT_SIGNER: &str = "0x65DEeC8fDe382D3eB3c4F6DA7Ec6B6c4B6A5f4E6";
const SUDO_POLICY: &str = "0x67b436caD8a6D025DF6C82C5BB43fbF11fC5B9B7";
/// Made up: the policy that stands for limits.
const CALL_POLICY: &str = "0x9a52283276A0ec8740DF50bF01B28A80D880eaf2";
/// The selector of `execute`.
const EXECUTE: [u8; 4] = [0xe9, 0xae, 0x5c, 0x53];

pub(in super::super) struct Permission {
    /// `abi.encode(bytes[])`: the policies, then the signer.
    data: Vec<u8>,
}

impl Permission {
    pub(in super::super) fn of(signer: &Signer) -> Self {
        let module = |flag: [u8; 2], module: &str, data: &[u8]| {
            Value::Bytes([&flag[..], address(module).as_bytes(), data].concat())
        };
        let policy = if signer.has_limits() {
            module([0, 0], CALL_POLICY, &keccak(&[signer.locator.as_bytes()]))
        } else {
            module([0, 0], SUDO_POLICY, &[])
        };
        let signer = match (&signer.point, signer.address.as_deref().map(Address::parse)) {
            (Some(point), _) => module([0, 0], POINT_SIGNER, point),
            (None, Some(Ok(key))) => module([0, 0], ECDSA_SIGNER, key.as_bytes()),
            (None, _) => module([0, 0], ECDSA_SIGNER, &[0; 20]),
        };
        Self { data: encode(&[Value::Array(vec![policy, signer])]) }
    }

    /// The first four bytes of the hash of its data, as the SDK of `ZeroDev` makes them.
    pub(in super::super) fn id(&self) -> [u8; 4] {
        let [a, b, c, d, ..] = keccak(&[&self.data]);
        [a, b, c, d]
    }

    fn validation_id(&self) -> Value {
        Value::Word(word::left_aligned(&[&[2][..], &self.id()].concat()))
    }

    /// `installValidations`, and `grantAccess` where the account has it.
    pub(in super::super) fn install(&self, account: &Account) -> Vec<Call> {
        let config = Value::Tuple(vec![U256::from(1_u32).into(), hook().into()]);
        let bytes = |data: &[u8]| Value::Array(vec![Value::Bytes(data.to_vec())]);
        let arguments = [
            Value::Array(vec![self.validation_id()]),
            Value::Array(vec![config]),
            bytes(&self.data),
            bytes(&[]),
        ];
        let signature = "installValidations(bytes21[],(uint32,address)[],bytes[],bytes[])";
        let mut calls = vec![to_itself(account, encode_function(signature, &arguments))];
        if account.version.grants_access() {
            calls.push(to_itself(account, self.grant(EXECUTE)));
        }
        calls
    }

    /// `grantAccess` to a function of the account.
    pub(super) fn grant(&self, selector: [u8; 4]) -> Vec<u8> {
        let arguments =
            [self.validation_id(), Value::Word(word::left_aligned(&selector)), true.into()];
        encode_function("grantAccess(bytes21,bytes4,bool)", &arguments)
    }

    /// `uninstallValidation`.
    pub(in super::super) fn uninstall(&self, account: &Account) -> Vec<Call> {
        let arguments =
            [self.validation_id(), Value::Bytes(self.data.clone()), Value::Bytes(Vec::new())];
        let data = encode_function("uninstallValidation(bytes21,bytes,bytes)", &arguments);
        vec![to_itself(account, data)]
    }

    /// The digest of Kernel's `Enable`, which lets the first operation of the signer install it.
    pub(in super::super) fn enable(&self, account: &Account, chain_id: u64) -> [u8; 32] {
        let type_hash = keccak(&[
            b"Enable(bytes21 validationId,uint32 nonce,address hook,bytes validatorData,",
            b"bytes hookData,bytes selectorData)",
        ]);
        let struct_hash = keccak(&[
            &type_hash,
            &word::left_aligned(&[&[2][..], &self.id()].concat()),
            &word::from_usize(1),
            &word::from_address(&hook()),
            &keccak(&[&self.data]),
            &keccak(&[]),
            &keccak(&[&EXECUTE]),
        ]);
        account.digest(chain_id, &struct_hash)
    }
}

/// The hook that stands for none.
const fn hook() -> Address {
    let mut bytes = [0; 20];
    bytes[19] = 1;
    Address::from_bytes(bytes)
}

pub(super) fn to_itself(account: &Account, data: Vec<u8>) -> Call {
    Call { to: account.address(), value: U256::ZERO, data }
}
