//! Abstraxn, against the emulator.

use std::sync::Arc;
use std::time::{Duration, Instant};

use secrecy::{ExposeSecret, SecretString};
use signer_client::abstraxn::{Client, Identity, TransactionType};
use signer_client::{
    BaseUrl, FileAccessKeyStore, FileTokenStore, MemoryAccessKeyStore, MemoryTokenStore, Signer,
    TransportOptions,
};
use signer_emulator::{Emulator, FaultRule};

use crate::worker;

fn client(emulator: &Emulator) -> Client {
    build(emulator, &MemoryTokenStore::new(), &MemoryAccessKeyStore::new(), false)
}

fn build(
    emulator: &Emulator,
    tokens: &MemoryTokenStore,
    keys: &MemoryAccessKeyStore,
    sign_in_again: bool,
) -> Client {
    crate::trace::look();
    let base = BaseUrl::parse(&emulator.abstraxn_url()).unwrap();
    Client::builder(base, "test-api-key".into())
        .token_store(Arc::new(tokens.clone()))
        .access_key_store(Arc::new(keys.clone()))
        .quorum_key(emulator.abstraxn_quorum_key())
        .sign_in_again(sign_in_again)
        .build()
        .unwrap()
}

fn user() -> Identity {
    Identity::new("user-1")
}

#[tokio::test]
async fn a_stored_token_is_used_without_a_call() {
    let emulator = Emulator::start().await.unwrap();
    let (tokens, keys) = (MemoryTokenStore::new(), MemoryAccessKeyStore::new());
    let first = build(&emulator, &tokens, &keys, false).authenticate(&user()).await.unwrap();
    assert!(first.did_create() && emulator.seen().len() == 2);
    for _ in 0..3 {
        // As another process would that shares the stores.
        let client = build(&emulator, &tokens, &keys, false);
        for _ in 0..3 {
            let session = client.authenticate(&user()).await.unwrap();
            assert!(!session.did_create());
            assert_eq!(session.wallet_address(), first.wallet_address());
            assert_eq!(session.organization_id(), first.organization_id());
            assert_eq!(session.target_public_key(), first.target_public_key());
            assert_eq!(session.access_key().expose_secret(), first.access_key().expose_secret());
            assert_eq!(
                session.access_token().expose_secret(),
                first.access_token().expose_secret()
            );
        }
    }
    assert_eq!(emulator.seen().len(), 2, "create and exchange, once");
}

