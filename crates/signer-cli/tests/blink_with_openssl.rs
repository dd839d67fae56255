use std::fs;
use std::process::Command;

use serde_json::Value;

use super::{MERCHANT, REQUEST, folder, json, run, run_with, stderr};

fn unbase64url(text: &str) -> Vec<u8> {
    let mut out = vec![0; text.len()];
    signer_core::encoding::base64url_decode(text.as_bytes(), &mut out).unwrap().to_vec()
}

fn openssl(folder: &std::path::Path, arguments: &[&str]) -> String {
    let output = Command::new("openssl")
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("openssl must be installed (Debian package openssl)");
    String::from_utf8_lossy(&output.stdout).into_owned() + &stderr(&output)
}

#[test]
fn signs_what_openssl_verifies() {
    let folder = folder("openssl");
    json(&folder, &["blink", "generate", "--out", "."]);
    fs::write(folder.join("request.json"), REQUEST).unwrap();
    // A key of OpenSSL's making, in each of its forms, beside our own.
    openssl(&folder, &["ecparam", "-name", "prime256v1", "-genkey", "-out", "sec1.pem"]);
    openssl(&folder, &["pkcs8", "-topk8", "-nocrypt", "-in", "sec1.pem", "-out", "pkcs8.pem"]);
    openssl(
        &folder,
        &["pkcs8", "-topk8", "-nocrypt", "-in", "sec1.pem", "-outform", "DER", "-out", "pkcs8.der"],
    );
    openssl(&folder, &["pkey", "-in", "sec1.pem", "-pubout", "-out", "sec1-public.pem"]);
    for (private, public) in [
        ("private.pem", "public.pem"),
        ("sec1.pem", "sec1-public.pem"),
        ("pkcs8.pem", "sec1-public.pem"),
        ("pkcs8.der", "sec1-public.pem"),
    ] {
        let sign = [
            "blink",
            "sign",
            "--key",
            private,
            "--merchant-id",
            MERCHANT,
            "--request",
            "request.json",
        ];
        let response = run(&folder, &sign);
        assert!(response.status.success(), "{}", stderr(&response));
        let verify = ["blink", "verify", "--public-key", public, "--response", "-"];
        let verdict = run_with(&folder, &verify, &response.stdout);
        assert_eq!(verdict.stdout, b"valid\n", "{}", stderr(&verdict));

        let response: Value = serde_json::from_slice(&response.stdout).unwrap();
        fs::write(folder.join("payload"), response["payload"].as_str().unwrap()).unwrap();
        fs::write(folder.join("signature"), unbase64url(response["signature"].as_str().unwrap()))
            .unwrap();
        let verdict = openssl(
            &folder,
            &["dgst", "-sha256", "-verify", public, "-signature", "signature", "payload"],
        );
        assert!(verdict.contains("Verified OK"), "{verdict}");
        fs::write(folder.join("payload"), "changed").unwrap();
        let verdict = openssl(
            &folder,
            &["dgst", "-sha256", "-verify", public, "-signature", "signature", "payload"],
        );
        assert!(!verdict.contains("Verified OK"), "{verdict}");
    }
}

#[test]
fn age_and_payload() {
    let folder = folder("age");
    json(&folder, &["blink", "generate", "--out", "."]);
    fs::write(folder.join("request.json"), REQUEST).unwrap();
    let signed = json(
        &folder,
        &[
            "blink",
            "sign",
            "--key",
            "private.pem",
            "--merchant-id",
            MERCHANT,
            "--request",
            "request.json",
            "--idempotency-key",
            "F47AC10B-58CC-4372-A567-0E02B2C3D479",
            "--timestamp",
            "2026-03-01T12:00:00.000Z",
        ],
    );
    assert_eq!(signed["preview"]["idempotencyKey"], "f47ac10b-58cc-4372-a567-0e02b2c3d479");
    fs::write(folder.join("response.json"), signed.to_string()).unwrap();
    let verify = |now: &str, age: &str| {
        let arguments = [
            "blink",
            "verify",
            "--public-key",
            "public.pem",
            "--response",
            "response.json",
            "--now",
            now,
            "--max-age",
            age,
            "--json",
        ];
        let output = run(&folder, &arguments);
        (output.status.code(), serde_json::from_slice::<Value>(&output.stdout).unwrap())
    };
    let (code, good) = verify("2026-03-01T12:15:00.000Z", "15m");
    assert_eq!((code, &good["valid"]), (Some(0), &Value::Bool(true)));
    assert_eq!(good["payload"]["signatureTimestamp"], "2026-03-01T12:00:00.000Z");
    assert_eq!(good["payload"]["callbackScheme"], Value::Null);
    assert_eq!(verify("2026-03-01T12:15:00.001Z", "15m").0, Some(1));
    assert_eq!(verify("2026-03-01T12:15:00.001Z", "901s").0, Some(0));
    let (code, future) = verify("2026-03-01T11:59:59.999Z", "1h");
    assert_eq!(code, Some(1));
    assert_eq!(future["reason"], "signature timestamp is in the future");
}

#[test]
fn oversized_requests_are_refused() {
    let folder = folder("oversized");
    json(&folder, &["blink", "generate", "--out", "."]);
    let sign =
        ["blink", "sign", "--key", "private.pem", "--merchant-id", MERCHANT, "--request", "-"];
    let huge = vec![b' '; 100_000_000];
    let output = run_with(&folder, &sign, &huge);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("longer than the limit of 102400 bytes"));
    let nested = [vec![b'['; 50_000], vec![b']'; 50_000]].concat();
    let output = run_with(&folder, &sign, &nested);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("nested deeper than 128"));
}
