//! Transfers of the coin or of an ERC-20 token (section 1.5).

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use signer_core::address::evm::Address;

use super::super::ChainId;
use super::super::verify::{Context, Finding, Request, Token, base_units};
use super::facts::Facts;
use super::kernel::Call;
use crate::evm::abi::encode;
use crate::evm::calls;
use crate::hex::literal;
use crate::{Json, U256};

/// `transfer(address,uint256)`
const TRANSFER: [u8; 4] = literal("a9059cbb");

/// A transfer as it was requested. Parts that are not known have a finding.
#[derive(Debug)]
pub(super) struct Transfer {
    asset: Option<Asset>,
    recipient: Option<Address>,
    amount: Option<U256>,
}

#[derive(Clone, Copy, Debug)]
enum Asset {
    Native,
    Erc20(Address),
}

impl Transfer {
    /// `None` if the request is none whose call is known by its parts.
    pub(super) fn read(
        request: &Request,
        token: &str,
        facts: &Facts<'_>,
        findings: &mut Vec<Finding>,
    ) -> Option<Self> {
        let mut transfer = Self { asset: None, recipient: None, amount: None };
        let body = request.body();
        let member = |name| body.member(name).filter(|value| **value != Json::Null);
        let mut report = |reason, detail: String| findings.push(Finding::unverified(reason, detail));
        if member("memo").is_some() {
            report("request_form", "memo: a transfer on EVM has none".into());
        }
        let mut is_direct = true;
        if let Some(kind) = member("transactionType")
            && kind.as_str() != Some("direct")
        {
            report("transfer_type", "transactionType is not direct".into());
            is_direct = false;
        }
        let mut decimals = None;
        match find_token(request, token, facts.context) {
            Ok((asset, found)) => (transfer.asset, decimals) = (Some(asset), Some(found)),
            Err(detail) => report("token", detail),
        }
        match recipient(member("recipient"), facts.context) {
            Ok(address) => transfer.recipient = Some(address),
            Err(detail) => report("recipient", detail),
        }
        let amount = match (member("amount"), decimals) {
            (None, _) => Some(Err("amount: missing, as in the transfer of an NFT".to_string())),
            (Some(Json::String(text)), Some(decimals)) => Some(
                base_units(text, decimals).map_err(|error| format!("amount: {error}")),
            ),
            (Some(Json::String(_)), None) => None,
            (Some(_), _) => Some(Err("amount: a text is expected".to_string())),
        };
        match amount {
            Some(Ok(amount)) => transfer.amount = Some(amount),
            Some(Err(detail)) => report("amount", detail),
            None => {}
        }
        (is_direct && member("amount").is_some()).then_some(transfer)
    }

    /// The only call, if all parts are known.
    pub(super) fn call(&self) -> Option<Call> {
        let (recipient, amount) = (self.recipient?, self.amount?);
        Some(match self.asset? {
            Asset::Native => Call { to: recipient, value: amount, data: Vec::new() },
            Asset::Erc20(contract) => {
                let arguments = encode(&[recipient.into(), amount.into()]);
                let data = [&TRANSFER[..], &arguments[..]].concat();
                Call { to: contract, value: U256::ZERO, data }
            }
        })
    }

    /// The part in which calls differ from the known parts of the transfer.
    pub(super) fn difference(&self, calls: &[Call]) -> Option<String> {
        let [call] = calls else {
            return Some(format!("{} calls, a transfer has one", calls.len()));
        };
        if let Some(expected) = self.call() {
            return super::compare::difference(0, call, &expected);
        }
        let (recipient, amount) = match self.asset? {
            Asset::Native if !call.data.is_empty() => {
                return Some("call 1 has data, a transfer of the coin has none".into());
            }
            Asset::Native => (call.to, call.value),
            Asset::Erc20(contract) => {
                if call.to != contract || call.value != U256::ZERO {
                    return Some(format!("call 1 goes to {} with {} wei", call.to, call.value));
                }
                match calls::describe(Some(&call.to), &call.data) {
                    calls::Call::Transfer { to, amount } => (to, amount),
                    other => return Some(format!("call 1 is {other}, not a transfer")),
                }
            }
        };
        if self.recipient.is_some_and(|expected| expected != recipient) {
            return Some(format!("call 1 pays {recipient}"));
        }
        let differs = self.amount.is_some_and(|expected| expected != amount);
        differs.then(|| format!("call 1 pays {amount} base units"))
    }
}

fn find_token(
    request: &Request,
    token: &str,
    context: &Context<'_>,
) -> Result<(Asset, u8), String> {
    let super::super::verify::Operation::Transfer { chain, .. } = request.operation() else {
        return Err("not a transfer".into());
    };
    let locator = format!("{}:{token}", context.chain);
    let found = context.tokens.find(&locator);
    let found = found.or_else(|| context.tokens.find(&format!("{chain}:{token}")));
    let (asset, decimals) = match found {
        Some(Token::Native { decimals }) => (Asset::Native, *decimals),
        Some(Token::Erc20 { address, decimals }) => (Asset::Erc20(*address), *decimals),
        Some(_) => return Err(format!("token {locator} is not one of EVM")),
        None => return Err(format!("the contract and the decimals of {locator} are not known")),
    };
    match (Address::parse(token), asset) {
        (Ok(named), Asset::Erc20(contract)) if named == contract => Ok((asset, decimals)),
        (Ok(named), _) => Err(format!("the request names the contract {named}, the caller another")),
        (Err(_), _) => Ok((asset, decimals)),
    }
}

/// A plain address, or `address:<a>[:<chain>]`.
fn recipient(json: Option<&Json>, context: &Context<'_>) -> Result<Address, String> {
    let text = json.and_then(Json::as_str).ok_or("recipient: a text is expected")?;
    let (address, chain) = match text.strip_prefix("address:") {
        None => (text, None),
        Some(rest) => rest.split_once(':').map_or((rest, None), |(a, chain)| (a, Some(chain))),
    };
    let kind: String = text.split(':').next().unwrap_or_default().chars().take(16).collect();
    let address = Address::parse(address)
        .map_err(|_| format!("recipient: not an address: the service alone knows who {kind:?} is"))?;
    let Some(chain) = chain else { return Ok(address) };
    let chain = ChainId::parse(chain).and_then(|it| it.in_environment(context.environment));
    if chain == Ok(context.chain) {
        Ok(address)
    } else {
        Err("recipient: an address of another chain".into())
    }
}
