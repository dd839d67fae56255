//! The emulator asks to approve something else than was requested, in each of its ways: nothing is signed.

use signer_client::Error;
use signer_client::crossmint::{AllowUnverified, Client, NewWallet, Wallet};
use signer_emulator::{Emulator, Tampering};
use signer_protocols::crossmint::Scheme;
use signer_protocols::crossmint::verify::Kind;

use crate::crossmint::{CHAINS, chain, secret, start, transaction, typed_data};

/// The calls that ask for an approval, by name.
const CALLS: [&str; 5] = ["send", "transfer", "add signer", "message", "typed data"];

async fn call(name: &str, call: &str, client: &Client, wallet: &Wallet) -> Result<(), Error> {
    let recipient = match name {
        "base" => format!("0x{}", "33".repeat(20)),
        _ => wallet.signer().address().to_string(),
    };
    match call {
        "send" => wallet.send(transaction(name, wallet.address())).await.map(drop),
        "transfer" => wallet.transfer("usdc", &recipient, "1.5").await.map(drop),
        "add signer" => {
            let signer = client.signer(&secret(2), chain(name), Scheme::Current)?;
            wallet.add_signer(signer.locator()).await.map(drop)
        }
        "message" => wallet.sign_message("hello").await.map(drop),
        _ => wallet.sign_typed_data(typed_data()).await.map(drop),
    }
}

fn approvals(emulator: &Emulator) -> usize {
    emulator.seen().iter().filter(|seen| seen.path.ends_with("/approvals")).count()
}

/// Ways that change another part of an answer than the approval.
fn is_about_approvals(tampering: Tampering) -> bool {
    !matches!(tampering, Tampering::OtherId | Tampering::FewerSigners)
}

#[tokio::test]
async fn a_tampered_answer_is_refused_and_an_untouched_one_is_approved() {
    let mut refused = 0;
    for name in CHAINS {
        let calls = if name == "base" { &CALLS[..] } else { &CALLS[..3] };
        for &tampering in Tampering::ALL.iter().filter(|it| is_about_approvals(**it)) {
            let (emulator, client) = start().await;
            // The owner is chosen when the wallet is made.
            let at_creation = tampering == Tampering::OtherOwner;
            emulator.crossmint_tampering(at_creation.then_some(tampering));
            let wallet = client.create_wallet(NewWallet::new(chain(name)), &secret(1)).await;
            let wallet = wallet.unwrap();
            emulator.crossmint_tampering(Some(tampering));
            for what in calls {
                let before = approvals(&emulator);
                let called = call(name, what, &client, &wallet).await;
                let submitted = approvals(&emulator) > before;
                match called {
                    // A way without a meaning for this call changes nothing.
                    Ok(()) => assert!(submitted, "{name} {what} {tampering}"),
                    Err(error) => {
                        assert!(!submitted, "{name} {what} {tampering}: {error:?}");
                        assert!(
                            error.is_refused() || error.is_mismatch(),
                            "{tampering}: {error:?}"
                        );
                        assert!(
                            !error.is_outcome_unknown(),
                            "{name} {what} {tampering}: {error:?}"
                        );
                        refused += 1;
                    }
                }
            }
        }
    }
    assert!(refused > 90, "{refused}");
}

/// The ways whose approval is read as something else are refused under the loudest policy, too.
#[tokio::test]
async fn other_calls_are_signed_under_no_policy() {
    for name in CHAINS {
        let (emulator, client) = start().await;
        let client = client.allow_unverified(AllowUnverified::only(Kind::ALL));
        let wallet = client.create_wallet(NewWallet::new(chain(name)), &secret(1)).await.unwrap();
        for tampering in [
            Tampering::OtherTransaction,
            Tampering::OtherRecipient,
            Tampering::OtherAmount,
            Tampering::TwoApprovals,
        ] {
            emulator.crossmint_tampering(Some(tampering));
            for what in ["send", "transfer"] {
                let error = call(name, what, &client, &wallet).await.unwrap_err();
                assert!(error.is_mismatch(), "{name} {what} {tampering}: {error:?}");
            }
        }
        assert_eq!(approvals(&emulator), 0, "{name}");
    }
}
