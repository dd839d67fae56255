use serde_json::{Value, json};
use signer_protocols::crossmint::ChainType;

use super::approval::{begin, message_for};
use super::{Effect, Mischief, Operation, State, Wallet, not_found};
use crate::answer::{Answer, Refusal, parse, text};
use crate::emulator::{Incoming, Shared};
use crate::key::WalletKey;

pub(super) fn invalid(rule: &'static str) -> Refusal {
    Refusal::new(400, "invalid_request", rule)
}

pub(super) fn idempotency_key(request: &Incoming) -> Option<&str> {
    request.headers.get("x-idempotency-key").and_then(|key| key.to_str().ok())
}

/// What was made under this key; another request under it is refused.
pub(super) fn known(state: &State, request: &Incoming) -> Result<Option<String>, Refusal> {
    match idempotency_key(request).and_then(|key| state.asked.get(key)) {
        Some((asked, id)) if *asked == fingerprint(request) => Ok(Some(id.clone())),
        Some(_) => Err(invalid("the idempotency key was used for another request")),
        None => Ok(None),
    }
}

pub(super) fn remember(state: &mut State, request: &Incoming, id: &str) {
    if let Some(key) = idempotency_key(request) {
        state.asked.insert(key.into(), (fingerprint(request), id.into()));
    }
}

fn fingerprint(request: &Incoming) -> Vec<u8> {
    [request.url.as_bytes(), b"\n", &request.body].concat()
}

pub(super) fn create(
    shared: &Shared,
    state: &mut State,
    request: &Incoming,
) -> Result<Answer, Refusal> {
    let now = shared.clock.now_ms();
    if let Some(address) = known(state, request)? {
        return Ok(Answer::ok(state.wallet(&address)?.to_json(now)));
    }
    let body = parse(&request.body)?;
    let chain_type = match text(&body, "chainType")? {
        "evm" => ChainType::Evm,
        "solana" => ChainType::Solana,
        "stellar" => ChainType::Stellar,
        _ => return Err(invalid("chainType is evm, solana or stellar")),
    };
    let admin = &body["config"]["adminSigner"];
    let admin = format!("{}:{}", text(admin, "type")?, text(admin, "address")?);
    let delegated = body["config"]["delegatedSigners"].as_array().cloned().unwrap_or_default();
    let text_of = |name: &str| body[name].as_str().map(Into::into);
    let address = match chain_type {
        ChainType::Evm => WalletKey::ethereum().address(),
        ChainType::Solana => WalletKey::solana().address(),
        ChainType::Stellar => stellar_address(),
    };
    let wallet = Wallet {
        chain_type,
        address: address.clone(),
        admin,
        delegated: delegated
            .iter()
            .filter_map(|signer| signer["signer"].as_str())
            .map(|signer| (signer.to_owned(), Default::default()))
            .collect(),
        owner: text_of("owner"),
        alias: text_of("alias"),
    };
    let mut json = wallet.to_json(now);
    if state.mischief == Some(Mischief::FewerSigners) {
        json["config"]["delegatedSigners"] = json!([]);
    }
    remember(state, request, &address);
    state.wallets.insert(address, wallet);
    Ok(Answer { status: 201, ..Answer::ok(json) })
}

fn stellar_address() -> String {
    let key = signer_core::ed25519::SigningKey::generate(&mut crate::key::random());
    // A smart wallet is a contract there.
    signer_core::address::stellar::ContractAddress::from_bytes(key.verifying_key().to_bytes())
        .to_string()
}

