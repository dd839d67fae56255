//! Many replicas on one Redis, and Redis gone.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use signer_server::{Endpoint, RedisStore, Service, WhenDown};

use crate::redis_server::RedisServer;
use crate::{REQUEST, Running, builder, payload, policy, rules};

const SIGN: WhenDown = WhenDown::Sign { at_most: Duration::from_secs(60) };

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
    let mut redis = RedisServer::start_kept("redis-comes-back");
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
    redis.start_again();
    for task in load {
        let statuses = task.await.unwrap();
        assert_eq!((statuses[0], *statuses.last().unwrap()), (200, 200));
        assert!(statuses.contains(&503));
    }
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
    let open = store(&redis).when_down(SIGN);
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

    let open = store(&redis).when_down(SIGN);
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

/// The value of one metric.
async fn metric(status: &Running, name: &str) -> u64 {
    let text = crate::http::send(status.address, "GET", "/metrics", &[], b"").await.text();
    let line = text.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_once(' ').unwrap().1.parse().unwrap()
}

/// An endpoint on a store, and its listener for operators.
async fn served(store: RedisStore) -> (Running, Running) {
    let policy = policy(serde_json::json!({"max_per_day": "100"}));
    let endpoint = Endpoint::builder(rules().policy(policy)).store(Arc::new(store));
    let endpoint = endpoint.build().unwrap();
    let status = Running::start_service(Service::status(endpoint.clone())).await;
    (Running::start_service(Service::new(endpoint)).await, status)
}

async fn readiness(status: &Running) -> (u16, serde_json::Value) {
    let answer = crate::http::send(status.address, "GET", "/readyz", &[], b"").await;
    let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    (answer.status, body["store"].clone())
}

async fn keyed(server: &Running, key: &str) -> u16 {
    server.post(&[("idempotency-key", key)], REQUEST).await.status
}

/// Asks until a payment is signed, at most `patience`.
async fn signs_within(server: &Running, key: &str, patience: Duration) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < patience {
        if keyed(server, key).await == 200 {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    false
}

/// The address of a primary: new connections go to the current server, old ones stay where they are.
struct Proxy {
    address: std::net::SocketAddr,
    target: Arc<std::sync::Mutex<std::net::SocketAddr>>,
    frozen: Arc<AtomicBool>,
}

impl Proxy {
    async fn start(target: std::net::SocketAddr) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let target = Arc::new(std::sync::Mutex::new(target));
        let frozen = Arc::new(AtomicBool::new(false));
        let (to, freezes) = (Arc::clone(&target), Arc::clone(&frozen));
        tokio::spawn(async move {
            loop {
                let (mut client, _) = listener.accept().await.unwrap();
                let to = *to.lock().unwrap();
                // A connection of the time before the freeze stays frozen.
                let (begun_frozen, freezes) =
                    (freezes.load(Ordering::SeqCst), Arc::clone(&freezes));
                tokio::spawn(async move {
                    let mut server = tokio::net::TcpStream::connect(to).await.unwrap();
                    let copy = tokio::io::copy_bidirectional(&mut client, &mut server);
                    tokio::select! {
                        _ = copy => return,
                        () = async {
                            while begun_frozen || !freezes.load(Ordering::SeqCst) {
                                tokio::time::sleep(Duration::from_millis(5)).await;
                            }
                        } => {}
                    }
                    std::future::pending::<()>().await;
                });
            }
        });
        Self { address, target, frozen }
    }

    fn store(&self) -> RedisStore {
        let url = format!("redis://{}", self.address).into();
        RedisStore::new(&url, Duration::from_millis(300)).unwrap()
    }
}

