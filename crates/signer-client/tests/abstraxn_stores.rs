//! Sessions of Abstraxn where a store, a host or the log is not what it should be.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use secrecy::ExposeSecret;
use signer_client::abstraxn::{Client, Identity, TransactionType};
use signer_client::{
    AccessKeyStore, BaseUrl, Error, IdentityId, Lease, MemoryAccessKeyStore, MemoryTokenStore,
    StoreError, Token, TokenKey, TokenStore, TransportOptions,
};
use signer_emulator::{Emulator, FaultRule};

use crate::token_cache::BadStore;
use crate::trace;

fn client(emulator: &Emulator, tokens: Arc<dyn TokenStore>) -> Client {
    with_keys(emulator, tokens, &MemoryAccessKeyStore::new())
}

fn with_keys(
    emulator: &Emulator,
    tokens: Arc<dyn TokenStore>,
    keys: &MemoryAccessKeyStore,
) -> Client {
    trace::look();
    let base = BaseUrl::parse(&emulator.abstraxn_url()).unwrap();
    Client::builder(base, "test-api-key".into())
        .token_store(tokens)
        .access_key_store(Arc::new(keys.clone()))
        .quorum_key(emulator.abstraxn_quorum_key())
        .transport(TransportOptions { total: Duration::from_millis(500), ..Default::default() })
        .build()
        .unwrap()
}

/// A store that answers nothing, once it is told to.
struct Hanging {
    store: MemoryTokenStore,
    hangs: tokio::sync::watch::Sender<bool>,
}

impl Hanging {
    async fn wait(&self) {
        let _ = self.hangs.subscribe().wait_for(|hangs| !hangs).await;
    }
}

#[async_trait]
impl TokenStore for Hanging {
    async fn load(&self, key: &TokenKey) -> Result<Option<Token>, StoreError> {
        self.wait().await;
        self.store.load(key).await
    }

    async fn replace(&self, key: &TokenKey, old: u64, new: &Token) -> Result<bool, StoreError> {
        self.wait().await;
        self.store.replace(key, old, new).await
    }

    async fn remove(&self, key: &TokenKey, version: u64) -> Result<(), StoreError> {
        self.wait().await;
        self.store.remove(key, version).await
    }

    async fn lease(&self, key: &TokenKey, ttl: Duration) -> Result<Option<Lease>, StoreError> {
        self.wait().await;
        self.store.lease(key, ttl).await
    }
}

#[tokio::test]
async fn a_store_that_hangs_costs_a_deadline() {
    let emulator = Emulator::start().await.unwrap();
    let hangs = tokio::sync::watch::Sender::new(true);
    let store = Arc::new(Hanging { store: MemoryTokenStore::new(), hangs });
    let client = client(&emulator, store.clone());
    let user = Identity::new("user-1");
    let within = |begun: Instant| assert!(begun.elapsed() < Duration::from_secs(3));
    let begun = Instant::now();
    let error: Error = client.authenticate(&user).await.unwrap_err();
    assert!(error.is_transient(), "{error:?}");
    assert!(client.forget("user-1").await.unwrap_err().is_transient());
    within(begun);

    store.hangs.send_replace(false);
    let session = client.authenticate(&user).await.unwrap();
    store.hangs.send_replace(true);
    let begun = Instant::now();
    // What is in the cache needs no store, and the service hears of a logout whatever the store does.
    client.authenticate(&user).await.unwrap();
    session.whoami().await.unwrap();
    let _ = session.logout().await;
    within(begun);
    assert_eq!(emulator.count("POST", "/abstraxn/auth/logout"), 1);
    store.hangs.send_replace(false);
    // Nobody is locked out.
    client.authenticate(&user).await.unwrap().whoami().await.unwrap();
}

#[tokio::test]
async fn credentials_and_stamps_go_to_one_host() {
    let (emulator, other) = (Emulator::start().await.unwrap(), Emulator::start().await.unwrap());
    let client = client(&emulator, Arc::new(MemoryTokenStore::new()));
    let session = client.authenticate(&Identity::new("user-1")).await.unwrap();
    let redirect = format!("/=redirect:{}/stolen", other.url());
    emulator.fault(redirect.parse::<FaultRule>().unwrap());
    let before = emulator.seen().len();
    for outcome in [
        session.whoami().await.map(drop),
        session.sign_personal(b"x").await.map(drop),
        session.sign_transaction("02ef", TransactionType::Ethereum).await.map(drop),
        session.export().await.map(drop),
        client.authenticate(&Identity::new("user-2")).await.map(drop),
    ] {
        assert_eq!(outcome.unwrap_err().status(), Some(307));
    }
    let _ = session.logout().await;
    assert!(emulator.seen().len() >= before + 6);
    assert!(other.seen().is_empty(), "neither x-api-key, a token, a cookie nor a stamp went on");
}

