//! Callers by token. The tokens were made by Node's own cryptography (`jwt/make.mjs`).

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::routing::get;
use serde_json::Value;
use signer_core::p256::VerifyingKey;
use signer_server::{ClaimedOwnership, Endpoint, JwtCallers, JwtKeys, Ownership, Rules};

use crate::http::{self, send};
use crate::{ADDRESS, REQUEST, Running, TestClock, listening, owned};

pub(crate) fn tokens() -> Value {
    serde_json::from_str(include_str!("jwt/tokens.json")).unwrap()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap()
}

fn callers(tokens: &Value, keys: JwtKeys) -> JwtCallers {
    JwtCallers::new(keys, text(tokens, "issuer"), text(tokens, "audience"))
        .addresses_claim(text(tokens, "claim"))
        .clock(TestClock::start())
}

fn fixed(tokens: &Value) -> JwtCallers {
    callers(tokens, JwtKeys::from_jwks(tokens["jwks"].to_string().as_bytes()).unwrap())
}

pub(crate) async fn serving_fixed(tokens: &Value) -> Running {
    serving(fixed(tokens), ClaimedOwnership).await
}

async fn serving(callers: JwtCallers, ownership: impl Ownership + 'static) -> Running {
    let key = crate::payment_key(Arc::new(crate::key()));
    let rules = Rules::new(crate::merchant(), key, Arc::new(callers), Arc::new(ownership));
    Running::start(Endpoint::builder(rules).clock(TestClock::start())).await
}

pub(crate) async fn post(server: &Running, token: &str, more: &[(&str, &str)]) -> http::Answer {
    let authorization = format!("Bearer {token}");
    let mut headers = vec![("content-type", "application/json"), ("authorization", &authorization)];
    headers.extend(more);
    send(server.address, "POST", "/api/sign-payment", &headers, REQUEST.as_bytes()).await
}

#[tokio::test]
async fn every_token_as_it_deserves() {
    let tokens = tokens();
    let server = serving(fixed(&tokens), ClaimedOwnership).await;
    for (name, token) in tokens["accepted"].as_object().unwrap() {
        // The second time it is known.
        for _ in 0..2 {
            let answer = post(&server, token.as_str().unwrap(), &[]).await;
            assert_eq!(answer.status, 200, "{name}: {}", answer.text());
        }
    }
    for (name, token) in tokens["refused"].as_object().unwrap() {
        for _ in 0..2 {
            let answer = post(&server, token.as_str().unwrap(), &[]).await;
            assert_eq!(answer.status, 401, "{name}");
            assert_eq!(answer.error(), "Authentication is required.");
        }
    }
}

#[tokio::test]
async fn the_subject_is_the_caller() {
    let tokens = tokens();
    let listed = signer_server::ListedOwnership::parse(&format!("user-1 {ADDRESS}")).unwrap();
    let server = serving(fixed(&tokens), listed).await;
    let token = text(&tokens["accepted"], "es256");
    assert_eq!(post(&server, token, &[]).await.status, 200);
    let server = serving(fixed(&tokens), owned(&[ADDRESS])).await;
    assert_eq!(post(&server, token, &[]).await.status, 403, "backend owns it, user-1 does not");
}

#[tokio::test]
async fn a_known_token_ends_with_its_time() {
    let tokens = tokens();
    let clock = TestClock::start();
    let server = serving(fixed(&tokens).clock(clock.clone()), ClaimedOwnership).await;
    let token = text(&tokens["accepted"], "es256");
    assert_eq!(post(&server, token, &[]).await.status, 200);
    clock.advance(3_599_999);
    assert_eq!(post(&server, token, &[]).await.status, 200);
    clock.advance(1);
    assert_eq!(post(&server, token, &[]).await.status, 401);
}

#[test]
fn a_set_without_a_usable_key_is_refused() {
    let keys = &tokens()["jwks"]["keys"];
    for useless in 3..9 {
        let set = serde_json::json!({"keys": [keys[useless]]}).to_string();
        assert!(JwtKeys::from_jwks(set.as_bytes()).is_err(), "{set}");
    }
    assert!(JwtKeys::from_jwks(b"{}").is_err());
    assert!(JwtKeys::from_jwks(b"not json").is_err());
}

#[tokio::test]
async fn fetched_keys_follow_a_rotation() {
    let tokens = tokens();
    let document = Arc::new(Mutex::new(tokens["jwks"].to_string()));
    let fetches = Arc::new(AtomicUsize::new(0));
    let (served, counted) = (document.clone(), fetches.clone());
    let issuer = listening(Router::new().route(
        "/keys",
        get(move || {
            counted.fetch_add(1, Ordering::SeqCst);
            let document = served.lock().unwrap().clone();
            async move { document }
        }),
    ))
    .await;
    let keys = JwtKeys::from_url(&format!("http://{issuer}/keys")).unwrap();
    let server = serving(callers(&tokens, keys), ClaimedOwnership).await;
    let (old, new) = (text(&tokens["accepted"], "es256"), text(&tokens, "next"));
    for _ in 0..3 {
        assert_eq!(post(&server, old, &[]).await.status, 200);
    }
    assert_eq!(fetches.load(Ordering::SeqCst), 1);

    *document.lock().unwrap() = tokens["rotated"].to_string();
    assert_eq!(post(&server, new, &[]).await.status, 200, "an unknown key is fetched");
    assert_eq!(fetches.load(Ordering::SeqCst), 2);
    assert_eq!(post(&server, old, &[]).await.status, 401, "a known token goes with its key");
    for _ in 0..20 {
        assert_eq!(post(&server, text(&tokens["refused"], "unknown key"), &[]).await.status, 401);
    }
    assert_eq!(fetches.load(Ordering::SeqCst), 2, "at most once a minute");
}

