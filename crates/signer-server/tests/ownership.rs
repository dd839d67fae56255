//! Ownership that is asked elsewhere, over real HTTP.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use secrecy::SecretString;
use serde_json::{Value, json};
use signer_server::{Endpoint, HttpOwnership, Ownership, PrivyOwnership, Rules};

use crate::{ADDRESS, REQUEST, Running, bearer, key, listening, merchant, payment_key};

async fn serving(ownership: impl Ownership + 'static) -> Running {
    let key = payment_key(Arc::new(key()));
    let rules = Rules::new(merchant(), key, Arc::new(bearer()), Arc::new(ownership));
    Running::start(Endpoint::builder(rules)).await
}

#[tokio::test]
async fn the_merchants_own_check() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = asked.clone();
    let check = |headers: HeaderMap, body: Bytes| async move {
        let question: Value = serde_json::from_slice(&body).unwrap();
        let owned = question["address"] == ADDRESS;
        let secret = headers["authorization"].to_str().unwrap().to_owned();
        seen.lock().unwrap().push((secret, question));
        json!({ "owned": owned }).to_string()
    };
    let merchant = listening(Router::new().route("/owns", post(check))).await;
    let secret = SecretString::from("a-test-secret-of-the-merchant");
    let url = format!("http://{merchant}/owns");
    let server = serving(HttpOwnership::new(&url, Some(&secret)).unwrap()).await;
    assert_eq!(server.post(&[], REQUEST).await.status, 200);
    let other = REQUEST.replace(ADDRESS, "0x2222222222222222222222222222222222222222");
    assert_eq!(server.post(&[], &other).await.status, 403);
    let asked = asked.lock().unwrap();
    assert_eq!(asked[0].0, "Bearer a-test-secret-of-the-merchant");
    assert_eq!(
        asked[0].1,
        json!({
            "caller": "backend",
            "chainId": 8453,
            "address": ADDRESS,
            "token": "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913",
        })
    );
}

/// No answer, and any but the two that are meant, is a 503 and never a signature.
#[tokio::test]
async fn an_unclear_answer_owns_nothing() {
    let hang = || async {
        tokio::time::sleep(Duration::from_secs(60)).await;
        "{\"owned\":true}"
    };
    let application = Router::new()
        .route("/error", post(|| async { (StatusCode::INTERNAL_SERVER_ERROR, "{\"owned\":true}") }))
        .route("/created", post(|| async { (StatusCode::CREATED, "{\"owned\":true}") }))
        .route("/moved", post(|| async { axum::response::Redirect::temporary("/true") }))
        .route("/true", post(|| async { "{\"owned\":true}" }))
        .route("/text", post(|| async { "{\"owned\":\"true\"}" }))
        .route("/html", post(|| async { "<html>" }))
        .route(
            "/long",
            post(|| async { format!("{{\"owned\":true,\"x\":\"{}\"}}", "x".repeat(9_000)) }),
        )
        .route("/hang", post(hang));
    let merchant = listening(application).await;
    for path in ["error", "created", "moved", "text", "html", "long", "hang", "none"] {
        let url = format!("http://{merchant}/{path}");
        let server = serving(HttpOwnership::new(&url, None).unwrap()).await;
        let begun = Instant::now();
        let answer = server.post(&[], REQUEST).await;
        assert_eq!((answer.status, answer.header("retry-after")), (503, Some("1")), "{path}");
        assert!(begun.elapsed() < Duration::from_secs(8), "{path}");
    }
    let url = format!("http://{merchant}/true");
    assert_eq!(
        serving(HttpOwnership::new(&url, None).unwrap()).await.post(&[], REQUEST).await.status,
        200
    );
}

#[tokio::test]
async fn privys_record_of_the_user() {
    let record = |Path(user): Path<String>, headers: HeaderMap| async move {
        // app:test-secret
        assert_eq!(headers["authorization"], "Basic YXBwOnRlc3Qtc2VjcmV0");
        assert_eq!(headers["privy-app-id"], "app");
        assert_eq!(user, "backend");
        json!({
            "id": "backend",
            "linked_accounts": [
                {"type": "email", "address": "a@b.example"},
                {"type": "wallet", "address": ADDRESS.to_lowercase(), "chain_type": "ethereum"},
            ],
        })
        .to_string()
    };
    let other = || async {
        json!({"id": "another", "linked_accounts": [{"type": "wallet", "address": ADDRESS}]})
            .to_string()
    };
    let application = Router::new()
        .route("/v1/users/{user}", get(record))
        .route("/other/v1/users/{user}", get(other))
        .route("/broken/v1/users/{user}", get(|| async { "{\"id\":\"backend\"}" }));
    let privy = listening(application).await;
    let secret = SecretString::from("test-secret");
    let at = async |base: &str| {
        let base = format!("http://{privy}{base}");
        serving(PrivyOwnership::new(&base, "app", &secret).unwrap()).await
    };
    let server = at("").await;
    assert_eq!(server.post(&[], REQUEST).await.status, 200);
    let stranger = REQUEST.replace(ADDRESS, "0x2222222222222222222222222222222222222222");
    assert_eq!(server.post(&[], &stranger).await.status, 403);
    assert_eq!(at("/").await.post(&[], REQUEST).await.status, 200, "a slash at the end");
    assert_eq!(at("/unknown").await.post(&[], REQUEST).await.status, 403, "no such user");
    assert_eq!(at("/other").await.post(&[], REQUEST).await.status, 503, "another's record");
    assert_eq!(at("/broken").await.post(&[], REQUEST).await.status, 503);
}
