//! Adding, reading and removing signers.
//!
//! | chain | answer of `POST …/signers` | follows |
//! |---|---|---|
//! | EVM, `deployImmediately` | `chains[chain]` is a transaction of the wallet, with `onChain` | the vendor's SDK ≥ 1.8 |
//! | EVM without it | `chains[chain]` has an id of `/signatures` and a bare hash to approve | the OpenAPI document |
//! | Solana, Stellar | `transaction` | the OpenAPI document |
//!
//! `DELETE …/signers/{locator}` answers a transaction. The admin signer approves all of it. `scopes` and `expiresAt` are
//! echoed; on EVM a policy stands for them, elsewhere nothing does. No such answer was recorded.

use serde_json::{Value, json};
use signer_core::address::{solana as sol, stellar as xlm};
use signer_protocols::crossmint::ChainType;
use signer_protocols::crossmint::solana::settings::{ALL_PERMISSIONS, SettingsAction};

use super::evm::{Permission, chain_id};
use super::operation::{Draft, Effect, Kind, Operation, Pending, answer_created, begin, query};
use super::signer::{Signer, derived_address};
use super::solana::unwrapped;
use super::state::{Delegated, OnChain, State, Wallet};
use super::{Tampering, invalid, not_found, stellar, transaction};
use crate::answer::{Answer, Refusal, parse, text};
use crate::emulator::{Incoming, Shared};
use crate::key::hex;

pub(super) fn add(
    shared: &Shared,
    state: &mut State,
    request: &Incoming,
    locator: &str,
) -> Result<Answer, Refusal> {
    let body = parse(&request.body)?;
    let wallet = state.wallet(locator)?;
    let address = wallet.address.clone();
    let signer = Signer::parse(&body["signer"], wallet.chain_type)?.with_limits(&body);
    let chain = match wallet.chain_type {
        ChainType::Evm => Some(text(&body, "chain")?.to_owned()),
        ChainType::Solana | ChainType::Stellar => None,
    };
    let created = |state: &State| {
        let json = described(state, &address, &signer.locator, Some(&signer));
        let json = json.ok_or_else(|| not_found("signer"))?;
        Ok(Answer { status: 201, ..Answer::ok(json) })
    };
    if state.known(request)?.is_some() {
        return created(state);
    }
    let signs = |it: &Delegated| {
        it.signer.is(&signer.locator)
            && (it.chains.is_empty() || chain.as_ref().is_none_or(|it_| it.chains.contains(it_)))
    };
    let is_begun = begun(state, &address, &signer.locator).any(|it| it.chain == chain);
    if wallet.delegated.iter().any(signs) || wallet.admin.is(&signer.locator) || is_begun {
        let signer = &signer.locator;
        return Err(invalid(format!("delegated signer {signer} is already approved or pending")));
    }
    let is_immediate = body["deployImmediately"].as_bool() == Some(true);
    let draft = match (wallet.chain_type, &chain) {
        (ChainType::Evm, Some(chain)) => evm_addition(state, wallet, &signer, chain, is_immediate)?,
        (ChainType::Solana, _) => {
            let action = SettingsAction::AddSigner {
                key: solana_key(&signer)?,
                permissions: ALL_PERMISSIONS,
            };
            solana_change(state, wallet, action)?
        }
        _ => stellar_change(state, wallet, &signer, true)?,
    };
    let added = Delegated { signer: signer.clone(), chains: chain.into_iter().collect() };
    let draft = Draft { effect: Effect::Add(Box::new(added)), ..draft };
    begin(shared, state, request, &address, draft)?;
    created(state)
}

pub(super) fn read(state: &State, locator: &str, signer: &str) -> Result<Answer, Refusal> {
    let address = &state.wallet(locator)?.address;
    let json = described(state, address, signer, None).ok_or_else(|| not_found("signer"))?;
    Ok(Answer::ok(json))
}

pub(super) fn remove(
    shared: &Shared,
    state: &mut State,
    request: &Incoming,
    locator: &str,
    signer: &str,
) -> Result<Answer, Refusal> {
    if let Some(id) = state.known(request)? {
        return answer_created(state, &id);
    }
    let wallet = state.wallet(locator)?;
    let address = wallet.address.clone();
    let known = wallet.delegated.iter().find(|it| it.signer.is(signer));
    let known = known.ok_or_else(|| not_found("signer"))?.signer.clone();
    let chain = query(request, "chain");
    if chain.is_some() != (wallet.chain_type == ChainType::Evm) {
        return Err(invalid("?chain= is for evm, and needed there"));
    }
    let draft = match (wallet.chain_type, &chain, &wallet.account) {
        (ChainType::Evm, Some(chain), OnChain::Evm(account)) => {
            let named = tampered(state, wallet, &known)?;
            let calls = Permission::of(&named).uninstall(account);
            transaction::evm(state, wallet, &wallet.admin, chain, &calls)?
        }
        (ChainType::Solana, ..) => {
            let action = SettingsAction::RemoveSigner { key: solana_key(&known)? };
            solana_change(state, wallet, action)?
        }
        _ => stellar_change(state, wallet, &known, false)?,
    };
    let effect = Effect::Remove { signer: known.locator, chain };
    let id = begin(shared, state, request, &address, Draft { effect, ..draft })?;
    let answer = answer_created(state, &id)?;
    Ok(Answer { status: 200, ..answer })
}