/// A failover behind an address, in which the old primary lives on as a replica and no connection is cut.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_demoted_primary_is_left() {
    let (old, new) = (RedisServer::start(), RedisServer::start());
    old.command(&["config", "set", "repl-diskless-sync-delay", "0"]);
    new.command(&["replicaof", "127.0.0.1", &old.address.port().to_string()]);
    let proxy = Proxy::start(old.address).await;
    let (server, status) = served(proxy.store()).await;
    assert_eq!(keyed(&server, "a").await, 200);
    let first = payload(&server.post(&[("idempotency-key", "a")], REQUEST).await);
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    new.command(&["replicaof", "no", "one"]);
    old.command(&["replicaof", "127.0.0.1", &new.address.port().to_string()]);
    *proxy.target.lock().unwrap() = new.address;
    assert!(signs_within(&server, "b", Duration::from_secs(5)).await);
    assert_eq!(readiness(&status).await, (200, true.into()));
    // It is the same store: the key is known, and the day is used up.
    let again = payload(&server.post(&[("idempotency-key", "a")], REQUEST).await);
    assert_eq!(again["idempotencyKey"], first["idempotencyKey"]);
    assert_eq!(keyed(&server, "c").await, 403);
}

/// The connection of a healthy Redis goes silent, with `when_down = "sign"`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_connection_is_left() {
    let redis = RedisServer::start();
    let proxy = Proxy::start(redis.address).await;
    let (server, status) = served(proxy.store().when_down(SIGN)).await;
    assert_eq!((keyed(&server, "a").await, keyed(&server, "b").await), (200, 200));
    assert_eq!(keyed(&server, "c").await, 403);
    proxy.frozen.store(true, Ordering::SeqCst);
    // Some payments may be signed while nobody can know better; then the limit holds again.
    let begun = Instant::now();
    let mut signed = 0;
    while keyed(&server, "d").await != 403 {
        signed += 1;
        assert!(begun.elapsed() < Duration::from_secs(5), "{signed} were signed past the limit");
    }
    while readiness(&status).await != (200, true.into()) {
        assert!(begun.elapsed() < Duration::from_secs(10), "it is not ready again");
    }
}

/// It answers every call, and takes no write.
#[tokio::test]
async fn a_full_redis_is_not_ready() {
    let redis = RedisServer::start();
    let (server, status) = served(store(&redis)).await;
    assert_eq!(readiness(&status).await, (200, true.into()));
    redis.command(&["config", "set", "maxmemory", "1"]);
    assert_eq!(keyed(&server, "a").await, 503);
    assert_eq!(readiness(&status).await, (503, false.into()));
    redis.command(&["config", "set", "maxmemory", "0"]);
    assert!(signs_within(&server, "a", Duration::from_secs(3)).await);
    assert_eq!(readiness(&status).await, (200, true.into()));
}

/// The time in which payments are signed without a record ends.
#[tokio::test]
async fn signing_without_a_store_is_bounded() {
    let mut redis = RedisServer::start();
    let at_most = Duration::from_secs(2);
    let (server, status) = served(store(&redis).when_down(WhenDown::Sign { at_most })).await;
    assert_eq!(keyed(&server, "a").await, 200);
    redis.kill();
    assert_eq!(keyed(&server, "b").await, 200);
    assert_eq!(readiness(&status).await, (200, "degraded".into()));
    tokio::time::sleep(at_most).await;
    assert_eq!(keyed(&server, "b").await, 503);
    assert_eq!(readiness(&status).await, (503, false.into()));
}

#[tokio::test]
async fn an_emptied_redis_is_noticed_until_it_is_accepted() {
    let mut redis = RedisServer::start();
    let (server, status) = served(store(&redis)).await;
    assert_eq!((keyed(&server, "a").await, keyed(&server, "b").await), (200, 200));
    redis.kill();
    let redis = RedisServer::start_at(redis.address);
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let signed = signs_within(&server, "a", Duration::from_secs(3)).await;
    assert!(!signed, "a second payment under the same key");
    assert_eq!(readiness(&status).await, (503, false.into()));
    assert!(metric(&status, "signer_store_lost_total").await > 0);
    // A replica that starts now knows of nothing, and does not accept for the others.
    let other = Running::start(builder().store(Arc::new(store(&redis)))).await;
    assert_eq!(keyed(&other, "x").await, 200);
    assert_eq!(keyed(&server, "a").await, 503);
    store(&redis).accept_loss().await.unwrap();
    assert_eq!(keyed(&server, "a").await, 200);
    assert_eq!(keyed(&other, "x").await, 200);
    assert_eq!(readiness(&status).await, (200, true.into()));
}

