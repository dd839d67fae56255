use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use signer_client::{BaseUrl, RedisTokenStore, StoreError, Token, TokenKey, TokenStore};

use crate::redis_server::RedisServer;
use crate::worker;

fn key(identity: &str) -> TokenKey {
    crate::trace::look();
    let base = BaseUrl::parse("http://127.0.0.1:1").unwrap();
    TokenKey::new(&base, &"test api key".into(), identity)
}

fn store(server: &RedisServer) -> RedisTokenStore {
    let url: SecretString = server.url().into();
    RedisTokenStore::new(&url, Duration::from_millis(500)).unwrap()
}

#[test]
fn ten_processes_that_share_a_redis_fetch_once() {
    let server = RedisServer::start();
    worker::one_fetch(&format!("redis:{}", server.url()), 10);
}

#[tokio::test]
async fn a_later_token_stays() {
    let server = RedisServer::start();
    let store = store(&server);
    let key = key("user");
    let first = Token::new("first".into()).with_cookies(Some("c=1".into())).succeeding(0);
    assert!(store.load(&key).await.unwrap().is_none());
    assert!(store.replace(&key, 0, &first).await.unwrap());
    assert!(!store.replace(&key, 0, &Token::new("late".into()).succeeding(0)).await.unwrap());
    let second = Token::new("second".into()).succeeding(first.version());
    assert!(store.replace(&key, first.version(), &second).await.unwrap());
    store.remove(&key, first.version()).await.unwrap();
    let kept = store.load(&key).await.unwrap().unwrap();
    assert_eq!(kept.access().expose_secret(), "second");
    // More digits are later, whatever the digits are.
    let third = Token::new("third".into()).succeeding(u64::MAX - 1);
    assert!(store.replace(&key, second.version(), &third).await.unwrap());
    assert!(!store.replace(&key, 9_999, &second).await.unwrap());
    store.remove(&key, u64::MAX).await.unwrap();
    assert!(store.load(&key).await.unwrap().is_none());
}

#[tokio::test]
async fn a_lease_has_one_holder_and_ends() {
    let server = RedisServer::start();
    let (one, other) = (store(&server), store(&server));
    let lease = one.lease(&key("user"), Duration::from_secs(60)).await.unwrap().unwrap();
    assert!(other.lease(&key("user"), Duration::from_secs(60)).await.unwrap().is_none());
    assert!(other.lease(&key("another"), Duration::from_secs(60)).await.unwrap().is_some());
    // What is given back is free at once.
    lease.release().await;
    let lease = other.lease(&key("user"), Duration::from_millis(100)).await.unwrap().unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    let next = one.lease(&key("user"), Duration::from_secs(60)).await.unwrap().unwrap();
    // Whose lease ran out gives back nobody else's.
    drop(lease);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(other.lease(&key("user"), Duration::from_secs(60)).await.unwrap().is_none());
    drop(next);
    // Longer than Redis can count.
    let lease = one.lease(&key("patient"), Duration::MAX).await.unwrap();
    assert!(lease.is_some());
    assert!(other.lease(&key("patient"), Duration::MAX).await.unwrap().is_none());
}

#[tokio::test]
async fn a_password_stands_in_no_error() {
    let server = RedisServer::start();
    let with = |url: &str| RedisTokenStore::new(&url.into(), Duration::from_millis(500));
    // The server has none, so it refuses this one; nor can the second be read.
    let address = server.address;
    let store = with(&format!("redis://user:canary-of-redis@{address}")).unwrap();
    let error = store.load(&key("user")).await.unwrap_err();
    assert_eq!(error, StoreError::Unavailable);
    let unreadable = with("redis://user:canary-of-redis@host:port").unwrap_err();
    for text in [format!("{error} {error:?} {store:?}"), format!("{unreadable} {unreadable:?}")] {
        assert!(!text.contains("canary"), "{text}");
    }
}

#[tokio::test]
async fn a_redis_that_is_gone_is_said_to_be() {
    let mut server = RedisServer::start();
    let store = store(&server);
    assert!(store.load(&key("user")).await.unwrap().is_none());
    server.kill();
    assert_eq!(store.load(&key("user")).await.unwrap_err(), StoreError::Unavailable);
    let _again = RedisServer::start_at(server.address);
    let mut answered = false;
    for _ in 0..100 {
        answered = store.load(&key("user")).await.is_ok();
        if answered {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(answered, "it connects again");
}

/// The server freezes one connection and answers new ones, as behind a proxy that forgot a flow.
#[tokio::test]
async fn a_silent_connection_is_left() {
    let server = RedisServer::start();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url: SecretString = format!("redis://{}", listener.local_addr().unwrap()).into();
    let target = server.address;
    let frozen = std::sync::Arc::new(tokio::sync::Notify::new());
    let freeze = std::sync::Arc::clone(&frozen);
    tokio::spawn(async move {
        loop {
            let (mut client, _) = listener.accept().await.unwrap();
            let freeze = std::sync::Arc::clone(&freeze);
            tokio::spawn(async move {
                let mut server = tokio::net::TcpStream::connect(target).await.unwrap();
                tokio::select! {
                    _ = tokio::io::copy_bidirectional(&mut client, &mut server) => return,
                    () = freeze.notified() => {}
                }
                std::future::pending::<()>().await;
            });
        }
    });
    let store = RedisTokenStore::new(&url, Duration::from_millis(300)).unwrap();
    assert!(store.load(&key("user")).await.unwrap().is_none());
    frozen.notify_waiters();
    for _ in 0..30 {
        if store.load(&key("user")).await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the silent connection is kept");
}

/// A replica refuses writes; once the address answers from a primary, tokens are kept again.
#[tokio::test]
async fn a_demoted_primary_is_left() {
    let (server, other) = (RedisServer::start(), RedisServer::start());
    let store = store(&server);
    let token = Token::new("first".into()).succeeding(0);
    assert!(store.replace(&key("user"), 0, &token).await.unwrap());
    server.command(&["replicaof", "127.0.0.1", &other.address.port().to_string()]);
    let later = Token::new("later".into()).succeeding(token.version());
    let refused = store.replace(&key("user"), token.version(), &later).await;
    assert_eq!(refused.unwrap_err(), StoreError::Unavailable);
    // Only that of redis-cli itself is left.
    for _ in 0..40 {
        if server.command_output(&["client", "list", "type", "normal"]).lines().count() == 1 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the connection to the replica is kept");
}
