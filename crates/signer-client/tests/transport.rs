//! Every fault of a service, over real sockets.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use signer_client::privy::{Authorization, ChainType, Client, CreateWallet, Expiry};
use signer_client::{BaseUrl, Error, TransportOptions};
use signer_core::p256::{DerSignature, SigningKey};
use signer_core::signature::{self, Signer};
use signer_emulator::{Emulator, FaultRule};
use signer_protocols::privy::rpc::RpcRequest;

const READ: &str = "/privy/v1/transactions/none";
const CREATE: &str = "/privy/v1/wallets";

fn options() -> TransportOptions {
    TransportOptions {
        attempt: Duration::from_millis(700),
        total: Duration::from_millis(2_500),
        ..TransportOptions::default()
    }
}

async fn emulator(fault: &str) -> (Emulator, Client) {
    crate::trace::look();
    let emulator = Emulator::start().await.unwrap();
    if !fault.is_empty() {
        emulator.fault(fault.parse::<FaultRule>().unwrap());
    }
    let client = client(&emulator.privy_url());
    (emulator, client)
}

fn client(base: &str) -> Client {
    let base = BaseUrl::parse(base).unwrap();
    Client::with_options(base, "test-app-id", "test-app-secret".into(), options()).unwrap()
}

/// A call that reads. Without a fault it ends in 404.
async fn read(client: &Client) -> Error {
    client.transaction("none").await.unwrap_err()
}

async fn create(client: &Client) -> Result<String, Error> {
    let request = client.create_wallet(&CreateWallet::new(ChainType::ETHEREUM));
    request.send().await.map(|wallet| wallet.id)
}

/// A call that is neither keyed nor read: it must not be sent twice.
async fn create_once(client: &Client) -> Result<String, Error> {
    let quorum =
        signer_client::privy::NewKeyQuorum { user_ids: vec!["user".into()], ..Default::default() };
    client.create_key_quorum(&quorum).send().await.map(|quorum| quorum.id)
}

#[tokio::test]
async fn a_read_outlives_two_of_any_fault() {
    for fault in [
        "delay:100",
        "reset",
        "lost",
        "cut",
        "status:500",
        "status:502",
        "status:503",
        "status:408",
        "status:429",
        "retry-after:0",
        "retry-after-ms:30",
        "retry-after-date:0",
        "ratelimit-reset:0",
    ] {
        let (emulator, client) = emulator(&format!("GET {READ}={fault}*2")).await;
        let error = read(&client).await;
        assert_eq!(error.status(), Some(404), "{fault}: {error:?}");
        let expected = if fault.starts_with("delay") { 1 } else { 3 };
        assert_eq!(emulator.count("GET", READ), expected, "{fault}");
        assert!(!error.is_outcome_unknown());
    }
    // A connection that hangs costs an attempt's deadline.
    let (emulator, client) = emulator(&format!("GET {READ}=hang*1")).await;
    assert_eq!(read(&client).await.status(), Some(404));
    assert_eq!(emulator.count("GET", READ), 2);
}

#[tokio::test]
async fn what_no_second_attempt_mends_is_not_tried_again() {
    for (fault, status) in [
        ("status:400", Some(400)),
        ("status:401", Some(401)),
        ("status:403", Some(403)),
        ("status:404", Some(404)),
        ("status:409", Some(409)),
        ("status:422", Some(422)),
        ("redirect:http://127.0.0.1:1/", Some(307)),
        ("html", None),
        ("endless", None),
        ("huge", None),
        ("status:200", None),
    ] {
        let (emulator, client) = emulator(&format!("GET {READ}={fault}")).await;
        let error = read(&client).await;
        assert_eq!(error.status(), status, "{fault}: {error:?}");
        assert_eq!(emulator.count("GET", READ), 1, "{fault}");
        assert!(!error.is_transient(), "{fault}");
    }
}

