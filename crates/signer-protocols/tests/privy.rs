use secrecy::ExposeSecret;
use signer_core::Error;
use signer_core::p256::{DerSignature, SigningKey};
use signer_core::signature::Signer;
use signer_protocols::jcs::{JsonErrorKind, Limits};
use signer_protocols::privy::{
    AuthorizationError, AuthorizationKey, AuthorizationRequest, AuthorizationRequestBuilder,
    DEFAULT_EXPIRY_MS, Method, SIGNATURE_HEADER, SessionError, SessionRecipient, WebhookError,
    WebhookSecret, decode_public_key, encode_public_key,
};

use super::{cases, text, unbase64, unhex, vectors};

pub(super) const VECTORS: &str = include_str!("vectors/privy.json");
const URL: &str = "https://api.privy.io/v1/wallets/o5zuf7fbygwze9l9gaxyc0bm/rpc";

/// Cases that this crate refuses, or reads otherwise than the vendor's lowest function.
const DIVERGENT: [(&str, &str); 2] = [
    ("empty idempotency key kept by format fn", "an empty idempotency key is no key"),
    ("unicode idempotency key", "not a legal header value: refused"),
];

fn builder(method: &str, url: &str) -> AuthorizationRequestBuilder {
    AuthorizationRequest::builder(method.parse().unwrap(), url, "cmf418pa801bxl40b5rcgjvd9")
}

fn key(all: &serde_json::Value, id: &str) -> AuthorizationKey {
    let key = cases(all, "keys").iter().find(|key| key["id"] == id).unwrap();
    AuthorizationKey::parse(text(key, "wallet_auth")).unwrap()
}

/// A request with another expiry is the one that would have been built with it.
#[test]
fn a_renewed_request_is_one_that_was_built_so() {
    let body = br#"{"b":[1,2],"a":"x"}"#;
    for (method, body) in [("POST", Some(&body[..])), ("POST", Some(b"{}")), ("DELETE", None)] {
        let request = || {
            let request = builder(method, URL).idempotency_key("key-1").unwrap();
            let request = request.header("privy-z", "last").unwrap();
            match body {
                Some(body) => request.body_text(body, Limits::default()).unwrap(),
                None => request,
            }
        };
        let built = |expiry| request().expiry_unix_ms(expiry).unwrap().build().unwrap();
        let mut renewed = request().build().unwrap();
        for expiry in [1_773_679_531_000, 9, 1_773_679_531_001] {
            renewed.renew(expiry).unwrap();
            assert_eq!(renewed.signing_input(), built(expiry).signing_input());
            assert_eq!(renewed.body(), built(expiry).body());
            assert!(renewed.headers().eq(built(expiry).headers()));
            assert_eq!(renewed.header("privy-request-expiry"), Some(&*expiry.to_string()));
        }
        assert_eq!(renewed.renew(0), Err(AuthorizationError::Expiry));
        assert_eq!(renewed.header("privy-idempotency-key"), Some("key-1"));
        assert_eq!(renewed.header("privy-nothing"), None);
    }
}

#[test]
fn payloads_and_signatures_of_the_sdk() {
    let all = vectors(VECTORS);
    let mut divergent = 0;
    for case in cases(&all, "vectors") {
        let name = text(case, "name");
        if DIVERGENT.iter().any(|(known, _)| *known == name) {
            divergent += 1;
            continue;
        }
        let headers = case["headers"].as_object().unwrap();
        let mut request = AuthorizationRequest::builder(
            text(case, "method").parse().unwrap(),
            text(case, "url"),
            headers["privy-app-id"].as_str().unwrap(),
        );
        if case["body_present"].as_bool().unwrap() {
            request =
                request.body_text(text(case, "body_json").as_bytes(), Limits::default()).unwrap();
        }
        for (name, value) in headers {
            let value = value.as_str().unwrap();
            request = match name.as_str() {
                "privy-app-id" => request,
                "privy-idempotency-key" => request.idempotency_key(value).unwrap(),
                "privy-request-expiry" => request.expiry_unix_ms(value.parse().unwrap()).unwrap(),
                _ => request.header(name, value).unwrap(),
            };
        }
        let request = request.build().unwrap();
        assert_eq!(request.signing_input(), unhex(text(case, "payload_hex")), "{name}");
        let key = key(&all, text(case, "key"));
        let signature = text(case, "signature");
        request.verify(signature, &[key.verifying_key()]).unwrap();
        let signed = request.sign(&[&key]).unwrap();
        assert_eq!(signed.signature(), Some(signature), "{name}");
    }
    assert_eq!(divergent, DIVERGENT.len());
}

