//! All `ideal` verdicts of the Blink vectors, over HTTP.

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;

use serde_json::Value;
use signer_protocols::blink::ValidPayment;
use signer_server::{Caller, Endpoint, Ownership, OwnershipError, Rules};

use crate::http::send;
use crate::{BEARER, Running, key, payload, policy};

const VECTORS: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../signer-protocols/tests/vectors/blink.json");

/// The vectors ask for no caller's address in particular.
struct AnyDestination;

#[async_trait::async_trait]
impl Ownership for AnyDestination {
    async fn owns(&self, _: &Caller, _: &ValidPayment) -> Result<bool, OwnershipError> {
        Ok(true)
    }
}

fn unbase64(text: &str) -> Vec<u8> {
    let mut out = vec![0; text.len()];
    signer_core::encoding::base64_decode(text.as_bytes(), &mut out).unwrap().to_vec()
}

fn gunzip(zipped: Vec<u8>) -> Vec<u8> {
    let mut child = Command::new("gzip")
        .arg("-dc")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("gzip must be installed (Debian package gzip)");
    let mut input = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || input.write_all(&zipped).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output.stdout
}

#[tokio::test]
async fn ideal_verdicts() {
    let all: Value = serde_json::from_slice(&std::fs::read(VECTORS).unwrap()).unwrap();
    let file = serde_json::json!({
        "chains": all["meta"]["ideal"]["allowlist"],
        "callback_schemes": all["meta"]["ideal"]["schemes"],
    });
    let key = crate::payment_key(Arc::new(key()));
    let rules =
        Rules::new(crate::merchant(), key, Arc::new(crate::bearer()), Arc::new(AnyDestination))
            .policy(policy(file));
    let server = Running::start(Endpoint::builder(rules).max_body_bytes(102_400)).await;
    let authorization = format!("Bearer {BEARER}");
    let mut statuses = std::collections::BTreeMap::new();
    for case in all["vectors"].as_array().unwrap() {
        let id = case["id"].as_str().unwrap();
        let request = &case["request"];
        let body = match (request["body_gz_b64"].as_str(), request["body_b64"].as_str()) {
            (Some(zipped), _) => gunzip(unbase64(zipped)),
            (None, Some(body)) => unbase64(body),
            (None, None) => Vec::new(),
        };
        let mut headers: Vec<(&str, &str)> = request["headers"]
            .as_array()
            .unwrap()
            .iter()
            .map(|header| (header[0].as_str().unwrap(), header[1].as_str().unwrap()))
            .collect();
        headers.push(("Authorization", &authorization));
        let (method, path) =
            (request["method"].as_str().unwrap(), request["path"].as_str().unwrap());
        if id == "K207-no-host" {
            continue; // the client of these tests always names a host
        }
        let answer = send_as_is(server.address, method, path, &headers, &body, id).await;
        let ideal = &case["ideal"];
        let mut good: Vec<u64> = ideal["any_of"]
            .as_array()
            .map(|any| any.iter().map(|status| status.as_u64().unwrap()).collect())
            .unwrap_or_default();
        if good.is_empty() {
            good.push(ideal["status"].as_u64().unwrap());
        }
        assert!(good.contains(&answer.status.into()), "{id}: {} {}", answer.status, answer.text());
        if answer.status == 200 && method == "POST" {
            let signed = payload(&answer);
            let expected = ideal["payload_json"].as_str().unwrap_or("null");
            let expected: Value = serde_json::from_str(expected).unwrap();
            for member in ["amount", "chainId", "address", "token", "callbackScheme", "version"] {
                assert!(expected.is_null() || signed[member] == expected[member], "{id}: {member}");
            }
        }
        if answer.status == 400
            && let Some(fields) = ideal["fields"].as_array()
        {
            let error = answer.error();
            for field in fields {
                assert!(error.contains(field.as_str().unwrap()), "{id}: {error}");
            }
        }
        if answer.status == 405 {
            assert_eq!(answer.header("allow"), Some("POST, OPTIONS"), "{id}");
        }
        *statuses.entry(answer.status).or_insert(0) += 1;
    }
    assert!(statuses[&200] > 30 && statuses[&400] > 100 && statuses[&415] > 15, "{statuses:?}");
}

/// Without a content length of our own where the case frames its body itself or has none.
async fn send_as_is(
    address: std::net::SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
    id: &str,
) -> crate::http::Answer {
    let framed = headers.iter().any(|(name, _)| {
        name.eq_ignore_ascii_case("content-length")
            || name.eq_ignore_ascii_case("transfer-encoding")
    });
    if framed || id == "J084-no-cl-no-te" || body.is_empty() {
        let mut request =
            format!("{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n");
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request.push_str("\r\n");
        let bytes = [request.as_bytes(), body].concat();
        let patience = std::time::Duration::from_secs(20);
        let received = crate::http::exchange(address, &bytes, patience).await;
        return crate::http::parse(&received).unwrap_or_else(|| panic!("{id}: no answer"));
    }
    send(address, method, path, headers, body).await
}
