use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use signer_core::address::solana::Address;

use super::super::verify::{Asset, Effect, Item};
use super::Call;
use super::pda::associated_token_account;
use super::programs::{ASSOCIATED_TOKEN, SYSTEM, TOKEN, TOKEN_2022};
use super::settings::SettingsAction;
use crate::{Json, U256, hex};

/// The inner instructions with their effects. `owner` names the owner of a token account that is known beforehand.
pub(super) fn instructions(
    calls: &[Call],
    wallet: &Address,
    owner: Option<(Address, Address)>,
) -> Vec<Item> {
    let mut owners: Vec<_> = calls.iter().filter_map(created).collect();
    owners.extend(owner);
    calls
        .iter()
        .map(|call| Item { view: view(call), effect: effect(call, wallet, &owners) })
        .collect()
}

/// The actions of a settings instruction with their effects.
pub(super) fn actions(actions: &[SettingsAction]) -> Vec<Item> {
    actions.iter().map(action).collect()
}

fn action(action: &SettingsAction) -> Item {
    let mut members = [("action", Json::from(action.name()))].to_vec();
    let mut add = |name, value: Json| members.push((name, value));
    let effect = match action {
        SettingsAction::AddSigner { key, permissions } => {
            add("key", key.to_string().into());
            add("permissions", Json::Unsigned(u64::from(*permissions)));
            Effect::AddSigner { signer: key.to_string(), permission_id: None }
        }
        SettingsAction::RemoveSigner { key } => {
            add("key", key.to_string().into());
            Effect::RemoveSigner { signer: key.to_string() }
        }
        SettingsAction::ChangeThreshold(threshold) => {
            add("threshold", Json::Unsigned(u64::from(*threshold)));
            Effect::Unknown
        }
        SettingsAction::SetTimeLock(seconds) => {
            add("seconds", Json::Unsigned(u64::from(*seconds)));
            Effect::Unknown
        }
        SettingsAction::AddSpendingLimit { account_index, mint, amount } => {
            add("accountIndex", Json::Unsigned(u64::from(*account_index)));
            add("mint", mint.to_string().into());
            add("amount", amount.to_string().into());
            Effect::Unknown
        }
        SettingsAction::RemoveSpendingLimit(limit) => {
            add("spendingLimit", limit.to_string().into());
            Effect::Unknown
        }
        SettingsAction::SetArchivalAuthority(authority) => {
            let key = authority.map_or(Json::Null, |it| it.to_string().into());
            add("key", key);
            Effect::Unknown
        }
    };
    Item { view: members.into_iter().collect(), effect }
}

/// Program, accounts, data in hex, and a summary of what is known.
fn view(call: &Call) -> Json {
    let accounts = call.accounts.iter().map(|it| Json::from(text(*it))).collect();
    let mut members = [
        ("program", Json::from(text(call.program))),
        ("accounts", Json::Array(accounts)),
        ("data", hex::encode(&call.data).into()),
    ]
    .to_vec();
    members.extend(summary(call).map(|text| ("summary", text.into())));
    members.into_iter().collect()
}

fn summary(call: &Call) -> Option<String> {
    if let Some((from, to, lamports)) = sol_transfer(call) {
        return Some(format!("transfer of {lamports} lamports from {from} to {to}"));
    }
    if let Some((account, owner)) = created_as_named(call) {
        return Some(format!("create the token account {account} of {owner}"));
    }
    let transfer = checked_transfer(call).filter(|_| call.program == Some(TOKEN))?;
    let Checked { mint, destination, amount, decimals, .. } = transfer;
    Some(format!(
        "transfer of {amount} base units of {mint} ({decimals} decimals) to {destination}"
    ))
}

fn effect(call: &Call, wallet: &Address, owners: &[(Address, Address)]) -> Effect {
    if let Some((_, to, lamports)) = sol_transfer(call).filter(|(from, ..)| from == wallet) {
        let (recipient, amount) = (to.to_string(), U256::from(lamports));
        return Effect::Payment { asset: Asset::Native, recipient, amount };
    }
    if let Some(it) = checked_transfer(call) {
        let owner = owners.iter().find(|(account, _)| *account == it.destination);
        return Effect::Payment {
            asset: Asset::Token(it.mint.to_string()),
            recipient: owner.map_or(it.destination, |(_, owner)| *owner).to_string(),
            amount: U256::from(it.amount),
        };
    }
    if let Some((asset, spender, amount)) = approval(call) {
        let asset = Asset::Token(asset.to_string());
        return Effect::Allowance {
            asset,
            spender: spender.to_string(),
            amount: U256::from(amount),
        };
    }
    Effect::Instruction { program: text(call.program) }
}

fn sol_transfer(call: &Call) -> Option<(Address, Address, u64)> {
    match (call.program?, call.accounts.as_slice(), call.data.as_slice()) {
        (SYSTEM, [Some(from), Some(to)], [2, 0, 0, 0, lamports @ ..]) => {
            Some((*from, *to, u64::from_le_bytes(lamports.try_into().ok()?)))
        }
        _ => None,
    }
}

struct Checked {
    mint: Address,
    destination: Address,
    amount: u64,
    decimals: u8,
}

/// `TransferChecked`, whatever accounts follow.
fn checked_transfer(call: &Call) -> Option<Checked> {
    match (call.accounts.as_slice(), call.data.as_slice()) {
        ([_, Some(mint), Some(destination), ..], [12, amount @ .., decimals]) if is_token(call) => {
            let amount = u64::from_le_bytes(amount.try_into().ok()?);
            Some(Checked { mint: *mint, destination: *destination, amount, decimals: *decimals })
        }
        _ => None,
    }
}

/// `Approve` and `ApproveChecked`: asset, delegate, amount. `Approve` does not name the mint, so the token account
/// stands for it.
fn approval(call: &Call) -> Option<(Address, Address, u64)> {
    if !is_token(call) {
        return None;
    }
    let (asset, delegate, amount) = match (call.accounts.as_slice(), call.data.as_slice()) {
        ([Some(source), Some(delegate), ..], [4, amount @ ..]) => (source, delegate, amount),
        ([_, Some(mint), Some(delegate), ..], [13, amount @ .., _]) => (mint, delegate, amount),
        _ => return None,
    };
    Some((*asset, *delegate, u64::from_le_bytes(amount.try_into().ok()?)))
}

fn is_token(call: &Call) -> bool {
    call.program.is_some_and(|it| [TOKEN, TOKEN_2022].contains(&it))
}

/// The account and the owner that a creation names. The program refuses another account than the owner's.
fn created_as_named(call: &Call) -> Option<(Address, Address)> {
    match (call.program?, call.accounts.as_slice(), call.data.as_slice()) {
        (ASSOCIATED_TOKEN, [_, Some(account), Some(owner), _, _, _], [] | [0 | 1]) => {
            Some((*account, *owner))
        }
        _ => None,
    }
}

/// The same, if the account was recomputed from the owner.
fn created(call: &Call) -> Option<(Address, Address)> {
    let (account, owner) = created_as_named(call)?;
    match call.accounts.as_slice() {
        [_, _, _, Some(mint), _, Some(program)] => {
            let computed = associated_token_account(&owner, program, mint);
            (computed == Some(account)).then_some((account, owner))
        }
        _ => None,
    }
}

fn text(key: Option<Address>) -> String {
    key.map_or_else(|| "in a lookup table".into(), |it| it.to_string())
}