/// An error of any kind replaces the connection.
#[tokio::test]
async fn an_error_of_any_kind_is_left_behind() {
    let redis = RedisServer::start();
    let (server, _status) = served(store(&redis)).await;
    assert_eq!(keyed(&server, "a").await, 200);
    redis.command(&["config", "set", "min-replicas-to-write", "1"]);
    assert_eq!(keyed(&server, "b").await, 503, "NOREPLICAS");
    redis.command(&["config", "set", "min-replicas-to-write", "0"]);
    assert!(signs_within(&server, "b", Duration::from_secs(3)).await);
    redis.command(&["config", "set", "requirepass", "new"]);
    redis.command_as("new", &["client", "kill", "type", "normal"]);
    assert_eq!(keyed(&server, "b").await, 503, "NOAUTH");
    redis.command_as("new", &["config", "set", "requirepass", ""]);
    assert!(signs_within(&server, "b", Duration::from_secs(3)).await);
}

/// The records of version 0.1, without a merchant id.
#[tokio::test]
async fn keys_and_sums_of_version_0_1_are_read() {
    let redis = RedisServer::start();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let now = u64::try_from(now.as_millis()).unwrap();
    let caller = hex(&Sha256::digest("backend"));
    let retry = Sha256::new()
        .chain_update(7_usize.to_be_bytes())
        .chain_update("backend")
        .chain_update("old");
    let known = format!("signer:{{{caller}}}:retry:{}", hex(&retry.finalize()));
    let id = "11111111-1111-4111-8111-111111111111";
    let key = signer_server::KeyId::of(&crate::key().verifying_key()).to_string();
    let (at, hash) = (now.to_string(), hex(&Sha256::digest(REQUEST)));
    redis.command(&["hset", &known, "hash", &hash, "id", id, "at", &at, "key", &key]);
    let (day, sum) = ((now / 86_400_000).to_string(), "50000000");
    redis.command(&["hset", &format!("signer:{{{caller}}}:day"), "day", &day, "sum", sum]);
    let (server, _status) = served(store(&redis)).await;
    let again = payload(&server.post(&[("idempotency-key", "old")], REQUEST).await);
    assert_eq!(again["idempotencyKey"], id);
    // 50 of 100 dollars are left.
    assert_eq!((keyed(&server, "a").await, keyed(&server, "b").await), (200, 403));
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn settings_that_lose_records_are_named() {
    let redis = RedisServer::start();
    let warnings = store(&redis).settings_warnings().await;
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].starts_with("redis: appendonly is no, not yes"), "{warnings:?}");
    redis.command(&["config", "set", "appendonly", "yes"]);
    assert_eq!(store(&redis).settings_warnings().await, Vec::<String>::new());
    redis.command(&["config", "set", "appendfsync", "everysec"]);
    assert!(store(&redis).settings_warnings().await[0].contains("everysec"));
    redis.command(&["config", "set", "maxmemory-policy", "allkeys-lru"]);
    let warnings = store(&redis).settings_warnings().await;
    assert!(warnings[0].starts_with("redis: maxmemory-policy is allkeys-lru"), "{warnings:?}");
}

/// With its log of writes synced, a killed Redis loses nothing: the same payment, and the day goes on.
#[tokio::test]
async fn a_killed_redis_that_keeps_its_writes_loses_nothing() {
    let mut redis = RedisServer::start_kept("redis-kept");
    let (server, _status) = served(store(&redis)).await;
    let first = payload(&server.post(&[("idempotency-key", "a")], REQUEST).await);
    assert_eq!(keyed(&server, "b").await, 200);
    redis.kill();
    redis.start_again();
    assert!(signs_within(&server, "a", Duration::from_secs(5)).await);
    let again = payload(&server.post(&[("idempotency-key", "a")], REQUEST).await);
    assert_eq!(again["idempotencyKey"], first["idempotencyKey"]);
    assert_eq!(keyed(&server, "c").await, 403);
}
