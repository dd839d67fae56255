use alloc::vec::Vec;

use signer_core::address::evm::Address;

use super::super::kernel::{
    Call, EXECUTE, GRANT_ACCESS, INSTALL_VALIDATIONS, UNINSTALL_VALIDATION,
};
use super::{ECDSA_SIGNER, SUDO_POLICY, permission_validation};
use crate::U256;
use crate::evm::abi::word::left_aligned;
use crate::evm::abi::{Value, encode};

/// The hook of a validation without one: address 1 stands for "installed, no hook".
const INSTALLED: Address =
    Address::from_bytes([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);

/// The two calls of a wallet that give a new signer full power: `installValidations` of a permission with the sudo policy,
/// and `grantAccess` to `execute`. `nonce` is the account's current validation nonce.
pub fn encode_installation(
    wallet: &Address,
    permission_id: [u8; 4],
    nonce: u32,
    signer: &Address,
) -> [Call; 2] {
    let id = permission_validation(permission_id);
    let entry = |parts: [&[u8]; 3]| Value::Bytes(parts.concat());
    let policy = entry([&[0; 2], SUDO_POLICY.as_bytes(), &[]]);
    let owner = entry([&[0; 2], ECDSA_SIGNER.as_bytes(), signer.as_bytes()]);
    let data = encode(&[Value::Array([policy, owner].into())]);
    let installation = installation_arguments(&id, nonce, &INSTALLED, &data, &[]);
    let granted =
        [Value::Word(left_aligned(&id)), Value::Word(left_aligned(&EXECUTE)), true.into()];
    [
        own_call(wallet, INSTALL_VALIDATIONS, &installation),
        own_call(wallet, GRANT_ACCESS, &encode(&granted)),
    ]
}

/// The call of a wallet that removes a permission: `uninstallValidation`. Each module of the permission gets no data;
/// there are two with the sudo policy.
pub fn encode_removal(wallet: &Address, permission_id: [u8; 4]) -> Call {
    let data = encode(&[Value::Array(alloc::vec![Value::Bytes(Vec::new()); 2])]);
    let arguments = removal_arguments(&permission_validation(permission_id), &data, &[]);
    own_call(wallet, UNINSTALL_VALIDATION, &arguments)
}

fn own_call(wallet: &Address, selector: [u8; 4], arguments: &[u8]) -> Call {
    let data = [&selector[..], arguments].concat();
    Call { to: *wallet, value: U256::ZERO, data }
}

/// The call data of `installValidations(bytes21[],(uint32,address)[],bytes[],bytes[])` with one validation.
pub(super) fn installation_arguments(
    id: &[u8; 21],
    nonce: u32,
    hook: &Address,
    data: &[u8],
    hook_data: &[u8],
) -> Vec<u8> {
    let one = |value| Value::Array(alloc::vec![value]);
    let config = Value::Tuple(alloc::vec![U256::from(nonce).into(), (*hook).into()]);
    encode(&[
        one(Value::Word(left_aligned(id))),
        one(config),
        one(Value::Bytes(data.into())),
        one(Value::Bytes(hook_data.into())),
    ])
}

/// The call data of `uninstallValidation(bytes21,bytes,bytes)`.
pub(super) fn removal_arguments(id: &[u8; 21], data: &[u8], hook_data: &[u8]) -> Vec<u8> {
    let (data, hook_data) = (Value::Bytes(data.into()), Value::Bytes(hook_data.into()));
    encode(&[Value::Word(left_aligned(id)), data, hook_data])
}
