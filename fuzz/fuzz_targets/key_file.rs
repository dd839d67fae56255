#![no_main]
//! Key files: what is read is written and read again as the same key.

use libfuzzer_sys::fuzz_target;
use signer_core::{ed25519, p256, secp256k1};

fuzz_target!(|bytes: &[u8]| {
    for key in [p256::SigningKey::from_der(bytes), p256::SigningKey::from_pem(bytes)].into_iter().flatten() {
        let again = p256::SigningKey::from_der(key.to_pkcs8_der().expose_secret()).unwrap();
        assert_eq!(again.verifying_key(), key.verifying_key());
    }
    let _ = secp256k1::SigningKey::from_der(bytes);
    let _ = secp256k1::SigningKey::from_pem(bytes);
    let _ = ed25519::SigningKey::from_der(bytes);
    let _ = ed25519::SigningKey::from_pem(bytes);
    if let Ok(key) = p256::VerifyingKey::from_spki_der(bytes) {
        assert_eq!(p256::VerifyingKey::from_spki_der(&key.to_spki_der()), Ok(key));
    }
    let _ = p256::VerifyingKey::from_spki_pem(bytes);
    if let Ok(signature) = p256::DerSignature::from_bytes(bytes) {
        assert_eq!(signature.to_fixed().to_der().as_bytes(), bytes);
    }
});
