use secrecy::ExposeSecret;
use signer_core::p256::{SigningKey, VerifyingKey};
use signer_protocols::abstraxn::wire::{Activity, SignRawPayload};
use signer_protocols::abstraxn::{
    AccessKey, ExportError, ExportRecipient, Stamp, StampError, UnsignedStamp,
    production_quorum_key,
};

use super::{cases, text, unbase64url, unhex, vectors};

const VECTORS: &str = include_str!("vectors/abstraxn.json");

#[test]
fn public_keys() {
    for case in cases(&vectors(VECTORS), "derive") {
        let key = AccessKey::parse(text(case, "accessKey")).unwrap();
        assert_eq!(key.public_key().compressed(), text(case, "publicKeyCompressed"));
        assert_eq!(key.public_key().uncompressed(), text(case, "publicKeyUncompressed"));
        assert_eq!(key.to_text().expose_secret(), text(case, "accessKey"));
    }
}

#[test]
fn odd_inputs() {
    let all = vectors(VECTORS);
    for (name, case) in all["odd_inputs"].as_object().unwrap() {
        let key = AccessKey::parse(text(case, "input"));
        let vendor = &case["getPublicKey_bytes_via_uint8ArrayFromHexString"]["ok"];
        assert_eq!(
            key.as_ref().ok().map(|key| key.public_key().compressed()).as_deref(),
            vendor.as_str(),
            "{name}"
        );
        if let Err(error) = key {
            let shown = format!("{error} {error:?}");
            assert!(text(case, "input").is_empty() || !shown.contains(text(case, "input")));
        }
    }
}

#[test]
fn stamps() {
    for case in cases(&vectors(VECTORS), "stamps") {
        let key = AccessKey::parse(text(case, "accessKey")).unwrap();
        let body = text(case, "body").as_bytes();
        let stamp = key.stamp(body.to_vec()).unwrap();
        assert_eq!(stamp.header_name(), text(case, "stampHeaderName"));
        // Compared by what they say: members have no order.
        let parsed: serde_json::Value =
            serde_json::from_slice(&unbase64url(stamp.header_value())).unwrap();
        assert_eq!(parsed, vectors(text(case, "stamp_json")));
        let verifying = key.public_key().as_verifying_key();
        Stamp::verify(stamp.header_value(), body, verifying).unwrap();
        Stamp::verify(text(case, "stampHeaderValue"), body, verifying).unwrap();
        assert!(Stamp::verify(stamp.header_value(), b"other", verifying).is_err());
        let other = SigningKey::from_scalar(&[9; 32]).unwrap().verifying_key();
        assert_eq!(Stamp::verify(stamp.header_value(), body, &other), Err(StampError::PublicKey));
    }
}

#[test]
fn a_signer_with_another_key_is_found_out() {
    let stamped = SigningKey::from_scalar(&[1; 32]).unwrap();
    let other = SigningKey::from_scalar(&[2; 32]).unwrap();
    let unsigned = || UnsignedStamp::new(stamped.verifying_key(), b"{}".to_vec());
    assert!(unsigned().sign(&stamped).is_ok());
    assert!(matches!(unsigned().sign(&other), Err(StampError::Signature(_))));
}

#[test]
fn the_inner_body_is_a_string() {
    let key = AccessKey::from(SigningKey::from_scalar(&[1; 32]).unwrap());
    let activity = Activity::new(
        "org",
        1_700_000_000_000,
        SignRawPayload {
            sign_with: "0x1".into(),
            payload: "00".into(),
            encoding: "PAYLOAD_ENCODING_HEXADECIMAL".into(),
            hash_function: "HASH_FUNCTION_NO_OP".into(),
        },
    );
    let body = serde_json::to_vec(&activity).unwrap();
    let stamp = key.stamp(body.clone()).unwrap();
    let header = stamp.header_value().to_owned();
    let request =
        stamp.into_request("https://api.turnkey.com/public/v1/submit/sign_raw_payload").unwrap();
    let request = serde_json::to_value(&request).unwrap();
    assert_eq!(request["body"].as_str().unwrap().as_bytes(), body);
    assert_eq!(request["stamp"]["stampHeaderName"], "X-Stamp");
    assert_eq!(request["stamp"]["stampHeaderValue"], header);
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body["type"], "ACTIVITY_TYPE_SIGN_RAW_PAYLOAD_V2");
    assert_eq!(body["timestampMs"], "1700000000000");
}

