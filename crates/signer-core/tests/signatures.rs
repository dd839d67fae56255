use signer_core::keccak::{eip191_digest, keccak256};
use signer_core::p256::{DerSignature, Signature, SigningKey, VerifyingKey};
use signer_core::secp256k1::{self, RecoverableSignature};
use signer_core::signature::hazmat::PrehashSigner;
use signer_core::signature::{Signer, Verifier};
use signer_core::{Error, ed25519};

use super::{lines, text, unhex, unhex32};

const SECP256K1_ORDER: &str = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
const P256_ORDER: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

#[test]
fn p256_rfc_6979_of_noble() {
    for case in lines(include_str!("vectors/es256_rfc6979.jsonl")) {
        let key = SigningKey::from_scalar(&unhex32(text(&case, "d"))).unwrap();
        assert_eq!(
            key.verifying_key().to_sec1_uncompressed().as_slice(),
            unhex(text(&case, "pub"))
        );
        let message = unhex(text(&case, "msg"));
        let signature: DerSignature = key.try_sign(&message).unwrap();
        assert_eq!(signature.as_bytes(), unhex(text(&case, "der")), "{case}");
        let fixed: Signature = key.try_sign(&message).unwrap();
        assert_eq!(fixed.to_bytes(), signature.to_fixed().to_bytes());
        key.verifying_key().verify(&message, &signature).unwrap();
    }
}

#[test]
fn scalars_at_the_edges() {
    let one_less = |order: &str| {
        let mut scalar = unhex32(order);
        scalar[31] -= 1;
        scalar
    };
    assert_eq!(SigningKey::from_scalar(&[0; 32]).err(), Some(Error::Scalar));
    assert_eq!(SigningKey::from_scalar(&unhex32(P256_ORDER)).err(), Some(Error::Scalar));
    assert_eq!(SigningKey::from_scalar(&[0xff; 32]).err(), Some(Error::Scalar));
    assert!(SigningKey::from_scalar(&one_less(P256_ORDER)).is_ok());
    let order = unhex32(SECP256K1_ORDER);
    assert_eq!(secp256k1::SigningKey::from_scalar(&[0; 32]).err(), Some(Error::Scalar));
    assert_eq!(secp256k1::SigningKey::from_scalar(&order).err(), Some(Error::Scalar));
    assert!(secp256k1::SigningKey::from_scalar(&one_less(SECP256K1_ORDER)).is_ok());
}

#[test]
fn signatures_with_zero_or_the_order_are_refused() {
    let (zero, order) = ([0; 32], unhex32(P256_ORDER));
    for (r, s) in [(zero, [1; 32]), ([1; 32], zero), (order, [1; 32]), ([1; 32], order)] {
        let bytes = [r, s].concat();
        assert_eq!(Signature::from_bytes(&bytes).err(), Some(Error::SignatureFormat));
    }
    for der in ["3006020100020101", "3006020101020100", "30060201ff020101", "3007020101020101", ""]
    {
        assert_eq!(
            DerSignature::from_bytes(&unhex(der)).err(),
            Some(Error::SignatureFormat),
            "{der}"
        );
    }
    assert!(DerSignature::from_bytes(&unhex("3006020101020101")).is_ok());
}

#[test]
fn a_foreign_signature_is_completed_and_checked() {
    let key = secp256k1::SigningKey::from_scalar(&[7; 32]).unwrap();
    let verifying = key.verifying_key();
    for message in 0..32_u8 {
        let digest = eip191_digest(&[message]);
        let ours = key.sign_digest(&digest);
        let fixed: [u8; 64] = ours.to_bytes()[..64].try_into().unwrap();
        assert_eq!(verifying.accept(&digest, &fixed), Ok(ours));
        assert_eq!(verifying.accept(&digest, &der(&fixed)), Ok(ours));
        let high = high_s(&fixed);
        assert_eq!(verifying.accept(&digest, &high), Ok(ours));
        assert_eq!(verifying.accept(&digest, &der(&high)), Ok(ours));
        let other = secp256k1::SigningKey::from_scalar(&[8; 32]).unwrap().verifying_key();
        assert_eq!(other.accept(&digest, &fixed), Err(Error::SignatureMismatch));
        assert_eq!(verifying.accept(&keccak256(&[message]), &fixed), Err(Error::SignatureMismatch));
    }
    let digest = keccak256(b"");
    assert_eq!(verifying.accept(&digest, &[]), Err(Error::SignatureFormat));
    assert_eq!(verifying.accept(&digest, &[0; 64]), Err(Error::SignatureFormat));
}

#[test]
fn a_high_s_is_no_recoverable_signature() {
    let key = secp256k1::SigningKey::from_scalar(&[7; 32]).unwrap();
    let digest = keccak256(b"message");
    let good = key.sign_digest(&digest).to_bytes();
    let parsed = RecoverableSignature::from_bytes(&good).unwrap();
    assert_eq!(parsed.recover(&digest), Ok(key.verifying_key()));
    let mut high = good;
    high[..64].copy_from_slice(&high_s(good[..64].try_into().unwrap()));
    assert_eq!(RecoverableSignature::from_bytes(&high), Err(Error::SignatureFormat));
    for v in [0, 1, 26, 29, 255] {
        let mut other = good;
        other[64] = v;
        assert_eq!(RecoverableSignature::from_bytes(&other), Err(Error::SignatureFormat));
    }
}

