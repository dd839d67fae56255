//! Verification of a user operation: the rules of sections 0, 1 and 3 in their order.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use signer_core::address::evm::Address;

use super::super::Approval;
use super::super::verify::{
    Answer, Content, Context, Finding, Kind, Operation, Request, Verification,
};
use super::entry_point::EntryPoint;
use super::facts::Facts;
use super::kernel::CallData;
use super::kernel_version::KernelVersion;
use super::nonce::Nonce;
use super::request::Expected;
use super::user_operation::{UserOperation, UserOperationError};
use super::{compare, content, factory};
use crate::Json;
use crate::hex::{decode_0x, encode_0x};

pub(super) fn verify(request: &Request, answer: &Json, context: &Context<'_>) -> Verification {
    let mut findings = Vec::new();
    let facts = Facts::new(request, context, &mut findings);
    let expected = Expected::read(request, &facts, &mut findings);
    if let Expected::AddSigner(signer) = &expected {
        findings.extend(signer.check_answer(answer));
    }
    let answer = Answer::new(request, answer, chain_name(request, answer, context));
    findings.extend(answer.check_wallet_type());
    let message = answer.message(&context.signer);
    let message = message.map_err(|finding| findings.push(finding)).ok();
    let hashes = Hashes::read(&answer, message, &mut findings);

    let Some(json) = answer.on_chain("userOperation") else {
        let is_lazy = matches!(request.operation(), Operation::AddSigner)
            && answer.on_chain("userOperationHash").is_none();
        findings.push(if is_lazy {
            let detail = "the answer has no user operation: the 32 bytes cannot be recomputed";
            Finding::unverified("bare_hash", detail)
        } else {
            Finding::unverified("no_user_operation", "onChain has no userOperation")
        });
        let kind = message.map(|_| Kind::Hash);
        return Verification::new(kind, findings, None, approval(message));
    };
    let content = match UserOperation::from_json(json) {
        Ok(operation) => {
            hashes.check(&operation, facts.chain_id, &mut findings);
            check_operation(&operation, &expected, &facts, &mut findings)
        }
        Err(error) => {
            let reason = match error {
                UserOperationError::Form { .. } => "operation_form",
                UserOperationError::Malformed { .. } => "malformed",
            };
            findings.push(Finding::unverified(reason, format!("{error}")));
            check_parts(json, &expected, &facts, &mut findings)
        }
    };
    Verification::new(Some(Kind::UserOperation), findings, content, approval(message))
}

/// The name under which the answer lists the operation of a new signer: that of the chain, or that in the request.
fn chain_name<'a>(request: &'a Request, answer: &Json, context: &Context<'_>) -> &'a str {
    let chain = context.chain.as_str();
    let named = request.body().member("chain").and_then(Json::as_str);
    let is_listed = answer.member("chains").is_some_and(|it| it.member(chain).is_some());
    named.filter(|_| !is_listed).unwrap_or(chain)
}

/// The approval, if the message is 32 bytes in hex. Its text is in lower case.
pub(super) fn approval(message: Option<&str>) -> Option<(Approval, String)> {
    let message = encode_0x(&bytes_32(message?)?);
    Approval::evm(&message).ok().map(|approval| (approval, message))
}

pub(super) fn bytes_32(text: &str) -> Option<[u8; 32]> {
    // A longer text is not worth decoding.
    decode_0x(text.get(..66).filter(|_| text.len() == 66)?).ok()?.try_into().ok()
}

/// The two hashes of an answer, which must be equal to the one that is computed.
struct Hashes {
    recorded: Option<[u8; 32]>,
    pending: Option<[u8; 32]>,
}

impl Hashes {
    fn read(answer: &Answer<'_>, message: Option<&str>, findings: &mut Vec<Finding>) -> Self {
        let mut differs = |detail| findings.push(Finding::differs("hash_mismatch", detail));
        let pending = message.and_then(bytes_32);
        if message.is_some() && pending.is_none() {
            differs("the pending message is not 32 bytes in hex");
        }
        let recorded = answer.on_chain("userOperationHash");
        let is_text = recorded.is_some_and(|hash| hash.as_str().is_some());
        let recorded = recorded.and_then(Json::as_str).map(bytes_32);
        if recorded == Some(None) {
            differs("userOperationHash is not 32 bytes in hex");
        }
        let recorded = recorded.flatten();
        if recorded.is_some() && pending.is_some() && recorded != pending {
            differs("the pending message is not userOperationHash");
        }
        if answer.on_chain("userOperation").is_some() && !is_text {
            let detail = "userOperationHash is missing, or not a text";
            findings.push(Finding::unverified("malformed", detail));
        }
        Self { recorded, pending }
    }