fn recipient(case: &serde_json::Value) -> ExportRecipient {
    let scalar = unhex(text(case, "embeddedKey_accessKey")).try_into().unwrap();
    SigningKey::from_scalar(&scalar).unwrap().into()
}

fn quorum(case: &serde_json::Value) -> VerifyingKey {
    VerifyingKey::from_sec1_bytes(&unhex(text(case, "testQuorumPublic"))).unwrap()
}

#[test]
fn export_bundles() {
    for case in cases(&vectors(VECTORS), "export_bundles") {
        let recipient = recipient(case);
        assert_eq!(recipient.target_public_key(), text(case, "targetPublicKeyUncompressed"));
        let (bundle, organization) = (text(case, "exportBundle"), text(case, "organizationId"));
        let key = recipient.open(bundle, organization, &quorum(case)).unwrap();
        assert_eq!(key.as_bytes().expose_secret().as_slice(), unhex(text(case, "plaintextHex")));
        assert_eq!(key.to_evm().expose_secret(), text(case, "expect_evm"));
        assert_eq!(key.to_solana().expose_secret(), text(case, "expect_solana_bs58_64B"));
    }
}

#[test]
fn export_bundles_that_are_refused() {
    let all = vectors(VECTORS);
    let case = &cases(&all, "export_bundles")[0];
    let (bundle, organization) = (text(case, "exportBundle"), text(case, "organizationId"));
    let open = |bundle: &str, organization: &str, quorum: &VerifyingKey| {
        recipient(case).open(bundle, organization, quorum).unwrap_err()
    };
    let quorum = quorum(case);
    let zeros = "00000000-0000-0000-0000-000000000000";
    assert_eq!(open(bundle, zeros, &quorum), ExportError::Organization);
    assert_eq!(
        open(bundle, organization, &production_quorum_key().unwrap()),
        ExportError::QuorumKey
    );
    let other = ExportRecipient::from(SigningKey::from_scalar(&[9; 32]).unwrap());
    assert_eq!(other.open(bundle, organization, &quorum).unwrap_err(), ExportError::Open);
    assert!(matches!(open("nope", organization, &quorum), ExportError::Json(_)));
    assert!(matches!(open("{}", organization, &quorum), ExportError::Field { field: "version" }));
    let mut changed: serde_json::Value = serde_json::from_str(bundle).unwrap();
    let data = text(&changed, "data").replacen("7b22", "7b20", 1);
    changed["data"] = data.into();
    assert_eq!(open(&changed.to_string(), organization, &quorum), ExportError::Signature);
}

/// A stamp of another scheme, one that is none, and a body that cannot be sent in JSON.
#[test]
fn stamps_of_another_kind_are_refused() {
    let key = AccessKey::from(SigningKey::from_scalar(&[1; 32]).unwrap());
    let stamp = key.stamp(b"{}".to_vec()).unwrap();
    let verify =
        |value: &str| Stamp::verify(value, b"{}", key.public_key().as_verifying_key()).unwrap_err();
    let text = String::from_utf8(unbase64url(stamp.header_value())).unwrap();
    let encode = |text: &str| {
        let mut out = vec![0; 2 * text.len()];
        signer_core::encoding::base64url_encode(text.as_bytes(), &mut out).unwrap().to_owned()
    };
    assert!(text.contains("SIGNATURE_SCHEME_TK_API_P256"));
    assert_eq!(verify(&encode(&text.replace("P256", "P384"))), StampError::Scheme);
    for bad in ["*", "", &encode("[]"), &encode("{}"), &encode("nope")] {
        assert_eq!(verify(bad), StampError::Format, "{bad}");
    }
    let no_text = key.stamp(vec![0xff]).unwrap();
    assert_eq!(no_text.into_request("https://x/").unwrap_err(), StampError::Format);
}
