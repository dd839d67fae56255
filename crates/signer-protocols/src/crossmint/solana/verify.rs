use alloc::format;
use alloc::vec::Vec;

use super::super::Approval;
use super::super::verify::{
    Answer, Content, Context, Finding, Item, Kind, Operation, Request, Verification,
};
use super::outer::{Outer, without_wrapper};
use super::parties::Parties;
use super::signer_change::SettingsCall;
use super::transaction::to_base58;
use super::wanted::{self, Wanted};
use super::wrapper::{Squads, SyncCall};
use super::{Call, Transaction, compare, content, details};
use crate::Json;

/// Verifies an answer against the request that was sent: sections 0 and 4 of the specification page.
///
/// The answer must hold a transaction whose message is the pending one, and in which our signer signs for the wallet and
/// for nothing else. Costs a few hashes and point decompressions, and base58 of at most 8192 characters.
///
/// ```
/// use signer_protocols::Json;
/// use signer_protocols::crossmint::solana::verify;
/// use signer_protocols::crossmint::verify::{Context, Request, Verdict};
/// use signer_protocols::crossmint::{ChainId, ChainType, Environment, Locator};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let wallet = "6n9qcXR9JJ1PjCbTshwKd2QxgKSTp27N3chq6oLSMC9b";
/// let signer = "server:Fqf91Gs76M7NzNog6EKh6AUpxG6rGpQwGzcgvwcQgssY";
/// let signer = Locator::parse(signer, ChainType::Solana)?;
/// let context = Context::new(Environment::Staging, ChainId::parse("solana")?, wallet, signer);
/// let body = br#"{"params":{"transaction":"3q4T"}}"#;
/// let request = Request::parse("POST", &format!("/wallets/{wallet}/transactions"), body)?;
///
/// let verification = verify(&request, &Json::Null, &context);
/// assert_eq!(verification.verdict(), Verdict::Unverified);
/// let reasons: Vec<_> = verification.findings().iter().map(|it| it.reason()).collect();
/// assert_eq!(reasons, ["no_pending", "no_transaction"]);
/// # Ok(())
/// # }
/// ```
pub fn verify(request: &Request, answer: &Json, context: &Context<'_>) -> Verification {
    let answer = Answer::new(request, answer, context.chain.as_str());
    let mut findings: Vec<_> = answer.check_wallet_type().into_iter().collect();
    let pending = answer.message(&context.signer).map_err(|finding| findings.push(finding)).ok();
    let transaction = match read_transaction(&answer) {
        Ok(transaction) => transaction,
        Err(finding) => {
            let kind = answer.on_chain("transaction").map(|_| Kind::SolanaTransaction);
            findings.push(finding);
            return Verification::new(kind, findings, None, None);
        }
    };
    let message = transaction.message;
    let text = to_base58(&message.to_bytes());
    if pending.is_some_and(|pending| pending != text) {
        let detail = "the pending message is not base58 of the message of onChain.transaction";
        findings.push(Finding::differs("message", detail));
    }
    let content = match Parties::new(&message, context) {
        Ok(parties) => Some(check(request, context, &parties, &mut findings)),
        Err(finding) => {
            findings.push(finding);
            None
        }
    };
    let is_pending = pending == Some(text.as_str());
    let approval = is_pending.then(|| Approval::solana_message(&text).ok()).flatten();
    let approval = approval.map(|approval| (approval, text));
    Verification::new(Some(Kind::SolanaTransaction), findings, content, approval)
}

fn read_transaction(answer: &Answer<'_>) -> Result<Transaction, Finding> {
    let transaction = answer.on_chain("transaction");
    let transaction = transaction.ok_or_else(|| {
        Finding::unverified("no_transaction", "the answer has no onChain.transaction")
    })?;
    let text = transaction
        .as_str()
        .ok_or_else(|| Finding::unverified("malformed", "onChain.transaction is not a text"))?;
    Transaction::from_base58(text).map_err(|error| {
        Finding::unverified("transaction_form", format!("onChain.transaction: {error}"))
    })
}

