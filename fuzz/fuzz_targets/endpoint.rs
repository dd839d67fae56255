#![no_main]
//! Bodies to the endpoint, with a right credential: what it signs passes the policy and says what was asked.

use std::sync::{Arc, LazyLock};

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use signer_core::p256::SigningKey;
use signer_protocols::blink::{MerchantId, PaymentVerifier, Timestamp};
use signer_server::{
    BearerSecret, CallerId, Clock, Endpoint, ListedOwnership, PaymentKey, Rules, router,
};
use tokio::runtime::Runtime;
use tower::ServiceExt;

const BEARER: &str = "a-test-secret-of-thirty-two-letters";
const NOW_MS: u64 = 1_773_679_531_000;
/// The one address that the caller owns; the seeds pay to it.
const OWNED: &str = "0x1a5FdBc891c5D4E6aD68064Ae45D43146D4F9f3a";

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap());

struct Standing;

impl Clock for Standing {
    fn now(&self) -> Option<Timestamp> {
        Timestamp::from_unix_ms(NOW_MS).ok()
    }
}

fn key() -> SigningKey {
    SigningKey::from_scalar(&[7; 32]).unwrap()
}

fn application() -> axum::Router {
    let caller = CallerId::new("backend");
    let bearer = BearerSecret::new(caller.clone(), &BEARER.to_owned().into()).unwrap();
    let ownership = ListedOwnership::new([(caller, vec![OWNED.to_owned()])]);
    let merchant = MerchantId::parse("a1b2c3d4-e5f6-4a7b-8c9d-0e1f2a3b4c5d").unwrap();
    let key = PaymentKey::new(Arc::new(key()), key().verifying_key()).unwrap();
    let rules = Rules::new(merchant, key, Arc::new(bearer), Arc::new(ownership));
    router(Endpoint::builder(rules).clock(Arc::new(Standing)).build().unwrap())
}

fuzz_target!(|body: &[u8]| {
    let (status, answer) = RUNTIME.block_on(async {
        let request = Request::post("/api/sign-payment")
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {BEARER}"))
            .body(Body::from(body.to_vec()))
            .unwrap();
        let answer = application().oneshot(request).await.unwrap();
        let status = answer.status();
        (status, to_bytes(answer.into_body(), 1 << 20).await.unwrap())
    });
    let read: Value = serde_json::from_slice(&answer).expect("every answer is JSON");
    match status {
        StatusCode::OK => {
            let asked: Value = serde_json::from_slice(body).expect("what was signed is JSON");
            let verifier = PaymentVerifier::new(key().verifying_key());
            let now = Timestamp::from_unix_ms(NOW_MS).unwrap();
            let payment = verifier.verify_response(&answer, now).expect("what was signed verifies");
            let signed: Value = serde_json::from_str(&payment.to_json()).unwrap();
            for member in ["address", "token"] {
                assert_eq!(signed[member], asked[member]);
            }
            for member in ["amount", "chainId"] {
                assert_eq!(signed[member].as_f64(), asked[member].as_f64());
            }
            let address = signed["address"].as_str().unwrap();
            assert!(address.eq_ignore_ascii_case(OWNED), "paid to {address}");
        }
        StatusCode::BAD_REQUEST | StatusCode::FORBIDDEN | StatusCode::PAYLOAD_TOO_LARGE => {
            assert!(read["error"].is_string(), "a refusal without its reason: {read}");
        }
        other => panic!("{other}: {read}"),
    }
});