#[test]
fn keys_in_every_form() {
    for case in cases(&vectors(VECTORS), "keys") {
        let scalar = unhex(text(case, "d_hex"));
        for form in [
            "wallet_auth",
            "pkcs8_b64",
            "pkcs8_no_pubkey_b64",
            "sec1_der_b64",
            "sec1_pem",
            "pkcs8_pem",
        ] {
            let key = AuthorizationKey::parse(text(case, form)).unwrap();
            assert_eq!(
                key.as_signing_key().to_scalar().expose_secret().as_slice(),
                scalar,
                "{form}"
            );
            assert_eq!(encode_public_key(&key.verifying_key()), text(case, "spki_b64"));
            assert_eq!(key.to_wallet_auth().expose_secret(), text(case, "wallet_auth"));
        }
        let old = format!("wallet-api:{}", text(case, "pkcs8_b64"));
        assert!(AuthorizationKey::parse(&old).is_ok());
        let point = decode_public_key(text(case, "spki_b64")).unwrap().to_sec1_uncompressed();
        assert_eq!(point.as_slice(), unhex(text(case, "public_uncompressed_hex")));
    }
}

#[test]
fn keys_that_are_refused() {
    // What this crate reads of the list; all the rest is refused.
    let read = ["valid base64 PKCS8", "valid wallet-auth:", "SEC1 DER base64", "PKCS8 PEM"];
    for case in cases(&vectors(VECTORS), "negative_keys") {
        let (name, form) = (text(case, "name"), text(case, "key"));
        assert_eq!(AuthorizationKey::parse(form).is_ok(), read.contains(&name), "{name}");
    }
    let all = vectors(VECTORS);
    let good = text(&cases(&all, "keys")[0], "wallet_auth");
    let body = &good["wallet-auth:".len()..];
    for bad in [
        good.to_uppercase(),
        format!("Wallet-Auth:{body}"),
        format!("{body}wallet-auth:"),
        format!("wallet-auth:wallet-api:{body}"),
        format!("{good}AAAA"),
        good[..good.len() - 4].to_owned(),
        body.replace('+', "-"),
        format!("{good}="),
        format!("wallet-auth:{}", text(&cases(&all, "keys")[0], "pkcs8_pem")),
        format!("{} x", text(&cases(&all, "keys")[0], "pkcs8_pem")),
        "A".repeat(100_000),
    ] {
        assert!(AuthorizationKey::parse(&bad).is_err(), "{bad}");
    }
}

/// A text of no form is told what its form would be; one that is as long as a key may be is read.
#[test]
fn refused_keys_name_the_rule() {
    let reason = |text: &str| AuthorizationKey::parse(text).unwrap_err().reason();
    assert_eq!(reason("no base64!"), Error::Base64);
    assert_eq!(reason("-----BEGIN nothing"), Error::Pem);
    let Error::Length { expected, found } = reason(&"A".repeat(4_000)) else { panic!("a length") };
    assert_eq!(found, 4_000);
    // As many bytes as are read, whose last group is padded.
    let full = format!("{}=", "A".repeat(expected - 1));
    assert_eq!(reason(&full), Error::Der);
    assert_eq!(reason(&"A".repeat(expected + 4)), Error::Length { expected, found: expected + 4 });
}

