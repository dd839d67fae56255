use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use signer_core::p256::SigningKey;
use signer_server::{PaymentKey, ServiceLimits, router};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tower::ServiceExt;

use crate::http::{exchange, parse};
use crate::{BEARER, REQUEST, Running, Then, builder, builder_with, payload, rules};

#[tokio::test]
async fn without_random_bytes_nothing_is_signed() {
    let server = Running::start(builder().random(Arc::new(|_| false))).await;
    let answer = server.post(&[], REQUEST).await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert_eq!(answer.error(), "The signer is not available. Try again later.");
}

#[tokio::test]
async fn a_failing_signer_is_unavailable() {
    let server = Running::start(builder_with(Then::new(|| false))).await;
    assert_eq!(server.post(&[], REQUEST).await.status, 503);
}

#[tokio::test]
async fn slow_heads_and_bodies_are_ended() {
    let mut limits = ServiceLimits::default();
    limits.head_timeout = Duration::from_millis(300);
    let server =
        Running::start_with(builder().body_timeout(Duration::from_millis(300)), limits).await;
    let started = Instant::now();
    let head = b"POST /api/sign-payment HTTP/1.1\r\nhost: x\r\n";
    assert!(exchange(server.address, head, Duration::from_secs(5)).await.len() < 200);
    assert!(started.elapsed() < Duration::from_secs(3), "the head was waited for");

    let started = Instant::now();
    let body = format!(
        "POST /api/sign-payment HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {BEARER}\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{{"
    );
    let received = exchange(server.address, body.as_bytes(), Duration::from_secs(5)).await;
    let answer = parse(&received).unwrap();
    assert_eq!(answer.status, 400);
    assert_eq!(answer.header("connection"), Some("close"));
    assert!(started.elapsed() < Duration::from_secs(3), "the body was waited for");
}

#[tokio::test]
async fn long_bodies_are_refused_at_once() {
    let server = Running::start(builder()).await;
    // Declared, and never sent.
    let head = format!(
        "POST /api/sign-payment HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {BEARER}\r\ncontent-type: application/json\r\ncontent-length: 16385\r\n\r\n"
    );
    let started = Instant::now();
    let received = exchange(server.address, head.as_bytes(), Duration::from_secs(5)).await;
    let answer = parse(&received).unwrap();
    assert_eq!((answer.status, answer.header("connection")), (413, Some("close")));
    assert!(started.elapsed() < Duration::from_secs(2));
    // Chunked, and longer than it may be.
    let chunk = format!("4000\r\n{}\r\n", " ".repeat(0x4000));
    let chunked = format!(
        "POST /api/sign-payment HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {BEARER}\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n{chunk}{chunk}0\r\n\r\n"
    );
    let received = exchange(server.address, chunked.as_bytes(), Duration::from_secs(5)).await;
    assert_eq!(parse(&received).unwrap().status, 413);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_begun_is_answered_before_the_end() {
    let mut server = Running::start(builder()).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head = format!(
        "POST /api/sign-payment HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {BEARER}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        REQUEST.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    server.stop.take().unwrap().send(()).unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(TcpStream::connect(server.address).await.is_err(), "no new connections");
    stream.write_all(REQUEST.as_bytes()).await.unwrap();
    let mut received = Vec::new();
    stream.read_to_end(&mut received).await.unwrap();
    payload(&parse(&received).unwrap());
    tokio::time::timeout(Duration::from_secs(2), &mut server.ended).await.unwrap().unwrap();
}

/// A client that closes its half behind its request is answered all the same.
#[tokio::test]
async fn a_half_closed_connection_is_answered() {
    let server = Running::start(builder()).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let request = format!(
        "POST /api/sign-payment HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {BEARER}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{REQUEST}",
        REQUEST.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut received = Vec::new();
    stream.read_to_end(&mut received).await.unwrap();
    payload(&parse(&received).unwrap());
}

/// A client that asks without end and never reads holds its place for no longer than a connection lives.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_never_reads_is_ended() {
    let mut limits = ServiceLimits::default();
    limits.connections = 1;
    limits.connection_lifetime = Duration::from_millis(500);
    limits.drain_timeout = Duration::from_millis(500);
    let server = Running::start_with(builder(), limits).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let flood = "GET /x HTTP/1.1\r\nhost: x\r\n\r\n".repeat(20_000);
    let flooding =
        tokio::spawn(async move { while stream.write_all(flood.as_bytes()).await.is_ok() {} });
    tokio::time::sleep(Duration::from_millis(200)).await;
    let started = Instant::now();
    assert_eq!(server.post(&[], REQUEST).await.status, 200);
    assert!(started.elapsed() < Duration::from_secs(5));
    tokio::time::timeout(Duration::from_secs(5), flooding).await.unwrap().unwrap();
}

#[tokio::test]
async fn limits_of_any_length_are_limits() {
    let mut limits = ServiceLimits::default();
    limits.head_timeout = Duration::MAX;
    limits.connection_lifetime = Duration::MAX;
    limits.drain_timeout = Duration::MAX;
    let endpoint = builder().body_timeout(Duration::MAX);
    let mut server = Running::start_with(endpoint, limits).await;
    assert_eq!(server.post(&[], REQUEST).await.status, 200);
    server.stop.take().unwrap().send(()).unwrap();
    (&mut server.ended).await.unwrap();
}

#[test]
fn what_no_endpoint_can_be() {
    assert!(rules().back_date_ms(60_000).is_ok());
    assert!(rules().back_date_ms(60_001).is_err());
    // A key that does not sign, or signs for another.
    let silent = Then::new(|| false);
    let _ = crate::payment_key(silent.clone());
    assert!(PaymentKey::new(silent, crate::key().verifying_key()).is_err());
    let other = SigningKey::from_scalar(&[8; 32]).unwrap().verifying_key();
    assert!(PaymentKey::new(Arc::new(crate::key()), other).is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_connections_than_allowed() {
    let mut limits = ServiceLimits::default();
    limits.connections = 4;
    limits.head_timeout = Duration::from_secs(1);
    let server = Running::start_with(builder(), limits).await;
    let mut idle = Vec::new();
    for _ in 0..4 {
        idle.push(TcpStream::connect(server.address).await.unwrap());
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    // It waits until an idle one is ended, and is then answered.
    let started = Instant::now();
    assert_eq!(server.post(&[], REQUEST).await.status, 200);
    assert!(started.elapsed() > Duration::from_millis(500));
}

/// Mounted in an application of one's own: its other paths are its own.
#[tokio::test]
async fn the_router_merges() {
    let endpoint = builder().path("/pay").build().unwrap();
    let application = Router::new()
        .route("/own", axum::routing::get(|| async { "own" }))
        .merge(router(endpoint))
        .fallback(|| async { "fallback" });
    let get = |path: &'static str| {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let application = application.clone();
        async move { application.oneshot(request).await.unwrap().status().as_u16() }
    };
    assert_eq!(get("/own").await, 200);
    assert_eq!(get("/elsewhere").await, 200);
    assert_eq!(get("/pay").await, 405);
    for bad in ["pay", "", "/{x}", "/a b", "/*x"] {
        assert!(builder().path(bad).build().is_err(), "{bad}");
    }
}
