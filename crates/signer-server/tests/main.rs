//! The endpoint over real HTTP on loopback. Keys and secrets here are for tests.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod callers;
mod http;
mod idempotency;
mod lifecycle;
mod raw_http;
mod store;
mod verdicts;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::Value;
use signer_core::p256::{DerSignature, SigningKey};
use signer_core::signature::Signer;
use signer_native::P256SigningKey;
use signer_protocols::blink::{MerchantId, PaymentVerifier, Policy, PolicyFile, Timestamp};
use signer_server::{
    BearerSecret, CallerId, Clock, Endpoint, EndpointBuilder, ListedOwnership, ServiceLimits, serve,
};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

const ADDRESS: &str = "0x1a5FdBc891c5D4E6aD68064Ae45D43146D4F9f3a";
const REQUEST: &str = r#"{"amount":50,"chainId":8453,"address":"0x1a5FdBc891c5D4E6aD68064Ae45D43146D4F9f3a","token":"0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"}"#;
const BEARER: &str = "a-test-secret-of-thirty-two-letters";
const START_MS: u64 = 1_773_679_531_000;

fn key() -> SigningKey {
    SigningKey::from_scalar(&[7; 32]).unwrap()
}

/// A clock that stands until it is set.
struct TestClock(AtomicU64);

impl Clock for TestClock {
    fn now(&self) -> Option<Timestamp> {
        Timestamp::from_unix_ms(self.0.load(Ordering::SeqCst)).ok()
    }
}

impl TestClock {
    fn start() -> Arc<Self> {
        Arc::new(Self(AtomicU64::new(START_MS)))
    }

    fn advance(&self, ms: u64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

fn bearer() -> BearerSecret {
    BearerSecret::new(CallerId::new("backend"), &BEARER.to_owned().into()).unwrap()
}

fn owned(addresses: &[&str]) -> ListedOwnership {
    let addresses = addresses.iter().map(|address| (*address).to_owned()).collect();
    ListedOwnership::new([(CallerId::new("backend"), addresses)])
}

fn builder_with(signer: Arc<dyn Signer<DerSignature> + Send + Sync>) -> EndpointBuilder {
    let merchant = MerchantId::parse("a1b2c3d4-e5f6-4a7b-8c9d-0e1f2a3b4c5d").unwrap();
    let ownership = owned(&[ADDRESS]);
    Endpoint::builder(merchant, signer, Arc::new(bearer()), Arc::new(ownership))
}

fn builder() -> EndpointBuilder {
    builder_with(Arc::new(P256SigningKey::try_from(&key()).unwrap()))
}

/// The policy of the vectors' run.
fn policy(file: Value) -> Policy {
    Policy::try_from(serde_json::from_value::<PolicyFile>(file).unwrap()).unwrap()
}

/// A running endpoint; it stops when it is dropped.
struct Running {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    ended: tokio::task::JoinHandle<()>,
}

impl Running {
    async fn start(builder: EndpointBuilder) -> Self {
        Self::start_with(builder, ServiceLimits::default()).await
    }

    async fn start_with(builder: EndpointBuilder, limits: ServiceLimits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let endpoint = builder.build().unwrap();
        let (stop, stopped) = oneshot::channel();
        let ended = tokio::spawn(async move {
            let stopped = async { stopped.await.unwrap_or(()) };
            serve(listener, endpoint, limits, stopped).await.unwrap();
        });
        Self { address, stop: Some(stop), ended }
    }

    async fn post(&self, headers: &[(&str, &str)], body: &str) -> http::Answer {
        let authorization = format!("Bearer {BEARER}");
        let mut all = vec![("content-type", "application/json"), ("authorization", &authorization)];
        all.extend(headers);
        http::send(self.address, "POST", "/api/sign-payment", &all, body.as_bytes()).await
    }
}

/// The payload of a 200, once its signature is verified.
fn payload(answer: &http::Answer) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let now = Timestamp::parse("9999-01-01T00:00:00.000Z").unwrap();
    let verifier = PaymentVerifier::new(key().verifying_key()).max_age_ms(u64::MAX);
    let payment = verifier.verify_response(&answer.body, now).unwrap();
    serde_json::from_str(&payment.to_json()).unwrap()
}
