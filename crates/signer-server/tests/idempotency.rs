use signer_server::Endpoint;

use crate::{REQUEST, Running, TestClock, builder, payload, rules};

#[tokio::test]
async fn a_retry_gets_the_same_payload() {
    let clock = TestClock::start();
    let server = Running::start(builder().clock(clock.clone())).await;
    let retry = [("idempotency-key", "order-1")];
    let first = payload(&server.post(&retry, REQUEST).await);
    clock.advance(600_000);
    assert_eq!(payload(&server.post(&retry, REQUEST).await), first);
    // Later: the same id, with a time that is accepted again.
    clock.advance(1);
    let later = payload(&server.post(&retry, REQUEST).await);
    assert_eq!(later["idempotencyKey"], first["idempotencyKey"]);
    assert_ne!(later["signatureTimestamp"], first["signatureTimestamp"]);
    // Our id is never the caller's.
    assert_ne!(first["idempotencyKey"], "order-1");
    let other = payload(&server.post(&[("idempotency-key", "order-2")], REQUEST).await);
    assert_ne!(other["idempotencyKey"], first["idempotencyKey"]);
    let none = payload(&server.post(&[], REQUEST).await);
    assert_ne!(none["idempotencyKey"], payload(&server.post(&[], REQUEST).await)["idempotencyKey"]);
}

#[tokio::test]
async fn another_request_under_the_key_is_a_conflict() {
    let server = Running::start(builder()).await;
    let retry = [("idempotency-key", "order-1")];
    payload(&server.post(&retry, REQUEST).await);
    let other = server.post(&retry, &REQUEST.replace("50", "51")).await;
    assert_eq!(other.status, 409);
    assert_eq!(other.error(), "Idempotency-Key was used for another request.");
    // A refused request reserves nothing.
    let fresh = [("idempotency-key", "order-2")];
    assert_eq!(server.post(&fresh, &REQUEST.replace("50", "-1")).await.status, 400);
    assert_eq!(server.post(&fresh, REQUEST).await.status, 200);
    for bad in ["a b", &"a".repeat(256), "\u{e9}"] {
        assert_eq!(server.post(&[("idempotency-key", bad)], REQUEST).await.status, 400, "{bad}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_at_once_are_one_payment() {
    let server = std::sync::Arc::new(Running::start(builder()).await);
    let tasks: Vec<_> = (0..64)
        .map(|_| {
            let server = server.clone();
            tokio::spawn(async move {
                payload(&server.post(&[("idempotency-key", "order-1")], REQUEST).await)
            })
        })
        .collect();
    let mut payloads = Vec::new();
    for task in tasks {
        payloads.push(task.await.unwrap());
    }
    assert!(payloads.iter().all(|payload| *payload == payloads[0]));
}

#[tokio::test]
async fn the_day_has_a_ceiling_and_a_retry_counts_once() {
    let clock = TestClock::start();
    let policy = crate::policy(serde_json::json!({"max_per_day": "100"}));
    let builder = Endpoint::builder(rules().policy(policy)).clock(clock.clone());
    let server = Running::start(builder).await;
    let retry = [("idempotency-key", "order-1")];
    for _ in 0..5 {
        assert_eq!(server.post(&retry, REQUEST).await.status, 200);
    }
    assert_eq!(server.post(&[], REQUEST).await.status, 200);
    let answer = server.post(&[], &REQUEST.replace("50", "0.000001")).await;
    assert_eq!((answer.status, answer.error().as_str()), (403, "The limit of the day is reached."));
    assert_eq!(server.post(&retry, REQUEST).await.status, 200);
    clock.advance(86_400_000);
    assert_eq!(server.post(&[], REQUEST).await.status, 200);
}
