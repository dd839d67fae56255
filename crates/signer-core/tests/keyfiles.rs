use std::fs;
use std::path::Path;

use signer_core::p256::{DerSignature, SigningKey, VerifyingKey};
use signer_core::signature::Signer;
use signer_core::{Error, ed25519, secp256k1};

use super::{text, unhex, unhex32};

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/keyfiles"))
}

fn load(name: &str) -> Result<SigningKey, Error> {
    let bytes = fs::read(folder().join(name)).unwrap();
    if name.ends_with(".der") { SigningKey::from_der(&bytes) } else { SigningKey::from_pem(&bytes) }
}

/// "Either" files that this crate reads; the rest of them are refused.
const CHOSEN: [&str; 8] = [
    "sec1.pem",
    "sec1_with_ec_parameters.pem",
    "pkcs8_bag_attributes.pem",
    "pkcs8_one_line_body.pem",
    "pkcs8_width76.pem",
    "pkcs8_width_uneven.pem",
    "pkcs8_compressed_public.pem",
    "pkcs8_cr_only.pem",
];

#[test]
fn every_file_as_expected() {
    let expect: serde_json::Value =
        serde_json::from_slice(&fs::read(folder().join("expect.json")).unwrap()).unwrap();
    let main = text(&expect, "main_d");
    let (mut read, mut refused) = (0, 0);
    for (name, file) in expect["files"].as_object().unwrap() {
        let loaded = load(name);
        match text(file, "expect") {
            "accept" => assert!(loaded.is_ok(), "{name}: {loaded:?}"),
            "reject" => assert!(loaded.is_err(), "{name}: {loaded:?}"),
            _ => assert_eq!(loaded.is_ok(), CHOSEN.contains(&name.as_str()), "{name}: {loaded:?}"),
        }
        let Ok(key) = loaded else {
            refused += 1;
            continue;
        };
        read += 1;
        let scalar = file["d"].as_str().unwrap_or(main);
        assert_eq!(key.to_scalar().expose_secret(), &unhex32(scalar), "{name}");
        if scalar == main {
            let signature: DerSignature = key.try_sign(b"sample").unwrap();
            assert_eq!(signature.as_bytes(), unhex(text(&expect, "sample_der")));
            let point = key.verifying_key().to_sec1_uncompressed();
            assert_eq!(point.as_slice(), unhex(text(&expect, "public_uncompressed")));
        }
    }
    assert_eq!((read, refused), (16, 34));
}

#[test]
fn the_reason_is_named() {
    for (name, reason) in [
        ("wrong_curve_p384.pem", Error::Algorithm),
        ("wrong_curve_brainpoolp256r1.pem", Error::Algorithm),
        ("wrong_alg_rsa2048.pem", Error::Algorithm),
        ("label_wrong_rsa.pem", Error::Algorithm),
        ("pkcs8_params_inconsistent.pem", Error::Algorithm),
        ("encrypted_pkcs8.pem", Error::Encrypted),
        ("encrypted_sec1_proctype.pem", Error::Encrypted),
        ("certificate_label.pem", Error::PemLabel),
        ("wrong_public_only.pem", Error::PemLabel),
        ("pkcs8_scalar_zero.pem", Error::Scalar),
        ("pkcs8_scalar_n.pem", Error::Scalar),
        ("pkcs8_public_off_curve.pem", Error::PublicKey),
        ("pkcs8_scalar_31bytes.pem", Error::Length { expected: 32, found: 31 }),
        ("trailing_garbage_inside.pem", Error::Der),
        ("nested_depth.der", Error::Der),
        ("text.pem", Error::Pem),
        ("empty.pem", Error::Pem),
    ] {
        assert_eq!(load(name).err(), Some(reason), "{name}");
    }
}

#[test]
fn environment_escapes_are_undone() {
    let pem = fs::read_to_string(folder().join("pkcs8.pem")).unwrap();
    let escaped = pem.replace('\n', "\\n");
    let key = SigningKey::from_pem(escaped.as_bytes()).unwrap();
    assert_eq!(key.verifying_key(), SigningKey::from_pem(pem.as_bytes()).unwrap().verifying_key());
    assert!(SigningKey::from_pem(escaped.repeat(20).as_bytes()).is_err());
}

