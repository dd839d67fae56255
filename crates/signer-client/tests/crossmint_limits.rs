//! Limits of one's own, and approvals of what somebody else created.

use signer_client::Error;
use signer_client::crossmint::{Client, NewWallet, Wallet};
use signer_emulator::{Emulator, FaultRule, Tampering};
use signer_protocols::crossmint::Scheme;
use signer_protocols::crossmint::verify::{ApprovalLimits, LimitRule, Request};

use crate::crossmint::{chain, secret, start, tokens, transaction, transactions_of};

const SHOP: &str = "0x6b9cb6e03786D23b45b1C7Fd0684B8bc10e098F1";
const OTHER: &str = "0x2222222222222222222222222222222222222222";

fn usdc_to_the_shop() -> ApprovalLimits {
    let usdc = *tokens().find("base-sepolia:usdc").unwrap();
    let limits = ApprovalLimits::new().with_recipients([SHOP]).unwrap();
    let limits = limits.with_listed_contracts().with_messages(false);
    limits.with_token(&usdc, Some("10"), Some("15")).unwrap()
}

async fn limited() -> (Emulator, Client, Wallet) {
    let (emulator, client) = start().await;
    let client = client.limits(usdc_to_the_shop());
    let wallet = client.create_wallet(NewWallet::new(chain("base")), &secret(1)).await.unwrap();
    (emulator, client, wallet)
}

fn refused_by(called: Result<(), Error>, rule: &str) {
    let error = called.unwrap_err();
    assert!(error.is_refused() && !error.is_outcome_unknown(), "{error:?}");
    assert!(error.to_string().contains(rule), "{error}");
}

fn approvals(emulator: &Emulator) -> usize {
    emulator.seen().iter().filter(|seen| seen.path.ends_with("/approvals")).count()
}

#[tokio::test]
async fn limits_hold_for_what_was_asked_for_here() {
    let (emulator, _, wallet) = limited().await;
    let transfer = |to: &'static str, amount: &'static str| {
        let wallet = wallet.clone();
        async move { wallet.transfer("usdc", to, amount).await.map(drop) }
    };
    refused_by(transfer(OTHER, "1").await, LimitRule::Recipients.as_str());
    refused_by(transfer(SHOP, "10.000001").await, LimitRule::PerTransaction.as_str());
    refused_by(wallet.transfer("eth", SHOP, "1").await.map(drop), LimitRule::Tokens.as_str());
    refused_by(wallet.sign_message("hello").await.map(drop), LimitRule::Messages.as_str());
    assert_eq!(approvals(&emulator), 0);
    transfer(SHOP, "10").await.unwrap();
    assert_eq!(approvals(&emulator), 1);
}

#[tokio::test]
async fn amounts_that_were_not_approved_do_not_count_for_the_day() {
    let (emulator, client, wallet) = limited().await;
    let transfer = |amount: &'static str| {
        let wallet = wallet.clone();
        async move { wallet.transfer("usdc", SHOP, amount).await.map(drop) }
    };
    let path = format!("{}/", transactions_of(&wallet));
    let refusal = format!("POST {path}=status:403*1");
    emulator.fault(refusal.parse::<FaultRule>().unwrap());
    assert!(!transfer("10").await.unwrap_err().is_outcome_unknown());
    transfer("10").await.unwrap();
    refused_by(transfer("6").await, "the limit of the day");
    let same = client.wallet(wallet.address(), chain("base"), &secret(1)).await.unwrap();
    refused_by(same.transfer("usdc", SHOP, "6").await.map(drop), "the limit of the day");
    transfer("5").await.unwrap();
    refused_by(transfer("0.000001").await, "the limit of the day");
}

/// An approval whose answer was lost may have been taken.
#[tokio::test]
async fn an_amount_whose_approval_may_have_arrived_counts() {
    let (emulator, _, wallet) = limited().await;
    let path = format!("{}/", transactions_of(&wallet));
    emulator.fault(format!("POST {path}=lost").parse::<FaultRule>().unwrap());
    let error = wallet.transfer("usdc", SHOP, "10").await.unwrap_err();
    assert!(error.is_outcome_unknown(), "{error:?}");
    emulator.clear_faults();
    refused_by(wallet.transfer("usdc", SHOP, "6").await.map(drop), "the limit of the day");
}

