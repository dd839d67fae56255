//! Privy, against the emulator.

use std::sync::Arc;
use std::time::Duration;

use signer_client::privy::{
    Authorization, ChainType, Client, CreatePolicy, CreateWallet, Expiry, NewKeyQuorum, Owner,
    PolicyChange, Update, Wallet, WalletChange, WalletSigner,
};
use signer_client::{BaseUrl, Error, Signer};
use signer_core::p256::SigningKey;
use signer_emulator::{Emulator, FaultRule};
use signer_protocols::Json;
use signer_protocols::privy::AuthorizationKey;
use signer_protocols::privy::rpc::{
    EthTransaction, RawSign, RpcRequest, TypedData, TypedDataField,
};

pub(crate) async fn start() -> (Emulator, Client) {
    crate::trace::look();
    let emulator = Emulator::start().await.unwrap();
    let base = BaseUrl::parse(&emulator.privy_url()).unwrap();
    let client = Client::new(base, "test-app-id", "test-app-secret".into()).unwrap();
    (emulator, client)
}

/// A key of a test.
pub(crate) fn key(scalar: u8) -> Arc<AuthorizationKey> {
    Arc::new(SigningKey::from_scalar(&[scalar; 32]).unwrap().into())
}

pub(crate) async fn owned(client: &Client, chain: ChainType, key: &AuthorizationKey) -> Wallet {
    let owner = Owner::public_key(&key.verifying_key());
    client.create_wallet(&CreateWallet::new(chain).owner(owner)).send().await.unwrap()
}

#[test]
fn credentials_that_would_be_refused_are_not_taken() {
    let base = || BaseUrl::parse("http://127.0.0.1:1").unwrap();
    let new = |id: &str, secret: &str| Client::new(base(), id, secret.into());
    assert!(new("app", "secret").is_ok());
    for (id, secret) in
        [("", "s"), ("a:b", "s"), ("a\n", "s"), ("app", "s\n"), ("app", "a b"), ("app", "")]
    {
        assert!(new(id, secret).unwrap_err().is_input(), "{id:?}");
    }
}

#[tokio::test]
async fn every_rpc_method_signs() {
    let (emulator, client) = start().await;
    let key = key(1);
    let wallet = owned(&client, ChainType::ETHEREUM, &key).await;
    let solana = owned(&client, ChainType::SOLANA, &key).await;
    let signed = || Authorization::key(key.clone());

    let request = client.personal_sign(&wallet, "hello").authorization(signed());
    assert_eq!(request.send().await.unwrap().signature().unwrap().len(), 132);
    let request = client.sign_hash(&wallet, &[7; 32]).authorization(signed());
    request.send().await.unwrap();
    let request = client.sign_solana_message(&solana, b"hello").authorization(signed());
    request.send().await.unwrap();
    for raw in [
        RawSign::hash(format!("0x{}", "07".repeat(32))),
        RawSign::bytes("00ff", "hex", "keccak256"),
    ] {
        client.raw_sign(&wallet, &raw).authorization(signed()).send().await.unwrap();
    }
    let transaction = EthTransaction {
        to: Some(wallet.address.clone()),
        value: Some(2_000_000_000_000_000_u64.into()),
        ..EthTransaction::default()
    };
    let field = TypedDataField { name: "amount".into(), field_type: "uint256".into() };
    let typed_data = TypedData {
        types: [("Pay".to_owned(), vec![field])].into(),
        primary_type: "Pay".into(),
        domain: Json::Object([("chainId".to_owned(), Json::Unsigned(8453))].into()),
        message: Json::Object([("amount".to_owned(), Json::Unsigned(5))].into()),
    };
    for call in [
        RpcRequest::personal_sign("hello"),
        RpcRequest::eth_sign_transaction(transaction.clone()),
        RpcRequest::eth_sign_typed_data(typed_data),
        RpcRequest::secp256k1_sign(format!("0x{}", "07".repeat(32))),
        RpcRequest::eth_sign_7702(wallet.address.clone(), 8453, Some(0)),
    ] {
        let answer = client.rpc(&wallet.id, &call).authorization(signed()).send().await.unwrap();
        assert!(!answer.data.is_empty(), "{}", answer.method);
    }
    let call = RpcRequest::eth_send_transaction("eip155:8453", transaction);
    let sent = client.rpc(&wallet.id, &call).authorization(signed()).send().await.unwrap();
    let id = sent.text("transaction_id").unwrap();
    assert_eq!(client.transaction(id).await.unwrap().status.as_str(), "pending");
    assert!(client.transaction(id).await.unwrap().status.is_success());
    // What is sent keeps its integers.
    let body =
        emulator.seen().iter().rev().find(|seen| seen.method == "POST").unwrap().body.clone();
    assert!(String::from_utf8(body).unwrap().contains("\"value\":2000000000000000"));

    let exported = client.export(&wallet.id, signed()).await.unwrap();
    assert_eq!(exported.expose_secret().len(), 64);
    assert!(
        !format!("{exported:?}").contains(std::str::from_utf8(exported.expose_secret()).unwrap())
    );
}

