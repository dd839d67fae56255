//! Privy's wallets, quorums and policies as the service may have them, against the emulator.

use std::time::Duration;

use signer_client::privy::{
    AdditionalSigner, Authorization, ChainType, Client, CreatePolicy, CreateWallet, Deleted,
    Expiry, KeyQuorum, KeyQuorumChange, NewKeyQuorum, Owner, Policy, PolicyChange, Transaction,
    Update, UserSession, Wallet,
};
use signer_protocols::Json;
use signer_protocols::jcs::Limits;
use signer_protocols::privy::rpc::RpcRequest;
use signer_protocols::privy::{AuthorizationRequest, Method};

use crate::privy::{key, owned, start};

#[tokio::test]
async fn a_change_of_a_quorum_says_what_is_cleared_emptied_and_kept() {
    let (emulator, client) = start().await;
    let (one, two) = (key(1), key(2));
    let keys = [one.verifying_key(), two.verifying_key()];
    let quorum = NewKeyQuorum {
        user_ids: vec!["user-1".into()],
        display_name: Some("shop".into()),
        ..NewKeyQuorum::of_keys(2, &keys)
    };
    let quorum = client.create_key_quorum(&quorum).send().await.unwrap();
    let change = KeyQuorumChange {
        user_ids: Update::Set(vec![]),
        display_name: Update::Clear,
        authorization_threshold: Update::Set(1),
        ..KeyQuorumChange::default()
    };
    let request = client.update_key_quorum(&quorum.id, &change);
    // The quorum as it was signs.
    let request = request.authorization(Authorization::key(one.clone()).and_key(two));
    let changed = request.send().await.unwrap();
    let sent = emulator.seen().last().unwrap().body.clone();
    assert_eq!(sent, br#"{"authorization_threshold":1,"display_name":null,"user_ids":[]}"#);
    assert_eq!((changed.authorization_threshold, &changed.display_name), (Some(1), &None));
    assert_eq!(changed.other["user_ids"], Json::Array(vec![]));
    let Json::Array(kept) = &changed.other["authorization_keys"] else { panic!("{changed:?}") };
    assert_eq!(kept.len(), 2, "what is not named is kept");

    let nothing = KeyQuorumChange::default();
    let request = client.update_key_quorum(&quorum.id, &nothing);
    assert_eq!(request.authorization(Authorization::key(one)).send().await.unwrap(), changed);
    assert_eq!(emulator.seen().last().unwrap().body, b"{}");
}

#[tokio::test]
async fn a_change_of_a_policy_says_what_is_cleared_and_emptied() {
    let (emulator, client) = start().await;
    let key = key(1);
    let policy = CreatePolicy {
        version: "1.0".into(),
        name: "small".into(),
        chain_type: ChainType::ETHEREUM,
        rules: vec![Json::Object([("name".to_owned(), Json::Null)].into())],
        owner: Some(Owner::public_key(&key.verifying_key())),
    };
    let policy = client.create_policy(&policy).send().await.unwrap();
    assert_eq!(policy.rules.len(), 1);
    let change = PolicyChange {
        rules: Update::Set(vec![]),
        owner: Update::Clear,
        ..PolicyChange::default()
    };
    let request = client.update_policy(&policy.id, &change).authorization(Authorization::key(key));
    let changed = request.send().await.unwrap();
    assert_eq!(emulator.seen().last().unwrap().body, br#"{"owner":null,"rules":[]}"#);
    assert_eq!((changed.rules, &changed.other["owner_id"]), (vec![], &Json::Null));
    // Nobody owns it now.
    client.delete_policy(&policy.id).send().await.unwrap();
}

#[tokio::test]
async fn two_users_sign_together_and_each_session_is_renewed_once() {
    let (emulator, client) = start().await;
    let quorum = NewKeyQuorum {
        user_ids: vec!["user-1".into(), "user-2".into()],
        authorization_threshold: Some(2),
        ..NewKeyQuorum::default()
    };
    let quorum = client.create_key_quorum(&quorum).send().await.unwrap();
    let wallet = CreateWallet::new(ChainType::ETHEREUM).owner_id(&quorum.id);
    let wallet = client.create_wallet(&wallet).send().await.unwrap();
    let sessions = ["test-user-token:user-1", "test-user-token:user-2"]
        .map(|token| client.user_session(token.into()));
    let sign = |authorization| {
        let request = client.personal_sign(&wallet, "x").expiry(Expiry::Never);
        request.authorization(authorization).send()
    };
    let [one, two] = sessions.clone();
    let both = Authorization::user(one.clone()).and_user(two);
    sign(both.clone()).await.unwrap();
    assert_eq!(
        sign(Authorization::user(one)).await.unwrap_err().code(),
        Some("insufficient_correct_authorization_signatures")
    );
    let exchanges = || emulator.count("POST", "/privy/v1/wallets/authenticate");
    assert_eq!(exchanges(), 2);
    emulator.skew_clock(11 * 60 * 1_000);
    sign(both).await.unwrap();
    assert_eq!(exchanges(), 4);
}

/// Where the service knows no key of a user any more, as where it knows one that has ended.
#[tokio::test]
async fn a_session_that_is_not_known_any_more_is_renewed_once() {
    let (emulator, client) = start().await;
    let (wallet, session) = user_wallet(&client, "test-user-token:user-1").await;
    let sign = || {
        let request = client.personal_sign(&wallet, "x").expiry(Expiry::Never);
        request.authorization(Authorization::user(session.clone())).send()
    };
    let exchanges = || emulator.count("POST", "/privy/v1/wallets/authenticate");
    sign().await.unwrap();
    let rpc = format!("POST /privy/v1/wallets/{}/rpc", wallet.id);
    for known in 1..3 {
        emulator.skew_clock(known * 11 * 60 * 1_000);
        let code = r#"=change:/code:"no_valid_user_session_keys"*1"#;
        emulator.fault(format!("{rpc}{code}").parse().unwrap());
        sign().await.unwrap();
        assert_eq!(exchanges(), usize::try_from(known).unwrap() + 1);
    }
}

/// A key of a session is exchanged before it ends, and not first refused.
#[tokio::test]
async fn the_end_of_a_session_s_key_is_in_milliseconds() {
    let (emulator, client) = start().await;
    let (wallet, session) = user_wallet(&client, "test-user-token:user-1:11000").await;
    for pause_ms in [0, 11_200] {
        tokio::time::sleep(Duration::from_millis(pause_ms)).await;
        let request = client.personal_sign(&wallet, "x");
        request.authorization(Authorization::user(session.clone())).send().await.unwrap();
    }
    let rpc = format!("/privy/v1/wallets/{}/rpc", wallet.id);
    assert_eq!(emulator.count("POST", &rpc), 2, "none was refused and made again");
    assert_eq!(emulator.count("POST", "/privy/v1/wallets/authenticate"), 2);
}

async fn user_wallet(client: &Client, token: &str) -> (Wallet, UserSession) {
    let wallet = CreateWallet::new(ChainType::ETHEREUM).owner(Owner::user("user-1"));
    let wallet = client.create_wallet(&wallet).send().await.unwrap();
    (wallet, client.user_session(token.into()))
}

/// By a clock that is 11 minutes fast each key of a session has ended when it comes.
#[tokio::test]
async fn a_fast_clock_does_not_exchange_a_key_for_each_request() {
    let (emulator, client) = start().await;
    emulator.skew_clock(-11 * 60 * 1_000);
    let (wallet, session) = user_wallet(&client, "test-user-token:user-1").await;
    for _ in 0..5 {
        let request = client.personal_sign(&wallet, "x");
        request.authorization(Authorization::user(session.clone())).send().await.unwrap();
    }
    assert_eq!(emulator.count("POST", "/privy/v1/wallets/authenticate"), 1);
}

#[tokio::test]
async fn solana_transactions_are_signed_and_sent() {
    let (emulator, client) = start().await;
    let key = key(1);
    let wallet = owned(&client, ChainType::SOLANA, &key).await;
    // One empty signature and a message of 8 bytes, in base64.
    let transaction = format!("AQ{}==", "A".repeat(96));
    let signed = || Authorization::key(key.clone());
    let call = RpcRequest::solana_sign_transaction(&transaction);
    let answer = client.rpc(&wallet.id, &call).authorization(signed()).send().await.unwrap();
    assert_ne!(answer.text("signed_transaction"), Some(transaction.as_str()));
    let call = RpcRequest::solana_sign_and_send_transaction("solana:mainnet", &transaction);
    let path = format!("/privy/v1/wallets/{}/rpc", wallet.id);
    emulator.fault(format!("POST {path}=lost*1").parse().unwrap());
    let answer = client.rpc(&wallet.id, &call).authorization(signed()).send().await.unwrap();
    let id = answer.text("transaction_id").unwrap();
    assert_eq!(client.transaction(id).await.unwrap().caip2.as_deref(), Some("solana:mainnet"));
    // What was sent and whose answer was lost goes out again under the same key.
    let seen = emulator.seen();
    let keys: Vec<_> = seen
        .iter()
        .filter(|seen| seen.path == path)
        .map(|seen| seen.headers["privy-idempotency-key"].clone())
        .collect();
    assert_eq!(keys.len(), 3);
    assert!(keys[0] != keys[1] && keys[1] == keys[2]);
}

#[tokio::test]
async fn a_call_given_as_json_is_canonical_and_keeps_its_integers() {
    let (emulator, client) = start().await;
    let key = key(1);
    let wallet = owned(&client, ChainType::ETHEREUM, &key).await;
    let call = |json: &str| {
        let request = client.rpc_json(&wallet.id, json.as_bytes());
        request.authorization(Authorization::key(key.clone())).send()
    };
    let json = r#"{ "params": {"message": "hi", "encoding": "utf-8"}, "method": "personal_sign", "new": 1.0 }"#;
    assert_eq!(call(json).await.unwrap().method, "personal_sign");
    let sent =
        br#"{"method":"personal_sign","new":1,"params":{"encoding":"utf-8","message":"hi"}}"#;
    assert_eq!(emulator.seen().last().unwrap().body, sent);
    let before = emulator.seen().len();
    for bad in [
        r#"{"method":"eth_sendTransaction","params":{"value":9007199254740993}}"#,
        r#"{"method":"a","method":"b"}"#,
        "not json",
    ] {
        assert!(call(bad).await.unwrap_err().is_input(), "{bad}");
    }
    assert_eq!(emulator.seen().len(), before, "nothing was sent");
}

#[tokio::test]
async fn a_limit_of_a_rule_that_would_be_rounded_is_refused() {
    let (emulator, client) = start().await;
    let rules = |limit| vec![Json::Object([("value".to_owned(), Json::Unsigned(limit))].into())];
    let policy = |limit| CreatePolicy {
        version: "1.0".into(),
        name: "small".into(),
        chain_type: ChainType::ETHEREUM,
        rules: rules(limit),
        owner: None,
    };
    let change = |limit| PolicyChange { rules: Update::Set(rules(limit)), ..Default::default() };
    let most = (1 << 53) - 1;
    assert!(client.create_policy(&policy(most + 1)).send().await.unwrap_err().is_input());
    let made = client.create_policy(&policy(most)).send().await.unwrap();
    let update = |limit| client.update_policy(&made.id, &change(limit)).send();
    assert!(update(most + 1).await.unwrap_err().is_input());
    assert_eq!(update(most).await.unwrap().rules, rules(most));
    assert_eq!(emulator.seen().len(), 2);
}

#[tokio::test]
async fn an_answer_that_says_nothing_is_no_success() {
    let (emulator, client) = start().await;
    let key = key(1);
    let wallet = owned(&client, ChainType::ETHEREUM, &key).await;
    let call = RpcRequest::eth_send_transaction("eip155:8453", Default::default());
    let fault = format!("POST /privy/v1/wallets/{}/rpc=status:200", wallet.id);
    emulator.fault(fault.parse().unwrap());
    let send = || client.rpc(&wallet.id, &call).authorization(Authorization::key(key.clone()));
    let error = send().idempotency_key("order-17").send().await.unwrap_err();
    assert!(error.is_outcome_unknown(), "{error}");
    assert_eq!(error.idempotency_key(), Some("order-17"));

    let made = |body: &str| serde_json::from_str::<Deleted>(body).is_ok();
    assert!(made("{}") && made(r#"{"success":true,"id":"x"}"#));
    assert!(!made(r#"{"success":false}"#));
}

#[tokio::test]
async fn a_creation_is_signed_and_ends_where_that_is_asked_for() {
    let (emulator, client) = start().await;
    let key = key(1);
    let sent = |name: &str| emulator.seen().last().unwrap().headers.get(name).cloned();
    let create = || {
        let wallet = CreateWallet::new(ChainType::ETHEREUM)
            .external_id("shop-1")
            .policy_ids(vec!["p".into()])
            .additional_signers(vec![AdditionalSigner {
                signer_id: "q".into(),
                ..Default::default()
            }]);
        client.create_wallet(&wallet).authorization(Authorization::key(key.clone()))
    };
    create().send().await.unwrap();
    let body = emulator.seen().last().unwrap().body.clone();
    assert_eq!(
        String::from_utf8(body).unwrap(),
        r#"{"additional_signers":[{"signer_id":"q"}],"chain_type":"ethereum","external_id":"shop-1","policy_ids":["p"]}"#
    );
    assert_eq!(sent("privy-request-expiry"), None);
    create().expiry(Expiry::In(Duration::from_secs(60))).send().await.unwrap();
    let seen = emulator.seen().last().unwrap().clone();
    let url = format!("{}/v1/wallets", emulator.privy_url());
    let text = |name: &str| seen.headers[name].to_str().unwrap();
    let request = AuthorizationRequest::builder(Method::Post, &url, "test-app-id");
    let request = request
        .body_text(&seen.body, Limits::default())
        .and_then(|it| it.idempotency_key(text("privy-idempotency-key")))
        .and_then(|it| it.expiry_unix_ms(text("privy-request-expiry").parse().unwrap()))
        .and_then(|it| it.build())
        .unwrap();
    request.verify(text("privy-authorization-signature"), &[key.verifying_key()]).unwrap();
}

#[test]
fn a_transaction_that_was_replaced_is_not_one_that_failed() {
    let status = |status: &str| {
        let json = format!(r#"{{"id":"t","status":"{status}"}}"#);
        let status = serde_json::from_str::<Transaction>(&json).unwrap().status;
        (status.is_success(), status.is_failure(), status.is_replaced())
    };
    for name in ["confirmed", "finalized"] {
        assert_eq!(status(name), (true, false, false), "{name}");
    }
    for name in ["failed", "execution_reverted"] {
        assert_eq!(status(name), (false, true, false), "{name}");
    }
    assert_eq!(status("replaced"), (false, false, true));
    for name in ["pending", "broadcasted", "provider_error", "", "Failed"] {
        assert_eq!(status(name), (false, false, false), "{name}");
    }
}

#[test]
fn what_a_service_of_tomorrow_says_survives() {
    let wallet = r#"{"id":"w","address":"a","chain_type":"quantum","policy_ids":null,
        "additional_signers":[{"signer_id":"q","weight":3}],"new":{"a":[1,-1,0.5,null]}}"#;
    let wallet: Wallet = serde_json::from_str(wallet).unwrap();
    assert_eq!(wallet.chain_type, ChainType::other("quantum".into()));
    assert_eq!(wallet.policy_ids, Vec::<String>::new());
    assert_eq!(wallet.additional_signers[0].other["weight"], Json::Unsigned(3));
    // What was read can be said again.
    let again = serde_json::to_string(&wallet.additional_signers[0]).unwrap();
    assert_eq!(again, r#"{"signer_id":"q","weight":3}"#);
    let Json::Object(new) = &wallet.other["new"] else { panic!("{wallet:?}") };
    let numbers = [Json::Unsigned(1), Json::Signed(-1), Json::Number(0.5), Json::Null];
    assert_eq!(new["a"], Json::Array(numbers.into()));

    let transaction = r#"{"id":"t","status":"teleported","when":1764000000000}"#;
    let transaction: Transaction = serde_json::from_str(transaction).unwrap();
    assert_eq!(transaction.status.as_str(), "teleported");
    assert!(!transaction.status.is_success() && !transaction.status.is_failure());
    assert_eq!(transaction.other["when"], Json::Unsigned(1_764_000_000_000));

    let quorum: KeyQuorum = serde_json::from_str(r#"{"id":"q","kind":"mixed"}"#).unwrap();
    assert_eq!(quorum.other["kind"], Json::String("mixed".into()));
    let policy: Policy = serde_json::from_str(r#"{"id":"p","rules":null,"mode":"dry"}"#).unwrap();
    assert_eq!((policy.rules, &policy.other["mode"]), (vec![], &Json::String("dry".into())));
}