#[test]
fn written_keys_are_read_again() {
    let key = SigningKey::from_scalar(&[7; 32]).unwrap();
    let der = key.to_pkcs8_der();
    let again = SigningKey::from_der(der.expose_secret()).unwrap();
    assert_eq!(again.to_scalar().expose_secret(), &[7; 32]);
    // Byte for byte what OpenSSL wrote.
    let openssl = fs::read(folder().join("pkcs8.der")).unwrap();
    let key = SigningKey::from_der(&openssl).unwrap();
    assert_eq!(key.to_pkcs8_der().expose_secret().as_slice(), openssl);
    let pem = fs::read(folder().join("pkcs8.pem")).unwrap();
    assert_eq!(key.to_pkcs8_pem().expose_secret().as_slice(), pem);
    let spki_pem = key.verifying_key().to_spki_pem();
    assert_eq!(VerifyingKey::from_spki_pem(&spki_pem), Ok(key.verifying_key()));
    assert_eq!(VerifyingKey::from_spki_pem(&pem), Err(Error::PemLabel));
    let spki = key.verifying_key().to_spki_der();
    assert_eq!(VerifyingKey::from_spki_der(&spki), Ok(key.verifying_key()));
    assert_eq!(VerifyingKey::from_spki_der(&spki[..90]), Err(Error::Der));
}

/// The bytes of a PEM file of these vectors.
fn der_of(name: &str) -> Vec<u8> {
    let pem = fs::read_to_string(folder().join(name)).unwrap();
    let body: String =
        pem.lines().filter(|line| !line.contains('-') && !line.contains(':')).collect();
    let mut der = vec![0; body.len()];
    signer_core::encoding::base64_decode(body.as_bytes(), &mut der).unwrap().to_vec()
}

#[test]
fn der_files_are_told_apart_by_their_structure() {
    let sec1 = SigningKey::from_der(&der_of("sec1.pem")).unwrap();
    assert_eq!(sec1.verifying_key(), load("sec1.pem").unwrap().verifying_key());
    assert_eq!(SigningKey::from_der(&der_of("encrypted_pkcs8.pem")).err(), Some(Error::Encrypted));
    assert_eq!(
        SigningKey::from_der(&der_of("wrong_alg_rsa2048.pem")).err(),
        Some(Error::Algorithm)
    );
    // An encrypted key whose length takes one byte, one that takes two, and one that is cut off.
    for (length, reason) in [
        (&[0x04][..], Error::Encrypted),
        (&[0x81, 0x04], Error::Encrypted),
        (&[0x82, 0x00, 0x04], Error::Encrypted),
        (&[0x83, 0x00, 0x00, 0x04], Error::Der),
        (&[0x05], Error::Der),
    ] {
        let der = [&[0x30], length, &[0x30, 0x00, 0x04, 0x00]].concat();
        assert_eq!(SigningKey::from_der(&der).err(), Some(reason), "{der:02x?}");
    }
    // The same content in a SET is no key of any kind.
    assert_eq!(SigningKey::from_der(&[0x31, 4, 0x30, 0, 4, 0]).err(), Some(Error::Der));
}

/// The example of RFC 8410, section 10.3, and the same key with another identifier or parameters.
#[test]
fn ed25519_keys_are_read_by_their_identifier() {
    let key = unhex(
        "302e020100300506032b657004220420d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44755842",
    );
    let read = ed25519::SigningKey::from_der(&key).unwrap();
    let public = "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1";
    assert_eq!(read.verifying_key().to_bytes(), unhex32(public));

    let mut x25519 = key.clone();
    x25519[11] = 0x6e;
    assert_eq!(ed25519::SigningKey::from_der(&x25519).err(), Some(Error::Algorithm));
    let mut with_null = key.clone();
    with_null.splice(7..7 + 5, *b"\x06\x03\x2b\x65\x70\x05\x00");
    (with_null[1], with_null[6]) = (0x30, 7);
    assert_eq!(ed25519::SigningKey::from_der(&with_null).err(), Some(Error::Algorithm));
    assert_eq!(ed25519::SigningKey::from_der(&der_of("pkcs8.pem")).err(), Some(Error::Algorithm));
    let unknown = fs::read(folder().join("wrong_curve_brainpoolp256r1.pem")).unwrap();
    assert_eq!(ed25519::SigningKey::from_pem(&unknown).err(), Some(Error::Algorithm));
}

