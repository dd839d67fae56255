#![no_main]
//! Sign, verify, flip a bit, and see it refused, on each curve.

use libfuzzer_sys::fuzz_target;
use signer_core::keccak::keccak256;
use signer_core::p256;
use signer_core::signature::Signer;
use signer_core::{ed25519, secp256k1};

fuzz_target!(|input: ([u8; 32], &[u8], u16)| {
    let (secret, message, bit) = input;
    let flip = |bytes: &mut [u8]| {
        let at = usize::from(bit / 8) % bytes.len();
        bytes[at] ^= 1 << (bit % 8);
    };
    if let Ok(key) = p256::SigningKey::from_scalar(&secret) {
        let signature: p256::Signature = key.try_sign(message).unwrap();
        let mut bytes = signature.to_bytes();
        assert!(key.verifying_key().accept(message, &bytes).is_ok());
        flip(&mut bytes);
        assert!(key.verifying_key().accept(message, &bytes).is_err());
    }
    if let Ok(key) = secp256k1::SigningKey::from_scalar(&secret) {
        let digest = keccak256(message);
        let mut bytes = key.sign_digest(&digest).to_bytes()[..64].to_vec();
        assert!(key.verifying_key().accept(&digest, &bytes).is_ok());
        flip(&mut bytes);
        assert!(key.verifying_key().accept(&digest, &bytes).is_err());
    }
    let key = ed25519::SigningKey::from_seed(&secret);
    let mut bytes = key.try_sign(message).unwrap().to_bytes();
    assert!(key.verifying_key().accept(message, &bytes).is_ok());
    flip(&mut bytes);
    assert!(key.verifying_key().accept(message, &bytes).is_err());
});
