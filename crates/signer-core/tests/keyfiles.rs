use std::fs;
use std::path::Path;

use signer_core::Error;
use signer_core::p256::{DerSignature, SigningKey, VerifyingKey};
use signer_core::signature::Signer;

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
