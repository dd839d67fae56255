//! `POST /wallets/{w}/transactions`: the bodies of `CreateTransactionV2025DTO` of the OpenAPI document, and
//! `serialized-transaction` on Stellar, which the vendor's SDK sends.
//!
//! Without `signer` the admin signer approves. On EVM the echo has the calls as they were decoded, as recorded.

use serde_json::{Value, json};
use signer_core::address::{solana as sol, stellar as xlm};
use signer_protocols::crossmint::ChainType;
use signer_protocols::crossmint::solana::Instruction;
use signer_protocols::crossmint::stellar::xdr::Invocation;

use super::evm::{Call, Nonce, Permission, build, calls_of, chain_id};
use super::operation::{Draft, Pending, answer_created, begin};
use super::signer::Signer;
use super::solana::{Wrapping, fee_config, requested};
use super::state::{OnChain, State, Wallet};
use super::{invalid, stellar};
use crate::answer::{Answer, Refusal, parse, text};
use crate::emulator::{Incoming, Shared};

pub(super) fn create(
    shared: &Shared,
    state: &mut State,
    request: &Incoming,
    locator: &str,
) -> Result<Answer, Refusal> {
    if let Some(id) = state.known(request)? {
        return answer_created(state, &id);
    }
    let body = parse(&request.body)?;
    let params = &body["params"];
    let wallet = state.wallet(locator)?;
    let draft = match wallet.chain_type {
        ChainType::Evm => {
            let chain = text(params, "chain")?;
            let signer = wallet.approver(params, Some(chain))?;
            evm(state, wallet, &signer, chain, &calls_of(params)?)?
        }
        ChainType::Solana => {
            let signer = wallet.approver(params, None)?;
            let transaction = text(params, "transaction")?;
            let address = solana_address(&wallet.address)?;
            let (instructions, mut others) =
                requested(transaction, &address, &signer_address(&signer)?)?;
            for locator in params["requiredSigners"].as_array().into_iter().flatten() {
                let further = Signer::parse(locator, ChainType::Solana)?;
                let further = signer_address(&further)?;
                if !others.contains(&further) {
                    others.push(further);
                }
            }
            solana(state, wallet, &signer, &instructions, &others, transaction)?
        }
        ChainType::Stellar => {
            let signer = wallet.approver(params, None)?;
            let transaction = &params["transaction"];
            let call = stellar::invocation(transaction, contract(wallet)?)?;
            stellar(state, wallet, &signer, &call, transaction)?
        }
    };
    let address = wallet.address.clone();
    let id = begin(shared, state, request, &address, draft)?;
    answer_created(state, &id)
}

/// A user operation of these calls.
pub(super) fn evm(
    state: &State,
    wallet: &Wallet,
    signer: &Signer,
    chain: &str,
    calls: &[Call],
) -> Result<Draft, Refusal> {
    let OnChain::Evm(account) = &wallet.account else {
        return Err(invalid("the wallet is not one of EVM"));
    };
    let id = chain_id(chain).ok_or_else(|| invalid("the chain is not known"))?;
    let nonce = if wallet.admin.is(&signer.locator) {
        Nonce::Root
    } else {
        Nonce::Permission(Permission::of(signer).id())
    };
    let (on_chain, message) = build(account, (chain, id), nonce, calls, state.tampering);
    let params = json!({
        "calls": calls.iter().map(Call::to_json).collect::<Vec<_>>(),
        "chain": chain,
        "signer": signer.to_json(),
    });
    let pending = vec![Pending { signer: signer.clone(), message }];
    Ok(Draft { chain: Some(chain.into()), ..Draft::transaction(params, on_chain, pending) })
}

/// The wrapped transaction of these instructions; `others` must sign, too.
pub(super) fn solana(
    state: &State,
    wallet: &Wallet,
    signer: &Signer,
    instructions: &[Instruction],
    others: &[sol::Address],
    echo: &str,
) -> Result<Draft, Refusal> {
    let wrapping = wrapping(state, wallet, signer)?;
    let built = wrapping.execute(instructions);
    let (on_chain, message) = built.ok_or_else(|| invalid("the transaction is too large"))?;
    let mut pending = vec![Pending { signer: signer.clone(), message: message.clone() }];
    for other in others {
        let locator = json!(format!("external-wallet:{other}"));
        let signer = Signer::parse(&locator, ChainType::Solana)?;
        pending.push(Pending { signer, message: message.clone() });
    }
    let params = json!({
        "transaction": echo, "signer": signer.to_json(), "feeConfig": fee_config(),
    });
    Ok(Draft::transaction(params, on_chain, pending))
}

/// The authorization of this call. The echo of the signer is a locator, as the OpenAPI document has it on this chain.
pub(super) fn stellar(
    state: &State,
    wallet: &Wallet,
    signer: &Signer,
    call: &Invocation,
    echo: &Value,
) -> Result<Draft, Refusal> {
    let (on_chain, message) = stellar::build(contract(wallet)?, call, state.tampering);
    let params = json!({"transaction": echo, "signer": signer.locator});
    let pending = vec![Pending { signer: signer.clone(), message }];
    Ok(Draft::transaction(params, on_chain, pending))
}

pub(super) fn wrapping<'a>(
    state: &'a State,
    wallet: &Wallet,
    signer: &Signer,
) -> Result<Wrapping<'a>, Refusal> {
    let OnChain::Solana { settings } = wallet.account else {
        return Err(invalid("the wallet is not one of Solana"));
    };
    let (wallet, signer) = (solana_address(&wallet.address)?, signer_address(signer)?);
    Ok(Wrapping { settings, wallet, signer, state })
}

pub(super) fn contract(wallet: &Wallet) -> Result<xlm::ContractAddress, Refusal> {
    let contract = xlm::ContractAddress::parse(&wallet.address);
    contract.map_err(|_| invalid("the wallet is not one of Stellar"))
}

pub(super) fn solana_address(text: &str) -> Result<sol::Address, Refusal> {
    sol::Address::parse(text).map_err(|_| invalid("not an address of Solana"))
}

fn signer_address(signer: &Signer) -> Result<sol::Address, Refusal> {
    solana_address(signer.address.as_deref().unwrap_or_default())
}
