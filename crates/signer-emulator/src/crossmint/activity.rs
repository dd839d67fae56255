//! Balances, transfers and test money.
//!
//! `GET …/balances` and `GET unstable/…/transfers` follow the OpenAPI document and what the vendor's SDK reads of them;
//! `POST v1-alpha2/…/balances` is `stagingFund` of the SDK. Every wallet begins with 1,000 of each token: made up.

use serde_json::{Value, json};
use signer_protocols::crossmint::ChainType;

use super::invalid;
use super::operation::{Operation, query, timestamp};
use super::state::{State, Wallet};
use super::token::Named;
use super::transfer::Transfer;
use crate::answer::{Answer, Refusal, parse, text};
use crate::emulator::Incoming;

const START: u128 = 1_000;

pub(super) fn balances(
    state: &State,
    request: &Incoming,
    locator: &str,
) -> Result<Answer, Refusal> {
    let wallet = state.wallet(locator)?;
    let tokens = query(request, "tokens").ok_or_else(|| invalid("tokens must be given"))?;
    let chains = query(request, "chains").unwrap_or_else(|| match wallet.chain_type {
        ChainType::Evm => "base-sepolia".into(),
        ChainType::Solana => "solana".into(),
        ChainType::Stellar => "stellar".into(),
    });
    let mut answer = Vec::new();
    for token in tokens.split(',').filter(|it| !it.is_empty()) {
        // A token is a symbol, or a locator with its chain.
        let on = |chain: &str| match token.split_once(':') {
            Some(_) => state.tokens.find(token),
            None => state.tokens.find(&format!("{chain}:{token}")),
        };
        let found: Vec<_> = chains.split(',').filter_map(on).collect();
        if let Some(first) = found.first() {
            answer.push(balance(wallet, token, first.decimals(), &found));
        }
    }
    Ok(Answer::ok(json!(answer)))
}

fn balance(wallet: &Wallet, token: &str, decimals: u8, found: &[Named]) -> Value {
    let mut chains = json!({});
    let mut total = 0_u128;
    for named in found {
        let units = wallet.balance(named);
        total = total.saturating_add(units);
        let mut json = json!({
            "locator": named.locator(),
            "amount": decimal(units, decimals),
            "rawAmount": units.to_string(),
        });
        if let Some((name, contract)) = named.contract_member() {
            json[name] = json!(contract);
        }
        chains[&named.chain] = json;
    }
    let symbol = found.first().and_then(|it| it.symbol.clone()).unwrap_or_else(|| token.into());
    json!({
        "symbol": symbol,
        "name": symbol.to_ascii_uppercase(),
        "decimals": decimals,
        "amount": decimal(total, decimals),
        "rawAmount": total.to_string(),
        "chains": chains,
    })
}

impl Wallet {
    /// In base units.
    fn balance(&self, token: &Named) -> u128 {
        let start = START.saturating_mul(10_u128.saturating_pow(token.decimals().into()));
        let locator = token.locator();
        let of = |amounts: &std::collections::BTreeMap<String, u128>| {
            amounts.get(&locator).copied().unwrap_or_default()
        };
        start.saturating_add(of(&self.received)).saturating_sub(of(&self.sent))
    }
}

/// Transfers that succeeded, out of the wallet and into it, the newest first.
pub(super) fn transfers(
    state: &State,
    request: &Incoming,
    locator: &str,
) -> Result<Answer, Refusal> {
    let wallet = state.wallet(locator)?;
    let chain = query(request, "chain");
    let tokens = query(request, "tokens");
    let is_asked = |transfer: &Transfer| {
        let token = &transfer.token;
        let symbol = token.symbol.as_deref().unwrap_or_default();
        chain.as_ref().is_none_or(|it| *it == token.chain)
            && tokens.as_ref().is_none_or(|tokens| {
                tokens.split(',').any(|it| it == symbol || it == transfer.locator)
            })
    };
    let succeeded = query(request, "status").is_none_or(|it| it == "successful");
    let done = state.operations.iter().rev().filter(|it| succeeded && it.status == "success");
    let data: Vec<_> = done
        .filter_map(|it| Some((it, it.transfer.as_ref().filter(|it| is_asked(it))?)))
        .filter(|(it, transfer)| {
            it.wallet == wallet.address || transfer.recipient == wallet.address
        })
        .map(|(it, transfer)| transfer_json(it, transfer, it.wallet == wallet.address))
        .collect();
    Ok(Answer::ok(json!({"data": data})))
}

fn transfer_json(operation: &Operation, transfer: &Transfer, is_out: bool) -> Value {
    let chain = &transfer.token.chain;
    let party = |address: &str| json!({"address": address, "chain": chain, "locator": format!("{chain}:{address}")});
    json!({
        "type": if is_out { "wallets.transfer.out" } else { "wallets.transfer.in" },
        "sender": party(&operation.wallet),
        "recipient": party(&transfer.recipient),
        "token": transfer.token.to_json(&transfer.amount, transfer.base_units()),
        "status": "succeeded",
        "transferId": operation.id,
        "completedAt": timestamp(operation.completed_at.unwrap_or(operation.created_at)),
        "onChain": {"txId": operation.tx_id(), "explorerLink": operation.explorer_link()},
    })
}

/// Test money, at once.
pub(super) fn fund(
    state: &mut State,
    request: &Incoming,
    locator: &str,
) -> Result<Answer, Refusal> {
    let body = parse(&request.body)?;
    let (token, chain) = (text(&body, "token")?, text(&body, "chain")?);
    let named = state.tokens.find(&format!("{chain}:{token}"));
    let named = named.ok_or_else(|| invalid("the token is not known"))?;
    let amount = body["amount"].as_u64().filter(|it| *it > 0);
    let amount = amount.ok_or_else(|| invalid("amount is a whole number"))?;
    let units = u128::from(amount).saturating_mul(10_u128.saturating_pow(named.decimals().into()));
    let wallet = state.wallet_mut(locator)?;
    let received = wallet.received.entry(named.locator()).or_default();
    *received = received.saturating_add(units);
    let total = wallet.balance(&named).to_string();
    let json = json!([{
        "token": token,
        "decimals": named.decimals(),
        "balances": {chain: total, "total": total},
    }]);
    Ok(Answer { status: 201, ..Answer::ok(json) })
}

/// Base units as a decimal number without trailing zeros.
fn decimal(units: u128, decimals: u8) -> String {
    let unit = 10_u128.saturating_pow(decimals.into());
    let (whole, rest) = (units / unit, units % unit);
    if rest == 0 {
        return whole.to_string();
    }
    let rest = format!("{rest:0width$}", width = usize::from(decimals));
    format!("{whole}.{}", rest.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::decimal;

    #[test]
    fn amounts_are_decimal_numbers_without_trailing_zeros() {
        for (units, decimals, text) in [
            (0, 6, "0"),
            (1, 6, "0.000001"),
            (1_500_000, 6, "1.5"),
            (10_000_000, 6, "10"),
            (7, 0, "7"),
        ] {
            assert_eq!(decimal(units, decimals), text);
        }
    }
}
