use alloc::format;
use alloc::vec::Vec;

use signer_core::address::evm::Address;

use super::super::verify::{Context, Finding, Operation, Request};
use super::super::{Address as SignerAddress, ChainId};
use super::chain_ids::chain_id;
use crate::Json;

/// The facts of the caller in the form in which they are compared.
pub(super) struct Facts<'a> {
    pub(super) context: &'a Context<'a>,
    /// `None` if the caller gave no address of a wallet; there is a finding then.
    pub(super) wallet: Option<Address>,
    /// `None` if the signer's address is not one of EVM.
    pub(super) signer: Option<Address>,
    /// `None` if the chain has no id; there is a finding then.
    pub(super) chain_id: Option<u64>,
}

impl<'a> Facts<'a> {
    pub(super) fn new(
        request: &Request,
        context: &'a Context<'a>,
        findings: &mut Vec<Finding>,
    ) -> Self {
        let wallet = Address::parse(context.wallet).ok();
        let named = Address::parse(request.wallet()).ok();
        if wallet.is_none() {
            let detail = "the caller's wallet is not an EVM address";
            findings.push(Finding::unverified("wallet", detail));
        } else if named.is_some_and(|named| Some(named) != wallet) {
            let detail = "the request names another wallet than the caller";
            findings.push(Finding::unverified("wallet", detail));
        }
        let signer = match context.signer.address() {
            SignerAddress::Evm(address) => Some(*address),
            _ => None,
        };
        let (listed, given) = (chain_id(context.chain), context.chain_id);
        match (listed, given) {
            (None, None) => {
                let detail = format!("the chain id of {} is not known", context.chain);
                findings.push(Finding::unverified("chain", detail));
            }
            (Some(listed), Some(given)) if listed != given => {
                let chain = context.chain;
                let detail = format!("the caller's chain id {given} is not {listed} of {chain}");
                findings.push(Finding::unverified("chain", detail));
            }
            _ => {}
        }
        findings.extend(check_chain(request, context));
        Self { context, wallet, signer, chain_id: given.or(listed) }
    }
}

/// A chain that the request names must be the caller's chain in this environment.
fn check_chain(request: &Request, context: &Context<'_>) -> Option<Finding> {
    let named = match request.operation() {
        Operation::Transfer { chain, .. } => Some(chain.as_str()),
        Operation::RemoveSigner { chain, .. } => chain.as_deref(),
        _ => match chain_member(request) {
            None | Some(Json::Null) => None,
            Some(Json::String(text)) => Some(text.as_str()),
            Some(_) => {
                let detail = "chain: a text is expected";
                return Some(Finding::unverified("request_form", detail));
            }
        },
    };
    let named = named?;
    let chain = ChainId::parse(named).ok();
    let chain = chain.and_then(|chain| chain.in_environment(context.environment).ok());
    if chain == Some(context.chain) {
        return None;
    }
    let named: alloc::string::String = named.chars().take(64).collect();
    let detail = format!("the request names the chain {named:?}, the caller {}", context.chain);
    Some(Finding::unverified("request_form", detail))
}

fn chain_member(request: &Request) -> Option<&Json> {
    match request.operation() {
        Operation::AddSigner => request.body().member("chain"),
        _ => request.param("chain"),
    }
}
