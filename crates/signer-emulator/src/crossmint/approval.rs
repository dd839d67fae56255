//! Approvals: `POST …/transactions/{id}/approvals` and `POST …/signatures/{id}/approvals` of the OpenAPI document. Each
//! signature is verified over the message that the answer asked to approve.

use signer_core::address::{evm, solana, stellar};
use signer_core::ed25519;
use signer_core::secp256k1::RecoverableSignature;
use signer_protocols::crossmint::{Approval, ChainType, SigningInput};

use super::invalid;
use super::operation::{Operation, Pending, Submitted, answer_created};
use super::state::State;
use crate::answer::{Answer, Refusal, parse, text};
use crate::emulator::{Incoming, Shared};
use crate::key::unhex;

/// Takes the approvals of signers whose approval is pending, each with a signature over its message.
pub(super) fn approve(
    shared: &Shared,
    state: &mut State,
    request: &Incoming,
    locator: &str,
    kind: &str,
    id: &str,
) -> Result<Answer, Refusal> {
    let body = parse(&request.body)?;
    let address = state.wallet(locator)?.address.clone();
    let operation = state.operation_mut(&address, kind, id)?;
    if operation.status != "awaiting-approval" {
        return Err(Refusal::new(409, "already_submitted", "the approval is there already"));
    }
    let approvals = body["approvals"].as_array().filter(|it| !it.is_empty());
    let approvals = approvals.ok_or_else(|| invalid("approvals must be a list"))?;
    let mut approved = Vec::new();
    for approval in approvals {
        let (signature, signer) = (text(approval, "signature")?, text(approval, "signer")?);
        let of_signer: Vec<_> =
            operation.pending.iter().filter(|it| it.signer.is(signer)).cloned().collect();
        if of_signer.is_empty() {
            return Err(Refusal::new(
                400,
                "unexpected_signer",
                "the approval is of another signer",
            ));
        }
        let verified = of_signer.into_iter().find(|it| it.is_verified_by(operation, signature));
        let refusal = || Refusal::new(400, "invalid_signature", "the signature does not verify");
        approved.push((verified.ok_or_else(refusal)?, signature.to_owned()));
    }
    let at = shared.clock.now_ms();
    for (approval, signature) in approved {
        operation.pending.retain(|it| it.signer.locator != approval.signer.locator);
        operation.submitted.push(Submitted { approval, signature, at });
    }
    if operation.pending.is_empty() {
        operation.status = "pending";
    }
    answer_created(state, id)
}

impl Pending {
    /// Whether `signature` is the signer's, over what was to be approved.
    fn is_verified_by(&self, operation: &Operation, signature: &str) -> bool {
        let message = &self.message;
        let approval = match operation.chain_type {
            ChainType::Evm => Approval::evm(message),
            ChainType::Solana => Approval::solana_message(message),
            ChainType::Stellar => Approval::stellar(message),
        };
        let Ok(approval) = approval else { return false };
        let Some(address) = self.signer.address.as_deref() else { return false };
        let key = match approval.signing_input() {
            SigningInput::Digest(digest) => {
                let digits = signature.strip_prefix("0x");
                let bytes = digits.and_then(unhex).and_then(|bytes| bytes.try_into().ok());
                let recovered = bytes
                    .and_then(|bytes: [u8; 65]| RecoverableSignature::from_bytes(&bytes).ok())
                    .and_then(|signature| signature.recover(digest).ok());
                let Some(key) = recovered else { return false };
                return evm::Address::parse(address) == Ok(evm::Address::from(&key));
            }
            SigningInput::Message(_) if operation.chain_type == ChainType::Solana => {
                solana::Address::parse(address).map(|address| *address.as_bytes())
            }
            SigningInput::Message(_) => {
                stellar::Address::parse(address).map(|address| *address.as_bytes())
            }
        };
        let key = key.and_then(|key| ed25519::VerifyingKey::from_bytes(&key));
        key.is_ok_and(|key| approval.verify_ed25519(&key, signature).is_ok())
    }
}
