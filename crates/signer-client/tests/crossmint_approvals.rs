//! What is approved on Crossmint and what is not, against the emulator.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use signer_client::crossmint::{ApprovalPolicy, ApprovalRequest, Cancel, NewWallet, Waiting};
use signer_emulator::{FaultRule, Tampering};
use signer_protocols::crossmint::Scheme;

use crate::crossmint::{chain, secret, start, transaction, transactions_of, trusting, typed_data};

/// Refuses every approval, and records its kind.
#[derive(Default)]
struct Nothing(Mutex<Vec<&'static str>>);

impl ApprovalPolicy for Nothing {
    fn allows(&self, request: &ApprovalRequest<'_>) -> Result<(), String> {
        let kind = request.verification.kind().map_or("none", |kind| kind.as_str());
        self.0.lock().unwrap().push(kind);
        Err("nothing is signed".into())
    }
}

/// Transactions, transfers, messages, typed data, and signers that are added and removed.
#[tokio::test]
async fn a_policy_is_asked_about_everything_that_is_signed() {
    let (emulator, plain) = start().await;
    let plain = trusting(&plain);
    for (name, kind) in
        [("base", "user_operation"), ("solana", "solana_transaction"), ("stellar", "stellar")]
    {
        let signer = |digit| plain.signer(&secret(digit), chain(name), Scheme::Current).unwrap();
        let new = NewWallet::new(chain(name)).signer(signer(2).locator());
        let wallet = plain.create_wallet(new, &secret(1)).await.unwrap();
        let policy = Arc::new(Nothing::default());
        let client = plain.clone().approval_policy(policy.clone());
        let wallet = client.wallet(wallet.address(), chain(name), &secret(1)).await.unwrap();
        let recipient = match name {
            "base" => format!("0x{}", "11".repeat(20)),
            _ => wallet.signer().address().to_string(),
        };
        let mut refused = vec![
            wallet.transfer("usdc", &recipient, "1").await.map(drop),
            wallet.add_signer(signer(3).locator()).await.map(drop),
            wallet.remove_signer(&signer(2).locator(), None).await,
            wallet.send(transaction(name, wallet.address())).await.map(drop),
        ];
        let mut kinds = vec![kind; 4];
        if name == "base" {
            refused.push(wallet.sign_message("hello").await.map(drop));
            refused.push(wallet.sign_typed_data(typed_data()).await.map(drop));
            kinds.extend(["message", "typed_data"]);
        }
        for outcome in refused {
            assert!(outcome.unwrap_err().is_refused(), "{name}");
        }
        assert_eq!(*policy.0.lock().unwrap(), kinds, "{name}");
    }
    assert!(!emulator.seen().iter().any(|seen| seen.path.ends_with("/approvals")));
}

/// The first attempt was taken and its answer lost: the second is told that the approval is there already.
#[tokio::test]
async fn an_approval_that_is_there_already_is_as_good() {
    let (emulator, client) = start().await;
    let wallet = client.create_wallet(NewWallet::new(chain("base")), &secret(1)).await.unwrap();
    let path = format!("{}/", transactions_of(&wallet));
    emulator.fault(format!("POST {path}=lost*1").parse::<FaultRule>().unwrap());
    wallet.send(transaction("base", "")).await.unwrap();
    assert_eq!(emulator.count("POST", &path), 2);
}

/// A cancel reaches an approval that waits for its next attempt.
#[tokio::test]
async fn a_cancel_between_two_attempts_keeps_an_approval_from_being_sent() {
    let (emulator, client) = start().await;
    let cancel = Cancel::default();
    let client = client.waiting(Waiting { cancel: Some(cancel.clone()), ..Waiting::default() });
    let wallet = client.create_wallet(NewWallet::new(chain("base")), &secret(1)).await.unwrap();
    let path = format!("{}/", transactions_of(&wallet));
    emulator.fault(format!("POST {path}=retry-after:1*1").parse::<FaultRule>().unwrap());
    let sends = tokio::spawn(async move { wallet.send(transaction("base", "")).await });
    while emulator.count("POST", &path) == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    cancel.cancel();
    let error = sends.await.unwrap().unwrap_err();
    assert!(error.is_refused() && error.subject().is_some(), "{error:?}");
    tokio::time::sleep(Duration::from_millis(1_300)).await;
    assert_eq!(emulator.count("POST", &path), 1, "the first attempt was refused, and is the last");
}

#[tokio::test]
async fn a_wallet_is_opened_by_the_mail_address_of_its_owner() {
    let (_emulator, client) = start().await;
    let owner = "user+1@example.com";
    for name in ["base", "solana"] {
        let new = NewWallet::new(chain(name)).owner(format!("email:{owner}"));
        let made = client.create_wallet(new, &secret(1)).await.unwrap();
        let chain_type = if name == "base" { "evm" } else { name };
        let locator = format!("email:{owner}:{chain_type}");
        let found = client.wallet(&locator, chain(name), &secret(1)).await.unwrap();
        assert_eq!(found.address(), made.address());
    }
    let missing = client.wallet("email:nobody@example.com:evm", chain("base"), &secret(1)).await;
    assert!(missing.unwrap_err().is_not_found());
    let other = client.wallet(&format!("email:{owner}:solana"), chain("base"), &secret(1)).await;
    assert!(other.unwrap_err().is_input());
}

#[tokio::test]
async fn a_new_wallet_has_the_signers_that_were_asked_for() {
    let (emulator, client) = start().await;
    let signer = client.signer(&secret(2), chain("base"), Scheme::Current).unwrap().locator();
    let new = || NewWallet::new(chain("base")).signer(signer);
    let wallet = client.create_wallet(new(), &secret(1)).await.unwrap();
    assert_eq!(wallet.signers().await.unwrap().delegated.len(), 1);
    emulator.crossmint_tampering(Some(Tampering::FewerSigners));
    assert!(client.create_wallet(new(), &secret(1)).await.unwrap_err().is_mismatch());
}
