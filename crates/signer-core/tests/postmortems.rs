//! Events that others paid for, each as a test that this code could have failed.

use std::collections::HashSet;

use signer_core::signature::{Signer, Verifier};
use signer_core::{Error, ed25519, keccak, p256, secp256k1};

/// 2010, a console's firmware key; 2013, Android's `SecureRandom`: the same nonce in two signatures gives the key
/// away, and a nonce that is biased by a few bits does so in some hundred. Nonces here are those of RFC 6979 and
/// ask for no random source.
#[test]
fn nonce_reuse_2010_playstation_3_and_2013_android() {
    const SIGNATURES: u32 = 100_000;
    let key = secp256k1::SigningKey::from_scalar(&[7; 32]).unwrap();
    let mut seen = HashSet::new();
    let mut leading = [0_u32; 256];
    for number in 0..SIGNATURES {
        let digest = keccak::keccak256(&number.to_le_bytes());
        let bytes = key.sign_digest(&digest).to_bytes();
        assert!(seen.insert(<[u8; 32]>::try_from(&bytes[..32]).unwrap()), "r came twice: {number}");
        leading[usize::from(bytes[0])] += 1;
        if number < 100 {
            assert_eq!(
                bytes,
                key.sign_digest(&digest).to_bytes(),
                "the same message, the same nonce"
            );
        }
    }
    // 390.6 expected of each value, with a deviation of 19.7: six of them never happen.
    assert!(leading.iter().all(|count| (272..=509).contains(count)), "r is biased: {leading:?}");

    let key = p256::SigningKey::from_scalar(&[7; 32]).unwrap();
    let mut seen = HashSet::new();
    for number in 0..2_000_u32 {
        let signature: p256::Signature = key.try_sign(&number.to_le_bytes()).unwrap();
        assert!(seen.insert(<[u8; 32]>::try_from(&signature.to_bytes()[..32]).unwrap()));
    }
}

/// 2014, an exchange: `(r, n - s)` is as good a signature, so a transaction's id could be changed while it waited.
#[test]
fn signature_malleability_2014_mt_gox() {
    const ORDER: [u8; 32] = *b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xba\xae\xdc\xe6\xaf\x48\xa0\x3b\xbf\xd2\x5e\x8c\xd0\x36\x41\x41";
    let key = secp256k1::SigningKey::from_scalar(&[7; 32]).unwrap();
    for number in 0..200_u32 {
        let digest = keccak::keccak256(&number.to_le_bytes());
        let low = key.sign_digest(&digest).to_bytes();
        let mut high = low;
        let mut borrow = 0;
        for at in (0..32).rev() {
            let difference = 256 + i32::from(ORDER[at]) - i32::from(low[32 + at]) - borrow;
            high[32 + at] = u8::try_from(difference % 256).unwrap();
            borrow = 1 - difference / 256;
        }
        high[64] ^= 7; // 27 and 28
        assert!(secp256k1::RecoverableSignature::from_bytes(&high).is_err(), "a high s was read");
        assert_eq!(key.verifying_key().accept(&digest, &high[..64]).unwrap().to_bytes(), low);
    }
    // Ed25519: s + the order is another text of the same signature.
    let key = ed25519::SigningKey::from_seed(&[7; 32]);
    let mut bytes = key.try_sign(b"message").unwrap().to_bytes();
    const L: [u8; 32] = *b"\xed\xd3\xf5\x5c\x1a\x63\x12\x58\xd6\x9c\xf7\xa2\xde\xf9\xde\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x10";
    let mut carry = 0;
    for at in 0..32 {
        let sum = u16::from(bytes[32 + at]) + u16::from(L[at]) + carry;
        bytes[32 + at] = sum.to_le_bytes()[0];
        carry = sum >> 8;
    }
    let other = ed25519::Signature::from_bytes(&bytes);
    assert!(key.verifying_key().verify(b"message", &other).is_err());
}

/// 2022, forty Ed25519 libraries: they signed with a public key that the caller gave, and two signatures under
/// two public keys give the private one. No function here takes a public key to sign with, and a key file
/// whose public key is another is refused.
#[test]
fn double_public_key_2022_ed25519_libraries() {
    let key = p256::SigningKey::from_scalar(&[7; 32]).unwrap();
    let other = p256::SigningKey::from_scalar(&[8; 32]).unwrap();
    let mut der = key.to_pkcs8_der().expose_secret().to_vec();
    let end = der.len();
    der[end - 65..].copy_from_slice(&other.verifying_key().to_sec1_uncompressed());
    assert_eq!(p256::SigningKey::from_der(&der).err(), Some(Error::PublicKeyMismatch));

    // RFC 5958: the public key behind an Ed25519 seed.
    let seed = [&b"\x30\x51\x02\x01\x01\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20"[..], &[7; 32]]
        .concat();
    let public = ed25519::SigningKey::from_seed(&[7; 32]).verifying_key().to_bytes();
    let file = |public: &[u8]| [&seed, &b"\x81\x21\x00"[..], public].concat();
    assert!(ed25519::SigningKey::from_der(&file(&public)).is_ok());
    let other = ed25519::SigningKey::from_seed(&[8; 32]).verifying_key().to_bytes();
    let refused = ed25519::SigningKey::from_der(&file(&other)).err();
    assert_eq!(refused, Some(Error::PublicKeyMismatch));
}

/// 2022, a Java runtime: a signature whose r and s are 0 verified under every key and message.
#[test]
fn psychic_signatures_2022_java_ecdsa() {
    const P256_ORDER: [u8; 32] = *b"\xff\xff\xff\xff\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\xbc\xe6\xfa\xad\xa7\x17\x9e\x84\xf3\xb9\xca\xc2\xfc\x63\x25\x51";
    let p256 = p256::SigningKey::from_scalar(&[7; 32]).unwrap().verifying_key();
    let secp256k1 = secp256k1::SigningKey::from_scalar(&[7; 32]).unwrap().verifying_key();
    let digest = keccak::keccak256(b"message");
    for r in [[0; 32], P256_ORDER, [0xff; 32], [1; 32]] {
        for s in [[0; 32], P256_ORDER, [0xff; 32]] {
            let fixed = [r, s].concat();
            assert!(p256.accept(b"message", &fixed).is_err(), "{fixed:02x?}");
            assert!(secp256k1.accept(&digest, &fixed).is_err(), "{fixed:02x?}");
        }
    }
    for der in [&[0x30, 6, 2, 1, 0, 2, 1, 0][..], &[0x30, 6, 2, 1, 1, 2, 1, 0], &[0x30, 0]] {
        assert!(p256.accept(b"message", der).is_err(), "{der:02x?}");
    }
    let zero = ed25519::Signature::from_bytes(&[0; 64]);
    let ed25519 = ed25519::SigningKey::from_seed(&[7; 32]).verifying_key();
    assert!(ed25519.verify(b"message", &zero).is_err());
}
