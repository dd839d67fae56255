//! The comparison: the pending message is the payload of the wallet's one authorization, and the authorized call is the
//! one that was requested.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use signer_core::address::stellar::ContractAddress;

use super::super::verify::{
    Answer, Content, Context, Finding, Kind, Operation, Request, Verification,
};
use super::super::{Approval, SigningInput};
use super::xdr::{
    AuthorizationEntry, AuthorizedFunction, Credentials, Invocation, InvocationTree, ScAddress,
    XdrError,
};
use super::{
    Envelope, PUBLIC_NETWORK, TEST_NETWORK, arguments, authorization_payload, content,
    network_passphrase, signer_change, transfer,
};
use crate::{Json, base64};

/// Verifies an answer against the request that was sent.
///
/// The decoded content shows each authorized call as `contract`, `function` and `args`.
pub fn verify(request: &Request, answer: &Json, context: &Context<'_>) -> Verification {
    let answer = Answer::new(request, answer, context.chain.as_str());
    let mut findings = Vec::from_iter(answer.check_wallet_type());
    let message = answer.message(&context.signer).map_err(|it| findings.push(it)).ok();
    let wallet = match wallet(request, context) {
        Ok(wallet) => Some(wallet),
        Err(finding) => {
            findings.push(finding);
            None
        }
    };
    let mut kind = message.is_some().then_some(Kind::Hash);
    let content = match envelope(&answer) {
        Ok(envelope) => {
            let checked = Checked::new(&envelope, wallet, message, context);
            findings.extend(checked.findings);
            if checked.is_payload {
                kind = Some(Kind::Stellar);
            }
            if let (Some(wallet), Some(root)) = (wallet, checked.root) {
                findings.extend(compare(request, root, wallet, context));
            }
            Some(checked.content)
        }
        Err(finding) => {
            findings.push(finding);
            None
        }
    };
    let approval = message.and_then(approval);
    if message.is_some() && approval.is_none() {
        let detail = "the pending message is not the base64 of 32 bytes";
        findings.push(Finding::unverified("malformed", detail));
    }
    Verification::new(kind, findings, content, approval)
}

/// Only 32 bytes may be signed: a payload of an authorization has no other length.
fn approval(message: &str) -> Option<(Approval, String)> {
    let approval = Approval::stellar(message).ok()?;
    let SigningInput::Message(bytes) = approval.signing_input() else { return None };
    (bytes.len() == 32).then(|| (approval.clone(), message.to_string()))
}

/// The wallet of the context. A request that names another contract is not one of this wallet.
fn wallet(request: &Request, context: &Context<'_>) -> Result<ContractAddress, Finding> {
    let wallet = ContractAddress::parse(context.wallet)
        .map_err(|_| Finding::unverified("wallet", "the wallet is not a contract of Stellar"))?;
    match ContractAddress::parse(request.wallet()) {
        Ok(named) if named != wallet => {
            let detail = format!("the request is one of the wallet {named}, not of {wallet}");
            Err(Finding::unverified("wallet", detail))
        }
        _ => Ok(wallet),
    }
}

fn envelope(answer: &Answer<'_>) -> Result<Envelope, Finding> {
    let transaction = answer.on_chain("transaction");
    let tx = transaction.and_then(|it| it.member("tx")).filter(|tx| **tx != Json::Null);
    let Some(tx) = tx else {
        let detail = "the answer has no onChain.transaction.tx";
        return Err(Finding::unverified("no_transaction", detail));
    };
    let Some(text) = tx.as_str() else {
        return Err(Finding::unverified("stellar_form", "onChain.transaction.tx is not a text"));
    };
    Envelope::parse(text).map_err(|error| {
        let reason = match error {
            XdrError::Unsupported { part: "host function", .. } => "stellar_host",
            XdrError::Unsupported { part: "credentials", .. } => "stellar_auth",
            _ => "stellar_form",
        };
        Finding::unverified(reason, format!("onChain.transaction.tx: {error}"))
    })
}

