use signer_core::{Error, SecretBytes, ed25519, p256, secp256k1};

const SECRET: [u8; 32] = *b"canary-canary-canary-canary-cana";

/// The secret as bytes, hex of either case, base64 of either alphabet, and base58.
fn forms() -> Vec<String> {
    let hex: String = SECRET.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut buffer = [0; 64];
    let mut forms = vec![String::from_utf8(SECRET.to_vec()).unwrap(), hex.to_uppercase(), hex];
    forms.push(signer_core::encoding::base64_encode(&SECRET, &mut buffer).unwrap().into());
    forms.push(signer_core::encoding::base64url_encode(&SECRET, &mut buffer).unwrap().into());
    forms.push(signer_core::encoding::base58::encode(&SECRET, &mut buffer).unwrap().into());
    forms.push(format!("{SECRET:?}"));
    forms
}

fn assert_hidden(shown: &str) {
    for form in forms() {
        assert!(!shown.contains(&form), "{shown} shows {form}");
        assert!(!shown.contains(&form[..form.len() / 2]), "{shown} shows half of {form}");
    }
}

#[test]
fn debug_of_every_secret_type_is_redacted() {
    let p256 = p256::SigningKey::from_scalar(&SECRET).unwrap();
    let secp256k1 = secp256k1::SigningKey::from_scalar(&SECRET).unwrap();
    let ed25519 = ed25519::SigningKey::from_seed(&SECRET);
    let bytes = SecretBytes::init(|bytes| *bytes = SECRET);
    for shown in [
        format!("{p256:?} {p256:#?}"),
        format!("{secp256k1:?} {secp256k1:#?}"),
        format!("{ed25519:?} {ed25519:#?}"),
        format!("{bytes:?} {bytes:#?}"),
        format!("{:?}", p256.to_pkcs8_der()),
        format!("{:?} {:?}", p256.to_scalar(), secp256k1.to_scalar()),
        format!("{:?}", ed25519.to_seed()),
    ] {
        assert!(shown.contains("[redacted]"), "{shown}");
        assert_hidden(&shown);
    }
}

#[test]
fn errors_never_hold_input() {
    // `Copy` errors of fixed texts cannot; this holds the texts to lower case, too.
    for error in [
        Error::Address,
        Error::Checksum,
        Error::Base58,
        Error::Base64,
        Error::Hex,
        Error::BufferTooSmall,
        Error::Length { expected: 1, found: 2 },
        Error::Der,
        Error::Pem,
        Error::PemLabel,
        Error::Encrypted,
        Error::Algorithm,
        Error::Scalar,
        Error::PublicKey,
        Error::PublicKeyMismatch,
        Error::SignatureFormat,
        Error::SignatureMismatch,
    ] {
        let shown = error.to_string();
        assert_eq!(shown, shown.to_lowercase());
        assert_hidden(&shown);
    }
}

#[test]
fn try_init_hands_the_error_on() {
    let verdict = SecretBytes::<4>::try_init(|bytes| {
        bytes.fill(1);
        Err("refused")
    });
    assert_eq!(verdict.err(), Some("refused"));
}

#[test]
fn secrets_compare_by_value() {
    use subtle::ConstantTimeEq;
    let secret = |byte: u8| SecretBytes::<8>::init(|bytes| bytes.fill(byte));
    assert!(bool::from(secret(1).ct_eq(&secret(1))));
    assert!(!bool::from(secret(1).ct_eq(&secret(2))));
}
