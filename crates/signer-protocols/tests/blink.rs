use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;
use signer_core::p256::SigningKey;
use signer_core::signature::Signer;
use signer_protocols::blink::{
    IdempotencyKey, MerchantId, PaymentVerifier, Policy, PolicyFile, ReplayStore, SignerRequest,
    Timestamp, VerifyError,
};
use signer_protocols::jcs::Limits;

use super::{cases, text, unbase64, unbase64url, vectors};

const VECTORS: &str = include_str!("vectors/blink.json");
const KEY: &str = "f47ac10b-58cc-4372-a567-0e02b2c3d479";
const TIME: &str = "2026-03-01T12:00:00.000Z";

fn merchant() -> MerchantId {
    MerchantId::parse("a1b2c3d4-e5f6-4a7b-8c9d-0e1f2a3b4c5d").unwrap()
}

fn policy_of(meta: &Value) -> Policy {
    let file = serde_json::json!({
        "chains": meta["ideal"]["allowlist"],
        "callback_schemes": meta["ideal"]["schemes"],
    });
    Policy::try_from(serde_json::from_value::<PolicyFile>(file).unwrap()).unwrap()
}

/// The body of a case; `None` where the verdict is about HTTP and not about the body.
fn body(case: &Value) -> Option<Vec<u8>> {
    let request = &case["request"];
    let http = ["J0", "J07", "K"].iter().any(|group| text(case, "id").starts_with(group));
    if http && case["id"] != "J07-size-102400" && case["id"] != "J07-size-102401" {
        return None;
    }
    match (request["body_gz_b64"].as_str(), request["body_b64"].as_str()) {
        (Some(zipped), _) => Some(gunzip(&unbase64(zipped))),
        (None, Some(body)) => Some(unbase64(body)),
        (None, None) => Some(Vec::new()),
    }
}

fn gunzip(zipped: &[u8]) -> Vec<u8> {
    let mut child = Command::new("gzip")
        .arg("-dc")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("gzip must be installed (Debian package gzip)");
    let mut input = child.stdin.take().unwrap();
    let zipped = zipped.to_vec();
    let writer = std::thread::spawn(move || input.write_all(&zipped).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success());
    output.stdout
}

#[test]
fn ideal_verdicts() {
    let all = vectors(VECTORS);
    let policy = policy_of(&all["meta"]);
    let key = SigningKey::from_scalar(&[7; 32]).unwrap();
    let limits = Limits::default().with_max_bytes(signer_protocols::blink::MAX_REQUEST_BYTES);
    let (mut signed, mut refused) = (0, 0);
    for case in cases(&all, "vectors") {
        let Some(body) = body(case) else { continue };
        let ideal = &case["ideal"];
        let mut statuses: Vec<u64> = ideal["any_of"]
            .as_array()
            .map(|statuses| statuses.iter().map(|status| status.as_u64().unwrap()).collect())
            .unwrap_or_default();
        if statuses.is_empty() {
            statuses.push(ideal["status"].as_u64().unwrap());
        }
        // 413 is that of the HTTP layer; here it is a refusal like any other.
        let verdict =
            SignerRequest::parse(&body, limits).and_then(|request| request.validate(&policy));
        let id = text(case, "id");
        match verdict {
            Ok(payment) => {
                signed += 1;
                assert!(statuses.contains(&200), "{id} was signed");
                let unsigned = payment.into_payload(
                    IdempotencyKey::parse(KEY).unwrap(),
                    Timestamp::parse(TIME).unwrap(),
                );
                let json = String::from_utf8(unbase64url(
                    std::str::from_utf8(unsigned.signing_input()).unwrap(),
                ))
                .unwrap();
                if let Some(expected) = ideal["payload_json"].as_str() {
                    let expected = expected.replace("<uuid4>", KEY).replace("<iso8601ms>", TIME);
                    assert_eq!(json, expected, "{id}");
                }
                let response = unsigned.sign(&merchant(), &key).unwrap().to_json();
                let verifier = PaymentVerifier::new(key.verifying_key());
                verifier
                    .verify_response(response.as_bytes(), Timestamp::parse(TIME).unwrap())
                    .unwrap();
                // The answer of the vendor's sample, its masked members filled in.
                if let Some(sample) = case["expect"]["express5_prod"]["body"].as_str() {
                    let response: Value = serde_json::from_str(&response).unwrap();
                    let filled = sample
                        .replace("<uuid4>", KEY)
                        .replace("<payload>", text(&response, "payload"))
                        .replace("<signature>", text(&response, "signature"));
                    assert_eq!(serde_json::from_str::<Value>(&filled).unwrap(), response, "{id}");
                }
            }
            Err(rejection) => {
                refused += 1;
                assert!(
                    statuses.iter().any(|status| [400, 413].contains(status)),
                    "{id}: {rejection}"
                );
                if let Some(fields) = ideal["fields"].as_array() {
                    let fields: Vec<_> =
                        fields.iter().map(|field| field.as_str().unwrap()).collect();
                    assert_eq!(rejection.fields().collect::<Vec<_>>(), fields, "{id}: {rejection}");
                }
                // Where the vendor's sample refuses for the same fields, its words are ours.
                let vendor = &case["expect"]["express5_prod"];
                if vendor["status"] == 400
                    && ideal.get("divergence").is_none()
                    && rejection.json_error().is_none()
                {
                    let vendor: Value =
                        serde_json::from_str(text(vendor, "body")).unwrap_or_default();
                    if let Some(error) = vendor["error"].as_str() {
                        let chain_off_list = rejection.to_string().contains("not supported");
                        let solana = rejection.to_string().contains("Base58");
                        assert!(
                            error == rejection.to_string() || chain_off_list || solana,
                            "{id}: {rejection} / {error}"
                        );
                    }
                }
            }
        }
    }
    assert!(signed > 25 && refused > 100, "{signed} signed, {refused} refused");
}