#[tokio::test]
async fn no_call_outlives_its_deadline() {
    let faults = ["hang", "delay:600000", "status:503", "reset", "retry-after:86400", "cut"];
    let calls = faults.map(|fault| {
        tokio::spawn(async move {
            let (_emulator, client) = emulator(&format!("/={fault}")).await;
            for _ in 0..2 {
                let begun = Instant::now();
                let error = read(&client).await;
                let took = begun.elapsed();
                assert!(took < Duration::from_millis(2_900), "{fault}: {took:?}");
                assert!(error.is_transient(), "{fault}: {error:?}");
            }
        })
    });
    for call in calls {
        call.await.unwrap();
    }
    let (_emulator, client) = emulator("/=retry-after:86400").await;
    let begun = Instant::now();
    let error = read(&client).await;
    assert_eq!(error.retry_after(), Some(Duration::from_secs(86_400)));
    assert!(begun.elapsed() < Duration::from_millis(500), "a wait past the deadline is not begun");
}

#[tokio::test]
async fn the_pause_is_what_the_service_asks_for() {
    for (fault, least, most) in [
        ("retry-after:1", 950, 1_600),
        ("retry-after-ms:400", 390, 900),
        ("retry-after-date:2", 900, 2_400),
        ("ratelimit-reset:2", 900, 2_400),
    ] {
        let (_emulator, client) = emulator(&format!("GET {READ}={fault}*1")).await;
        let begun = Instant::now();
        assert_eq!(read(&client).await.status(), Some(404), "{fault}");
        let took = u64::try_from(begun.elapsed().as_millis()).unwrap();
        assert!((least..most).contains(&took), "{fault}: {took} ms");
    }
}

#[tokio::test]
async fn a_keyed_call_is_done_once_whatever_happens_to_its_answer() {
    for fault in ["reset", "lost", "cut", "status:500", "status:503", "status:429", "hang"] {
        let (emulator, client) = emulator(&format!("POST {CREATE}={fault}*1")).await;
        let first = create(&client).await.unwrap();
        let keys: Vec<_> = emulator
            .seen()
            .iter()
            .map(|seen| seen.headers["privy-idempotency-key"].to_str().unwrap().to_owned())
            .collect();
        assert_eq!(keys.len(), 2, "{fault}");
        assert_eq!(keys[0], keys[1], "{fault}: one key for all attempts");
        let number: u32 = first.rsplit('-').next().unwrap().parse().unwrap();
        assert_eq!(number, 1, "{fault}: one wallet was made");
    }
    let (emulator, client) = emulator(&format!("POST {CREATE}=lost")).await;
    let error = create(&client).await.unwrap_err();
    assert!(error.is_outcome_unknown() && error.is_transient());
    let key = error.idempotency_key().unwrap().to_owned();
    emulator.clear_faults();
    let request = client.create_wallet(&CreateWallet::new(ChainType::ETHEREUM));
    let wallet = request.idempotency_key(key).send().await.unwrap();
    assert_eq!(wallet.id, "wallet-00000001", "asked again under the key, it is the first wallet");
}

/// What one attempt may have done, a later refusal does not take back.
#[tokio::test]
async fn an_unknown_outcome_stays_unknown() {
    for later in ["status:400", "status:429", "status:401"] {
        let (emulator, client) = emulator(&format!("POST {CREATE}=lost*1")).await;
        emulator.fault(format!("POST {CREATE}={later}").parse::<FaultRule>().unwrap());
        let error = create(&client).await.unwrap_err();
        assert!(
            error.is_outcome_unknown() && error.idempotency_key().is_some(),
            "{later}: {error:?}"
        );
    }

    // Nor does a key that signs once and then no more.
    let rpc = "/privy/v1/wallets/wallet/rpc";
    let (emulator, client) = emulator(&format!("POST {rpc}=lost")).await;
    let request = client.rpc("wallet", &RpcRequest::personal_sign("hello"));
    let request = request.authorization(Authorization::key(Arc::new(SignsOnce::default())));
    let error = request.expiry(Expiry::In(Duration::from_secs(20))).send().await.unwrap_err();
    assert_eq!(emulator.seen().len(), 1);
    assert!(error.is_outcome_unknown() && error.idempotency_key().is_some(), "{error:?}");
}

