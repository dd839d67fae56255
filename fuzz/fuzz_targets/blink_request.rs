#![no_main]
//! Payment requests against the policy: what is signed says what was asked.

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use signer_protocols::blink::{IdempotencyKey, Policy, SignerRequest, Timestamp};
use signer_protocols::jcs::Limits;

fuzz_target!(|body: &[u8]| {
    let Ok(request) = SignerRequest::parse(body, Limits::default()) else { return };
    let Ok(payment) = request.validate(&Policy::catalogue()) else { return };
    let asked: Value = serde_json::from_slice(body).unwrap();
    let key = IdempotencyKey::from_random_bytes([7; 16]);
    let unsigned = payment.into_payload(key, Timestamp::from_unix_ms(0).unwrap());
    let signed: Value = serde_json::from_str(&unsigned.payment().to_json()).unwrap();
    assert_eq!(signed["amount"].as_f64(), asked["amount"].as_f64());
    assert_eq!(signed["chainId"].as_f64(), asked["chainId"].as_f64());
    for member in ["address", "token"] {
        assert_eq!(signed[member], asked[member]);
    }
    assert!(asked["callbackScheme"].is_null());
});