fn example() -> SignerRequest {
    let body = br#"{"amount":50,"chainId":8453,"address":"0x1a5FdBc891c5D4E6aD68064Ae45D43146D4F9f3a",
        "token":"0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913","callbackScheme":null,
        "url":"https://pay.blink.cash","version":"v1","reference":"order-123","metadata":{"invoiceId":"INV-456"}}"#;
    SignerRequest::parse(body, Limits::default()).unwrap()
}

fn response(key: &SigningKey) -> String {
    let payment = example().validate(&Policy::catalogue()).unwrap();
    assert_eq!(payment.reference(), Some("order-123"));
    assert_eq!(payment.metadata(), [("invoiceId".to_owned(), "INV-456".to_owned())]);
    let unsigned =
        payment.into_payload(IdempotencyKey::parse(KEY).unwrap(), Timestamp::parse(TIME).unwrap());
    unsigned.sign(&merchant(), key).unwrap().to_json()
}

#[test]
fn members_of_the_response_are_in_their_order() {
    let key = SigningKey::from_scalar(&[7; 32]).unwrap();
    let response = response(&key);
    let places: Vec<_> = [
        "merchantId",
        "payload",
        "signature",
        "preview",
        "amount",
        "chainId",
        "address",
        "token",
        "idempotencyKey",
    ]
    .iter()
    .map(|name| response.find(&format!("\"{name}\":")).unwrap())
    .collect();
    assert!(places.is_sorted(), "{response}");
}

#[test]
fn age_and_future() {
    let key = SigningKey::from_scalar(&[7; 32]).unwrap();
    let response = response(&key);
    let verifier = PaymentVerifier::new(key.verifying_key());
    let signed = Timestamp::parse(TIME).unwrap().unix_ms();
    let at = |verifier: &PaymentVerifier, ms: u64| {
        verifier.verify_response(response.as_bytes(), Timestamp::from_unix_ms(ms).unwrap()).err()
    };
    assert_eq!(at(&verifier, signed), None);
    assert_eq!(at(&verifier, signed + 900_000), None);
    assert_eq!(at(&verifier, signed + 900_001), Some(VerifyError::TooOld));
    assert_eq!(at(&verifier, signed - 1), Some(VerifyError::InTheFuture));
    assert_eq!(at(&verifier.clone().future_ms(1), signed - 1), None);
    assert_eq!(at(&verifier.max_age_ms(1), signed + 2), Some(VerifyError::TooOld));
}

