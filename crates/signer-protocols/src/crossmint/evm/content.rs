//! Decoded operations for a person and for a policy.

use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;

use signer_core::address::evm::Address;

use super::super::verify::{Asset, Content, Effect, Item};
use super::entry_point::EntryPoint;
use super::factory::Deployed;
use super::kernel::Call;
use super::nonce::Nonce;
use super::signer_change::{Installation, granted_permission, removed_permission};
use super::user_operation::UserOperation;
use crate::evm::calls;
use crate::hex::encode_0x;
use crate::{Json, U256};

/// The calls of an operation. A call of the wallet itself may change its signers.
pub(super) fn items(calls: &[Call], wallet: Option<&Address>) -> Vec<Item> {
    let mut added = None;
    let item = |call: &Call| {
        let described = calls::describe(Some(&call.to), &call.data);
        let own = (wallet == Some(&call.to)).then(|| own_effect(call, &mut added)).flatten();
        let to = call.to.to_string();
        let effect = own.unwrap_or_else(|| effect(call, &to, &described, wallet));
        let view = [
            ("to", to),
            ("value", call.value.to_string()),
            ("data", encode_0x(&call.data)),
            ("summary", described.to_string()),
        ];
        let view = view.into_iter().map(|(name, text)| (name, Json::from(text))).collect();
        Item { view, effect }
    };
    calls.iter().map(item).collect()
}

/// The change of signers that a call of the wallet makes. Access that is granted to the permission of an addition belongs
/// to the addition.
fn own_effect(call: &Call, added: &mut Option<(Address, [u8; 4])>) -> Option<Effect> {
    if call.value != U256::ZERO {
        return None;
    }
    if let Some(installed) = Installation::installed(&call.data) {
        *added = Some(installed);
    } else if let Some(permission) = removed_permission(&call.data) {
        return Some(Effect::RemoveSigner { signer: encode_0x(&permission) });
    } else if granted_permission(&call.data)? != (*added)?.1 {
        return None;
    }
    let (signer, permission) = (*added)?;
    Some(Effect::AddSigner { signer: signer.to_string(), permission_id: Some(permission) })
}

/// `to` is the text of the call's recipient: its checksum costs a hash.
fn effect(call: &Call, to: &str, described: &calls::Call, wallet: Option<&Address>) -> Effect {
    use calls::Call as Known;

    let other =
        || Effect::Call { contract: to.into(), function: call.selector(), value: call.value };
    let token = |token: &Address| Asset::Token(token.to_string());
    let own_token = || Asset::Token(to.into());
    let payment = |asset, recipient: &Address, amount: &U256| Effect::Payment {
        asset,
        recipient: recipient.to_string(),
        amount: *amount,
    };
    let allowance = |asset, spender: &Address, amount: &U256| Effect::Allowance {
        asset,
        spender: spender.to_string(),
        amount: *amount,
    };
    let is_own = |from: &Address| wallet == Some(from);
    let one = U256::from(1_u64);
    if matches!(described, Known::NativeTransfer) {
        let (recipient, amount) = (to.into(), call.value);
        return Effect::Payment { asset: Asset::Native, recipient, amount };
    }
    if call.value != U256::ZERO {
        return other();
    }
    match described {
        Known::Transfer { to, amount } => payment(own_token(), to, amount),
        Known::TransferFrom { from, to, amount } if is_own(from) => {
            payment(own_token(), to, amount)
        }
        Known::SafeTransferFrom { from, to, .. } if is_own(from) => payment(own_token(), to, &one),
        Known::Permit2TransferFrom { token: moved, from, to, amount } if is_own(from) => {
            payment(token(moved), to, amount)
        }
        Known::Approve { spender, amount } | Known::IncreaseAllowance { spender, amount } => {
            allowance(own_token(), spender, amount)
        }
        Known::SetApprovalForAll { operator, approved: true } => {
            allowance(own_token(), operator, &U256::MAX)
        }
        Known::Permit { spender, amount, .. } => allowance(own_token(), spender, amount),
        Known::Permit2Approve { token: moved, spender, amount, .. }
        | Known::Permit2Permit { token: moved, spender, amount, .. } => {
            allowance(token(moved), spender, amount)
        }
        _ => other(),
    }
}

/// Adds the facts of an operation beside its calls.
pub(super) fn add_details(
    content: &mut Content,
    operation: &UserOperation,
    chain_id: Option<u64>,
    deployed: Option<Deployed>,
) {
    let text = |text: &str| Json::from(text);
    content.details.push(("entryPoint", text(EntryPoint::V0_7.as_str())));
    content.details.extend(chain_id.map(|id| ("chainId", Json::Unsigned(id))));
    content.details.push(("nonce", nonce(Nonce::from_uint(operation.nonce))));
    content.details.push(("gas", gas(operation)));
    if let Some(Deployed { version, owner }) = deployed {
        let owner = owner.map_or(Json::Null, |owner| text(&owner.to_string()));
        let deployment = [("kernel", text(version.as_str())), ("owner", owner)];
        content.details.push(("deployment", deployment.into_iter().collect()));
    }
    content.details.extend(signer_change(&content.items).map(|change| ("signerChange", change)));
    let mut trusted = alloc::vec![text("the operation is sent, and once")];
    if operation.deployment.is_none() {
        trusted.push(text("the deployed wallet has no other owner or module"));
    }
    if operation.gas_payer().is_some() {
        trusted.push(text("the terms of the paymaster"));
    }
    content.details.push(("trusted", Json::Array(trusted)));
}

/// The first change of signers. Access to `execute` is full power, because it may call the wallet itself.
fn signer_change(items: &[Item]) -> Option<Json> {
    let change = items.iter().find_map(|item| match &item.effect {
        Effect::AddSigner { signer, permission_id } => Some([
            ("action", Json::from("add")),
            ("signer", signer.as_str().into()),
            ("permissionId", permission_id.map_or(Json::Null, |id| encode_0x(&id).into())),
            ("power", "full: the signer may call every function of the wallet".into()),
        ]),
        Effect::RemoveSigner { signer } => Some([
            ("action", Json::from("remove")),
            ("signer", Json::Null),
            ("permissionId", signer.as_str().into()),
            ("power", "none".into()),
        ]),
        _ => None,
    });
    change.map(|members| members.into_iter().collect())
}

fn nonce(nonce: Nonce) -> Json {
    let kind = match nonce.validator_type {
        Nonce::ROOT => "root".to_string(),
        Nonce::VALIDATOR => "validator".to_string(),
        Nonce::PERMISSION => "permission".to_string(),
        other => format!("{other:02x}"),
    };
    let members = [
        ("mode", Json::from(format!("{:02x}", nonce.mode))),
        ("type", kind.into()),
        ("id", encode_0x(&nonce.id).into()),
        ("key", Json::Unsigned(nonce.key.into())),
        ("sequence", nonce.sequence.to_string().into()),
    ];
    members.into_iter().collect()
}

fn gas(operation: &UserOperation) -> Json {
    let payer = match operation.gas_payer() {
        Some(paymaster) => format!("paymaster {paymaster}"),
        None => "wallet".into(),
    };
    let max = operation.max_cost().map_or_else(|| "2^256 or more".into(), |max| max.to_string());
    [("payer", Json::from(payer)), ("maxFeeWei", max.into())].into_iter().collect()
}