#[tokio::test]
async fn all_calls_of_a_session() {
    let emulator = Emulator::start().await.unwrap();
    let session = client(&emulator).authenticate(&user().user_name("Shop")).await.unwrap();
    let whoami = session.whoami().await.unwrap();
    assert_eq!(whoami.address.as_deref(), session.wallet_address());
    assert_eq!(whoami.username.as_deref(), Some("Shop"));
    let signed = session.sign_transaction("02ef", TransactionType::Ethereum).await.unwrap();
    assert!(signed.as_str().starts_with("0x02ef"));
    let signature = session.sign_personal(b"hello").await.unwrap();
    assert!(signature.len() == 132 && (signature.ends_with("1b") || signature.ends_with("1c")));
    assert_eq!(session.sign_typed_data(r#"{"primaryType":"Pay"}"#).await.unwrap().len(), 132);
    let signer: &dyn Signer = &session;
    assert_eq!(signer.sign_message(b"\x00\xff").await.unwrap().len(), 65);
    let exported = session.export().await.unwrap();
    let key = signer_core::secp256k1::SigningKey::from_scalar(exported.as_bytes().expose_secret())
        .unwrap();
    let address = signer_core::address::evm::Address::from(&key.verifying_key());
    assert_eq!(Some(address.to_string().as_str()), session.wallet_address());
    session.logout().await.unwrap();
    let error = session.whoami().await.unwrap_err();
    assert!(error.is_unauthorized() && error.to_string().contains("user-1"), "{error}");
}

#[tokio::test]
async fn another_key_for_an_identity_is_a_conflict_that_names_it() {
    let emulator = Emulator::start().await.unwrap();
    let one = client(&emulator);
    one.authenticate(&user()).await.unwrap();
    let key = "44ea2542dab591d13bb69f39d967d91a713212a6168b5d9f9ba58d5a72203f23";
    // Seen here, before anything is sent; and by the service, where nothing is known here.
    for client in [one, client(&emulator)] {
        let before = emulator.seen().len();
        let error = client.authenticate(&user().access_key(key.into())).await.unwrap_err();
        assert!(error.is_conflict() && error.to_string().contains("user-1"), "{error}");
        assert!(!format!("{error} {error:?}").contains("44ea"));
        assert!(emulator.seen().len() - before <= 1, "a conflict is not tried again");
    }
    // Hex of either case is the same key.
    let client = client(&emulator);
    let other = Identity::new("user-2");
    client.authenticate(&other.clone().access_key(key.into())).await.unwrap();
    client.authenticate(&other.access_key(key.to_uppercase().into())).await.unwrap();
}

#[tokio::test]
async fn a_refused_token_is_refreshed_once_and_the_call_made_again_once() {
    let emulator = Emulator::start().await.unwrap();
    let session = client(&emulator).authenticate(&user()).await.unwrap();
    emulator.abstraxn_revoke(false);
    session.whoami().await.unwrap();
    assert_eq!(emulator.count("POST", "/abstraxn/auth/refresh"), 1);
    assert_eq!(emulator.count("POST", "/abstraxn/whoami"), 2);
    // Whatever the service says of the new token: once.
    emulator.fault("POST /abstraxn/whoami=status:401".parse::<FaultRule>().unwrap());
    assert!(session.whoami().await.unwrap_err().is_unauthorized());
    assert_eq!(emulator.count("POST", "/abstraxn/whoami"), 4);
    assert_eq!(emulator.count("POST", "/abstraxn/auth/refresh"), 2);
}

#[tokio::test]
async fn when_a_refresh_is_refused_the_caller_is_told_and_can_sign_in() {
    let emulator = Emulator::start().await.unwrap();
    let client = client(&emulator);
    let session = client.authenticate(&user()).await.unwrap();
    emulator.abstraxn_revoke(true);
    assert!(session.whoami().await.unwrap_err().is_unauthorized());
    assert_eq!(
        emulator.count("POST", "/abstraxn/auth/create"),
        1,
        "nobody signs in behind the caller's back"
    );
    assert!(session.whoami().await.unwrap_err().is_unauthorized());
    let again = client.authenticate(&user()).await.unwrap();
    assert!(again.did_create());
    again.whoami().await.unwrap();
    session.whoami().await.unwrap();

    // As an option, once from the access key.
    let (tokens, keys) = (MemoryTokenStore::new(), MemoryAccessKeyStore::new());
    let client = build(&emulator, &tokens, &keys, true);
    let session = client.authenticate(&Identity::new("user-2")).await.unwrap();
    emulator.abstraxn_revoke(true);
    session.whoami().await.unwrap();
}

/// As after a restart: what is stored has ended, and cannot be refreshed.
#[tokio::test]
async fn a_stored_token_that_has_ended_locks_nobody_out() {
    let emulator = Emulator::start().await.unwrap();
    emulator.abstraxn_token_life(50);
    let (tokens, keys) = (MemoryTokenStore::new(), MemoryAccessKeyStore::new());
    build(&emulator, &tokens, &keys, false).authenticate(&user()).await.unwrap();
    emulator.abstraxn_revoke(true);
    emulator.abstraxn_token_life(60_000);
    tokio::time::sleep(Duration::from_millis(80)).await;
    let client = build(&emulator, &tokens, &keys, false);
    let calls: Vec<_> = (0..20)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.authenticate(&user()).await })
        })
        .collect();
    for call in calls {
        call.await.unwrap().unwrap().whoami().await.unwrap();
    }
    assert_eq!(emulator.count("POST", "/abstraxn/auth/create"), 2, "one sign-in for all");
    assert_eq!(emulator.count("POST", "/abstraxn/auth/refresh"), 1);
}