#[test]
fn prehashes_are_32_bytes() {
    let p256 = SigningKey::from_scalar(&[7; 32]).unwrap();
    let secp256k1 = secp256k1::SigningKey::from_scalar(&[7; 32]).unwrap();
    for len in [0, 20, 31, 33, 64] {
        let prehash = vec![1; len];
        assert!(PrehashSigner::<Signature>::sign_prehash(&p256, &prehash).is_err());
        assert!(PrehashSigner::<RecoverableSignature>::sign_prehash(&secp256k1, &prehash).is_err());
    }
}

#[test]
fn public_keys_off_the_curve_are_refused() {
    let point = SigningKey::from_scalar(&[7; 32]).unwrap().verifying_key().to_sec1_uncompressed();
    for at in [1, 33, 64] {
        let mut bad = point;
        bad[at] ^= 1;
        assert_eq!(VerifyingKey::from_sec1_bytes(&bad), Err(Error::PublicKey));
        assert_eq!(secp256k1::VerifyingKey::from_sec1_bytes(&bad), Err(Error::PublicKey));
    }
    // The identity, the compact form, hybrid forms, other lengths.
    for bad in [&[0][..], &[], &[5; 33], &[6; 65], &point[..64]] {
        assert_eq!(VerifyingKey::from_sec1_bytes(bad), Err(Error::PublicKey));
    }
}

#[test]
fn ed25519_keys_of_low_order_are_refused() {
    for low in [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    ] {
        assert_eq!(
            ed25519::VerifyingKey::from_bytes(&unhex32(low)),
            Err(Error::PublicKey),
            "{low}"
        );
    }
}

/// y = p + k instead of k, for each k that is the y of a point.
#[test]
fn ed25519_keys_that_are_not_canonical_are_refused() {
    for k in 0..19_u8 {
        let mut bytes = [0xff; 32];
        bytes[0] = 0xed + k;
        bytes[31] = 0x7f;
        assert_eq!(ed25519::VerifyingKey::from_bytes(&bytes), Err(Error::PublicKey), "{k}");
        bytes[31] = 0xff;
        assert_eq!(ed25519::VerifyingKey::from_bytes(&bytes), Err(Error::PublicKey), "{k}");
    }
}

/// The length of a message is in its digest, in decimal: by @noble/hashes, the first two as the vendors' documents
/// of web3 and ethers have them.
#[test]
fn personal_messages_of_every_length() {
    for (message, digest) in [
        (
            "Hello World".to_owned(),
            "a1de988600a42c4b4ab089b619297c17d53cffae5d5120d82d8a92d0bb3b78f2",
        ),
        (
            "Some data".to_owned(),
            "1da44b586eb0729ff70a73c326926f6ed5a25f5b056e7f47fbc6e58d86871655",
        ),
        (String::new(), "5f35dce98ba4fba25530a026ed80b2cecdaa31091ba4958b99b52ea1d068adad"),
        ("x".repeat(10), "f1cb9ad6fc32f2b28b0925b6025faf5a43b3214a9a7f6c608396c44dfffe9d5f"),
        ("x".repeat(120), "142e5c9445764c524233cd8dfc7659858d9eff3cf75d994639233dbd89024544"),
        ("x".repeat(12_345), "6df0ee950d63e11a02adcd31d6778e5a254500b91840f698d9a6949a8e8d45f1"),
    ] {
        assert_eq!(
            eip191_digest(message.as_bytes()).as_bytes(),
            &unhex32(digest),
            "{}",
            message.len()
        );
    }
}

/// n - s, by schoolbook subtraction.
fn high_s(fixed: &[u8; 64]) -> [u8; 64] {
    let order = unhex32(SECP256K1_ORDER);
    let mut out = *fixed;
    let mut borrow = 0;
    for at in (0..32).rev() {
        let difference = i16::from(order[at]) - i16::from(fixed[32 + at]) - borrow;
        borrow = i16::from(difference < 0);
        out[32 + at] = u8::try_from(difference.rem_euclid(256)).unwrap();
    }
    out
}

fn der(fixed: &[u8; 64]) -> Vec<u8> {
    let integer = |bytes: &[u8]| {
        let start = bytes.iter().position(|byte| *byte != 0).unwrap();
        let mut body = bytes[start..].to_vec();
        if body[0] & 0x80 != 0 {
            body.insert(0, 0);
        }
        let mut out = vec![2, u8::try_from(body.len()).unwrap()];
        out.extend(body);
        out
    };
    let body = [integer(&fixed[..32]), integer(&fixed[32..])].concat();
    let mut out = vec![0x30, u8::try_from(body.len()).unwrap()];
    out.extend(body);
    out
}