#[derive(Default)]
struct SignsOnce(AtomicBool);

impl Signer<DerSignature> for SignsOnce {
    fn try_sign(&self, message: &[u8]) -> Result<DerSignature, signature::Error> {
        if self.0.swap(true, Ordering::Relaxed) {
            return Err(signature::Error::new());
        }
        SigningKey::from_scalar(&[7; 32]).unwrap().try_sign(message)
    }
}

#[tokio::test]
async fn a_call_that_may_not_be_repeated_is_not() {
    let path = "/privy/v1/key_quorums";
    for (fault, unknown) in [
        ("reset", true),
        ("lost", true),
        ("cut", true),
        ("status:500", true),
        ("status:503", true),
        ("hang", true),
        ("status:429", false),
        ("status:400", false),
        ("html", true),
        ("truncated", true),
        ("endless", true),
        ("huge", true),
    ] {
        let (emulator, client) = emulator(&format!("POST {path}={fault}")).await;
        let error = create_once(&client).await.unwrap_err();
        assert_eq!(emulator.count("POST", path), 1, "{fault}");
        assert_eq!(error.is_outcome_unknown(), unknown, "{fault}: {error:?}");
    }
    // Where nothing was sent, nothing is unknown.
    let client = client("http://127.0.0.1:1");
    let error = create_once(&client).await.unwrap_err();
    assert!(error.is_transient() && !error.is_outcome_unknown(), "{error:?}");
}

#[tokio::test]
async fn credentials_go_to_one_host() {
    let other = Emulator::start().await.unwrap();
    let (emulator, client) = emulator(&format!("/=redirect:{}/stolen", other.url())).await;
    assert_eq!(read(&client).await.status(), Some(307));
    assert_eq!(create(&client).await.unwrap_err().status(), Some(307));
    assert_eq!(create_once(&client).await.unwrap_err().status(), Some(307));
    assert_eq!(emulator.seen().len(), 3);
    assert!(other.seen().is_empty(), "neither authorization nor a privy- header went on");
}

#[tokio::test]
async fn no_more_of_an_answer_is_read_than_is_allowed() {
    let (emulator, _) = emulator("").await;
    let base = || BaseUrl::parse(&emulator.privy_url()).unwrap();
    for (max_body, fits) in [(64, false), (4_096, true)] {
        let options = TransportOptions { max_body, ..options() };
        let client = Client::with_options(base(), "test-app-id", "test-app-secret".into(), options);
        let made = create(&client.unwrap()).await;
        assert_eq!(made.is_ok(), fits, "{made:?}");
        assert!(fits || made.unwrap_err().is_outcome_unknown());
    }
}

#[tokio::test]
async fn an_answer_that_comes_twice_is_read_once() {
    let (emulator, client) = emulator(&format!("POST {CREATE}=twice*3")).await;
    let mut ids = Vec::new();
    for _ in 0..4 {
        ids.push(create(&client).await.unwrap());
    }
    let expected: Vec<_> = (1..=4).map(|number| format!("wallet-{number:08}")).collect();
    assert_eq!(ids, expected, "no call got the answer of another");
    assert_eq!(emulator.count("POST", CREATE), 4);
}

/// Where everything fails, a tenth more calls are made and not four times as many.
#[tokio::test]
async fn a_storm_is_not_fed() {
    let (emulator, client) = emulator("/=status:503").await;
    let calls = 100;
    for _ in 0..calls {
        read(&client).await;
    }
    let made = emulator.count("GET", READ);
    assert!(made <= calls + 10 + calls / 10 + 1, "{made} attempts for {calls} calls");
}
