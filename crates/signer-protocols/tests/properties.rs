use proptest::prelude::*;
use signer_core::p256::SigningKey;
use signer_protocols::abstraxn::{AccessKey, Stamp};
use signer_protocols::blink::{Policy, SignerRequest, Timestamp};
use signer_protocols::crossmint::{ApiKey, Approval, SignerSecret, TrustedKeys};
use signer_protocols::jcs::{self, Limits};
use signer_protocols::privy::{AuthorizationKey, AuthorizationRequest, Method, WebhookSecret};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_a_parser_panic(text in ".{0,120}", bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = SignerSecret::parse(&text);
        let _ = ApiKey::parse(&format!("sk_staging_{text}"), &TrustedKeys::vendor().unwrap(), Default::default());
        let _ = Approval::evm(&text);
        let _ = Approval::solana_message(&text);
        let _ = Approval::solana_transaction(&text);
        let _ = Approval::stellar(&text);
        let _ = AuthorizationKey::parse(&text);
        let _ = WebhookSecret::parse(&text);
        let _ = AccessKey::parse(&text);
        let _ = Timestamp::parse(&text);
        let _ = jcs::canonicalize(&bytes, Limits::default());
        if let Ok(request) = SignerRequest::parse(&bytes, Limits::default()) {
            let _ = request.validate(&Policy::catalogue());
        }
    }

    #[test]
    fn what_is_canonical_stays(text in r#"[\[\]{}",:0-9eE+.a\\u -]{0,40}"#) {
        if let Ok(canonical) = jcs::canonicalize(text.as_bytes(), Limits::default()) {
            prop_assert_eq!(jcs::canonicalize(&canonical, Limits::default()).unwrap(), canonical);
        }
    }

    #[test]
    fn timestamps_parse_print_parse(ms in 0..253_402_300_800_000_u64) {
        let timestamp = Timestamp::from_unix_ms(ms).unwrap();
        prop_assert_eq!(Timestamp::parse(&timestamp.to_string()), Ok(timestamp));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sign_verify_flip(scalar in proptest::array::uniform32(1_u8..255), message in "[a-z]{1,40}", at in 0_usize..90) {
        let signing = || SigningKey::from_scalar(&scalar).unwrap();
        let request = AuthorizationRequest::builder(Method::Post, "https://x/", "app")
            .body(&message).unwrap().build().unwrap();
        let signed = request.clone().sign(&[&signing()]).unwrap();
        let header = signed.signature().unwrap();
        let keys = [signing().verifying_key()];
        prop_assert!(request.verify(header, &keys).is_ok());
        let other = AuthorizationRequest::builder(Method::Post, "https://x/", "app")
            .body(&format!("{message}x")).unwrap().build().unwrap();
        prop_assert!(other.verify(header, &keys).is_err());
        let mut flipped = header.to_owned().into_bytes();
        let place = at % flipped.len();
        flipped[place] = if flipped[place] == b'A' { b'B' } else { b'A' };
        prop_assert!(request.verify(std::str::from_utf8(&flipped).unwrap(), &keys).is_err());

        let key = AccessKey::from(signing());
        let stamp = key.stamp(message.clone().into_bytes()).unwrap();
        let verifying = key.public_key().as_verifying_key();
        prop_assert!(Stamp::verify(stamp.header_value(), message.as_bytes(), verifying).is_ok());
        let longer = message + "x";
        prop_assert!(Stamp::verify(stamp.header_value(), longer.as_bytes(), verifying).is_err());
    }
}
