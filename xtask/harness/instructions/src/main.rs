//! One piece of work, COUNT times: `instructions-harness CASE COUNT`. What it costs is the difference of two runs.

use std::hint::black_box;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use signer_core::p256::{DerSignature, SigningKey};
use signer_core::signature::Signer;
use signer_core::{ed25519, keccak, secp256k1};
use signer_protocols::blink::MerchantId;
use signer_protocols::crossmint::{ChainId, Environment, ProjectId, Scheme, ServerSigner, SignerSecret};
use signer_protocols::jcs::{self, Limits};
use signer_server::{BearerSecret, CallerId, Endpoint, ListedOwnership, PaymentKey, Rules, router};
use tower::ServiceExt;

const CASES: [&str; 7] = [
    "derive-evm",
    "derive-solana",
    "canonicalise-1-kib",
    "sign-p256",
    "sign-secp256k1",
    "sign-ed25519",
    "answer-a-request",
];

const ADDRESS: &str = "0x1a5FdBc891c5D4E6aD68064Ae45D43146D4F9f3a";
const BEARER: &str = "a-test-secret-of-thirty-two-letters";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments[..] {
        [list] if list == "--list" => CASES.iter().for_each(|name| println!("{name}")),
        [case, count] => run(case, count.parse().expect("a number")),
        _ => panic!("CASE COUNT"),
    }
}

fn run(case: &str, count: u32) {
    let key = SigningKey::from_scalar(&[7; 32]).expect("a test key");
    let input = [b'x'; 300];
    match case {
        "derive-evm" => derive("base-sepolia", count),
        "derive-solana" => derive("solana", count),
        "canonicalise-1-kib" => {
            let document = document();
            for _ in 0..count {
                black_box(jcs::canonicalize(black_box(document.as_bytes()), Limits::default()).expect("JSON"));
            }
        }
        "sign-p256" => {
            for _ in 0..count {
                black_box(Signer::<DerSignature>::try_sign(&key, black_box(&input)).expect("signed"));
            }
        }
        "sign-secp256k1" => {
            let key = secp256k1::SigningKey::from_scalar(&[7; 32]).expect("a test key");
            for _ in 0..count {
                black_box(key.sign_digest(&keccak::eip191_digest(black_box(&input))));
            }
        }
        "sign-ed25519" => {
            let key = ed25519::SigningKey::from_seed(&[7; 32]);
            for _ in 0..count {
                black_box(key.try_sign(black_box(&input)).expect("signed"));
            }
        }
        "answer-a-request" => answer(&key, count),
        other => panic!("no case {other}"),
    }
}

fn derive(chain: &str, count: u32) {
    let secret = SignerSecret::parse(&"4a".repeat(32)).expect("a test secret");
    let project = ProjectId::parse("project-123").expect("a project");
    let chain = ChainId::parse(chain).expect("a chain");
    for _ in 0..count {
        black_box(
            ServerSigner::derive(&secret, &project, Environment::Staging, chain, Scheme::Current)
                .expect("a key"),
        );
    }
}

/// Objects, arrays, escapes, numbers and keys out of order, 1,024 bytes.
fn document() -> String {
    let member = |number: usize| {
        format!(r#""key-{}":{{"b":[1.5,true,null,-0.25],"a":"text \n é {number}"}}"#, 99 - number)
    };
    let mut text = String::from("{");
    for number in 0.. {
        let next = member(number);
        if text.len() + next.len() > 1_000 {
            break;
        }
        text.push_str(&next);
        text.push(',');
    }
    let rest = 1_024 - text.len() - r#""z":""}"#.len();
    format!(r#"{text}"z":"{}"}}"#, "x".repeat(rest))
}

fn answer(key: &SigningKey, count: u32) {
    let caller = CallerId::new("backend");
    let bearer = BearerSecret::new(caller.clone(), &BEARER.to_owned().into()).expect("long enough");
    let ownership = ListedOwnership::new([(caller, vec![ADDRESS.to_owned()])]);
    let merchant = MerchantId::parse("a1b2c3d4-e5f6-4a7b-8c9d-0e1f2a3b4c5d").expect("an id");
    let signer = signer_native::P256SigningKey::try_from(key).expect("a key");
    let payment_key = PaymentKey::new(Arc::new(signer), key.verifying_key()).expect("its own");
    let rules = Rules::new(merchant, payment_key, Arc::new(bearer), Arc::new(ownership));
    let application = router(Endpoint::builder(rules).build().expect("an endpoint"));
    let body = format!(
        r#"{{"amount":50,"chainId":8453,"address":"{ADDRESS}","token":"0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"}}"#
    );
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("tokio");
    runtime.block_on(async {
        for _ in 0..count {
            let request = Request::post("/api/sign-payment")
                .header("content-type", "application/json")
                .header("authorization", format!("Bearer {BEARER}"))
                .body(Body::from(body.clone()))
                .expect("a request");
            let answer = application.clone().oneshot(request).await.expect("an answer");
            assert_eq!(answer.status(), StatusCode::OK);
            black_box(to_bytes(answer.into_body(), 1 << 20).await.expect("a body"));
        }
    });
}
