use std::sync::Arc;

use serde_json::Value;
use signer_core::p256::{SigningKey, VerifyingKey};
use signer_native::P256SigningKey;
use signer_server::{AuditLog, AuditOptions, Endpoint, PaymentKey, Rules, Service};

use crate::http::{Answer, send};
use crate::{REQUEST, Running, TestClock, builder, key, payload, rules};

async fn get(server: &Running, path: &str) -> Answer {
    send(server.address, "GET", path, &[], b"").await
}

fn other_key() -> (PaymentKey, VerifyingKey) {
    let key = SigningKey::from_scalar(&[8; 32]).unwrap();
    let native = P256SigningKey::try_from(&key).unwrap();
    let public = key.verifying_key();
    (PaymentKey::new(Arc::new(native), public).unwrap(), public)
}

#[tokio::test]
async fn what_an_operator_sees() {
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("audit-status");
    let _ = std::fs::remove_file(&path);
    let audit_key = SigningKey::from_scalar(&[9; 32]).unwrap();
    let public = audit_key.verifying_key();
    let log = AuditLog::open(AuditOptions::new(path, Arc::new(audit_key), public)).unwrap();
    let (staged, staged_public) = other_key();
    let staged_rules = rules().staged_key(Some(staged));
    let endpoint = Endpoint::builder(staged_rules).audit(log).build().unwrap();
    let status = Running::start_service(Service::status(endpoint.clone())).await;
    let server = Running::start_service(Service::new(endpoint)).await;
    server.post(&[], REQUEST).await;
    server.post(&[], "{").await;

    let alive = get(&status, "/healthz").await;
    assert_eq!((alive.status, alive.text().as_str()), (200, "{\"alive\":true}"));
    let ready = get(&status, "/readyz").await;
    let body: Value = serde_json::from_slice(&ready.body).unwrap();
    assert_eq!((ready.status, &body["ready"]), (200, &Value::Bool(true)));
    let pem = |key: &VerifyingKey| String::from_utf8(key.to_spki_pem().to_vec()).unwrap();
    assert_eq!(body["key"]["publicKey"], pem(&key().verifying_key()));
    assert_eq!(body["stagedKey"]["publicKey"], pem(&staged_public));
    assert_eq!(body["auditHead"]["count"], 2);
    let metrics = get(&status, "/metrics").await.text();
    for line in [
        "signer_requests_total{outcome=\"signed\"} 1",
        "signer_requests_total{outcome=\"request\"} 1",
        "signer_requests_total{outcome=\"unauthenticated\"} 0",
        "signer_sign_seconds_count 1",
        "signer_store_errors_total 0",
    ] {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }
    assert!(metrics.contains("signer_key_age_seconds 0."), "{metrics}");
    // It is another listener: neither has the other's paths.
    assert_eq!(get(&status, "/api/sign-payment").await.status, 404);
    assert_eq!(get(&server, "/metrics").await.status, 404);
    let post = send(status.address, "POST", "/readyz", &[], b"").await;
    assert_eq!(post.status, 405, "nothing is changed here");
}

#[tokio::test]
async fn exactly_one_key_signs() {
    let clock = TestClock::start();
    let (staged, staged_public) = other_key();
    let id = staged.id();
    let endpoint =
        Endpoint::builder(rules().staged_key(Some(staged))).clock(clock.clone()).build().unwrap();
    let server = Running::start_service(Service::new(endpoint.clone())).await;
    let retry = [("idempotency-key", "order-1")];
    let first = payload(&server.post(&retry, REQUEST).await);
    clock.advance(1_000);
    assert_eq!(endpoint.switch_key(), Ok(id));
    assert_eq!(endpoint.switch_key(), Err("no key is staged"));
    let answer = server.post(&retry, REQUEST).await;
    assert_eq!(answer.status, 200);
    let verify = |key| {
        let now = signer_protocols::blink::Timestamp::parse("2026-12-31T00:00:00.000Z").unwrap();
        signer_protocols::blink::PaymentVerifier::new(key)
            .max_age_ms(u64::MAX)
            .verify_response(&answer.body, now)
    };
    assert!(verify(key().verifying_key()).is_err());
    let again: Value = serde_json::from_str(&verify(staged_public).unwrap().to_json()).unwrap();
    // The same payment, and a payload that was never signed with the other key.
    assert_eq!(again["idempotencyKey"], first["idempotencyKey"]);
    assert_ne!(again["signatureTimestamp"], first["signatureTimestamp"]);
}

/// What a reload replaces, while requests go on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reload_loses_no_request() {
    let endpoint = builder().build().unwrap();
    let server = Arc::new(Running::start_service(Service::new(endpoint.clone())).await);
    let asking: Vec<_> = (0..4)
        .map(|_| {
            let server = server.clone();
            tokio::spawn(async move {
                let mut statuses = Vec::new();
                for _ in 0..100 {
                    statuses.push(server.post(&[], REQUEST).await.status);
                }
                statuses
            })
        })
        .collect();
    while !asking.iter().all(tokio::task::JoinHandle::is_finished) {
        endpoint.replace(rules());
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    for statuses in asking {
        assert_eq!(statuses.await.unwrap(), [200; 100]);
    }
    // New rules hold at once.
    let nobody = Rules::new(
        crate::merchant(),
        crate::payment_key(Arc::new(key())),
        Arc::new(crate::bearer()),
        Arc::new(crate::owned(&[])),
    );
    endpoint.replace(nobody);
    assert_eq!(server.post(&[], REQUEST).await.status, 403);
}