/// What the service really answers there is not known.
#[tokio::test]
async fn a_refresh_that_is_answered_oddly_locks_nobody_out() {
    for fault in ["status:405", "status:422", "html"] {
        let emulator = Emulator::start().await.unwrap();
        emulator.abstraxn_token_life(50);
        let (tokens, keys) = (MemoryTokenStore::new(), MemoryAccessKeyStore::new());
        build(&emulator, &tokens, &keys, false).authenticate(&user()).await.unwrap();
        emulator.abstraxn_token_life(60_000);
        tokio::time::sleep(Duration::from_millis(80)).await;
        let rule = format!("POST /abstraxn/auth/refresh={fault}");
        emulator.fault(rule.parse::<FaultRule>().unwrap());
        let client = build(&emulator, &tokens, &keys, false);
        assert!(client.authenticate(&user()).await.unwrap().did_create(), "{fault}");
        assert_eq!(emulator.count("POST", "/abstraxn/auth/refresh"), 1, "{fault}");
    }
}

/// Refusals that come at different times, when the session cannot be refreshed: nobody signs in unasked, and who signs
/// in meanwhile is not signed out by those who come late.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn late_refusals_of_a_dead_session_harm_no_later_one() {
    for round in 0..10_u64 {
        let emulator = Emulator::start().await.unwrap();
        let client = client(&emulator);
        let session = client.authenticate(&user()).await.unwrap();
        emulator.abstraxn_revoke(true);
        let calls: Vec<_> = (0..200_u64)
            .map(|caller| {
                let session = session.clone();
                tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_micros(caller * (131 + round) % 20_000))
                        .await;
                    session.whoami().await
                })
            })
            .collect();
        for call in calls {
            assert!(call.await.unwrap().unwrap_err().is_unauthorized());
        }
        assert_eq!(emulator.count("POST", "/abstraxn/auth/create"), 1, "nobody signs in unasked");
        assert_eq!(emulator.count("POST", "/abstraxn/auth/refresh"), 1);
        let again = client.authenticate(&user()).await.unwrap();
        again.whoami().await.unwrap();
    }
}

#[tokio::test]
async fn signing_out_refreshes_where_it_must_and_the_service_hears_of_it() {
    let emulator = Emulator::start().await.unwrap();
    let session = client(&emulator).authenticate(&user()).await.unwrap();
    emulator.abstraxn_revoke(false);
    session.logout().await.unwrap();
    assert_eq!(emulator.count("POST", "/abstraxn/auth/refresh"), 1);
    assert_eq!(emulator.count("POST", "/abstraxn/auth/logout"), 2);
    assert!(session.whoami().await.unwrap_err().is_unauthorized());
    assert_eq!(emulator.count("POST", "/abstraxn/auth/create"), 1);
    session.logout().await.unwrap();
    assert_eq!(emulator.count("POST", "/abstraxn/auth/logout"), 2, "nobody is signed in");
}

#[tokio::test]
async fn who_stops_waiting_for_a_logout_is_signed_out_all_the_same() {
    let emulator = Emulator::start().await.unwrap();
    let tokens = MemoryTokenStore::new();
    let client = build(&emulator, &tokens, &MemoryAccessKeyStore::new(), false);
    let session = client.authenticate(&user()).await.unwrap();
    emulator.fault("POST /abstraxn/auth/logout=delay:300".parse::<FaultRule>().unwrap());
    let waited = tokio::time::timeout(Duration::from_millis(50), session.logout()).await;
    assert!(waited.is_err(), "the caller went away");
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert!(session.whoami().await.unwrap_err().is_unauthorized());
    assert!(client.authenticate(&user()).await.unwrap().did_create());
}

#[tokio::test]
async fn no_key_is_made_where_it_could_not_be_kept() {
    let emulator = Emulator::start().await.unwrap();
    let base = BaseUrl::parse(&emulator.abstraxn_url()).unwrap();
    let client = Client::builder(base, "test-api-key".into()).build().unwrap();
    assert!(client.authenticate(&user()).await.unwrap_err().is_input());
    assert_eq!(emulator.seen().len(), 0);
    let key = "44ea2542dab591d13bb69f39d967d91a713212a6168b5d9f9ba58d5a72203f23";
    client.authenticate(&user().access_key(key.into())).await.unwrap();
}