/// The role of our key, then each outer instruction, then the call of the wallet's program.
fn check(
    request: &Request,
    context: &Context<'_>,
    parties: &Parties<'_>,
    findings: &mut Vec<Finding>,
) -> Content {
    let Parties { message, signer, wallet } = parties;
    let (wanted, request_findings) = wanted::read(request, context, wallet);
    findings.extend(request_findings);
    if let Some(table) = message.tables.first() {
        let detail = format!("accounts are in lookup table {}", table.table);
        findings.push(Finding::unverified("lookup_tables", detail));
    }
    let calls = message.calls();
    let signs = message.signers().contains(signer);
    if !signs {
        let detail = format!("our signer {signer} is not a required signer of the transaction");
        findings.push(Finding::unverified("not_a_signer", detail));
    } else if message.fee_payer() == Some(*signer) {
        let detail = format!("our signer {signer} pays the fee");
        findings.push(Finding::differs("signer_pays", detail));
    } else if message.is_writable(signer) {
        let detail = format!("our signer {signer} is writable");
        findings.push(Finding::differs("signer_writable", detail));
    }
    let squads = Squads::find(&calls);
    let mut content = Content::new(Vec::new());
    content.details.extend(details::outline(message));
    // Without our key no signature of ours has an effect, and the other rules are about its effects.
    let mut ignored = Vec::new();
    let findings = if signs { findings } else { &mut ignored };
    if squads.is_empty() {
        without_wrapper(&calls, parties, findings);
        return content;
    }
    let outer = Outer::check(&calls, parties, &squads.settings_keys(), findings);
    content.details.extend(details::costs(&outer));
    let is_change =
        matches!(request.operation(), Operation::AddSigner | Operation::RemoveSigner { .. });
    squads.check_count(is_change, findings);
    if let Some(call) = squads.settings.first().filter(|_| is_change || squads.sync.is_empty()) {
        let wanted = if let Wanted::Change(change) = wanted { Some(change) } else { None };
        let call_findings = if is_change { findings } else { &mut Vec::new() };
        let checked = SettingsCall::check(call, parties, wanted, call_findings);
        content.items = content::actions(&checked.actions);
        content.details.extend(details::wallet(call, 0, &checked.signers));
    } else if let Some(call) = squads.sync.first() {
        let sync = SyncCall::check(call, parties, findings);
        if !is_change {
            findings.extend(compare_inner(&wanted, parties, &sync.inner));
        }
        content.items = inner_items(&wanted, parties, sync.inner.as_deref().unwrap_or_default());
        content.details.extend(details::wallet(call, sync.account_index, &sync.signers));
    }
    content.details.push(("trusted", details::trusted()));
    content
}

/// Accounts in lookup tables cannot be compared; the tables are a finding of their own.
fn compare_inner(
    wanted: &Wanted,
    parties: &Parties<'_>,
    inner: &Option<Vec<Call>>,
) -> Vec<Finding> {
    let Some(inner) = inner else { return Vec::new() };
    let is_known = |call: &Call| call.accounts.iter().chain([&call.program]).all(Option::is_some);
    if !inner.iter().all(is_known) {
        return Vec::new();
    }
    match wanted {
        Wanted::Instructions(message, calls) => match compare::instructions(calls, inner) {
            Some(finding) => [finding].into(),
            None => compare::writable(parties.message, inner, |key| message.is_writable(key)),
        },
        Wanted::Transfer(transfer) => transfer.compare(parties.message, &parties.signer, inner),
        Wanted::Change(_) | Wanted::Unknown => Vec::new(),
    }
}

fn inner_items(wanted: &Wanted, parties: &Parties<'_>, inner: &[Call]) -> Vec<Item> {
    let owner = match wanted {
        Wanted::Transfer(transfer) => transfer.destination().map(|it| (it, transfer.recipient)),
        _ => None,
    };
    content::instructions(inner, &parties.wallet, owner)
}