    fn check(&self, operation: &UserOperation, chain_id: Option<u64>, findings: &mut Vec<Finding>) {
        let Some(hash) = self.pending.or(self.recorded) else { return };
        let computed = chain_id.map(|chain_id| operation.hash(chain_id));
        if computed == Some(hash) && chain_id != Some(0) {
            return;
        }
        if operation.hash(0) == hash {
            let detail =
                "the hash is that of chain 0, which Kernel 0.3.2 and later accept on every chain";
            findings.push(Finding::differs("replayable", detail));
            return;
        }
        let (Some(chain_id), Some(computed)) = (chain_id, computed) else { return };
        let others = [EntryPoint::V0_6, EntryPoint::V0_8];
        findings.push(
            match others.into_iter().find(|it| it.has_hash(operation, chain_id, &hash)) {
                Some(other) => {
                    let detail = format!(
                        "the hash is that of entry point {} {}",
                        other.as_str(),
                        other.address()
                    );
                    Finding::unverified("entry_point", detail)
                }
                None => {
                    let (hash, computed) = (encode_0x(&hash), encode_0x(&computed));
                    let detail = format!("the hash is {hash}, that of the operation is {computed}");
                    Finding::differs("hash_mismatch", detail)
                }
            },
        );
    }
}

fn check_operation(
    operation: &UserOperation,
    expected: &Expected,
    facts: &Facts<'_>,
    findings: &mut Vec<Finding>,
) -> Option<Content> {
    let (role, sender) = (facts.context.role, operation.sender);
    check_sender(&sender, facts, findings);
    Nonce::from_uint(operation.nonce).check(role, findings);
    let deployed = operation.deployment.as_ref().and_then(|deployment| {
        factory::check(deployment, &sender, facts.signer.as_ref(), role, findings)
    });
    check_cost(operation, facts, findings);
    if let Expected::AddSigner(_) = expected
        && let Some(version) = deployed.map(|deployed| deployed.version)
        && !version.has_grant_access()
    {
        findings.push(no_grant_access(version));
    }
    let call_data = CallData::read(sender, &operation.call_data);
    let calls = compare::check(call_data, Some(&sender), expected, facts, findings);
    let items = calls.as_deref().map(|calls| content::items(calls, Some(&sender)));
    let mut content = Content::new(items?);
    content::add_details(&mut content, operation, facts.chain_id, deployed);
    Some(content)
}

fn no_grant_access(version: KernelVersion) -> Finding {
    let detail = format!("Kernel {} has no grantAccess", version.as_str());
    Finding::unverified("signer_change_form", detail)
}

/// The parts of an operation that cannot be read as a whole.
fn check_parts(
    json: &Json,
    expected: &Expected,
    facts: &Facts<'_>,
    findings: &mut Vec<Finding>,
) -> Option<Content> {
    let text = |name| json.member(name).and_then(Json::as_str);
    let sender = text("sender").and_then(|sender| Address::parse(sender).ok());
    if let Some(sender) = &sender {
        check_sender(sender, facts, findings);
    }
    let call_data = decode_0x(text("callData")?).ok()?;
    let call_data = CallData::read(sender.or(facts.wallet)?, &call_data);
    let calls = compare::check(call_data, sender.as_ref(), expected, facts, findings)?;
    Some(Content::new(content::items(&calls, sender.as_ref())))
}

fn check_sender(sender: &Address, facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    if let Some(wallet) = facts.wallet
        && *sender != wallet
    {
        let detail = format!("the sender is {sender}, the wallet {wallet}");
        findings.push(Finding::differs("sender", detail));
    }
}

fn check_cost(operation: &UserOperation, facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let (bound, cost) = (facts.context.max_fee, operation.max_cost());
    if operation.gas_payer().is_some() || cost.is_some_and(|cost| cost <= bound) {
        return;
    }
    let cost = cost.map_or_else(|| "2^256 or more".into(), |cost| format!("{cost}"));
    let detail = format!("the wallet pays up to {cost} wei of gas, the bound is {bound}");
    findings.push(Finding::differs("gas", detail));
}