/// On EVM a signature for the chain is to be approved, elsewhere a transaction; by the admin signer.
pub(super) fn add_signer(
    shared: &Shared,
    state: &mut State,
    request: &Incoming,
    locator: &str,
) -> Result<Answer, Refusal> {
    let body = parse(&request.body)?;
    let signer = text(&body, "signer")?.to_owned();
    let wallet = state.wallet(locator)?;
    let (chain_type, admin) = (wallet.chain_type, wallet.admin.clone());
    let chain = match chain_type {
        ChainType::Evm => Some(text(&body, "chain")?.to_owned()),
        ChainType::Solana | ChainType::Stellar => None,
    };
    let answer = |shared: &Shared, state: &mut State, id: &str| {
        let json = state.operations.get(id).map(|it| it.to_json(id, shared.clock.now_ms()));
        let json = json.ok_or_else(|| not_found("transaction"))?;
        let mut answer = super::reference(&signer);
        if chain_type == ChainType::Evm {
            answer["chains"] = json!({ body["chain"].as_str().unwrap_or_default(): json });
        } else {
            answer["transaction"] = json;
        }
        Ok(Answer { status: 201, ..Answer::ok(answer) })
    };
    if let Some(id) = known(state, request)? {
        return answer(shared, state, &id);
    }
    let wallet = state.wallet(locator)?;
    let is_there = wallet.delegated.iter().any(|(known, chains)| {
        known.eq_ignore_ascii_case(&signer)
            && chain.as_ref().is_none_or(|chain| chains.contains(chain))
    });
    let address = wallet.address.clone();
    if is_there || begun(state, &address, &signer).any(|(_, of, _)| of == chain.as_ref()) {
        return Err(invalid("the signer exists already"));
    }
    let (message, transaction) = message_for(state.wallet(locator)?, &admin, None)?;
    let operation = Operation {
        effect: Effect::AddSigner(signer.clone(), chain),
        kind: if chain_type == ChainType::Evm { "signatures" } else { "transactions" },
        ..begin(state.wallet(locator)?, admin, message, transaction, Value::Null)
    };
    let id = shared.id("operation");
    state.operations.insert(id.clone(), operation);
    remember(state, request, &id);
    answer(shared, state, &id)
}

/// Those that were asked for and are not done: their ids, chains and operations.
fn begun<'a>(
    state: &'a State,
    address: &'a str,
    signer: &'a str,
) -> impl Iterator<Item = (&'a String, Option<&'a String>, &'a Operation)> {
    state.operations.iter().filter_map(move |(id, operation)| match &operation.effect {
        Effect::AddSigner(added, chain)
            if added.eq_ignore_ascii_case(signer)
                && operation.wallet == address
                && operation.status != "success" =>
        {
            Some((id, chain.as_ref(), operation))
        }
        _ => None,
    })
}

/// A signer with its state: on EVM of each chain, elsewhere the transaction that adds it, until it is done.
pub(super) fn signer(
    shared: &Shared,
    state: &mut State,
    locator: &str,
    signer: &str,
) -> Result<Answer, Refusal> {
    let wallet = state.wallet(locator)?;
    let address = wallet.address.clone();
    let there = wallet.delegated.iter().find(|(known, _)| known.eq_ignore_ascii_case(signer));
    let chains = there.map(|(_, chains)| chains.clone());
    let mut answer = super::reference(signer);
    let mut is_known = chains.is_some();
    for chain in chains.into_iter().flatten() {
        answer["chains"][chain] = json!({"status": "success"});
    }
    for (id, chain, operation) in begun(state, &address, signer) {
        is_known = true;
        let json = operation.to_json(id, shared.clock.now_ms());
        match chain {
            Some(chain) => answer["chains"][chain] = json,
            None => answer["transaction"] = json,
        }
    }
    if is_known { Ok(Answer::ok(answer)) } else { Err(not_found("signer")) }
}

pub(super) fn remove_signer(
    shared: &Shared,
    state: &mut State,
    request: &Incoming,
    locator: &str,
    signer: &str,
) -> Result<Answer, Refusal> {
    let wallet = state.wallet(locator)?;
    if !wallet.delegated.keys().any(|known| known.eq_ignore_ascii_case(signer)) {
        return Err(not_found("signer"));
    }
    let chain = request.query.strip_prefix("chain=").map(str::to_owned);
    if chain.is_some() != (wallet.chain_type == ChainType::Evm) {
        return Err(invalid("?chain= is for evm, and needed there"));
    }
    let admin = wallet.admin.clone();
    let (message, transaction) = message_for(wallet, &admin, None)?;
    let operation = Operation {
        effect: Effect::RemoveSigner(signer.into(), chain),
        ..begin(wallet, admin, message, transaction, Value::Null)
    };
    let id = shared.id("operation");
    let json = operation.to_json(&id, shared.clock.now_ms());
    state.operations.insert(id, operation);
    Ok(Answer::ok(json))
}
