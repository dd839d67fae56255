//! The authorized calls for a person and for a policy.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use signer_core::address::stellar::ContractAddress;

use super::super::verify::{Asset, Content, Effect, Item};
use super::arguments;
use super::signer_change::{Change, Limits};
use super::xdr::{AuthorizedFunction, Invocation, InvocationTree, ScVal};
use crate::{Json, U256, hex};

/// The calls of a tree from its root on, each before those below it.
pub(super) fn of_tree(root: &InvocationTree, wallet: Option<ContractAddress>) -> Content {
    let mut items = Vec::new();
    collect(root, wallet, &mut items);
    Content::new(items)
}

/// The call of a host function without a readable authorization.
pub(super) fn of_call(call: &Invocation, wallet: Option<ContractAddress>) -> Content {
    Content::new([item(call, wallet)].into())
}

/// Recurses as deep as the decoder allows.
fn collect(tree: &InvocationTree, wallet: Option<ContractAddress>, items: &mut Vec<Item>) {
    items.push(match &tree.function {
        AuthorizedFunction::Contract(invocation) => item(invocation, wallet),
        AuthorizedFunction::Create { .. } => Item {
            view: [("action", Json::from("create_contract"))].into_iter().collect(),
            effect: Effect::Unknown,
        },
    });
    tree.sub_invocations.iter().for_each(|below| collect(below, wallet, items));
}

fn item(invocation: &Invocation, wallet: Option<ContractAddress>) -> Item {
    let change = wallet.and_then(|wallet| Change::of(invocation, wallet));
    let args = match (&change, arguments::names(invocation)) {
        (Some(change), _) => view_of_change(change),
        (None, Some(names)) => {
            names.into_iter().zip(invocation.arguments.iter().map(view)).collect()
        }
        (None, None) => Json::Array(invocation.arguments.iter().map(view).collect()),
    };
    let members = [
        ("contract", Json::from(invocation.contract.to_string())),
        ("function", Json::from(invocation.function.as_str())),
        ("args", args),
    ];
    let effect = match change {
        Some(Change::Add { key, .. }) => {
            Effect::AddSigner { signer: key.to_string(), permission_id: None }
        }
        Some(Change::Revoke { key }) => Effect::RemoveSigner { signer: key.to_string() },
        // Any other call of the wallet itself may change its code or who rules it.
        None if Some(invocation.contract) == wallet => Effect::Unknown,
        None => effect_of_call(invocation),
    };
    Item { view: members.into_iter().collect(), effect }
}

fn effect_of_call(invocation: &Invocation) -> Effect {
    let asset = || Asset::Token(invocation.contract.to_string());
    let amount = |amount: &i128| u128::try_from(*amount).ok().map(U256::from);
    let of_token = match (invocation.function.as_str(), invocation.arguments.as_slice()) {
        ("transfer", [ScVal::Address(_), ScVal::Address(to), ScVal::I128(value)]) => amount(value)
            .map(|amount| Effect::Payment { asset: asset(), recipient: to.to_string(), amount }),
        (
            "approve",
            [ScVal::Address(_), ScVal::Address(spender), ScVal::I128(value), ScVal::U32(_)],
        ) => amount(value).map(|amount| Effect::Allowance {
            asset: asset(),
            spender: spender.to_string(),
            amount,
        }),
        _ => None,
    };
    of_token.unwrap_or_else(|| Effect::Invocation {
        contract: invocation.contract.to_string(),
        function: invocation.function.clone(),
    })
}

/// The key of the signer; its role and limits if they are not the usual ones.
fn view_of_change(change: &Change<'_>) -> Json {
    let mut members = Vec::new();
    match change {
        Change::Revoke { key } => members.push(("signer", Json::from(key.to_string()))),
        Change::Add { key, role, limits } => {
            members.push(("signer", Json::from(key.to_string())));
            if *role != "Standard" {
                members.push(("role", Json::from(*role)));
            }
            match limits {
                Limits::End(0) => {}
                Limits::End(until) => members.push(("end", Json::from(until.to_string()))),
                Limits::Other => members.push(("limits", Json::from("not readable"))),
            }
        }
    }
    members.into_iter().collect()
}

/// Integers of 32 bits are numbers, wider ones decimal text; bytes are hex.
fn view(value: &ScVal) -> Json {
    match value {
        ScVal::Bool(value) => Json::Bool(*value),
        ScVal::Void => Json::Null,
        ScVal::U32(value) => Json::Unsigned(u64::from(*value)),
        ScVal::I32(value) => match u64::try_from(*value) {
            Ok(value) => Json::Unsigned(value),
            Err(_) => Json::Signed(i64::from(*value)),
        },
        ScVal::U64(value) | ScVal::Timepoint(value) | ScVal::Duration(value) => {
            Json::from(value.to_string())
        }
        ScVal::I64(value) => Json::from(value.to_string()),
        ScVal::U128(value) => Json::from(value.to_string()),
        ScVal::I128(value) => Json::from(value.to_string()),
        ScVal::U256(value) | ScVal::I256(value) => Json::from(format!("0x{}", hex::encode(value))),
        ScVal::Bytes(value) => Json::from(hex::encode(value)),
        ScVal::String(value) => Json::from(String::from_utf8_lossy(value).into_owned()),
        ScVal::Symbol(value) => Json::from(value.as_str()),
        ScVal::Vec(items) => Json::Array(items.iter().map(view).collect()),
        ScVal::Map(entries) => {
            let entry = |(key, value): &(ScVal, ScVal)| {
                [("key", view(key)), ("value", view(value))].into_iter().collect()
            };
            Json::Array(entries.iter().map(entry).collect())
        }
        ScVal::Address(address) => Json::from(address.to_string()),
        ScVal::LedgerKeyContractInstance => Json::from("contract instance"),
        ScVal::LedgerKeyNonce(nonce) => Json::from(nonce.to_string()),
    }
}
