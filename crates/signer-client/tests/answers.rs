//! Answers that cannot be right: what a service says is compared with what was asked for.

use std::sync::Arc;

use signer_client::BaseUrl;
use signer_client::abstraxn::{self, Identity, TransactionType};
use signer_client::crossmint::NewWallet;
use signer_client::privy::{Authorization, ChainType};
use signer_emulator::{Emulator, FaultRule, Tampering};
use signer_protocols::crossmint::Scheme;

use crate::crossmint::{chain, secret, start, transaction, transactions_of, trusting};
use crate::privy::{key, owned, start as start_privy};

const WALLETS: &str = "/crossmint/api/2025-06-09/wallets";
const ANOTHER: &str = r#"{"type":"server","address":"0x1111111111111111111111111111111111111111","locator":"server:0x1111111111111111111111111111111111111111"}"#;

/// Another value at a place of one answer.
fn change(emulator: &Emulator, route: &str, pointer: &str, json: &str) {
    let rule = format!("{route}=change:{pointer}:{json}*1");
    emulator.fault(rule.parse::<FaultRule>().unwrap());
}

#[tokio::test]
async fn a_wallet_of_another_is_not_opened() {
    let (emulator, client) = start().await;
    let new = || NewWallet::new(chain("base")).alias("shop");
    for (pointer, json) in
        [("/config/adminSigner", ANOTHER), ("/chainType", "\"solana\""), ("/alias", "\"other\"")]
    {
        change(&emulator, &format!("POST {WALLETS}"), pointer, json);
        let error = client.create_wallet(new(), &secret(1)).await.unwrap_err();
        assert!(error.is_mismatch() && error.idempotency_key().is_some(), "{pointer}: {error:?}");
    }
    emulator.clear_faults();
    let wallet = client.create_wallet(new(), &secret(1)).await.unwrap();
    for (locator, pointer, json) in [
        (wallet.address(), "/address", "\"0x1111111111111111111111111111111111111111\""),
        ("evm:alias:shop", "/alias", "\"other\""),
    ] {
        change(&emulator, &format!("GET {WALLETS}/"), pointer, json);
        let error = client.wallet(locator, chain("base"), &secret(1)).await.unwrap_err();
        assert!(error.is_mismatch(), "{pointer}: {error:?}");
        client.wallet(locator, chain("base"), &secret(1)).await.unwrap();
    }
}

#[tokio::test]
async fn a_change_of_another_signer_is_not_approved() {
    let (emulator, client) = start().await;
    let wallet = client.create_wallet(NewWallet::new(chain("base")), &secret(1)).await.unwrap();
    let signer = client.signer(&secret(2), chain("base"), Scheme::Current).unwrap().locator();
    let signers = format!("{WALLETS}/{}/signers", wallet.address());
    let other = "\"server:0x1111111111111111111111111111111111111111\"";
    change(&emulator, &format!("POST {signers}"), "/locator", other);
    assert!(wallet.add_signer(&signer).await.unwrap_err().is_mismatch());
    assert!(!emulator.seen().iter().any(|seen| seen.path.ends_with("/approvals")));
}

#[tokio::test]
async fn the_signature_of_another_request_is_not_handed_on() {
    let (emulator, client) = start().await;
    let wallet = client.create_wallet(NewWallet::new(chain("base")), &secret(1)).await.unwrap();
    let signatures = transactions_of(&wallet).replace("transactions", "signatures");
    change(&emulator, &format!("GET {signatures}"), "/id", "\"another\"");
    let error = wallet.sign_message("hello").await.unwrap_err();
    assert!(error.is_outcome_unknown(), "{error:?}");
}

#[tokio::test]
async fn a_swapped_transaction_is_refused_although_the_service_is_trusted() {
    let (emulator, client) = start().await;
    let client = trusting(&client);
    let wallet = client.create_wallet(NewWallet::new(chain("solana")), &secret(1)).await.unwrap();
    emulator.crossmint_tampering(Some(Tampering::OtherTransaction));
    let error = wallet.send(transaction("solana", wallet.address())).await.unwrap_err();
    assert!(error.is_refused() || error.is_mismatch(), "{error:?}");
    assert!(!emulator.seen().iter().any(|seen| seen.path.ends_with("/approvals")));
}

#[tokio::test]
async fn a_signature_of_privy_that_is_wrong_or_missing_is_none() {
    let (emulator, client) = start_privy().await;
    let key = key(1);
    let wallet = owned(&client, ChainType::ETHEREUM, &key).await;
    let signed = || {
        let request = client.personal_sign(&wallet, "hello");
        request.authorization(Authorization::key(key.clone())).idempotency_key("login-1").send()
    };
    let rpc = format!("POST /privy/v1/wallets/{}/rpc", wallet.id);
    let wrong = format!("\"0x{}1b\"", "11".repeat(64));
    change(&emulator, &rpc, "/data/signature", &wrong);
    let error = signed().await.unwrap_err();
    assert!(error.is_mismatch(), "{error:?}");
    assert_eq!(error.idempotency_key(), Some("login-1"));
    change(&emulator, &rpc, "/data", "{}");
    let error = signed().await.unwrap_err();
    assert!(error.is_outcome_unknown(), "{error:?}");
    assert_eq!(error.idempotency_key(), Some("login-1"));
    signed().await.unwrap();
}

#[tokio::test]
async fn a_signature_of_abstraxn_that_is_wrong_or_missing_is_none() {
    let emulator = Emulator::start().await.unwrap();
    let base = BaseUrl::parse(&emulator.abstraxn_url()).unwrap();
    let client = abstraxn::Client::builder(base, "test-api-key".into())
        .access_key_store(Arc::new(signer_client::MemoryAccessKeyStore::new()))
        .quorum_key(emulator.abstraxn_quorum_key())
        .build()
        .unwrap();
    let session = client.authenticate(&Identity::new("user-1")).await.unwrap();
    let (sign, export) = ("POST /abstraxn/sign/transaction", "POST /abstraxn/export-wallet");
    let raw = "/result/activity/result/signRawPayloadResult";
    change(&emulator, sign, &format!("{raw}/r"), &format!("\"{}\"", "11".repeat(32)));
    let error = session.sign_personal(b"hello").await.unwrap_err();
    assert!(error.is_mismatch(), "{error:?}");

    let is_open = |error: signer_client::Error| {
        assert!(error.is_outcome_unknown(), "it may have been done: {error:?}");
    };
    change(&emulator, sign, "/result/activity/result", "{}");
    is_open(session.sign_personal(b"hello").await.unwrap_err());
    change(&emulator, sign, "/result/activity/result", "{}");
    is_open(session.sign_transaction("02ef", TransactionType::Ethereum).await.unwrap_err());
    let signed = "/result/activity/result/signTransactionResult/signedTransaction";
    change(&emulator, sign, signed, "\"\"");
    is_open(session.sign_transaction("02ef", TransactionType::Ethereum).await.unwrap_err());
    change(&emulator, export, "/result/activity/result", "{}");
    is_open(session.export().await.unwrap_err());
    session.export().await.unwrap();
}