/// What is made up on the way: login codes, cookies, tokens, keys that are made and keys that are exported.
#[tokio::test]
async fn what_is_made_up_stands_in_no_log() {
    trace::take_down();
    let emulator = Emulator::start().await.unwrap();
    let client = client(&emulator, Arc::new(MemoryTokenStore::new()));
    let user = Identity::new("user-1");
    let session = client.authenticate(&user).await.unwrap();
    let mut secrets = vec![session.access_key().clone(), session.access_token().clone()];
    emulator.abstraxn_revoke(false);
    session.whoami().await.unwrap();
    let exported = session.export().await.unwrap();
    secrets.extend([exported.to_evm(), exported.to_solana()]);
    session.logout().await.unwrap();
    let mut secrets: Vec<String> =
        secrets.iter().map(|secret| secret.expose_secret().to_owned()).collect();
    for seen in emulator.seen() {
        for name in ["authorization", "cookie"] {
            let value = seen.headers.get(name).map(|value| value.to_str().unwrap());
            secrets
                .extend(value.and_then(|value| Some(value.split([' ', '=']).nth(1)?.to_owned())));
        }
        if seen.path.ends_with("/exchange") {
            let body: serde_json::Value = serde_json::from_slice(&seen.body).unwrap();
            secrets.push(body["loginCode"].as_str().unwrap().to_owned());
        }
    }
    assert!(secrets.len() >= 8, "{}", secrets.len());
    assert!(trace::was_logged("/auth/exchange"), "it is looked");
    for secret in secrets {
        assert!(secret.len() >= 32 && !trace::was_logged(&secret), "{} bytes", secret.len());
    }
}

/// In doubt no key is made: it would be another wallet's.
#[tokio::test]
async fn no_key_is_made_while_it_is_not_known_whether_there_was_one() {
    let emulator = Emulator::start().await.unwrap();
    let down = || Arc::new(BadStore { inner: MemoryTokenStore::new(), fault: "load fails" });
    let keys = MemoryAccessKeyStore::new();
    let user = Identity::new("user-1");
    let error = with_keys(&emulator, down(), &keys).authenticate(&user).await.unwrap_err();
    assert!(error.is_store() && error.is_transient(), "{error:?}");
    assert!(emulator.seen().is_empty());
    let id = IdentityId::new(&BaseUrl::parse(&emulator.abstraxn_url()).unwrap(), "user-1");
    assert!(keys.load(&id).await.unwrap().is_none());
    // Whoever has the key signs in, and so does everybody after that.
    let key = "44ea2542dab591d13bb69f39d967d91a713212a6168b5d9f9ba58d5a72203f23";
    let given = user.clone().access_key(key.into());
    with_keys(&emulator, down(), &keys).authenticate(&given).await.unwrap();
    with_keys(&emulator, down(), &keys).authenticate(&user).await.unwrap();
}

/// A wrong key was given, and then the right one is found in the store.
#[tokio::test]
async fn a_wrong_key_does_not_stay_for_those_who_give_none() {
    let emulator = Emulator::start().await.unwrap();
    let user = Identity::new("user-1");
    let first = client(&emulator, Arc::new(MemoryTokenStore::new()));
    let right = first.authenticate(&user).await.unwrap().access_key();
    let keys = MemoryAccessKeyStore::new();
    let client = with_keys(&emulator, Arc::new(MemoryTokenStore::new()), &keys);
    let wrong = "44ea2542dab591d13bb69f39d967d91a713212a6168b5d9f9ba58d5a72203f23";
    let given = user.clone().access_key(wrong.into());
    assert!(client.authenticate(&given).await.unwrap_err().is_conflict());
    let id = IdentityId::new(&BaseUrl::parse(&emulator.abstraxn_url()).unwrap(), "user-1");
    keys.insert(&id, &right).await.unwrap();
    client.authenticate(&user).await.unwrap().whoami().await.unwrap();
}

#[tokio::test]
async fn a_service_that_hangs_does_not_keep_a_token_from_being_forgotten() {
    let emulator = Emulator::start().await.unwrap();
    let tokens = MemoryTokenStore::new();
    let client = client(&emulator, Arc::new(tokens.clone()));
    let user = Identity::new("user-1");
    let session = client.authenticate(&user).await.unwrap();
    emulator.fault("POST /abstraxn/auth/logout=hang".parse::<FaultRule>().unwrap());
    assert!(session.logout().await.unwrap_err().is_deadline());
    let key = TokenKey::new(
        &BaseUrl::parse(&emulator.abstraxn_url()).unwrap(),
        &"test-api-key".into(),
        "user-1",
    );
    assert!(tokens.load(&key).await.unwrap().is_none(), "whoever is told so can rely on it");
}

