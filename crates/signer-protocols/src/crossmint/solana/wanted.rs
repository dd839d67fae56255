use alloc::vec::Vec;

use signer_core::address::solana::Address;

use super::super::verify::{Context, Finding, Operation, Request};
use super::signer_change::Change;
use super::transfer::Transfer;
use super::{Call, Message, Transaction};
use crate::Json;

/// The request, as far as an answer can be compared with it.
#[derive(Clone, Debug)]
pub(super) enum Wanted {
    /// The instructions of a transaction, with the message that gives the rights of their accounts.
    Instructions(Message, Vec<Call>),
    /// A transfer of SOL or of a token.
    Transfer(Transfer),
    /// A signer to add or to remove.
    Change(Change),
    /// The request cannot be compared; the findings give the cause.
    Unknown,
}

/// Reads the request. The findings are those of the request alone.
pub(super) fn read(
    request: &Request,
    context: &Context<'_>,
    wallet: &Address,
) -> (Wanted, Vec<Finding>) {
    let mut findings = Vec::new();
    let other_wallet = Address::parse(request.wallet()).is_ok_and(|it| it != *wallet);
    if other_wallet {
        let detail = alloc::format!("the request is for wallet {}", request.wallet());
        findings.push(Finding::unverified("request_form", detail));
    }
    let wanted = match request.operation() {
        Operation::Transaction => instructions(request),
        Operation::Transfer { chain, token } => {
            Transfer::read(request.body(), context, chain, token, wallet).map(Wanted::Transfer)
        }
        Operation::AddSigner | Operation::RemoveSigner { .. } => {
            Change::read(request, context, &mut findings).map(Wanted::Change)
        }
        Operation::Signature => {
            let detail = "signatures of messages are not known on Solana";
            Err([Finding::unverified("request_form", detail)].into())
        }
    };
    let wanted = wanted.unwrap_or_else(|faults| {
        findings.extend(faults);
        Wanted::Unknown
    });
    if matches!(wanted, Wanted::Unknown) && findings.is_empty() {
        // Nothing is compared, so nothing may be as requested.
        let detail = "the request cannot be compared with an answer";
        findings.push(Finding::unverified("request_form", detail));
    }
    (wanted, findings)
}

fn instructions(request: &Request) -> Result<Wanted, Vec<Finding>> {
    let fault = |finding| Err([finding].into());
    let Some(text) = request.param("transaction").and_then(Json::as_str) else {
        let detail = "params.transaction of the request is not a text";
        return fault(Finding::unverified("request_form", detail));
    };
    let message = match Transaction::from_base58(text) {
        Ok(transaction) => transaction.message,
        Err(error) => {
            let detail = alloc::format!("params.transaction of the request: {error}");
            return fault(Finding::unverified("request_form", detail));
        }
    };
    if let Some(table) = message.tables.first() {
        let detail = alloc::format!("the request uses lookup table {}", table.table);
        return fault(Finding::unverified("lookup_tables", detail));
    }
    let calls = message.calls();
    Ok(Wanted::Instructions(message, calls))
}
