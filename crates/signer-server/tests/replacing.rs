//! Rules that are replaced while others go by them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use axum::body::{Body, to_bytes};
use axum::http::Request;
use signer_core::p256::SigningKey;
use signer_protocols::blink::MerchantId;
use signer_server::{Endpoint, PaymentKey, Rules, router};
use tower::ServiceExt;

use crate::{BEARER, REQUEST, bearer, key, merchant, owned, payment_key, rules};

const OTHER: &str = "b1b2c3d4-e5f6-4a7b-8c9d-0e1f2a3b4c5d";

/// The other merchant owns no address, so that nothing is to be signed for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_signed_is_of_the_merchant_whose_rules_were_asked() {
    let ours = rules();
    let other = MerchantId::parse(OTHER).unwrap();
    let key = payment_key(Arc::new(key()));
    let theirs = Rules::new(other, key, Arc::new(bearer()), Arc::new(owned(&[])));
    let endpoint = Endpoint::builder(ours.clone()).queue(8).build().unwrap();
    let router = router(endpoint.clone());
    let ended = Arc::new(AtomicBool::new(false));
    let replacing = std::thread::spawn({
        let ended = ended.clone();
        move || {
            while !ended.load(Ordering::Relaxed) {
                endpoint.replace(theirs.clone());
                endpoint.replace(ours.clone());
            }
        }
    });
    let (mut signed, mut foreign) = (0, 0);
    for _ in 0..4_000 {
        let request = Request::post("/api/sign-payment")
            .header("authorization", format!("Bearer {BEARER}"))
            .header("content-type", "application/json")
            .body(Body::from(REQUEST))
            .unwrap();
        let answer = router.clone().oneshot(request).await.unwrap();
        if answer.status() == 200 {
            let body = to_bytes(answer.into_body(), 4_096).await.unwrap();
            signed += 1;
            foreign +=
                usize::from(!body.starts_with(
                    format!("{{\"merchantId\":\"{}\"", merchant().as_str()).as_bytes(),
                ));
        }
    }
    ended.store(true, Ordering::Relaxed);
    replacing.join().unwrap();
    assert!(signed > 0);
    assert_eq!(foreign, 0, "of {signed}");
}

#[test]
fn a_switch_of_keys_undoes_no_replacement() {
    let payment_key = |scalar| {
        let key = SigningKey::from_scalar(&[scalar; 32]).unwrap();
        let public = key.verifying_key();
        PaymentKey::new(Arc::new(key), public).unwrap()
    };
    let (staged, last) = (payment_key(8), payment_key(9));
    let id = last.id().to_string();
    let staged = rules().staged_key(Some(staged));
    let owners = Arc::new(owned(&[]));
    let last = Rules::new(merchant(), last, Arc::new(bearer()), owners);
    let endpoint = Endpoint::builder(rules()).build().unwrap();
    let (ended, turns) = (AtomicBool::new(false), AtomicUsize::new(0));
    let mut lost = 0;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !ended.load(Ordering::SeqCst) {
                let _ = endpoint.switch_key();
                turns.fetch_add(1, Ordering::SeqCst);
                std::thread::yield_now();
            }
        });
        for _ in 0..3_000 {
            endpoint.replace(staged.clone());
            endpoint.replace(last.clone());
            // Whatever the other thread was at has ended then.
            let begun = turns.load(Ordering::SeqCst);
            while turns.load(Ordering::SeqCst) < begun + 2 {
                std::thread::yield_now();
            }
            lost += usize::from(!format!("{endpoint:?}").contains(&id));
        }
        ended.store(true, Ordering::SeqCst);
    });
    assert_eq!(lost, 0, "replacements of 3,000");
}