#[tokio::test]
async fn a_quorum_gets_the_signatures_it_asks_for_and_no_more() {
    let (_emulator, client) = start().await;
    let keys = [key(1), key(2), key(3)];
    let publics: Vec<_> = keys.iter().map(|key| key.verifying_key()).collect();
    let quorum =
        client.create_key_quorum(&NewKeyQuorum::of_keys(2, &publics)).send().await.unwrap();
    let wallet = CreateWallet::new(ChainType::ETHEREUM).owner_id(&quorum.id);
    let wallet = client.create_wallet(&wallet).send().await.unwrap();
    let [one, two, three] = keys;
    let code = async |authorization| {
        let request = client.personal_sign(&wallet, "x").authorization(authorization);
        request.send().await.err().and_then(|error: Error| error.code().map(str::to_owned))
    };
    let pair = Authorization::key(one.clone()).and_key(three.clone());
    assert_eq!(code(pair.clone()).await, None);
    let refused = |code: &str| Some(code.to_owned());
    assert_eq!(code(Authorization::none()).await, refused("missing_or_empty_authorization_header"));
    assert_eq!(
        code(Authorization::key(key(9))).await,
        refused("zero_correct_authorization_signatures")
    );
    assert_eq!(
        code(Authorization::key(one)).await,
        refused("insufficient_correct_authorization_signatures")
    );
    assert_eq!(
        code(pair.and_key(two)).await,
        refused("incorrect_quantity_of_authorization_signatures")
    );
}

