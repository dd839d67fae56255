use alloc::format;

use signer_core::address::stellar::ContractAddress;

use super::super::verify::{Context, Finding, Token, base_units};
use super::xdr::{Invocation, ScAddress};
use super::{native_contract, network_passphrase, token_transfer};
use crate::Json;

/// Stellar's coin has seven decimals on every network.
const NATIVE_DECIMALS: u8 = 7;

/// The call that a request of a token transfer stands for. Contract and decimals come from the caller's table, never
/// from the answer.
pub(super) fn requested(
    chain: &str,
    token: &str,
    body: &Json,
    wallet: ContractAddress,
    context: &Context<'_>,
) -> Result<Invocation, Finding> {
    check_form(chain, body, context)?;
    let (contract, decimals) = find_token(chain, token, context)?;
    let recipient = recipient(body, context)?;
    let Some(amount) = body.member("amount").and_then(Json::as_str) else {
        return Err(Finding::unverified("amount", "a transfer without an amount is one of an NFT"));
    };
    let amount = base_units(amount, decimals)
        .map_err(|error| Finding::unverified("amount", format!("{error}")))?;
    let amount = u128::try_from(amount).ok().and_then(|amount| i128::try_from(amount).ok());
    let amount = amount.ok_or_else(|| Finding::unverified("amount", "amount is too large"))?;
    Ok(token_transfer(contract, ScAddress::Contract(wallet), recipient, amount))
}

fn check_form(chain: &str, body: &Json, context: &Context<'_>) -> Result<(), Finding> {
    let Json::Object(members) = body else {
        return Err(Finding::unverified("request_form", "the body is not an object"));
    };
    if chain != context.chain.as_str() {
        let detail = format!("the token is of the chain {chain:?}");
        return Err(Finding::unverified("request_form", detail));
    }
    for (name, value) in members {
        match (name.as_str(), value) {
            (_, Json::Null) | ("recipient" | "amount" | "signer", _) => {}
            ("transactionType", Json::String(text)) if text == "direct" => {}
            ("transactionType", other) => {
                let detail = format!("transaction type {other:?}");
                return Err(Finding::unverified("transfer_type", detail));
            }
            ("memo", _) => {
                let detail = "the signature does not cover the memo of the transaction";
                return Err(Finding::unverified("memo", detail));
            }
            (name, _) => {
                let detail = format!("unknown member {name:?} of the request");
                return Err(Finding::unverified("request_form", detail));
            }
        }
    }
    Ok(())
}

fn find_token(
    chain: &str,
    token: &str,
    context: &Context<'_>,
) -> Result<(ContractAddress, u8), Finding> {
    let refused = |detail| Err(Finding::unverified("token", detail));
    let known = context.tokens.find(&format!("{chain}:{token}"));
    let (contract, decimals) = match known {
        Some(Token::Sep41 { contract, decimals }) => (*contract, *decimals),
        Some(Token::Native { decimals: NATIVE_DECIMALS }) => {
            (native_contract(network_passphrase(context.environment)), NATIVE_DECIMALS)
        }
        Some(_) => return refused(format!("token {token:?} is not one of Stellar in the table")),
        None => return refused(format!("token {token:?} is not in the table")),
    };
    if ContractAddress::parse(token).is_ok_and(|named| named != contract) {
        return refused(format!("the table has {contract} for the contract {token}"));
    }
    Ok((contract, decimals))
}

/// A plain address, or `address:<address>[:<chain>]`. For every other locator the service decides who receives.
fn recipient(body: &Json, context: &Context<'_>) -> Result<ScAddress, Finding> {
    let text = body.member("recipient").and_then(Json::as_str).unwrap_or_default();
    let address = match text.strip_prefix("address:") {
        None => text,
        Some(rest) => match rest.split_once(':') {
            None => rest,
            Some((address, chain)) if chain == context.chain.as_str() => address,
            Some(_) => "",
        },
    };
    ScAddress::parse(address)
        .map_err(|_| Finding::unverified("recipient", "recipient is not an address of Stellar"))
}