#[tokio::test]
async fn a_key_beside_another_that_is_kept_is_a_conflict_before_anything_is_sent() {
    let emulator = Emulator::start().await.unwrap();
    let keys = MemoryAccessKeyStore::new();
    // A key is made here, and the service has another for the identity.
    emulator.fault("POST /abstraxn/auth/create=status:409".parse::<FaultRule>().unwrap());
    let client = build(&emulator, &MemoryTokenStore::new(), &keys, false);
    assert!(client.authenticate(&user()).await.unwrap_err().is_conflict());
    let before = emulator.seen().len();
    let key = "44ea2542dab591d13bb69f39d967d91a713212a6168b5d9f9ba58d5a72203f23";
    let client = build(&emulator, &MemoryTokenStore::new(), &keys, false);
    let error = client.authenticate(&user().access_key(key.into())).await.unwrap_err();
    assert!(error.is_conflict() && error.to_string().contains("the store has another"), "{error}");
    assert_eq!(emulator.seen().len(), before);
}

#[tokio::test]
async fn a_key_that_was_mistyped_does_not_stay() {
    let emulator = Emulator::start().await.unwrap();
    let keys = MemoryAccessKeyStore::new();
    let right = client(&emulator).authenticate(&user()).await.unwrap().access_key();
    let client = build(&emulator, &MemoryTokenStore::new(), &keys, false);
    let wrong = "44ea2542dab591d13bb69f39d967d91a713212a6168b5d9f9ba58d5a72203f23";
    assert!(client.authenticate(&user().access_key(wrong.into())).await.unwrap_err().is_conflict());
    client.authenticate(&user().access_key(right)).await.unwrap();
    // From now on it is kept here, too.
    build(&emulator, &MemoryTokenStore::new(), &keys, false).authenticate(&user()).await.unwrap();
}

#[tokio::test]
async fn an_empty_answer_to_a_refresh_overwrites_nothing() {
    let emulator = Emulator::start().await.unwrap();
    let session = client(&emulator).authenticate(&user()).await.unwrap();
    emulator.abstraxn_token_life(600_000);
    emulator.fault("POST /abstraxn/auth/refresh=status:200*1".parse::<FaultRule>().unwrap());
    emulator.abstraxn_revoke(false);
    assert!(session.whoami().await.is_err());
    // The session is still there, and after the cool-down it is refreshed.
    tokio::time::sleep(Duration::from_millis(1_400)).await;
    session.whoami().await.unwrap();
}

#[tokio::test]
async fn a_signing_that_is_repeated_is_one_activity() {
    let emulator = Emulator::start().await.unwrap();
    let session = client(&emulator).authenticate(&user()).await.unwrap();
    emulator.fault("POST /abstraxn/sign=lost*1".parse::<FaultRule>().unwrap());
    session.sign_personal(b"x").await.unwrap();
    emulator.abstraxn_revoke(false);
    session.sign_personal(b"y").await.unwrap();
    assert_eq!(emulator.count("POST", "/abstraxn/sign"), 4);
    assert_eq!(emulator.abstraxn_activities(), 2);
}

