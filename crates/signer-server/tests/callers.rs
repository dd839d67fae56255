use signer_server::{BearerSecret, CallerId, Endpoint, ListedOwnership, Rules};

use crate::http::send;
use crate::{ADDRESS, BEARER, REQUEST, Running, builder, payload, rules};

#[tokio::test]
async fn a_right_credential_is_signed_for() {
    let server = Running::start(builder()).await;
    let answer = server.post(&[], REQUEST).await;
    let payload = payload(&answer);
    assert_eq!(payload["amount"], 50);
    assert_eq!(payload["address"], ADDRESS);
    assert_eq!(answer.header("content-type"), Some("application/json; charset=utf-8"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn any_other_credential_is_not() {
    let server = Running::start(builder()).await;
    let wrong = [
        vec![],
        vec![("authorization", String::new())],
        vec![("authorization", "Bearer".into())],
        vec![("authorization", "Bearer ".into())],
        vec![("authorization", format!("Bearer {BEARER}x"))],
        vec![("authorization", format!("Bearer {}", &BEARER[1..]))],
        vec![("authorization", format!("Bearer  {BEARER}"))],
        vec![("authorization", format!("Basic {BEARER}"))],
        vec![("authorization", BEARER.to_owned())],
        vec![
            ("authorization", format!("Bearer {BEARER}")),
            ("authorization", format!("Bearer {BEARER}")),
        ],
    ];
    for headers in wrong {
        let mut all = vec![("content-type", "application/json")];
        all.extend(headers.iter().map(|(name, value)| (*name, value.as_str())));
        let answer =
            send(server.address, "POST", "/api/sign-payment", &all, REQUEST.as_bytes()).await;
        assert_eq!(answer.status, 401, "{headers:?}");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        assert_eq!(answer.error(), "Authentication is required.");
    }
    // The scheme is a token of any case.
    let lower = format!("bearer {BEARER}");
    let headers = [("content-type", "application/json"), ("authorization", lower.as_str())];
    let answer =
        send(server.address, "POST", "/api/sign-payment", &headers, REQUEST.as_bytes()).await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn only_ones_own_addresses() {
    let server = Running::start(builder()).await;
    // EVM addresses compare without case.
    let lower = REQUEST.replace(ADDRESS, &ADDRESS.to_lowercase());
    assert_eq!(server.post(&[], &lower).await.status, 200);
    let other = REQUEST.replace(ADDRESS, "0x1111111111111111111111111111111111111111");
    let answer = server.post(&[], &other).await;
    assert_eq!(answer.status, 403);
    assert_eq!(answer.error(), "Destination address does not belong to the authenticated user.");
}

#[tokio::test]
async fn solana_addresses_are_exact() {
    let address = "7EcDhSYGxXyscszYEp35KHN8vvw3svAuLKTzXwCFLtV";
    let request = format!(
        r#"{{"amount":1,"chainId":792703809,"address":"{address}","token":"EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"}}"#
    );
    for (owned, status) in [(address.to_owned(), 200), (address.to_lowercase(), 403)] {
        let rules = Rules::new(
            crate::merchant(),
            crate::payment_key(std::sync::Arc::new(crate::key())),
            std::sync::Arc::new(crate::bearer()),
            std::sync::Arc::new(crate::owned(&[&owned])),
        );
        let builder = Endpoint::builder(rules);
        let server = Running::start(builder).await;
        assert_eq!(server.post(&[], &request).await.status, status, "{owned}");
    }
}

#[test]
fn ownership_files() {
    assert!(ListedOwnership::parse(&format!("# comment\n\nbackend {ADDRESS} # main\nbackend\t7EcDhSYGxXyscszYEp35KHN8vvw3svAuLKTzXwCFLtV\n")).is_ok());
    assert_eq!(ListedOwnership::parse(&format!("a {ADDRESS}\nb\n")).err(), Some(2));
    assert_eq!(ListedOwnership::parse(&format!("a {ADDRESS} c")).err(), Some(1));
}

#[test]
fn ownership_files_hold_addresses_only() {
    for bad in ["a 0x1", "a b", &format!("a {}", &ADDRESS[..41])] {
        assert_eq!(ListedOwnership::parse(bad).err(), Some(1), "{bad}");
    }
    let owned = ListedOwnership::parse(&format!("a {ADDRESS}")).unwrap();
    assert!(owned.lists(&CallerId::new("a")) && !owned.lists(&CallerId::new("b")));
}

#[test]
fn weak_bearer_secrets_are_refused_and_none_is_shown() {
    for weak in ["", "short", &"a".repeat(31), &format!("{} ", "a".repeat(40)), &"é".repeat(40)] {
        assert!(BearerSecret::new(CallerId::new("x"), &weak.to_owned().into()).is_err(), "{weak}");
    }
    let shown = format!("{:?}", crate::bearer());
    assert!(shown.contains("[redacted]") && !shown.contains("test-secret"));
}

#[tokio::test]
async fn browsers_of_listed_origins_only() {
    let origin = "https://app.example.com";
    let server =
        Running::start(Endpoint::builder(rules().origins([origin.parse().unwrap()]))).await;
    let preflight = |from: &'static str, method: &'static str| {
        let headers = [
            ("origin", from),
            ("access-control-request-method", method),
            ("access-control-request-headers", "content-type,authorization"),
        ];
        let address = server.address;
        async move { send(address, "OPTIONS", "/api/sign-payment", &headers, b"").await }
    };
    let answer = preflight(origin, "POST").await;
    assert_eq!(answer.status, 204);
    assert_eq!(answer.header("access-control-allow-origin"), Some(origin));
    assert_eq!(answer.header("access-control-allow-methods"), Some("POST"));
    assert_eq!(
        answer.header("access-control-allow-headers"),
        Some("content-type, authorization, idempotency-key, privy-id-token")
    );
    for (from, method) in [
        ("https://evil.example", "POST"),
        ("null", "POST"),
        ("https://app.example.com.evil", "POST"),
        ("HTTPS://app.example.com", "POST"),
        (origin, "PUT"),
    ] {
        let answer = preflight(from, method).await;
        assert_eq!(answer.status, 403, "{from} {method}");
        assert!(answer.header("access-control-allow-methods").is_none());
        assert!(from == origin || answer.header("access-control-allow-origin").is_none());
    }
    let answer = server.post(&[("origin", origin)], REQUEST).await;
    assert_eq!(answer.header("access-control-allow-origin"), Some(origin));
    assert_eq!(answer.header("vary"), Some("Origin"));
    let answer = server.post(&[("origin", "https://evil.example")], REQUEST).await;
    assert_eq!(answer.header("access-control-allow-origin"), None);
    assert_eq!(answer.header("vary"), Some("Origin"));

    let strict = rules().origins([origin.parse().unwrap()]).refuse_foreign_origins();
    let server = Running::start(Endpoint::builder(strict)).await;
    assert_eq!(server.post(&[("origin", "https://evil.example")], REQUEST).await.status, 403);
    assert_eq!(server.post(&[("origin", origin)], REQUEST).await.status, 200);
    assert_eq!(server.post(&[], REQUEST).await.status, 200);
}