fn evm_addition(
    state: &State,
    wallet: &Wallet,
    signer: &Signer,
    chain: &str,
    is_immediate: bool,
) -> Result<Draft, Refusal> {
    let OnChain::Evm(account) = &wallet.account else {
        return Err(invalid("the wallet is not one of EVM"));
    };
    let permission = Permission::of(&tampered(state, wallet, signer)?);
    if is_immediate && !state.is(Tampering::BareHash) {
        return transaction::evm(state, wallet, &wallet.admin, chain, &permission.install(account));
    }
    let id = chain_id(chain).ok_or_else(|| invalid("the chain is not known"))?;
    let message = format!("0x{}", hex(&permission.enable(account, id)));
    let pending = vec![Pending { signer: wallet.admin.clone(), message: message.clone() }];
    let params = json!({"message": message, "chain": chain, "signer": wallet.admin.to_json()});
    Ok(Draft {
        kind: Kind::Message,
        chain: Some(chain.into()),
        on_chain: None,
        ..Draft::transaction(params, Value::Null, pending)
    })
}

/// The signer, or another one instead.
fn tampered(state: &State, wallet: &Wallet, signer: &Signer) -> Result<Signer, Refusal> {
    if !state.is(Tampering::OtherSigner) {
        return Ok(signer.clone());
    }
    let attacker = derived_address("attacker", wallet.chain_type);
    Signer::parse(&json!(format!("server:{attacker}")), wallet.chain_type)
}

fn solana_change(state: &State, wallet: &Wallet, action: SettingsAction) -> Result<Draft, Refusal> {
    let wrapping = transaction::wrapping(state, wallet, &wallet.admin)?;
    let echo = wrapping.settings_change(wrapping.settings, vec![action.clone()]);
    let echo = echo.and_then(|it| unwrapped(&[it])).unwrap_or_default();
    let built = wrapping.change(action);
    let (on_chain, message) = built.ok_or_else(|| invalid("the transaction is too large"))?;
    let params = json!({
        "transaction": echo,
        "signer": wallet.admin.to_json(),
        "feeConfig": super::solana::fee_config(),
    });
    let pending = vec![Pending { signer: wallet.admin.clone(), message }];
    Ok(Draft::transaction(params, on_chain, pending))
}

fn stellar_change(
    state: &State,
    wallet: &Wallet,
    signer: &Signer,
    adds: bool,
) -> Result<Draft, Refusal> {
    let contract = transaction::contract(wallet)?;
    let key = xlm::Address::parse(&key_text(signer, ChainType::Stellar));
    let key = key.map_err(|_| invalid("the signer has no key on Stellar"))?;
    let call = stellar::change_of_signer(contract, key, adds, state.tampering);
    let echo = json!({
        "type": "contract-call",
        "contractId": wallet.address,
        "method": call.function,
        "args": {},
    });
    transaction::stellar(state, wallet, &wallet.admin, &call, &echo)
}

/// Passkeys and devices have no address, so a made-up key stands for them.
fn key_text(signer: &Signer, chain_type: ChainType) -> String {
    let derived = || derived_address(&signer.locator, chain_type);
    signer.address.clone().unwrap_or_else(derived)
}

fn solana_key(signer: &Signer) -> Result<sol::Address, Refusal> {
    transaction::solana_address(&key_text(signer, ChainType::Solana))
}

/// The additions of a signer that are not done.
fn begun<'a>(
    state: &'a State,
    wallet: &'a str,
    locator: &'a str,
) -> impl Iterator<Item = &'a Operation> {
    state.operations.iter().filter(move |it| {
        let adds = matches!(&it.effect, Effect::Add(added) if added.signer.is(locator));
        adds && it.wallet == wallet && it.status != "success"
    })
}

/// A signer with its state: on EVM of each chain, elsewhere the transaction that adds it, until it is done.
fn described(state: &State, wallet: &str, locator: &str, new: Option<&Signer>) -> Option<Value> {
    let known = state.wallet(wallet).ok()?.delegated.iter().find(|it| it.signer.is(locator));
    let waiting: Vec<_> = begun(state, wallet, locator).collect();
    let of_operation = waiting.iter().find_map(|it| match &it.effect {
        Effect::Add(added) => Some(&added.signer),
        _ => None,
    });
    let signer = known.map(|it| &it.signer).or(of_operation).or(new)?;
    let mut json = signer.to_json_with_limits();
    for chain in known.iter().flat_map(|it| &it.chains) {
        json["chains"][chain] = json!({"status": "success"});
    }
    for operation in waiting {
        match &operation.chain {
            Some(chain) => json["chains"][chain] = on_one_chain(state, operation),
            None => json["transaction"] = operation.to_json(state),
        }
    }
    Some(json)
}

fn on_one_chain(state: &State, operation: &Operation) -> Value {
    if operation.on_chain.is_some() {
        return operation.to_json(state);
    }
    json!({
        "id": operation.id,
        "status": operation.status,
        "approvals": operation.approvals(state),
    })
}
