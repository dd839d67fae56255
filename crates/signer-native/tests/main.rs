//! The native signers against the portable verifiers. Keys are for tests.
#![allow(missing_docs, clippy::unwrap_used)]

use signer_core::signature::{Signer, Verifier};
use signer_core::{Error, ed25519, p256};
use signer_native::{Ed25519SigningKey, P256SigningKey};

#[test]
fn p256_signatures_verify_under_core() {
    for byte in 1..=32 {
        let portable = p256::SigningKey::from_scalar(&[byte; 32]).unwrap();
        let native = P256SigningKey::try_from(&portable).unwrap();
        assert_eq!(native.verifying_key(), &portable.verifying_key());
        for message in [&b""[..], b"message", &[byte; 1_000]] {
            let signature = native.try_sign(message).unwrap();
            native.verifying_key().verify(message, &signature).unwrap();
            assert!(native.verifying_key().verify(b"other", &signature).is_err());
        }
    }
}

#[test]
fn ed25519_signatures_are_those_of_core() {
    for byte in 0..32 {
        let portable = ed25519::SigningKey::from_seed(&[byte; 32]);
        let native = Ed25519SigningKey::from_seed(&[byte; 32]).unwrap();
        // Ed25519 has no random part: the bytes are equal.
        assert_eq!(native.try_sign(b"message").unwrap(), portable.try_sign(b"message").unwrap());
        assert_eq!(native.verifying_key(), &portable.verifying_key());
    }
}

#[test]
fn the_same_key_forms_are_read_and_refused() {
    let portable = p256::SigningKey::from_scalar(&[7; 32]).unwrap();
    let der = portable.to_pkcs8_der();
    let pem = portable.to_pkcs8_pem();
    for native in [
        P256SigningKey::from_der(der.expose_secret()),
        P256SigningKey::from_pem(pem.expose_secret()),
        P256SigningKey::from_scalar(&[7; 32]),
    ] {
        assert_eq!(native.unwrap().verifying_key(), &portable.verifying_key());
    }
    assert_eq!(P256SigningKey::from_scalar(&[0; 32]).err(), Some(Error::Scalar));
    assert_eq!(P256SigningKey::from_scalar(&[0xff; 32]).err(), Some(Error::Scalar));
    assert_eq!(P256SigningKey::from_pem(b"nothing").err(), Some(Error::Pem));
    assert_eq!(Ed25519SigningKey::from_der(der.expose_secret()).err(), Some(Error::Algorithm));
}

#[test]
fn debug_is_redacted() {
    let shown = format!(
        "{:?} {:?}",
        P256SigningKey::from_scalar(&[7; 32]).unwrap(),
        Ed25519SigningKey::from_seed(&[7; 32]).unwrap()
    );
    assert_eq!(shown.matches("[redacted]").count(), 2);
    assert!(!shown.contains("07070707"));
}
