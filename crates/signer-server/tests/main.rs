//! The endpoint over real HTTP on loopback. Keys and secrets here are for tests.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod audit;
mod callers;
mod faults;
mod http;
mod idempotency;
mod jwt;
mod lifecycle;
mod openapi;
mod ownership;
mod postmortems;
mod rates;
mod raw_http;
mod redis;
mod redis_failover;
mod redis_server;
mod replacing;
mod status;
mod store;
mod tls;
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
    BearerSecret, CallerId, Clock, Endpoint, EndpointBuilder, ListedOwnership, PaymentKey, Rules,
    Service, ServiceLimits,
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

fn merchant() -> MerchantId {
    MerchantId::parse("a1b2c3d4-e5f6-4a7b-8c9d-0e1f2a3b4c5d").unwrap()
}

fn payment_key(signer: Arc<dyn Signer<DerSignature> + Send + Sync>) -> PaymentKey {
    PaymentKey::new(signer, key().verifying_key()).unwrap()
}

fn rules() -> Rules {
    let signer = P256SigningKey::try_from(&key()).unwrap();
    let ownership = owned(&[ADDRESS]);
    Rules::new(merchant(), payment_key(Arc::new(signer)), Arc::new(bearer()), Arc::new(ownership))
}

fn builder() -> EndpointBuilder {
    Endpoint::builder(rules())
}

/// A signer that shows once that it can sign, and then does something else.
struct Then<F>(AtomicU64, F);

impl<F> Then<F> {
    fn new(then: F) -> Arc<Self> {
        Arc::new(Self(AtomicU64::new(0), then))
    }
}

impl<F: Fn() -> bool> Signer<DerSignature> for Then<F> {
    fn try_sign(&self, message: &[u8]) -> signer_core::signature::Result<DerSignature> {
        if self.0.fetch_add(1, Ordering::SeqCst) == 0 || (self.1)() {
            return key().try_sign(message);
        }
        Err(signer_core::signature::Error::new())
    }
}

fn builder_with(signer: Arc<dyn Signer<DerSignature> + Send + Sync>) -> EndpointBuilder {
    let ownership = owned(&[ADDRESS]);
    let key = payment_key(signer);
    Endpoint::builder(Rules::new(merchant(), key, Arc::new(bearer()), Arc::new(ownership)))
}

/// Another service on loopback, for as long as the test runs.
async fn listening(application: axum::Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, application).await.unwrap() });
    address
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
        Self::start_service(Service::new(builder.build().unwrap()).limits(limits)).await
    }

    /// On two threads of its own, so that the test's tasks do not stand in its way.
    fn start_apart(builder: EndpointBuilder) -> Self {
        let service = Service::new(builder.build().unwrap());
        let (stop, stopped) = oneshot::channel();
        let (bound, address) = std::sync::mpsc::channel();
        let ended = tokio::task::spawn_blocking(move || {
            let runtime =
                tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
            runtime.unwrap().block_on(async {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                bound.send(listener.local_addr().unwrap()).unwrap();
                service.serve(listener, async { stopped.await.unwrap_or(()) }).await.unwrap();
            });
        });
        let address = address.recv().unwrap();
        Self { address, stop: Some(stop), ended }
    }

    async fn start_service(service: Service) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let ended = tokio::spawn(async move {
            let stopped = async { stopped.await.unwrap_or(()) };
            service.serve(listener, stopped).await.unwrap();
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