#[test]
fn the_body_to_send_is_the_one_that_was_signed() {
    let request =
        builder("POST", URL).body_text(br#"{"b": 1.0, "a": "x"}"#, Limits::default()).unwrap();
    let request = request.build().unwrap();
    assert_eq!(request.body(), Some(&br#"{"a":"x","b":1}"#[..]));
    let payload = std::str::from_utf8(request.signing_input()).unwrap();
    assert!(payload.starts_with(r#"{"body":{"a":"x","b":1},"headers":"#), "{payload}");

    for (method, body, signed, sent) in [
        ("POST", None, None, None),
        ("DELETE", None, Some(r#""""#), None),
        ("POST", Some("{}"), Some(r#""""#), Some("{}")),
        ("DELETE", Some("{ }"), Some(r#""""#), Some("{}")),
        ("PATCH", Some("[]"), Some(r#""""#), Some("[]")),
        ("POST", Some("null"), Some("null"), Some("null")),
        ("POST", Some(r#""""#), Some(r#""""#), Some(r#""""#)),
        ("PATCH", Some(r#"{"owner":null}"#), Some(r#"{"owner":null}"#), Some(r#"{"owner":null}"#)),
        ("PATCH", Some(r#"{"a":{}}"#), Some(r#"{"a":{}}"#), Some(r#"{"a":{}}"#)),
    ] {
        let mut request = builder(method, URL);
        if let Some(body) = body {
            request = request.body_text(body.as_bytes(), Limits::default()).unwrap();
        }
        let request = request.build().unwrap();
        let payload: serde_json::Value = serde_json::from_slice(request.signing_input()).unwrap();
        let expected =
            signed.map(|signed| serde_json::from_str::<serde_json::Value>(signed).unwrap());
        assert_eq!(payload.get("body"), expected.as_ref(), "{method} {body:?}");
        assert_eq!(request.body(), sent.map(str::as_bytes), "{method} {body:?}");
    }
}

#[test]
fn several_signers_in_their_order() {
    let keys = [1, 2, 3].map(|byte| SigningKey::from_scalar(&[byte; 32]).unwrap());
    let request = builder("PATCH", URL).body(&[1]).unwrap().build().unwrap();
    let signed = request.clone().sign(&[&keys[0], &keys[1], &keys[2]]).unwrap();
    let header = signed.signature().unwrap();
    let parts: Vec<_> = header.split(',').collect();
    for (part, key) in parts.iter().zip(&keys) {
        let expected: DerSignature = key.try_sign(request.signing_input()).unwrap();
        assert_eq!(unbase64(part), expected.as_bytes());
    }
    let verifying = keys.each_ref().map(SigningKey::verifying_key);
    request.verify(header, &verifying).unwrap();
    // In any order; but never fewer, more, or one key twice.
    request.verify(header, &[verifying[2], verifying[0], verifying[1]]).unwrap();
    assert!(request.verify(header, &verifying[..2]).is_err());
    assert!(request.verify(parts[0], &verifying[..2]).is_err());
    assert!(request.verify(&format!("{},{}", parts[0], parts[0]), &verifying[..2]).is_err());
    assert!(request.verify("", &[]).is_err());

    let unsigned = request.sign(&[]).unwrap();
    assert_eq!(unsigned.signature(), None);
    assert!(unsigned.headers().all(|(name, _)| name != SIGNATURE_HEADER));
}

#[test]
fn what_is_refused() {
    assert_eq!("GET".parse::<Method>(), Err(AuthorizationError::Method));
    assert_eq!("post".parse::<Method>(), Err(AuthorizationError::Method));
    let refused = |url: &str, app: &str| {
        AuthorizationRequest::builder(Method::Post, url, app).build().unwrap_err()
    };
    for url in ["", "https://a b", "https://a\n", "https://a\u{0}"] {
        assert_eq!(refused(url, "app"), AuthorizationError::Url);
    }
    for app in ["", "a b", "\u{e9}", &"a".repeat(257)] {
        assert_eq!(refused(URL, app), AuthorizationError::AppId);
    }
    for key in ["a b", "\u{e9}", "a\n", &"a".repeat(257)] {
        assert_eq!(
            builder("POST", URL).idempotency_key(key).unwrap_err(),
            AuthorizationError::IdempotencyKey
        );
    }
    assert!(builder("POST", URL).idempotency_key("a".repeat(256)).is_ok());
    assert_eq!(builder("POST", URL).expiry_unix_ms(0).unwrap_err(), AuthorizationError::Expiry);
    for (name, value) in [
        ("x-trace", "1"),
        ("Privy-X", "1"),
        ("privy-authorization-signature", "1"),
        ("privy-app-id", "1"),
        ("privy-x", ""),
        ("privy-x", "a\r\nb: c"),
        ("privy-\u{e9}", "1"),
    ] {
        assert_eq!(
            builder("POST", URL).header(name, value).unwrap_err(),
            AuthorizationError::Header
        );
    }
    let twice = builder("POST", URL).header("privy-x", "1").unwrap().header("privy-x", "2");
    assert_eq!(twice.unwrap_err(), AuthorizationError::Header);
    let body = builder("POST", URL).body_text(br#"{"a":1,"a":2}"#, Limits::default()).unwrap_err();
    let AuthorizationError::Body(error) = body else { panic!("{body:?}") };
    assert_eq!(error.kind(), &JsonErrorKind::DuplicateKey);
    assert!(builder("POST", URL).body(&f64::NAN).is_err());
}

#[test]
fn further_headers_are_signed_and_sorted() {
    let request = builder("POST", URL).header("privy-aa", "1").unwrap();
    let request = request.idempotency_key("").unwrap().expiry_unix_ms(5).unwrap().build().unwrap();
    let payload = std::str::from_utf8(request.signing_input()).unwrap();
    assert!(payload.starts_with(
        r#"{"headers":{"privy-aa":"1","privy-app-id":"cmf418pa801bxl40b5rcgjvd9","privy-request-expiry":"5"},"method":"POST","url":"#
    ), "{payload}");
}

#[test]
fn headers_are_sent_sorted_with_the_signature_among_them() {
    let request = builder("POST", URL).header("privy-zz", "2").unwrap().expiry_unix_ms(5).unwrap();
    let request = request.idempotency_key("k").unwrap().build().unwrap();
    let signed = request.sign(&[&SigningKey::from_scalar(&[7; 32]).unwrap()]).unwrap();
    let signature = signed.signature().unwrap();
    let sent: Vec<_> = signed.headers().collect();
    assert_eq!(
        sent,
        [
            ("privy-app-id", "cmf418pa801bxl40b5rcgjvd9"),
            ("privy-authorization-signature", signature),
            ("privy-idempotency-key", "k"),
            ("privy-request-expiry", "5"),
            ("privy-zz", "2"),
        ]
    );
    let unsigned = builder("POST", URL).build().unwrap().sign(&[]).unwrap();
    assert_eq!(unsigned.headers().collect::<Vec<_>>(), sent[..1]);
}

#[test]
fn expiry_is_checked_by_the_clock_given() {
    // Fifteen minutes, as the vendor has it.
    assert_eq!(DEFAULT_EXPIRY_MS, 900_000);
    let with = builder("POST", URL).expiry_unix_ms(1_000).unwrap().build().unwrap();
    assert_eq!(with.check_expiry(999), Ok(()));
    assert_eq!(with.check_expiry(1_000), Err(AuthorizationError::Expired));
    let without = builder("POST", URL).build().unwrap();
    assert_eq!(without.check_expiry(u64::MAX), Ok(()));
}

#[test]
fn user_sessions_open() {
    let all = vectors(VECTORS);
    for case in cases(&all, "hpke") {
        let der = unbase64(text(case, "recipient_private_pkcs8_b64"));
        let recipient = SessionRecipient::from(SigningKey::from_der(&der).unwrap());
        assert_eq!(recipient.public_key(), text(case, "recipient_public_key_spki_b64"));
        let (sealed, ciphertext) = (text(case, "encapsulated_key"), text(case, "ciphertext"));
        let opened = recipient.open_bytes(sealed, ciphertext).unwrap();
        let plaintext = text(case, "plaintext_utf8");
        assert_eq!(opened.expose_secret(), plaintext.as_bytes());
        let key = recipient.open(sealed, ciphertext);
        assert_eq!(key.is_ok(), plaintext.starts_with("wallet-auth:"), "{}", case["name"]);
        if let Ok(key) = key {
            assert_eq!(key.to_wallet_auth().expose_secret(), plaintext);
        }
        let other = SessionRecipient::from(SigningKey::from_scalar(&[9; 32]).unwrap());
        assert_eq!(other.open(sealed, ciphertext).unwrap_err(), SessionError::Open);
        let mut changed = unbase64(ciphertext);
        changed[0] ^= 1;
        let mut text = vec![0; ciphertext.len()];
        let changed = signer_core::encoding::base64_encode(&changed, &mut text).unwrap();
        assert_eq!(recipient.open(sealed, changed).unwrap_err(), SessionError::Open);
        assert!(matches!(recipient.open("!", ciphertext), Err(SessionError::Encoding { .. })));
    }
}

#[test]
fn webhooks_of_the_sdk() {
    let all = vectors(include_str!("vectors/privy-webhook.json"));
    let secret = WebhookSecret::parse(text(&all, "secret")).unwrap();
    let now = all["now_unix"].as_u64().or_else(|| text(&all, "now_unix").parse().ok()).unwrap();
    for case in cases(&all, "cases") {
        let verdict = secret.verify(
            text(case, "svix-id"),
            text(case, "svix-timestamp"),
            text(case, "svix-signature"),
            text(case, "body").as_bytes(),
            now,
        );
        assert_eq!(verdict.is_ok(), case["ok"].as_bool().unwrap(), "{case}");
    }
    for (id, timestamp, signature) in [("", "1", "v1,AA"), ("m", "", "v1,AA"), ("m", "1", "")] {
        let verdict = secret.verify(id, timestamp, signature, b"{}", now);
        assert_eq!(verdict, Err(WebhookError::MissingHeader), "{id:?} {timestamp:?} {signature:?}");
    }
    for bad in ["", "whsec_", "whsec_*", "whsec_AA", "whsec_AAAA "] {
        assert_eq!(WebhookSecret::parse(bad).unwrap_err(), WebhookError::Secret, "{bad}");
    }
}
