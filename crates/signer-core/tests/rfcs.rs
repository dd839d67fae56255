use signer_core::ed25519;
use signer_core::p256::{Signature, SigningKey};
use signer_core::signature::Signer;
use signer_core::{SecretBytes, hkdf_sha256_into};

use super::{unhex, unhex32};

/// RFC 5869, appendix A.1 to A.3: the first 32 bytes of each output.
#[test]
fn rfc_5869() {
    for (ikm, salt, info, okm) in [
        (
            "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
            "000102030405060708090a0b0c",
            "f0f1f2f3f4f5f6f7f8f9",
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf",
        ),
        (
            &hex_range(0x00, 0x50),
            &hex_range(0x60, 0xb0),
            &hex_range(0xb0, 0x100),
            "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c",
        ),
        (
            "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
            "",
            "",
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d",
        ),
    ] {
        let info = unhex(info);
        for split in [0, info.len() / 2, info.len()] {
            let (head, tail) = info.split_at(split);
            let mut out = SecretBytes::init(|_| {});
            hkdf_sha256_into(&unhex(ikm), &unhex(salt), &[head, tail], &mut out);
            assert_eq!(out.expose_secret(), &unhex32(okm));
        }
    }
}

fn hex_range(from: u16, to: u16) -> String {
    (from..to).map(|byte| format!("{byte:02x}")).collect()
}

/// RFC 6979, appendix A.2.5, SHA-256.
#[test]
fn rfc_6979() {
    let scalar = "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721";
    let key = SigningKey::from_scalar(&unhex32(scalar)).unwrap();
    for (message, r, s) in [
        (
            "sample",
            "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716",
            "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
        ),
        (
            "test",
            "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367",
            "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083",
        ),
    ] {
        let signature: Signature = key.try_sign(message.as_bytes()).unwrap();
        assert_eq!(signature.to_bytes().as_slice(), unhex(&format!("{r}{s}")));
    }
}

/// RFC 8032, section 7.1, tests 1 to 3.
#[test]
fn rfc_8032() {
    for (seed, public, message, signature) in [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ),
        (
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        ),
    ] {
        let key = ed25519::SigningKey::from_seed(&unhex32(seed));
        assert_eq!(key.verifying_key().to_bytes(), unhex32(public));
        let made = key.try_sign(&unhex(message)).unwrap();
        assert_eq!(made.to_bytes().as_slice(), unhex(signature));
    }
}