#[test]
fn changes_are_found() {
    let key = SigningKey::from_scalar(&[7; 32]).unwrap();
    let now = Timestamp::parse(TIME).unwrap();
    let good: Value = serde_json::from_str(&response(&key)).unwrap();
    let verify = |response: &Value| {
        PaymentVerifier::new(key.verifying_key())
            .verify_response(response.to_string().as_bytes(), now)
    };
    assert!(verify(&good).is_ok());
    for (field, value) in [
        ("amount", Value::from(51)),
        ("amount", Value::Null),
        ("chainId", 1.into()),
        ("address", "0x1a5fdbc891c5d4e6ad68064ae45d43146d4f9f3a".into()),
        ("token", "".into()),
        ("idempotencyKey", "f47ac10b-58cc-4372-a567-0e02b2c3d470".into()),
    ] {
        let mut changed = good.clone();
        changed["preview"][field] = value;
        assert_eq!(verify(&changed), Err(VerifyError::Preview { field }));
    }
    let mut changed = good.clone();
    let payload = text(&good, "payload");
    changed["payload"] = format!("f{}", &payload[1..]).into();
    assert_eq!(verify(&changed), Err(VerifyError::Signature));
    changed["payload"] = format!("{payload}=").into();
    assert_eq!(verify(&changed), Err(VerifyError::Encoding { field: "payload" }));
    for missing in ["merchantId", "payload", "signature", "preview"] {
        let mut changed = good.clone();
        changed.as_object_mut().unwrap().remove(missing);
        assert_eq!(verify(&changed), Err(VerifyError::Field { field: missing }));
    }
    // r and s side by side: the vendor refuses it.
    let der = unbase64url(text(&good, "signature"));
    let fixed = signer_core::p256::DerSignature::from_bytes(&der).unwrap().to_fixed().to_bytes();
    let mut buffer = [0; 90];
    let mut changed = good.clone();
    changed["signature"] =
        signer_core::encoding::base64url_encode(&fixed, &mut buffer).unwrap().into();
    assert_eq!(verify(&changed), Err(VerifyError::Signature));
    let other = SigningKey::from_scalar(&[8; 32]).unwrap().verifying_key();
    let verdict = PaymentVerifier::new(other).verify_response(good.to_string().as_bytes(), now);
    assert_eq!(verdict, Err(VerifyError::Signature));
}

/// What a merchant's broken signer may sign: a right signature under a payload that is none.
#[test]
fn signed_payloads_of_no_valid_form_are_refused() {
    let key = SigningKey::from_scalar(&[7; 32]).unwrap();
    let at = |now: &str, change: &str, value: Value| {
        let mut payload: Value = serde_json::json!({
            "amount": 50, "chainId": 8453, "address": "0x1a5FdBc891c5D4E6aD68064Ae45D43146D4F9f3a",
            "token": "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913", "idempotencyKey": KEY,
            "callbackScheme": null, "signatureTimestamp": TIME, "version": "v1",
        });
        if value == "absent" {
            payload.as_object_mut().unwrap().remove(change);
        } else {
            payload[change] = value;
        }
        let mut text = vec![0; 1_000];
        let json = payload.to_string();
        let payload = signer_core::encoding::base64url_encode(json.as_bytes(), &mut text).unwrap();
        let signature: signer_core::p256::DerSignature = key.try_sign(payload.as_bytes()).unwrap();
        let mut text = [0; 100];
        let signature =
            signer_core::encoding::base64url_encode(signature.as_bytes(), &mut text).unwrap();
        PaymentVerifier::new(key.verifying_key()).verify(
            payload,
            signature,
            Timestamp::parse(now).unwrap(),
        )
    };
    let verify = |change: &str, value: Value| at(TIME, change, value);
    assert!(verify("amount", 50.into()).is_ok());
    assert!(verify("amount", Value::Null).is_ok());
    assert!(verify("callbackScheme", "myapp".into()).is_ok());
    // The vendor's samples may drop it.
    assert!(verify("callbackScheme", "absent".into()).is_ok());
    // As the sample in Python writes it, in a whole second and otherwise.
    for (python, ecmascript) in [
        ("2026-03-01T12:00:00.123456+00:00", "2026-03-01T12:00:00.123Z"),
        ("2026-03-01T12:00:00+00:00", "2026-03-01T12:00:00.000Z"),
    ] {
        let payment = at(ecmascript, "signatureTimestamp", python.into()).unwrap();
        assert_eq!(payment.signed_at, Timestamp::parse(ecmascript).unwrap());
    }
    for (field, value) in [
        ("amount", Value::from(-1)),
        ("amount", "absent".into()),
        ("chainId", 8453.5.into()),
        ("chainId", 8_253_038.into()),
        ("address", "not an address".into()),
        ("address", "absent".into()),
        ("token", "".into()),
        ("idempotencyKey", "1".into()),
        ("callbackScheme", "javascript".into()),
        ("callbackScheme", "my app".into()),
        ("callbackScheme", 1.into()),
        ("signatureTimestamp", "2026-03-01T12:00:00Z".into()),
        ("signatureTimestamp", "2026-03-01T12:00:00.000+00:00".into()),
        ("signatureTimestamp", "2026-03-01T12:00:00.00000x+00:00".into()),
        ("signatureTimestamp", "2026-03-01T12:00:00.0é000+00:00".into()),
        ("signatureTimestamp", "2026-03-01T12:00:00.000000+01:00".into()),
        ("signatureTimestamp", "2026-03-01T12:00:00.000000+00:00+00:00".into()),
        ("signatureTimestamp", "+00:00".into()),
        ("version", "v2".into()),
        ("version", "absent".into()),
    ] {
        assert_eq!(
            verify(field, value.clone()),
            Err(VerifyError::Field { field }),
            "{field} {value}"
        );
    }
    assert_eq!(verify("more", 1.into()), Err(VerifyError::Field { field: "payload" }));
}