#[tokio::test]
async fn without_keys_nobody_is_known() {
    let tokens = tokens();
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let keys = JwtKeys::from_url(&format!("http://{nobody}/keys")).unwrap();
    let server = serving(callers(&tokens, keys), ClaimedOwnership).await;
    let answer = post(&server, text(&tokens["accepted"], "es256"), &[]).await;
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("1")));
    for bad in ["http://keys.example/", "ftp://127.0.0.1/", "https://a:b@keys.example/", "keys"] {
        assert!(JwtKeys::from_url(bad).is_err(), "{bad}");
    }
}

/// A set that redirects, never ends or is no set gives no keys.
#[tokio::test]
async fn what_is_no_key_set() {
    let tokens = tokens();
    let endless = "x".repeat(1 << 20);
    let application = Router::new()
        .route("/redirect", get(|| async { axum::response::Redirect::temporary("/keys") }))
        .route("/long", get(move || async move { endless }))
        .route("/html", get(|| async { "<html>" }))
        .route(
            "/keys",
            get({
                let keys = tokens["jwks"].to_string();
                move || async move { keys }
            }),
        );
    let issuer = listening(application).await;
    for path in ["redirect", "long", "html"] {
        let keys = JwtKeys::from_url(&format!("http://{issuer}/{path}")).unwrap();
        assert!(callers(&tokens, keys).prepare().await.is_err(), "{path}");
    }
    let keys = JwtKeys::from_url(&format!("http://{issuer}/keys")).unwrap();
    assert!(callers(&tokens, keys).prepare().await.is_ok());
}

fn privy(tokens: &Value) -> JwtCallers {
    let key = text(&tokens["privy"], "verification_key");
    let key = VerifyingKey::from_spki_pem(key.as_bytes()).unwrap();
    JwtCallers::privy("app", &key).clock(TestClock::start())
}

#[tokio::test]
async fn privys_access_token() {
    let tokens = tokens();
    let owned = format!("did:privy:one {ADDRESS}");
    let owned = signer_server::ListedOwnership::parse(&owned).unwrap();
    let server = serving(privy(&tokens), owned).await;
    assert_eq!(post(&server, text(&tokens["privy"], "access"), &[]).await.status, 200);
    assert_eq!(post(&server, text(&tokens["privy"], "other_issuer"), &[]).await.status, 401);
    assert_eq!(post(&server, text(&tokens["accepted"], "es256"), &[]).await.status, 401);
}

#[tokio::test]
async fn privys_identity_token_lists_the_wallets() {
    let tokens = tokens();
    let server = serving(privy(&tokens).with_identity_token(), ClaimedOwnership).await;
    let access = text(&tokens["privy"], "access");
    let with = async |identity: &str| post(&server, access, &[("privy-id-token", identity)]).await;
    assert_eq!(with(text(&tokens["privy"], "identity")).await.status, 200);
    assert_eq!(with(text(&tokens["privy"], "identity_of_another")).await.status, 401);
    assert_eq!(with(access).await.status, 401, "it lists no accounts");
    assert_eq!(post(&server, access, &[]).await.status, 401, "it must be there");
    let identity = text(&tokens["privy"], "identity");
    let alone = [("privy-id-token", identity)];
    assert_eq!(post(&server, identity, &alone).await.status, 401, "it grants no access");
    let twice = [("privy-id-token", identity), ("privy-id-token", identity)];
    assert_eq!(post(&server, access, &twice).await.status, 401);
}

/// The mail address among the accounts is no wallet, and nobody's case is bent on Solana.
#[tokio::test]
async fn claims_own_what_they_list() {
    let tokens = tokens();
    let server = serving(fixed(&tokens), ClaimedOwnership).await;
    let token = format!("Bearer {}", text(&tokens["accepted"], "es256"));
    let headers = [("content-type", "application/json"), ("authorization", token.as_str())];
    let solana = |address: &str| {
        format!(
            r#"{{"amount":1,"chainId":792703809,"address":"{address}","token":"EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"}}"#
        )
    };
    let sent = "7EcDhSYGxXyscszYEp35KHN8vvw3svAuLKTzXwCFLtV";
    for (body, status) in [
        (REQUEST.to_lowercase().replace("chainid", "chainId"), 200),
        (REQUEST.replace(ADDRESS, "0x2222222222222222222222222222222222222222"), 403),
        (solana(sent), 200),
        (solana("8EcDhSYGxXyscszYEp35KHN8vvw3svAuLKTzXwCFLtV"), 403),
    ] {
        let answer =
            send(server.address, "POST", "/api/sign-payment", &headers, body.as_bytes()).await;
        assert_eq!(answer.status, status, "{body}: {}", answer.text());
    }
    // A caller without a list owns nothing.
    let bearer = Rules::new(
        crate::merchant(),
        crate::payment_key(Arc::new(crate::key())),
        Arc::new(crate::bearer()),
        Arc::new(ClaimedOwnership),
    );
    let server = Running::start(Endpoint::builder(bearer)).await;
    assert_eq!(server.post(&[], REQUEST).await.status, 403);
}
