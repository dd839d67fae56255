//! The vectors of `signer-protocols` through the program.

use std::fs;

use serde_json::Value;

use super::{folder, json, private_file, run, stderr};

const VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../signer-protocols/tests/vectors");

fn vectors(name: &str) -> Value {
    serde_json::from_slice(&fs::read(format!("{VECTORS}/{name}")).unwrap()).unwrap()
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_else(|| panic!("{member} in {value}"))
}

#[test]
fn privy_requests() {
    let folder = folder("privy-vectors");
    let all = vectors("privy.json");
    for key in all["keys"].as_array().unwrap() {
        private_file(&folder, text(key, "id"), text(key, "wallet_auth"));
    }
    let mut signed = 0;
    for case in all["vectors"].as_array().unwrap() {
        let headers = case["headers"].as_object().unwrap();
        let idempotency = headers.get("privy-idempotency-key").map(|value| value.as_str().unwrap());
        if idempotency.is_some_and(|key| key.is_empty() || !key.is_ascii()) {
            continue; // no key, and no header value
        }
        let (key, url) = (text(case, "key"), text(case, "url"));
        let mut request = vec![
            "--app-id",
            headers["privy-app-id"].as_str().unwrap(),
            "--method",
            text(case, "method"),
            "--url",
            url,
        ];
        if case["body_present"] == true {
            fs::write(folder.join("body"), text(case, "body_json")).unwrap();
            request.extend(["--body", "body"]);
        }
        if let Some(key) = idempotency {
            request.extend(["--idempotency-key", key]);
        }
        let expiry =
            headers.get("privy-request-expiry").map_or("none", |value| value.as_str().unwrap());
        request.extend(["--expiry", expiry]);
        let answer = json(&folder, &[&["privy", "sign", "--key", key], &request[..]].concat());
        assert_eq!(text(&answer, "payload"), text(case, "payload_utf8"));
        assert_eq!(text(&answer, "signature"), text(case, "signature"));
        assert_eq!(answer["headers"]["privy-authorization-signature"], case["signature"]);
        signed += 1;
    }
    assert!(signed > 130, "{signed}");
}

#[test]
fn privy_sign_has_an_expiry_by_default() {
    let folder = folder("privy-expiry");
    private_file(&folder, "key", text(&vectors("privy.json")["keys"][0], "wallet_auth"));
    let now =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
    let answer = json(
        &folder,
        &[
            "privy",
            "sign",
            "--key",
            "key",
            "--app-id",
            "a",
            "--method",
            "DELETE",
            "--url",
            "https://x/y",
        ],
    );
    let expiry: u128 = text(&answer["headers"], "privy-request-expiry").parse().unwrap();
    assert!((now + 900_000..now + 960_000).contains(&expiry), "{expiry} {now}");
}

#[test]
fn crossmint_api_keys() {
    let folder = folder("api-keys");
    let all = vectors("crossmint.json");
    let keys = &all["$schema_note"]["testTrustedKeys"];
    let (staging, production) = (text(keys, "staging_and_development"), text(keys, "production"));
    for (member, good) in [("api_key_positive", true), ("api_key_negative", false)] {
        for case in all[member].as_array().unwrap() {
            let Some(key) = case["apiKey"].as_str() else { continue };
            private_file(&folder, "key", key);
            let mut arguments = vec!["crossmint", "api-key", "--api-key", "key", "--json"];
            if case["trustedKeys"] == "test" {
                arguments.extend(["--trusted-key", staging, "--trusted-key", production]);
            }
            let output = run(&folder, &arguments);
            if good {
                assert!(output.status.success(), "{}", stderr(&output));
                let shown: Value = serde_json::from_slice(&output.stdout).unwrap();
                assert_eq!(shown["projectId"], case["expected"]["projectId"]);
                assert_eq!(shown["environment"], case["expected"]["environment"]);
                assert_eq!(shown["usage"], case["expected"]["usageOrigin"]);
            } else if !key.ends_with('\n') {
                assert_eq!(output.status.code(), Some(1), "{case}");
                assert!(output.stdout.is_empty());
                assert!(key.len() < 12 || !stderr(&output).contains(key));
            }
        }
    }
}

#[test]
fn abstraxn_keys() {
    let folder = folder("access-keys");
    for case in vectors("abstraxn.json")["derive"].as_array().unwrap() {
        private_file(&folder, "key", text(case, "accessKey"));
        let shown = json(&folder, &["abstraxn", "public-key", "--access-key", "key"]);
        assert_eq!(shown["publicKey"], case["publicKeyCompressed"]);
        assert_eq!(shown["publicKeyUncompressed"], case["publicKeyUncompressed"]);
    }
}

#[test]
fn completions_and_help() {
    let folder = folder("help");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = run(&folder, &["completions", shell]);
        assert!(output.status.success() && output.stdout.len() > 1_000, "{shell}");
    }
    for command in [
        "crossmint generate",
        "crossmint api-key",
        "crossmint address",
        "crossmint sign",
        "privy generate",
        "privy public-key",
        "privy sign",
        "privy verify",
        "privy webhook",
        "blink generate",
        "blink sign",
        "blink verify",
        "abstraxn generate",
        "abstraxn public-key",
        "abstraxn stamp",
        "jcs",
        "completions",
    ] {
        let words: Vec<&str> = command.split(' ').chain(["--help"]).collect();
        let output = run(&folder, &words);
        let help = String::from_utf8_lossy(&output.stdout);
        assert!(help.contains("Example:") && help.contains(&format!("signer {command}")), "{help}");
    }
    for (arguments, code) in [(&[][..], 2), (&["nothing"], 2), (&["--version"], 0), (&["jcs"], 2)] {
        assert_eq!(run(&folder, arguments).status.code(), Some(code), "{arguments:?}");
    }
}
