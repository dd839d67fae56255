//! What one client sends on one connection, byte for byte; `expect.json` says what may come of it.

use std::fs;
use std::time::{Duration, Instant};

use signer_server::{Endpoint, ServiceLimits};

use crate::http::{count, exchange_until_closed, parse};
use crate::{BEARER, REQUEST, Running, policy, rules};

/// The streams carry no credential: it is put behind each request line, with that line's end.
fn with_credential(stream: &[u8]) -> Vec<u8> {
    let line = b"POST /api/sign-payment HTTP/1.1";
    let mut out = Vec::new();
    let mut rest = stream;
    while let Some(at) = rest.windows(line.len()).position(|window| window == line) {
        let (head, tail) = rest.split_at(at + line.len());
        out.extend_from_slice(head);
        let end = if tail.starts_with(b"\r\n") { "\r\n" } else { "\n" };
        out.extend_from_slice(format!("{end}Authorization: Bearer {BEARER}").as_bytes());
        rest = tail;
    }
    out.extend_from_slice(rest);
    out
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_as_expected() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/raw-http");
    let expect: serde_json::Value =
        serde_json::from_slice(&fs::read(format!("{folder}/expect.json")).unwrap()).unwrap();
    let mut limits = ServiceLimits::default();
    limits.head_timeout = Duration::from_secs(1);
    let policy = policy(serde_json::json!({"url_origins": ["https://pay.example"]}));
    let builder = Endpoint::builder(rules().policy(policy)).body_timeout(Duration::from_secs(1));
    let server = Running::start_with(builder, limits).await;
    for (name, case) in expect["cases"].as_object().unwrap() {
        let rule = case["expect"].as_str().unwrap();
        let stream = with_credential(&fs::read(format!("{folder}/{name}.bin")).unwrap());
        let (received, closed) =
            exchange_until_closed(server.address, &stream, Duration::from_secs(3)).await;
        let answers = count(&received);
        let status = parse(&received).map(|answer| answer.status);
        let fits = match status {
            Some(status) => {
                rule.contains(&status.to_string())
                    || (rule.contains("4xx") && (400..500).contains(&status))
                    || (status >= 400 && rule.contains("close"))
            }
            None => rule.contains("close") && closed,
        };
        assert!(fits, "{name}: {status:?}, expected {rule}");
        assert!(status.is_none_or(|status| status < 500), "{name}: {status:?}");
        match name.as_str() {
            "ok_keepalive_two" => {
                assert_eq!(answers, 2);
                let text = String::from_utf8_lossy(&received);
                let ids: Vec<_> = text
                    .match_indices("\"idempotencyKey\":\"")
                    .map(|(at, _)| &text[at + 18..at + 54])
                    .collect();
                assert_eq!(ids.len(), 2);
                assert_ne!(ids[0], ids[1]);
            }
            "cl_short" => assert!(closed),
            "cl_te" | "te_cl" => {
                assert_eq!((answers, status, closed), (1, Some(400), true), "{name}");
            }
            "get" => assert!(parse(&received).unwrap().header("allow").is_some()),
            _ => {}
        }
        let started = Instant::now();
        assert_eq!(server.post(&[], REQUEST).await.status, 200, "after {name}");
        assert!(started.elapsed() < Duration::from_secs(1), "slow after {name}");
    }
}
