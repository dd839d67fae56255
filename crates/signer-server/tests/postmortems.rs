//! Events that others paid for, each as a test that this code could have failed.

use std::time::Duration;

use crate::http::{count, exchange, parse};
use crate::{BEARER, REQUEST, Running, builder, payload, rules};
use signer_server::Endpoint;

/// 2015, a dozen JWT libraries: the token said by which algorithm it was to be checked, `none` was one, and
/// the public key was the secret of an HMAC. Here the key says it.
#[tokio::test]
async fn jwt_algorithm_confusion_2015() {
    let tokens = crate::jwt::tokens();
    let server = crate::jwt::serving_fixed(&tokens).await;
    let mut tried = 0;
    for (name, token) in tokens["refused"].as_object().unwrap() {
        if ["algorithm", "hmac", "digest", "signature", "critical"]
            .iter()
            .any(|word| name.contains(word))
        {
            tried += 1;
            let answer = crate::jwt::post(&server, token.as_str().unwrap(), &[]).await;
            assert_eq!(answer.status, 401, "{name}");
        }
    }
    assert!(tried >= 9, "{tried} tokens");
}

/// Proxies of 2005 and of 2019: two servers that read the end of a request at two places, and a request of one
/// caller in the answer of another. What has both lengths is refused, and the connection ends.
#[tokio::test]
async fn request_smuggling_2019() {
    let server = Running::start(builder()).await;
    let head = format!(
        "POST /api/sign-payment HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {BEARER}\r\ncontent-type: application/json\r\n"
    );
    let hidden = format!("{head}content-length: {}\r\n\r\n{REQUEST}", REQUEST.len());
    for framing in [
        "content-length: 5\r\ntransfer-encoding: chunked\r\n",
        "transfer-encoding: chunked\r\ncontent-length: 5\r\n",
        "content-length: 5\r\ncontent-length: 6\r\n",
        "transfer-encoding : chunked\r\n",
        "transfer-encoding: chunked, identity\r\n",
    ] {
        let stream = format!("{head}{framing}\r\n0\r\n\r\n{hidden}");
        let received = exchange(server.address, stream.as_bytes(), Duration::from_secs(5)).await;
        let text = String::from_utf8_lossy(&received);
        assert!(count(&received) <= 1, "{framing}: {text}");
        assert!(parse(&received).is_none_or(|answer| answer.status >= 400), "{framing}: {text}");
    }
}

/// 2008 and 2016: an endpoint that repeated any origin allowed every page to read its answers.
#[tokio::test]
async fn cors_reflection_2016() {
    let listed = rules().origins(["https://app.example.com".parse().unwrap()]);
    let server = Running::start(Endpoint::builder(listed)).await;
    for origin in [
        "https://evil.example",
        "null",
        "https://app.example.com.evil.example",
        "https://evil-app.example.com",
        "http://app.example.com",
        "https://app.example.com:444",
        "https://app.example.com/",
        "https://app.example.com https://evil.example",
    ] {
        let answer = server.post(&[("origin", origin)], REQUEST).await;
        assert_eq!(answer.header("access-control-allow-origin"), None, "{origin}");
        assert_eq!(answer.header("access-control-allow-credentials"), None, "{origin}");
        assert_eq!(answer.header("vary"), Some("Origin"));
    }
}

/// A payment that is sent twice must be one payment; one that is sent again under its key with another amount
/// must be none.
#[tokio::test]
async fn replay_of_a_payment() {
    let server = Running::start(builder()).await;
    let key = ("idempotency-key", "a-key-of-this-test");
    let first = payload(&server.post(&[key], REQUEST).await);
    for _ in 0..3 {
        assert_eq!(payload(&server.post(&[key], REQUEST).await), first);
    }
    let changed = REQUEST.replace(":50", ":51");
    assert_eq!(server.post(&[key], &changed).await.status, 409);
    let other = payload(&server.post(&[], REQUEST).await);
    assert_ne!(other["idempotencyKey"], first["idempotencyKey"], "without a key each is its own");
}

/// 2021 and long before: what a caller sends, written to a log, became lines (and lookups) of the log. A line
/// of the audit log is JSON that one request makes, whatever stands in it.
#[tokio::test]
async fn log_injection_2021_log4shell() {
    let path = crate::audit::file("postmortem-injection.jsonl");
    let server = Running::start(crate::audit::with_log(&path)).await;
    let requests = [
        REQUEST.replace("}", ",\"callbackScheme\":\"x\\n{\\\"forged\\\":true}\"}"),
        REQUEST.replace("}", ",\"callbackScheme\":\"${jndi:ldap://a}\\u001b[2J\"}"),
        REQUEST.to_owned(),
    ];
    for request in &requests {
        let headers =
            [("user-agent", "a\\n{\"forged\":true}"), ("x-request-id", "x\u{7f}{\"forged\":1}")];
        let _ = server.post(&headers, request).await;
    }
    crate::audit::end(server).await;
    let log = std::fs::read_to_string(&path).unwrap();
    for line in log.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(line["forged"].is_null(), "{line}");
    }
    assert!(!log.bytes().any(|byte| byte < 0x20 && byte != b'\n'), "a control character");
    crate::audit::verify(log.as_bytes(), None).unwrap();
}