#[test]
fn numbers_without_a_double_are_refused_in_every_member() {
    for body in [r#"{"amount":1e400}"#, r#"{"x":1e400}"#, r#"{"x":[{"y":-1e999}]}"#] {
        let verdict = SignerRequest::parse(body.as_bytes(), Limits::default())
            .and_then(|request| request.validate(&Policy::catalogue()));
        assert!(verdict.is_err(), "{body}");
    }
    let amount = SignerRequest::parse(br#"{"amount":1e400}"#, Limits::default()).unwrap();
    let fields: Vec<_> = amount.validate(&Policy::catalogue()).unwrap_err().fields().collect();
    assert_eq!(fields, ["amount", "chainId", "address", "token"]);
    for body in [r#"{"x":1e400}"#, r#"{"x":[0,1e400]}"#, r#"{"x":{"y":-1e400}}"#] {
        assert!(SignerRequest::parse(body.as_bytes(), Limits::default()).is_err(), "{body}");
    }
}

#[test]
fn an_idempotency_key_counts_once() {
    struct Seen(Vec<IdempotencyKey>, bool);
    impl ReplayStore for Seen {
        fn insert(&mut self, key: &IdempotencyKey, _: Timestamp) -> Result<bool, String> {
            if self.1 {
                return Err("down".into());
            }
            let new = !self.0.contains(key);
            self.0.push(key.clone());
            Ok(new)
        }
    }
    let key = SigningKey::from_scalar(&[7; 32]).unwrap();
    let response: Value = serde_json::from_str(&response(&key)).unwrap();
    let (payload, signature) = (text(&response, "payload"), text(&response, "signature"));
    let verifier = PaymentVerifier::new(key.verifying_key());
    let now = Timestamp::parse(TIME).unwrap();
    let mut seen = Seen(Vec::new(), false);
    assert!(verifier.verify_once(payload, signature, now, &mut seen).is_ok());
    let again = verifier.verify_once(payload, signature, now, &mut seen);
    assert_eq!(again, Err(VerifyError::Replay));
    let down = verifier.verify_once(payload, signature, now, &mut Seen(Vec::new(), true));
    assert_eq!(down, Err(VerifyError::Store("down".into())));
    // What does not verify never reaches the store.
    let mut seen = Seen(Vec::new(), true);
    assert_eq!(
        verifier.verify_once("AAAA", signature, now, &mut seen),
        Err(VerifyError::Signature)
    );
}
