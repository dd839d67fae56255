//! Sessions of Abstraxn where a store, a host or the log is not what it should be.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use secrecy::ExposeSecret;
use signer_client::abstraxn::{Client, Identity, TransactionType};
use signer_client::{
    BaseUrl, Error, Lease, MemoryAccessKeyStore, MemoryTokenStore, StoreError, Token, TokenKey,
    TokenStore, TransportOptions,
};
use signer_emulator::{Emulator, FaultRule};

use crate::trace;

fn client(emulator: &Emulator, tokens: Arc<dyn TokenStore>) -> Client {
    trace::look();
    let base = BaseUrl::parse(&emulator.abstraxn_url()).unwrap();
    Client::builder(base, "test-api-key".into())
        .token_store(tokens)
        .access_key_store(Arc::new(MemoryAccessKeyStore::new()))
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