/// The checks of an envelope that need no request.
struct Checked<'e> {
    findings: Vec<Finding>,
    content: Content,
    /// The call that the wallet authorizes, if it is one.
    root: Option<&'e Invocation>,
    /// Whether the pending message is the payload of an authorization in the envelope.
    is_payload: bool,
}

impl<'e> Checked<'e> {
    fn new(
        envelope: &'e Envelope,
        wallet: Option<ContractAddress>,
        message: Option<&str>,
        context: &Context<'_>,
    ) -> Self {
        let passphrase = network_passphrase(context.environment);
        let entries = envelope.authorizations();
        let mut checked = Self {
            findings: Vec::new(),
            content: content::of_call(envelope.call(), wallet),
            root: None,
            is_payload: entries.iter().any(|entry| {
                message.is_some_and(|message| is_payload_of(message, entry, passphrase))
            }),
        };
        let entry = match only_entry(entries, wallet) {
            Ok(entry) => entry,
            Err(finding) => {
                checked.findings.push(finding);
                return checked;
            }
        };
        checked.content = content::of_tree(&entry.root, wallet);
        checked.content.details = details(entry, passphrase);
        if let Some(message) = message.filter(|_| !checked.is_payload) {
            checked.findings.push(payload_mismatch(message, entry, passphrase));
        }
        checked.check_tree(&entry.root, envelope.call());
        checked
    }

    fn check_tree(&mut self, root: &'e InvocationTree, host: &Invocation) {
        if let count @ 1.. = root.sub_invocations.len() {
            let detail = format!("{count} further calls are authorized below the call");
            self.findings.push(Finding::differs("sub_invocation", detail));
        }
        match &root.function {
            AuthorizedFunction::Contract(invocation) => {
                if invocation != host {
                    let (function, contract) = (&host.function, host.contract);
                    let detail = format!("the transaction calls {function} of {contract} instead");
                    self.findings.push(Finding::unverified("stellar_host", detail));
                }
                self.root = Some(invocation);
            }
            AuthorizedFunction::Create { tag, .. } => {
                let detail = format!("the creation of a contract (type {tag}) is authorized");
                self.findings.push(Finding::differs("invocation", detail));
            }
        }
    }
}

/// The one authorization, by address credentials of the wallet.
fn only_entry(
    entries: &[AuthorizationEntry],
    wallet: Option<ContractAddress>,
) -> Result<&AuthorizationEntry, Finding> {
    let refused = |detail| Err(Finding::unverified("stellar_auth", detail));
    let [entry] = entries else {
        return refused(format!("the transaction has {} authorizations, not one", entries.len()));
    };
    match &entry.credentials {
        Credentials::SourceAccount => refused("the source account authorizes".into()),
        Credentials::Address { address, .. } => match (address, wallet) {
            (ScAddress::Contract(contract), Some(wallet)) if *contract == wallet => Ok(entry),
            _ => refused(format!("{address} authorizes, not the wallet")),
        },
    }
}

fn is_payload_of(message: &str, entry: &AuthorizationEntry, passphrase: &str) -> bool {
    let Credentials::Address { nonce, expiration_ledger, .. } = &entry.credentials else {
        return false;
    };
    let payload = authorization_payload(passphrase, *nonce, *expiration_ledger, &entry.root);
    base64::decode(message).is_ok_and(|bytes| bytes == payload)
}

fn payload_mismatch(message: &str, entry: &AuthorizationEntry, passphrase: &str) -> Finding {
    let other = if passphrase == PUBLIC_NETWORK { TEST_NETWORK } else { PUBLIC_NETWORK };
    let detail = if is_payload_of(message, entry, other) {
        format!("the message is the payload of the authorization on another network ({other})")
    } else {
        format!("the message is not the payload of the authorization ({passphrase})")
    };
    Finding::differs("payload_mismatch", detail)
}