#[tokio::test]
async fn a_change_can_say_null_and_nothing() {
    let (emulator, client) = start().await;
    let key = key(1);
    let wallet = owned(&client, ChainType::ETHEREUM, &key).await;
    let change = WalletChange {
        display_name: Update::Set("shop".into()),
        policy_ids: Update::Set(vec![]),
        ..WalletChange::default()
    };
    let request =
        client.update_wallet(&wallet.id, &change).authorization(Authorization::key(key.clone()));
    let changed = request.send().await.unwrap();
    assert_eq!(changed.display_name.as_deref(), Some("shop"));
    assert_eq!(emulator.seen().last().unwrap().body, br#"{"display_name":"shop","policy_ids":[]}"#);
    // A member that this version does not know is still there.
    assert!(matches!(changed.other.get("emulated"), Some(Json::Object(_))));

    let change = WalletChange {
        display_name: Update::Clear,
        owner: Update::Clear,
        ..WalletChange::default()
    };
    let request = client.update_wallet(&wallet.id, &change).authorization(Authorization::key(key));
    assert_eq!(request.send().await.unwrap().owner_id, None);
    assert_eq!(emulator.seen().last().unwrap().body, br#"{"display_name":null,"owner":null}"#);
}

#[tokio::test]
async fn policies_and_quorums_are_made_changed_and_deleted() {
    let (_emulator, client) = start().await;
    let key = key(1);
    let signed = || Authorization::key(key.clone());
    let policy = CreatePolicy {
        version: "1.0".into(),
        name: "small".into(),
        chain_type: ChainType::ETHEREUM,
        rules: vec![],
        owner: Some(Owner::public_key(&key.verifying_key())),
    };
    let policy = client.create_policy(&policy).send().await.unwrap();
    let change = PolicyChange { name: Update::Set("large".into()), ..PolicyChange::default() };
    assert!(client.update_policy(&policy.id, &change).send().await.unwrap_err().is_unauthorized());
    let request = client.update_policy(&policy.id, &change).authorization(signed());
    assert_eq!(request.send().await.unwrap().name.as_deref(), Some("large"));
    client.delete_policy(&policy.id).authorization(signed()).send().await.unwrap();
    let again = client.delete_policy(&policy.id).authorization(signed()).send().await;
    assert!(again.unwrap_err().is_not_found());

    let quorum = NewKeyQuorum::of_keys(1, &[key.verifying_key()]);
    let quorum = client.create_key_quorum(&quorum).send().await.unwrap();
    client.delete_key_quorum(&quorum.id).authorization(signed()).send().await.unwrap();
}

#[tokio::test]
async fn an_expired_request_is_refused_and_an_expiry_can_be_left_out() {
    let (emulator, client) = start().await;
    let key = key(1);
    let wallet = owned(&client, ChainType::ETHEREUM, &key).await;
    emulator.skew_clock(16 * 60 * 1_000);
    let sign = |expiry| {
        let request =
            client.personal_sign(&wallet, "x").authorization(Authorization::key(key.clone()));
        request.expiry(expiry).send()
    };
    assert_eq!(sign(Expiry::Default).await.unwrap_err().code(), Some("request_expired"));
    sign(Expiry::In(Duration::from_secs(3_600))).await.unwrap();
    sign(Expiry::Never).await.unwrap();
    assert!(!emulator.seen().last().unwrap().headers.contains_key("privy-request-expiry"));
}

#[tokio::test]
async fn one_key_is_one_request() {
    let (_emulator, client) = start().await;
    let key = key(1);
    let wallet = owned(&client, ChainType::ETHEREUM, &key).await;
    let send = |message: &'static str, idempotency_key: &'static str| {
        let request =
            client.personal_sign(&wallet, message).authorization(Authorization::key(key.clone()));
        request.idempotency_key(idempotency_key).send()
    };
    let first = send("one", "order-1").await.unwrap();
    assert_eq!(send("one", "order-1").await.unwrap(), first);
    let error = send("two", "order-1").await.unwrap_err();
    assert_eq!((error.status(), error.code()), (Some(400), Some("idempotency_key_reused")));
    assert!(send("one", "two words").await.unwrap_err().is_input());
    assert!(send("one", "").await.unwrap_err().is_input(), "it would stand for all others");
    let quorum = NewKeyQuorum::of_keys(1, &[key.verifying_key()]);
    let request = client.create_key_quorum(&quorum).idempotency_key("x");
    assert!(request.send().await.unwrap_err().is_input(), "a key that would not be heeded");
}

#[tokio::test]
async fn any_number_of_callers_share_one_session() {
    let (emulator, client) = start().await;
    let wallet = CreateWallet::new(ChainType::ETHEREUM).owner(Owner::user("user-1"));
    let wallet = client.create_wallet(&wallet).send().await.unwrap();
    let session = client.user_session("test-user-token:user-1".into());
    let calls: Vec<_> = (0..50)
        .map(|_| {
            let request = client.personal_sign(&wallet, "x");
            tokio::spawn(request.authorization(Authorization::user(session.clone())).send())
        })
        .collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    let exchanges = || emulator.count("POST", "/privy/v1/wallets/authenticate");
    assert_eq!(exchanges(), 1);
    let same = client.user_session("test-user-token:user-1".into());
    let request = client.personal_sign(&wallet, "x").authorization(Authorization::user(same));
    request.send().await.unwrap();
    assert_eq!(exchanges(), 1, "the same token is the same session");
    // The service ends the session early: one more exchange for all that are told so, whenever they are.
    emulator.skew_clock(11 * 60 * 1_000);
    let calls: Vec<_> = (0..50)
        .map(|caller| {
            let request = client.personal_sign(&wallet, "y").expiry(Expiry::Never);
            let request = request.authorization(Authorization::user(session.clone()));
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(caller)).await;
                request.send().await
            })
        })
        .collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!(exchanges(), 2);
}