#[tokio::test]
async fn a_generated_key_is_kept_before_the_first_request() {
    let emulator = Emulator::start().await.unwrap();
    emulator.fault("/abstraxn=hang".parse::<FaultRule>().unwrap());
    let folder = worker::folder("abstraxn keys");
    let build = || {
        let base = BaseUrl::parse(&emulator.abstraxn_url()).unwrap();
        Client::builder(base, "test-api-key".into())
            .token_store(Arc::new(FileTokenStore::new(&folder)))
            .access_key_store(Arc::new(FileAccessKeyStore::new(&folder)))
            .build()
            .unwrap()
    };
    let client = build();
    let task = tokio::spawn(async move { client.authenticate(&user()).await });
    while emulator.seen().is_empty() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    // The process dies between create and its answer.
    task.abort();
    let asked: String = String::from_utf8(emulator.seen()[0].body.clone()).unwrap();
    emulator.clear_faults();
    let session = build().authenticate(&user()).await.unwrap();
    assert!(asked.contains(&session.target_public_key()), "the same key");

    // With a token but without its key, no other key is made for the identity.
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.to_string_lossy().contains(".key") {
            std::fs::remove_file(path).unwrap();
        }
    }
    let error = build().authenticate(&user()).await.unwrap_err();
    assert!(error.is_input() && error.to_string().contains("give it"), "{error}");
}

#[tokio::test]
async fn a_clock_that_differs_does_no_harm() {
    for skew in [-7_200_000, -600_000, 600_000, 7_200_000] {
        let emulator = Emulator::start().await.unwrap();
        emulator.skew_clock(skew);
        let session = client(&emulator).authenticate(&user()).await.unwrap();
        for _ in 0..3 {
            session.whoami().await.unwrap();
        }
        assert_eq!(emulator.count("POST", "/abstraxn/auth/"), 2, "{skew}: no refresh was needed");
    }
}

/// The herd over real sockets: a thousand callers with a token that ended, refused at different times, at a service
/// that revokes the old token when it gives a new one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_herd_is_one_refresh_and_all_succeed() {
    let seeds = if std::env::var_os("SIGNER_LONG_TESTS").is_some() { 30 } else { 5 };
    for seed in 0_u64..seeds {
        let emulator = Emulator::start().await.unwrap();
        let session = client(&emulator).authenticate(&user()).await.unwrap();
        emulator.abstraxn_revoke(false);
        let callers: Vec<_> = (0..1_000_u64)
            .map(|caller| {
                let session = session.clone();
                let stagger =
                    caller.wrapping_mul(2_654_435_761).wrapping_add(seed * 40_503) % 60_000;
                tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_micros(stagger)).await;
                    session.whoami().await
                })
            })
            .collect();
        let mut succeeded = 0;
        for caller in callers {
            caller.await.unwrap().unwrap();
            succeeded += 1;
        }
        assert_eq!(succeeded, 1_000);
        assert_eq!(emulator.count("POST", "/abstraxn/auth/refresh"), 1, "seed {seed}");
    }
}

#[tokio::test]
async fn a_failing_sign_in_is_one_attempt_for_all() {
    let emulator = Emulator::start().await.unwrap();
    emulator.fault("POST /abstraxn/auth/create=status:403".parse::<FaultRule>().unwrap());
    let client = client(&emulator);
    let calls: Vec<_> = (0..100)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.authenticate(&user()).await.unwrap_err() })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap().status(), Some(403));
    }
    assert_eq!(emulator.count("POST", "/abstraxn/auth/create"), 1);
}

#[tokio::test]
async fn a_service_that_hangs_costs_a_deadline_and_no_more() {
    let emulator = Emulator::start().await.unwrap();
    let session = client(&emulator).authenticate(&user()).await.unwrap();
    let base = BaseUrl::parse(&emulator.abstraxn_url()).unwrap();
    let options = TransportOptions {
        attempt: Duration::from_millis(300),
        total: Duration::from_millis(800),
        ..TransportOptions::default()
    };
    let keys = MemoryAccessKeyStore::new();
    let key: SecretString = session.access_key();
    let client = Client::builder(base, "test-api-key".into())
        .access_key_store(Arc::new(keys))
        .transport(options)
        .build()
        .unwrap();
    let session = client.authenticate(&user().access_key(key)).await.unwrap();
    emulator.abstraxn_revoke(false);
    emulator.fault("/abstraxn/auth/refresh=hang".parse::<FaultRule>().unwrap());
    let begun = Instant::now();
    assert!(session.whoami().await.unwrap_err().is_transient());
    assert!(begun.elapsed() < Duration::from_millis(1_100), "{:?}", begun.elapsed());
}