fn details(entry: &AuthorizationEntry, passphrase: &str) -> Vec<(&'static str, Json)> {
    let mut details = Vec::from([("network", Json::from(passphrase))]);
    if let Credentials::Address { nonce, expiration_ledger, .. } = &entry.credentials {
        details.push(("nonce", Json::from(nonce.to_string())));
        details.push(("expirationLedger", Json::Unsigned(u64::from(*expiration_ledger))));
    }
    details
}

/// Compares the authorized call with the request.
fn compare(
    request: &Request,
    root: &Invocation,
    wallet: ContractAddress,
    context: &Context<'_>,
) -> Vec<Finding> {
    match request.operation() {
        Operation::Transaction => compare_call(request, root),
        Operation::Transfer { chain, token } => {
            match transfer::requested(chain, token, request.body(), wallet, context) {
                Ok(requested) => Vec::from_iter(other_call(&requested, root)),
                Err(finding) => [finding].into(),
            }
        }
        Operation::AddSigner => signer_change::compare_addition(request.body(), root, wallet),
        Operation::RemoveSigner { signer, .. } => {
            signer_change::compare_removal(signer, root, wallet)
        }
        Operation::Signature => {
            let detail = "signatures of authorization entries (SEP-45) are not read";
            [Finding::unverified("stellar_request", detail)].into()
        }
    }
}

fn compare_call(request: &Request, root: &Invocation) -> Vec<Finding> {
    let (contract, method, args) = match contract_call(request) {
        Ok(call) => call,
        Err(finding) => return [finding].into(),
    };
    match arguments::requested(method, args) {
        Ok(arguments) => {
            Vec::from_iter(other_call(&Invocation::new(contract, method, arguments), root))
        }
        Err(finding) => {
            let mut findings = Vec::from([finding]);
            if root.contract != contract || root.function != method {
                let (function, called) = (&root.function, root.contract);
                let detail =
                    format!("{function} of {called} is called, not {method} of {contract}");
                findings.push(Finding::differs("invocation", detail));
            }
            findings
        }
    }
}

/// Contract, method and `args` of a request of the type `contract-call`.
fn contract_call(request: &Request) -> Result<(ContractAddress, &str, &Json), Finding> {
    let refused = |detail| Err(Finding::unverified("stellar_request", detail));
    let Some(Json::Object(members)) = request.param("transaction") else {
        return refused("the request has no params.transaction".into());
    };
    let text = |name: &str| members.get(name).and_then(Json::as_str);
    if text("type") != Some("contract-call") {
        let kind: String = text("type").unwrap_or_default().chars().take(32).collect();
        return refused(format!("a transaction of the type {kind:?} cannot be compared"));
    }
    for (name, value) in members {
        match name.as_str() {
            "type" | "contractId" | "method" | "args" => {}
            "memo" if *value == Json::Null => {}
            "memo" => {
                let detail = "the signature does not cover the memo of the transaction";
                return Err(Finding::unverified("memo", detail));
            }
            name => return refused(format!("unknown member {name:?} of the transaction")),
        }
    }
    let contract = text("contractId").and_then(|text| ContractAddress::parse(text).ok());
    match (contract, text("method"), members.get("args")) {
        (Some(contract), Some(method), Some(args)) => Ok((contract, method, args)),
        _ => refused("contractId, method or args of the transaction are missing or wrong".into()),
    }
}

/// The first difference of two calls.
fn other_call(requested: &Invocation, root: &Invocation) -> Option<Finding> {
    let detail = if root.contract != requested.contract {
        format!("the contract is {}, not {}", root.contract, requested.contract)
    } else if root.function != requested.function {
        format!("the function is {}, not {}", root.function, requested.function)
    } else if root.arguments.len() != requested.arguments.len() {
        let (count, expected) = (root.arguments.len(), requested.arguments.len());
        format!("{} has {count} arguments, not {expected}", root.function)
    } else {
        let mut pairs = root.arguments.iter().zip(&requested.arguments);
        let at = pairs.position(|(argument, requested)| argument != requested)?;
        format!("argument {} of {} differs", at + 1, root.function)
    };
    Some(Finding::differs("invocation", detail))
}
