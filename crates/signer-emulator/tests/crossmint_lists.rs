//! Balances, transfers, transactions and refusals of the stand-in for Crossmint.

use serde_json::{Value, json};

use super::crossmint::Owned;
use super::http::crossmint;

#[tokio::test]
async fn transfers_change_balances_and_are_listed() {
    for (chain, unit) in [("base-sepolia", 6), ("solana", 6), ("stellar", 7)] {
        let owned = Owned::new(chain).await;
        let emulator = &owned.emulator;
        let get =
            |path: String| async move { crossmint(emulator, "GET", &path, &Value::Null).await };
        let balances = owned.path(&format!("/balances?tokens=usdc,usdxm&chains={chain}"));
        let (_, before) = get(balances.clone()).await;
        assert_eq!((&before[0]["symbol"], &before[0]["amount"]), (&json!("usdc"), &json!("1000")));
        let case = owned.cases().remove(0);
        let answer = owned.send(&case).await;
        let verified = owned.verify(&case, &answer);
        owned.approve(&case, &answer, &verified).await;
        let (_, after) = get(balances).await;
        assert_eq!(after[0]["amount"], "998.5");
        assert_eq!(after[0]["chains"][chain]["rawAmount"], format!("9985{}", "0".repeat(unit - 1)));

        let fund = format!("/api/v1-alpha2/wallets/{}/balances", owned.address);
        let body = json!({"amount": 5, "token": "usdxm", "chain": chain});
        let (status, funded) = crossmint(&owned.emulator, "POST", &fund, &body).await;
        assert_eq!((status, &funded[0]["decimals"]), (201, &json!(unit)));

        let list = format!("/api/unstable/wallets/{}/transfers?chain={chain}", owned.address);
        for (query, expected) in [
            ("&tokens=usdc&status=successful", 1),
            ("&tokens=eurc&status=successful", 0),
            ("&tokens=usdc&status=failed", 0),
        ] {
            let (_, transfers) = get(format!("{list}{query}")).await;
            assert_eq!(transfers["data"].as_array().unwrap().len(), expected, "{query}");
        }
        let (_, transactions) = get(owned.path("/transactions")).await;
        assert_eq!(transactions["transactions"][0]["id"], answer["id"]);
    }
}

#[tokio::test]
async fn approvals_that_do_not_verify_or_come_twice_are_refused() {
    let owned = Owned::new("base-sepolia").await;
    let case = owned.cases().remove(2);
    let answer = owned.send(&case).await;
    let path = owned.path(&format!("/transactions/{}/approvals", answer["id"].as_str().unwrap()));
    let locator = owned.admin.locator().to_string();
    let signature = format!("0x{}1b", "11".repeat(64));
    let other = "server:0x1f5b872bC87de569fF318D984E3EAF90F538da7a";
    for (signature, signer, code) in [
        (signature.as_str(), locator.as_str(), "invalid_signature"),
        (signature.as_str(), other, "unexpected_signer"),
        ("0x", locator.as_str(), "invalid_signature"),
    ] {
        let body = json!({"approvals": [{"signature": signature, "signer": signer}]});
        let (status, refusal) = crossmint(&owned.emulator, "POST", &path, &body).await;
        assert_eq!((status, refusal["code"].as_str()), (400, Some(code)));
        assert_eq!(refusal["error"], true);
    }
    let verified = owned.verify(&case, &answer);
    owned.approve(&case, &answer, &verified).await;
    let signature = owned.admin.approve(verified.approval().unwrap()).unwrap();
    let body = json!({"approvals": [{"signature": signature, "signer": locator}]});
    let (status, _) = crossmint(&owned.emulator, "POST", &path, &body).await;
    assert_eq!(status, 409);
}

#[tokio::test]
async fn without_a_signer_the_admin_signer_approves() {
    let owned = Owned::new("base-sepolia").await;
    let params = json!({
        "calls": [{"to": super::crossmint::EVM_TO, "value": "0", "data": "0x"}],
        "chain": "base-sepolia",
    });
    let path = owned.path("/transactions");
    let body = json!({"params": params});
    let (status, answer) = crossmint(&owned.emulator, "POST", &path, &body).await;
    assert_eq!(status, 201, "{answer}");
    let signer = &answer["approvals"]["pending"][0]["signer"]["locator"];
    assert_eq!(*signer, owned.admin.locator().to_string());
}

#[tokio::test]
async fn a_wallet_is_found_by_owner_chain_and_alias() {
    let emulator = signer_emulator::Emulator::start().await.unwrap();
    let mut addresses = Vec::new();
    for (chain_type, alias) in [("evm", "a"), ("evm", "b"), ("solana", "a"), ("evm", "")] {
        let mut body = json!({
            "chainType": chain_type,
            "config": {"adminSigner": {"type": "api-key"}},
            "owner": "userId:u-1",
        });
        if !alias.is_empty() {
            body["alias"] = json!(alias);
        }
        let (_, wallet) = crossmint(&emulator, "POST", super::crossmint::WALLETS, &body).await;
        addresses.push(wallet["address"].clone());
    }
    for (locator, expected) in [
        ("userId:u-1:evm:smart:alias:a", Some(0)),
        ("userId:u-1:evm:alias:b", Some(1)),
        ("evm:alias:b", Some(1)),
        ("userId:u-1:solana:smart:alias:a", Some(2)),
        ("userId:u-1:evm:smart", Some(3)),
        ("userId:u-1:solana", Some(2)),
        ("userId:u-2:evm", None),
        ("userId:u-2:evm:alias:a", None),
        ("evm", None),
    ] {
        let path = format!("{}/{locator}", super::crossmint::WALLETS);
        let (status, wallet) = crossmint(&emulator, "GET", &path, &Value::Null).await;
        match expected {
            Some(at) => assert_eq!(wallet["address"], addresses[at], "{locator}"),
            None => assert_eq!(status, 404, "{locator}"),
        }
    }
}
