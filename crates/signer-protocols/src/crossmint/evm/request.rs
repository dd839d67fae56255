//! The calls that a request asks for (section 1.5).

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use signer_core::address::evm::Address;

use super::super::verify::{Finding, Operation, Request};
use super::facts::Facts;
use super::kernel::Call;
use super::signer_change::NewSigner;
use super::transfer::Transfer;
use crate::evm::abi::encode_call;
use crate::evm::{Transaction, TransactionType};
use crate::hex::decode_0x;
use crate::{Json, U256};

/// The operation that a request asks for, as far as it can be read.
#[derive(Debug)]
pub(super) enum Expected {
    /// Exactly these calls.
    Calls(Vec<Call>),
    /// One transfer.
    Transfer(Transfer),
    /// A new signer.
    AddSigner(NewSigner),
    /// The removal of a signer.
    RemoveSigner,
    /// The request cannot be read; there is a finding.
    Unknown,
}

impl Expected {
    pub(super) fn read(request: &Request, facts: &Facts<'_>, findings: &mut Vec<Finding>) -> Self {
        let read = match request.operation() {
            Operation::Transaction => calls(request, facts.chain_id).map(Self::Calls),
            Operation::Transfer { token, .. } => {
                return Transfer::read(request, token, facts, findings)
                    .map_or(Self::Unknown, Self::Transfer);
            }
            Operation::AddSigner => NewSigner::read(request).map(Self::AddSigner),
            Operation::RemoveSigner { .. } => return Self::RemoveSigner,
            Operation::Signature => Err("a signature has no calls".into()),
            Operation::Unknown => {
                findings.push(Finding::no_request());
                return Self::Unknown;
            }
        };
        read.unwrap_or_else(|detail| {
            findings.push(Finding::unverified("request_form", detail));
            Self::Unknown
        })
    }
}

fn calls(request: &Request, chain_id: Option<u64>) -> Result<Vec<Call>, String> {
    for other in ["call", "transaction"] {
        if request.param(other).is_some_and(|value| *value != Json::Null) {
            return Err(format!("params.{other} is not a request of a smart wallet on EVM"));
        }
    }
    let calls = request.param("calls").and_then(Json::as_array).unwrap_or_default();
    if calls.is_empty() {
        return Err("params.calls: a list of at least one call is expected".into());
    }
    let calls = calls.iter().enumerate();
    calls
        .map(|(at, it)| call(it, chain_id).map_err(|rule| format!("params.calls[{at}]: {rule}")))
        .collect()
}

fn call(json: &Json, chain_id: Option<u64>) -> Result<Call, String> {
    let Json::Object(members) = json else { return Err("an object is expected".into()) };
    let names: Vec<&str> = members.keys().map(String::as_str).collect();
    match names.as_slice() {
        ["data", "to", "value"] => parts(json),
        ["transaction"] => serialized(json, chain_id),
        ["abi", "address", "args", "functionName"]
        | ["abi", "address", "args", "functionName", "value"] => {
            function(json)
        }
        _ => Err("to, value and data, or transaction, or address, functionName, abi and args are expected".into()),
    }
}

fn parts(json: &Json) -> Result<Call, String> {
    let data = decode_0x(text(json, "data")?).map_err(|_| "data: 0x hex is expected")?;
    Ok(Call { to: address(json, "to")?, value: value(text(json, "value")?)?, data })
}

fn serialized(json: &Json, chain_id: Option<u64>) -> Result<Call, String> {
    let transaction = Transaction::parse_hex(text(json, "transaction")?);
    let transaction = transaction.map_err(|error| format!("transaction: {error}"))?;
    let kind = transaction.transaction_type();
    if matches!(kind, TransactionType::Blob | TransactionType::SetCode) {
        return Err(format!("transaction: type {} is not compared", kind.as_u8()));
    }
    if let Some(named) = transaction.chain_id()
        && Some(named) != chain_id
    {
        return Err(format!("transaction: chain id {named} is not that of the request"));
    }
    let to = transaction.to().ok_or("transaction: a contract creation is not compared")?;
    Ok(Call { to, value: transaction.value(), data: transaction.data().into() })
}

fn function(json: &Json) -> Result<Call, String> {
    let abi = json.member("abi").unwrap_or(&Json::Null);
    let args = json.member("args").and_then(Json::as_array).ok_or("args: a list is expected")?;
    let data = encode_call(abi, text(json, "functionName")?, args).map_err(|it| it.to_string())?;
    let value = match json.member("value") {
        None | Some(Json::Null) => U256::ZERO,
        Some(_) => value(text(json, "value")?)?,
    };
    Ok(Call { to: address(json, "address")?, value, data })
}

fn text<'a>(json: &'a Json, name: &str) -> Result<&'a str, String> {
    json.member(name).and_then(Json::as_str).ok_or_else(|| format!("{name}: a text is expected"))
}

fn address(json: &Json, name: &str) -> Result<Address, String> {
    Address::parse(text(json, name)?).map_err(|_| format!("{name}: an address is expected"))
}

fn value(text: &str) -> Result<U256, String> {
    let value = U256::from_decimal(text).or_else(|| U256::from_hex(text));
    value.ok_or_else(|| "value: decimal digits, or 0x hex, below 2^256 are expected".into())
}
