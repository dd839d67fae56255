//! Many replicas on one Redis, and Redis gone.

use std::sync::Arc;
use std::time::{Duration, Instant};

use signer_server::{Endpoint, RedisStore, Service, WhenDown};

use crate::redis_server::RedisServer;
use crate::{REQUEST, Running, builder, payload, policy, rules};

fn store(redis: &RedisServer) -> RedisStore {
    RedisStore::new(&redis.url().into(), Duration::from_millis(500)).unwrap()
}

async fn replica(redis: &RedisServer) -> Running {
    Running::start(builder().store(Arc::new(store(redis)))).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_replicas_are_one_endpoint() {
    let redis = RedisServer::start();
    let policy = || policy(serde_json::json!({"max_per_day": "1000"}));
    let mut replicas = Vec::new();
    for _ in 0..2 {
        let builder = Endpoint::builder(rules().policy(policy())).store(Arc::new(store(&redis)));
        replicas.push(Arc::new(Running::start(builder).await));
    }
    // 64 at once under one key, on both: one payment.
    let asking: Vec<_> = (0..64)
        .map(|number| {
            let server = replicas[number % 2].clone();
            tokio::spawn(async move {
                payload(&server.post(&[("idempotency-key", "order-1")], REQUEST).await)
            })
        })
        .collect();
    let mut ids = Vec::new();
    for task in asking {
        ids.push(task.await.unwrap()["idempotencyKey"].clone());
    }
    assert!(ids.iter().all(|id| *id == ids[0]));
    let other = REQUEST.replace("50", "51");
    assert_eq!(replicas[1].post(&[("idempotency-key", "order-1")], &other).await.status, 409);
    // It was counted once: 950 dollars are left, for both together.
    let mut signed = 0;
    for number in 0..30 {
        signed += usize::from(replicas[number % 2].post(&[], REQUEST).await.status == 200);
    }
    assert_eq!(signed, 19);
    // Another prefix is another endpoint.
    let apart = store(&redis).prefix("apart");
    let apart = Running::start(builder().store(Arc::new(apart))).await;
    let fresh = payload(&apart.post(&[("idempotency-key", "order-1")], REQUEST).await);
    assert_ne!(fresh["idempotencyKey"], ids[0]);
}

/// Killed while requests go on, and brought back: refusals in between, and never a hang.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_goes_and_comes_back() {
    let mut redis = RedisServer::start();
    let server = Arc::new(replica(&redis).await);
    assert_eq!(server.post(&[], REQUEST).await.status, 200);
    let load: Vec<_> = (0..4)
        .map(|_| {
            let server = server.clone();
            tokio::spawn(async move {
                let (begun, mut statuses) = (Instant::now(), Vec::new());
                while begun.elapsed() < Duration::from_secs(4) {
                    let asked = Instant::now();
                    let answer = server.post(&[], REQUEST).await;
                    assert!(asked.elapsed() < Duration::from_secs(2), "it hangs");
                    assert!(matches!(answer.status, 200 | 503), "{}", answer.text());
                    statuses.push(answer.status);
                }
                statuses
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(300)).await;
    redis.kill();
    tokio::time::sleep(Duration::from_millis(700)).await;
    let redis = RedisServer::start_at(redis.address);
    for task in load {
        let statuses = task.await.unwrap();
        assert_eq!((statuses[0], *statuses.last().unwrap()), (200, 200));
        assert!(statuses.contains(&503));
    }
    drop(redis);
}

/// It holds its connections and says nothing.
#[tokio::test]
async fn a_redis_that_hangs_is_not_waited_for() {
    let redis = RedisServer::start();
    let server = replica(&redis).await;
    assert_eq!(server.post(&[], REQUEST).await.status, 200);
    redis.signal("-STOP");
    let begun = Instant::now();
    let answer = server.post(&[], REQUEST).await;
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("1")));
    assert!(begun.elapsed() < Duration::from_secs(2));
    redis.signal("-CONT");
    for _ in 0..50 {
        if server.post(&[], REQUEST).await.status == 200 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("it does not come back");
}

/// It answers that it cannot: that is no reason to sign without a memory.
#[tokio::test]
async fn a_full_redis_is_not_an_absent_one() {
    let redis = RedisServer::start();
    let open = store(&redis).when_down(WhenDown::Sign);
    let server = Running::start(builder().store(Arc::new(open))).await;
    assert_eq!(server.post(&[("idempotency-key", "a")], REQUEST).await.status, 200);
    redis.command(&["config", "set", "maxmemory", "1"]);
    redis.command(&["config", "set", "maxmemory-policy", "noeviction"]);
    assert_eq!(server.post(&[("idempotency-key", "b")], REQUEST).await.status, 503);
}

#[tokio::test]
async fn without_redis_it_refuses_unless_told_to_sign() {
    let mut redis = RedisServer::start();
    redis.kill();
    let endpoint = builder().store(Arc::new(store(&redis))).build().unwrap();
    let status = Running::start_service(Service::status(endpoint.clone())).await;
    let server = Running::start_service(Service::new(endpoint)).await;
    assert_eq!(server.post(&[], REQUEST).await.status, 503);
    let ready = crate::http::send(status.address, "GET", "/readyz", &[], b"").await;
    assert_eq!(ready.status, 503);
    assert!(ready.text().contains("\"store\":false"));
    let metrics = crate::http::send(status.address, "GET", "/metrics", &[], b"").await.text();
    assert!(metrics.contains("signer_store_errors_total 1"), "{metrics}");

    let open = store(&redis).when_down(WhenDown::Sign);
    let endpoint = builder().store(Arc::new(open)).build().unwrap();
    let status = Running::start_service(Service::status(endpoint.clone())).await;
    let server = Running::start_service(Service::new(endpoint)).await;
    let retry = [("idempotency-key", "order-1")];
    let first = payload(&server.post(&retry, REQUEST).await);
    let again = payload(&server.post(&retry, REQUEST).await);
    assert_ne!(first["idempotencyKey"], again["idempotencyKey"], "nothing is remembered");
    let metrics = crate::http::send(status.address, "GET", "/metrics", &[], b"").await.text();
    assert!(metrics.contains("signer_store_errors_total 2"), "{metrics}");
    for bad in ["", "127.0.0.1:6379", "http://127.0.0.1"] {
        assert!(RedisStore::new(&bad.to_owned().into(), Duration::from_secs(1)).is_err(), "{bad}");
    }
}