#[tokio::test]
async fn a_change_of_signers_is_allowed_by_its_name_and_not_as_a_transaction() {
    let (_emulator, client, wallet) = limited().await;
    let signer = client.signer(&secret(2), chain("base"), Scheme::Current).unwrap().locator();
    let added = wallet.add_signer(signer).await.unwrap();
    wallet.remove_signer(&signer, added.permission_id).await.unwrap();
}

/// A transaction that is created and not approved here.
async fn created(emulator: &Emulator, wallet: &Wallet, to: &str) -> (String, Request) {
    let request = wallet.transfer_request("usdc", to, "1.5").unwrap();
    let before = emulator.seen().len();
    let other = client_that_refuses(emulator).await;
    let other = other.wallet(wallet.address(), chain("base"), &secret(1)).await.unwrap();
    let error = other.transfer("usdc", to, "1.5").await.unwrap_err();
    assert!(error.is_refused() && emulator.seen().len() > before);
    (error.subject().unwrap().to_owned(), request)
}

async fn client_that_refuses(emulator: &Emulator) -> Client {
    let nothing = ApprovalLimits::new().with_recipients([]).unwrap();
    crate::crossmint::client(emulator).limits(nothing)
}

#[tokio::test]
async fn a_transaction_of_somebody_else_is_approved_against_its_request() {
    let (emulator, client) = start().await;
    let wallet = client.create_wallet(NewWallet::new(chain("base")), &secret(1)).await.unwrap();
    let (id, request) = created(&emulator, &wallet, OTHER).await;
    let another = wallet.transfer_request("usdc", OTHER, "1.6").unwrap();
    let error = wallet.approve_transaction(&id, another).await.unwrap_err();
    assert!(error.is_mismatch() && error.findings()[0].reason() == "calls", "{error:?}");
    assert_eq!(approvals(&emulator), 0);
    assert_eq!(wallet.approve_transaction(&id, request).await.unwrap().id, id);
}

#[tokio::test]
async fn without_a_request_the_limits_decide_on_every_effect() {
    let (emulator, client, wallet) = limited().await;
    let (allowed, _) = created(&emulator, &wallet, SHOP).await;
    let (other, _) = created(&emulator, &wallet, OTHER).await;
    refused_by(
        wallet.approve_transaction_within_limits(&other).await.map(drop),
        LimitRule::Recipients.as_str(),
    );
    assert_eq!(approvals(&emulator), 0);
    assert_eq!(wallet.approve_transaction_within_limits(&allowed).await.unwrap().id, allowed);

    let free = crate::crossmint::client(&emulator);
    let free = free.wallet(wallet.address(), chain("base"), &secret(1)).await.unwrap();
    assert!(free.approve_transaction_within_limits(&other).await.unwrap_err().is_input());
    drop(client);
}

/// The rules that need no request hold under limits that allow everything.
#[tokio::test]
async fn limits_alone_do_not_allow_a_hostile_operation() {
    for tampering in [
        Tampering::DelegateCall,
        Tampering::ChainZero,
        Tampering::OtherMessage,
        Tampering::OtherWallet,
        Tampering::Decoy,
        Tampering::NoPaymaster,
        Tampering::BareHash,
        Tampering::TwoApprovals,
    ] {
        let (emulator, client) = start().await;
        let client = client.limits(ApprovalLimits::new());
        let wallet = client.create_wallet(NewWallet::new(chain("base")), &secret(1)).await.unwrap();
        emulator.crossmint_tampering(Some(tampering));
        let sent = wallet.send(transaction("base", wallet.address())).await;
        let id = sent.unwrap_err().subject().unwrap().to_owned();
        let error = wallet.approve_transaction_within_limits(&id).await.unwrap_err();
        assert!(error.is_refused() || error.is_mismatch(), "{tampering}: {error:?}");
        assert_eq!(approvals(&emulator), 0, "{tampering}");
    }
}