#[tokio::test]
async fn a_session_that_cannot_be_renewed_takes_nothing_back() {
    let (emulator, client) = start().await;
    let wallet = CreateWallet::new(ChainType::ETHEREUM).owner(Owner::user("user-1"));
    let wallet = client.create_wallet(&wallet).send().await.unwrap();
    let session = client.user_session("test-user-token:user-1".into());
    let sign = || {
        let request = client.personal_sign(&wallet, "x").expiry(Expiry::Never);
        request.authorization(Authorization::user(session.clone())).send()
    };
    sign().await.unwrap();
    emulator.skew_clock(11 * 60 * 1_000);
    let id = &wallet.id;
    for fault in [
        format!("POST /privy/v1/wallets/{id}/rpc=lost*1"),
        "POST /privy/v1/wallets/authenticate=status:400".into(),
    ] {
        emulator.fault(fault.parse().unwrap());
    }
    let error = sign().await.unwrap_err();
    assert_eq!(error.status(), Some(400));
    assert!(error.is_outcome_unknown() && error.idempotency_key().is_some(), "{error:?}");
}

#[tokio::test]
async fn a_signature_of_another_is_not_handed_on() {
    let (_emulator, client) = start().await;
    let key = key(1);
    let [one, mut other] = [
        owned(&client, ChainType::ETHEREUM, &key).await,
        owned(&client, ChainType::ETHEREUM, &key).await,
    ];
    // The service signs with the wallet of the id, and that is not the address that is asked for.
    other.id.clone_from(&one.id);
    let request = client.personal_sign(&other, "x").authorization(Authorization::key(key.clone()));
    let error = request.send().await.unwrap_err();
    assert!(error.is_mismatch(), "{error:?}");
    let request = client.sign_hash(&other, &[1; 32]).authorization(Authorization::key(key.clone()));
    assert!(request.send().await.unwrap_err().is_mismatch());
    let [one, mut other] = [
        owned(&client, ChainType::SOLANA, &key).await,
        owned(&client, ChainType::SOLANA, &key).await,
    ];
    other.id.clone_from(&one.id);
    let request = client.sign_solana_message(&other, b"x").authorization(Authorization::key(key));
    assert!(request.send().await.unwrap_err().is_mismatch());
}

#[tokio::test]
async fn a_wallet_is_a_signer() {
    let (_emulator, client) = start().await;
    let key = key(1);
    for (chain, len) in [(ChainType::ETHEREUM, 65), (ChainType::SOLANA, 64)] {
        let wallet = owned(&client, chain, &key).await;
        let authorization = Authorization::key(key.clone());
        let signer: Box<dyn Signer> =
            Box::new(WalletSigner::new(client.clone(), wallet.clone(), authorization));
        assert_eq!(signer.address(), wallet.address);
        assert_eq!(signer.sign_message(b"\x00\xff any bytes").await.unwrap().len(), len);
    }
}

#[tokio::test]
async fn a_request_that_goes_out_again_is_good_again() {
    let (emulator, client) = start().await;
    let key = key(1);
    let wallet = owned(&client, ChainType::ETHEREUM, &key).await;
    emulator.fault("POST /privy/v1/wallets/=status:503*1".parse::<FaultRule>().unwrap());
    // It lives for less than what is left to a request that is sent again, so it is signed anew.
    let request = client.personal_sign(&wallet, "x").authorization(Authorization::key(key.clone()));
    request.expiry(Expiry::In(Duration::from_secs(20))).send().await.unwrap();
    let seen = emulator.seen();
    let [.., first, second] = &seen[..] else { panic!("two attempts") };
    let header = |seen: &signer_emulator::Seen, name: &str| seen.headers[name].clone();
    assert_eq!(header(first, "privy-idempotency-key"), header(second, "privy-idempotency-key"));
    assert_ne!(header(first, "privy-request-expiry"), header(second, "privy-request-expiry"));
    assert_eq!(first.body, second.body);
    assert!(!format!("{client:?} {:?}", Authorization::key(key)).contains("secret"));
}
