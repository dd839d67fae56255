//! Tampering of the stand-in for Crossmint: the verifier never takes such an answer for what was requested, and names why.

use signer_emulator::{Emulator, Tampering};
use signer_protocols::crossmint::verify::{Finding, Verdict};

use super::crossmint::Owned;

/// The reason for which an answer is refused; `None` where the way of tampering has no meaning.
fn expected(chain: &str, tampering: Tampering, case: &str) -> Option<&'static str> {
    let is_signature = matches!(case, "message" | "typed data");
    match (chain, case) {
        ("base-sepolia", _) if is_signature => signature_reason(tampering),
        ("base-sepolia", "add signer") => {
            addition_reason(tampering).or_else(|| evm_reason(tampering))
        }
        ("base-sepolia", _) => evm_reason(tampering),
        ("solana", "add signer") => solana_addition_reason(tampering),
        ("solana", _) => solana_reason(tampering),
        ("stellar", "add signer") => stellar_addition_reason(tampering),
        _ => stellar_reason(tampering),
    }
}

fn signature_reason(tampering: Tampering) -> Option<&'static str> {
    Some(match tampering {
        Tampering::OtherTransaction
        | Tampering::OtherContent
        | Tampering::OtherWallet
        | Tampering::OtherMessage
        | Tampering::OtherShape => "digest_mismatch",
        Tampering::ChainZero => "replayable",
        Tampering::Unwrapped => "unwrapped",
        Tampering::TwoApprovals => "two_messages",
        _ => return None,
    })
}

fn evm_reason(tampering: Tampering) -> Option<&'static str> {
    Some(match tampering {
        Tampering::OtherTransaction
        | Tampering::OtherRecipient
        | Tampering::OtherAmount
        | Tampering::ExtraCall => "calls",
        Tampering::OtherOwner => "factory_owner",
        Tampering::OtherWallet => "sender",
        Tampering::Decoy => "abi",
        Tampering::DelegateCall => "delegatecall",
        Tampering::ChainZero => "replayable",
        Tampering::OtherMessage | Tampering::OtherShape => "hash_mismatch",
        Tampering::BareHash => "no_user_operation",
        Tampering::NoPaymaster => "gas",
        Tampering::MorePower => "self_call",
        Tampering::TwoApprovals => "two_messages",
        _ => return None,
    })
}

fn addition_reason(tampering: Tampering) -> Option<&'static str> {
    Some(match tampering {
        Tampering::OtherTransaction
        | Tampering::OtherRecipient
        | Tampering::OtherAmount
        | Tampering::ExtraCall
        | Tampering::OtherSigner
        | Tampering::MorePower => "signer_change",
        Tampering::BareHash => "bare_hash",
        _ => return None,
    })
}

fn solana_reason(tampering: Tampering) -> Option<&'static str> {
    Some(match tampering {
        Tampering::OtherTransaction
        | Tampering::OtherRecipient
        | Tampering::OtherAmount
        | Tampering::ExtraCall => "instructions",
        Tampering::OtherWallet => "wallet",
        Tampering::SecondInstruction => "wrapper_twice",
        Tampering::OtherMessage => "message",
        Tampering::BareHash => "no_transaction",
        Tampering::SignerPays => "signer_pays",
        Tampering::SignerSpends => "outer_ours",
        Tampering::LookupTable => "lookup_tables",
        Tampering::Unwrapped => "not_a_signer",
        Tampering::MorePower => "wallet_power",
        Tampering::OtherShape => "transaction_form",
        Tampering::TwoApprovals => "two_messages",
        _ => return None,
    })
}

fn solana_addition_reason(tampering: Tampering) -> Option<&'static str> {
    match tampering {
        Tampering::OtherSigner | Tampering::MorePower | Tampering::OtherTransaction => {
            Some("signer_change")
        }
        Tampering::OtherRecipient
        | Tampering::OtherAmount
        | Tampering::ExtraCall
        | Tampering::Unwrapped => None,
        _ => solana_reason(tampering),
    }
}

fn stellar_reason(tampering: Tampering) -> Option<&'static str> {
    Some(match tampering {
        Tampering::OtherTransaction
        | Tampering::OtherRecipient
        | Tampering::OtherAmount
        | Tampering::Decoy => "invocation",
        Tampering::ExtraCall | Tampering::SubInvocation => "sub_invocation",
        Tampering::OtherWallet | Tampering::SecondInstruction => "stellar_auth",
        Tampering::ChainZero | Tampering::OtherMessage => "payload_mismatch",
        Tampering::BareHash => "no_transaction",
        Tampering::OtherShape => "malformed",
        Tampering::TwoApprovals => "two_messages",
        _ => return None,
    })
}

fn stellar_addition_reason(tampering: Tampering) -> Option<&'static str> {
    match tampering {
        Tampering::OtherSigner | Tampering::MorePower => Some("signer_change"),
        Tampering::OtherRecipient | Tampering::OtherAmount => None,
        _ => stellar_reason(tampering),
    }
}

#[tokio::test]
async fn tampered_answers_are_refused_for_their_reason() {
    let mut faults = Vec::new();
    for chain in ["base-sepolia", "solana", "stellar"] {
        for tampering in Tampering::ALL.iter().copied() {
            let owned = Owned::new(chain).await;
            owned.emulator.crossmint_tampering(Some(tampering));
            for case in owned.cases() {
                let answer = owned.send(&case).await;
                let verified = owned.verify(&case, &answer);
                let reasons: Vec<_> = verified.findings().iter().map(Finding::reason).collect();
                let is_expected = match expected(chain, tampering, case.name) {
                    Some(reason) => reasons.contains(&reason),
                    None => verified.verdict() == Verdict::AsRequested,
                };
                if !is_expected {
                    faults.push(format!("{chain}, {tampering}, {}: {reasons:?}", case.name));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[tokio::test]
async fn a_wallet_that_was_created_for_another_owner_contradicts_nothing_but_its_owner() {
    let emulator = Emulator::start().await.unwrap();
    emulator.crossmint_tampering(Some(Tampering::OtherOwner));
    let owned = Owned::on(emulator, "base-sepolia").await;
    owned.emulator.crossmint_tampering(None);
    let case = owned.cases().remove(2);
    let answer = owned.send(&case).await;
    let verified = owned.verify(&case, &answer);
    let reasons: Vec<_> = verified.findings().iter().map(Finding::reason).collect();
    assert_eq!(reasons, ["factory_owner"]);
}

#[test]
fn names_are_read_back() {
    for tampering in Tampering::ALL {
        assert_eq!(tampering.name().parse(), Ok(*tampering));
    }
    assert!("other".parse::<Tampering>().unwrap_err().to_string().contains("other-recipient"));
}
