#![no_main]
//! The receiving side: nothing that was not signed is accepted.

use libfuzzer_sys::fuzz_target;
use signer_core::p256::SigningKey;
use signer_protocols::blink::{PaymentVerifier, PolicyFile, Timestamp};

fuzz_target!(|response: &[u8]| {
    let key = SigningKey::from_scalar(&[7; 32]).unwrap();
    let verifier = PaymentVerifier::new(key.verifying_key()).max_age_ms(u64::MAX);
    let now = Timestamp::parse("9999-12-31T23:59:59.999Z").unwrap();
    assert!(verifier.verify_response(response, now).is_err());
    if let Ok(text) = std::str::from_utf8(response) {
        let _ = Timestamp::parse(text);
    }
    let _ = serde_json::from_slice::<PolicyFile>(response)
        .map(signer_protocols::blink::Policy::try_from);
});
