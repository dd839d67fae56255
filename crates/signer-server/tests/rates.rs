use std::num::NonZeroU32;
use std::sync::Arc;

use async_trait::async_trait;
use axum::http::HeaderMap;
use signer_server::{
    Caller, CallerAuthenticator, CallerError, CallerId, Endpoint, Rate, Rates, Rules,
};

use crate::http::send;
use crate::{ADDRESS, REQUEST, Running, builder, key, merchant, owned, payment_key};

fn rate(burst: u32) -> Rate {
    Rate { per_second: NonZeroU32::new(1).unwrap(), burst: NonZeroU32::new(burst).unwrap() }
}

async fn statuses(server: &Running, count: usize) -> Vec<u16> {
    let mut statuses = Vec::new();
    for _ in 0..count {
        statuses.push(server.post(&[], REQUEST).await.status);
    }
    statuses
}

#[tokio::test]
async fn a_peer_is_counted_before_it_is_asked_who_it_is() {
    let server = Running::start(builder().rates(Rates::unlimited().per_peer(rate(2)))).await;
    let headers = [("content-type", "application/json")];
    let anonymous = async || {
        send(server.address, "POST", "/api/sign-payment", &headers, REQUEST.as_bytes()).await
    };
    assert_eq!((anonymous().await.status, anonymous().await.status), (401, 401));
    let answer = anonymous().await;
    assert_eq!((answer.status, answer.error().as_str()), (429, "Too many requests."));
    let after: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=2).contains(&after));
    assert_eq!(server.post(&[], REQUEST).await.status, 429, "the credential does not help");
    tokio::time::sleep(std::time::Duration::from_secs(after)).await;
    assert_eq!(server.post(&[], REQUEST).await.status, 200);
}

#[tokio::test]
async fn forwarded_peers_count_behind_a_trusted_proxy_only() {
    let rates = || Rates::unlimited().per_peer(rate(1));
    let from = |ip: &'static str| [("x-forwarded-for", ip)];
    let server = Running::start(builder().rates(rates())).await;
    assert_eq!(server.post(&from("192.0.2.1"), REQUEST).await.status, 200);
    assert_eq!(server.post(&from("192.0.2.2"), REQUEST).await.status, 429);
    let trusted = rates().trusted_proxies(vec!["127.0.0.0/8".parse().unwrap()]);
    let server = Running::start(builder().rates(trusted)).await;
    assert_eq!(server.post(&from("192.0.2.1"), REQUEST).await.status, 200);
    assert_eq!(server.post(&from("192.0.2.2"), REQUEST).await.status, 200);
    assert_eq!(server.post(&from("10.9.8.7, 192.0.2.2"), REQUEST).await.status, 429);
}

#[tokio::test]
async fn callers_and_destinations() {
    let server = Running::start(builder().rates(Rates::unlimited().per_caller(rate(2)))).await;
    assert_eq!(statuses(&server, 3).await, [200, 200, 429]);
    let server = Running::start(builder().rates(Rates::unlimited().per_destination(rate(1)))).await;
    assert_eq!(statuses(&server, 2).await, [200, 429]);
    let upper = REQUEST.replace(&ADDRESS[2..], &ADDRESS[2..].to_uppercase());
    assert_eq!(server.post(&[], &upper).await.status, 429, "the same destination");
}

/// Callers are believed.
struct Named;

#[async_trait]
impl CallerAuthenticator for Named {
    async fn authenticate(&self, headers: &HeaderMap) -> Result<Caller, CallerError> {
        let name = headers.get("x-name").and_then(|name| name.to_str().ok());
        name.map(|name| Caller::new(CallerId::new(name))).ok_or(CallerError::Unauthenticated)
    }
}

#[tokio::test]
async fn what_is_refused_costs_the_owner_of_a_destination_nothing() {
    let key = payment_key(Arc::new(key()));
    let rules = Rules::new(merchant(), key, Arc::new(Named), Arc::new(owned(&[ADDRESS])));
    let rates = Rates::unlimited().per_destination(rate(1)).per_caller(rate(3));
    let server = Running::start(Endpoint::builder(rules).rates(rates)).await;
    let from = async |name| server.post(&[("x-name", name)], REQUEST).await.status;
    for expected in [403, 403, 403, 429] {
        assert_eq!(from("stranger").await, expected);
    }
    assert_eq!((from("backend").await, from("backend").await), (200, 429));
}