#[tokio::test]
async fn a_logout_without_a_session_begins_none() {
    let emulator = Emulator::start().await.unwrap();
    let client = client(&emulator, Arc::new(MemoryTokenStore::new()));
    let user = Identity::new("user-1");
    client.logout(&user).await.unwrap();
    assert!(emulator.seen().is_empty());
    client.authenticate(&user).await.unwrap();
    client.logout(&user).await.unwrap();
    client.logout(&user).await.unwrap();
    assert_eq!(emulator.count("POST", "/abstraxn/auth/create"), 1);
    assert_eq!(emulator.count("POST", "/abstraxn/auth/logout"), 1);
    assert!(client.authenticate(&user).await.unwrap().did_create());
}

/// A signature that may exist is not one that was not made; and a refresh is not the call.
#[tokio::test]
async fn a_signature_whose_answer_was_lost_may_exist() {
    let emulator = Emulator::start().await.unwrap();
    let client = client(&emulator, Arc::new(MemoryTokenStore::new()));
    let session = client.authenticate(&Identity::new("user-1")).await.unwrap();
    for (path, is_unknown) in [
        ("/abstraxn/sign/transaction", true),
        ("/abstraxn/export-wallet", true),
        ("/abstraxn/whoami", false),
    ] {
        emulator.fault(format!("POST {path}=lost").parse::<FaultRule>().unwrap());
        let error = match path {
            "/abstraxn/whoami" => session.whoami().await.unwrap_err(),
            "/abstraxn/export-wallet" => session.export().await.map(drop).unwrap_err(),
            _ => session.sign_personal(b"x").await.unwrap_err(),
        };
        assert_eq!(error.is_outcome_unknown(), is_unknown, "{path}: {error:?}");
        emulator.clear_faults();
    }
    emulator.abstraxn_revoke(false);
    emulator.fault("POST /abstraxn/auth/refresh=lost".parse::<FaultRule>().unwrap());
    let error = session.sign_personal(b"x").await.unwrap_err();
    assert!(error.is_transient() && !error.is_outcome_unknown(), "{error:?}");
}

/// What one attempt may have done, no later one takes back, and no deadline.
#[tokio::test]
async fn a_refusal_after_a_lost_answer_leaves_the_outcome_open() {
    for faults in [
        &["sign/transaction=lost*1", "sign/transaction=status:401*1", "auth/refresh=status:503"][..],
        &[
            "sign/transaction=lost*1",
            "sign/transaction=status:401*1",
            "sign/transaction=status:403",
        ],
        &["sign/transaction=status:401*1", "sign/transaction=hang", "auth/refresh=delay:200"],
    ] {
        let emulator = Emulator::start().await.unwrap();
        let client = client(&emulator, Arc::new(MemoryTokenStore::new()));
        let session = client.authenticate(&Identity::new("user-1")).await.unwrap();
        for fault in faults {
            emulator.fault(format!("POST /abstraxn/{fault}").parse::<FaultRule>().unwrap());
        }
        let error = session.sign_personal(b"x").await.unwrap_err();
        assert!(error.is_outcome_unknown(), "{faults:?}: {error:?}");
    }
}

#[tokio::test]
async fn a_conflict_is_not_asked_for_again_at_once() {
    let emulator = Emulator::start().await.unwrap();
    let user = Identity::new("user-1");
    client(&emulator, Arc::new(MemoryTokenStore::new())).authenticate(&user).await.unwrap();
    let client = client(&emulator, Arc::new(MemoryTokenStore::new()));
    let wrong = "44ea2542dab591d13bb69f39d967d91a713212a6168b5d9f9ba58d5a72203f23";
    let given = user.access_key(wrong.into());
    for _ in 0..5 {
        assert!(client.authenticate(&given).await.unwrap_err().is_conflict());
    }
    assert_eq!(emulator.count("POST", "/abstraxn/auth/create"), 2);
}

/// The token has ended, and the service renews it no more: there is nothing to end, and nothing is begun.
#[tokio::test]
async fn a_logout_of_a_session_that_is_over_begins_none() {
    let emulator = Emulator::start().await.unwrap();
    emulator.abstraxn_token_life(1_000);
    let (tokens, keys) = (MemoryTokenStore::new(), MemoryAccessKeyStore::new());
    let user = Identity::new("user-1");
    let first = with_keys(&emulator, Arc::new(tokens.clone()), &keys);
    first.authenticate(&user).await.unwrap();
    emulator.abstraxn_revoke(true);
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    // As another process would that shares the stores.
    with_keys(&emulator, Arc::new(tokens.clone()), &keys).logout(&user).await.unwrap();
    assert_eq!(emulator.count("POST", "/abstraxn/auth/create"), 1);
    assert_eq!(emulator.count("POST", "/abstraxn/auth/logout"), 0);
    let base = BaseUrl::parse(&emulator.abstraxn_url()).unwrap();
    let key = TokenKey::new(&base, &"test-api-key".into(), "user-1");
    assert!(tokens.load(&key).await.unwrap().is_none());
}