#[test]
fn a_key_names_its_curve_once_at_least() {
    // SEC1 without parameters is a key of any curve: refused alone, read inside of PKCS#8.
    let whole = der_of("sec1.pem");
    let without: Vec<u8> = [&[0x30, 0x6b], &whole[2..39], &whole[51..]].concat();
    assert_eq!(whole[39], 0xa0);
    assert_eq!(SigningKey::from_der(&without).err(), Some(Error::Algorithm));
    assert!(load("pkcs8.pem").is_ok());
    assert_eq!(secp256k1::SigningKey::from_der(&whole).err(), Some(Error::Algorithm));
}

#[test]
fn what_stands_before_a_key_is_passed_over_only_where_it_is_known() {
    let key = fs::read_to_string(folder().join("sec1.pem")).unwrap();
    let parameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----";
    for (text, reason) in [
        (format!("{parameters}\n{key}"), None),
        (format!("{parameters}\n\n  {key}"), None),
        (format!("{parameters}{key}"), None),
        (parameters.to_owned(), Some(Error::Pem)),
        ("-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n".to_owned(), Some(Error::Pem)),
        ("not a key file at all, but longer than a header's name".to_owned(), Some(Error::Pem)),
    ] {
        assert_eq!(SigningKey::from_pem(text.as_bytes()).err(), reason, "{text}");
        let escaped = text.replace('\n', "\\n");
        assert_eq!(SigningKey::from_pem(escaped.as_bytes()).err(), reason, "{escaped}");
    }
}

/// One key of OpenSSL's in both forms; the same with another scalar, with another's public key, and cut off.
#[test]
fn secp256k1_key_files() {
    let scalar = "034b485c596e7140bfa846a4e1c6c8ca19d33bba7a18ebf919c9ab0070ced01a";
    let point = "04eda531292c4cdcb5fb7d60ebc54afdcef7e0f5608910e7436331bc2fb7094e7a\
                 abcca7a2815f90e3dea9d5360b3831df6c4d18595b5860784b41a8f82b10a693";
    for name in ["secp256k1_sec1.pem", "secp256k1_pkcs8.pem"] {
        let pem = fs::read(folder().join(name)).unwrap();
        let key = secp256k1::SigningKey::from_pem(&pem).unwrap();
        assert_eq!(key.to_scalar().expose_secret(), &unhex32(scalar), "{name}");
        assert_eq!(key.verifying_key().to_sec1_uncompressed().as_slice(), unhex(point));
        let compressed = key.verifying_key().to_sec1_compressed();
        assert_eq!(secp256k1::VerifyingKey::from_sec1_bytes(&compressed), Ok(key.verifying_key()));
        assert_eq!(SigningKey::from_pem(&pem).err(), Some(Error::Algorithm), "{name}");

        let der = der_of(name);
        assert!(secp256k1::SigningKey::from_der(&der).is_ok(), "{name}");
        let at = |part: &str| {
            let part = unhex(part);
            der.windows(part.len()).position(|window| window == part).unwrap()
        };
        let mut other_scalar = der.clone();
        other_scalar[at(scalar) + 31] ^= 1;
        let mut off_the_curve = der.clone();
        off_the_curve[at(point) + 64] ^= 1;
        let mut other_point = der.clone();
        let other = secp256k1::SigningKey::from_scalar(&[7; 32]).unwrap().verifying_key();
        other_point[at(point)..][..65].copy_from_slice(&other.to_sec1_uncompressed());
        let mut zero = der.clone();
        zero[at(scalar)..][..32].fill(0);
        for (bad, reason) in [
            (other_scalar, Error::PublicKeyMismatch),
            (off_the_curve, Error::PublicKey),
            (other_point, Error::PublicKeyMismatch),
            (zero, Error::Scalar),
            (der[..der.len() - 1].to_vec(), Error::Der),
        ] {
            assert_eq!(secp256k1::SigningKey::from_der(&bad).err(), Some(reason), "{name}");
        }
    }
}

/// The key of RFC 8410 without its inner OCTET STRING, and a key of another kind in SEC1.
#[test]
fn ed25519_keys_in_no_form_of_theirs_are_refused() {
    let bare = unhex(
        "302c020100300506032b65700420d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44755842",
    );
    assert_eq!(ed25519::SigningKey::from_der(&bare).err(), Some(Error::Der));
    let sec1 = der_of("sec1.pem");
    assert_eq!(ed25519::SigningKey::from_der(&sec1).err(), Some(Error::Algorithm));
}
