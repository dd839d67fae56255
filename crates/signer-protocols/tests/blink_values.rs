use serde_json::{Value, json};
use signer_core::p256::SigningKey;
use signer_protocols::blink::{
    Amount, IdempotencyKey, MerchantAuthorization, MerchantId, PaymentVerifier, Policy,
    PolicyError, PolicyFile, SignerRequest, Timestamp, UsdMicros,
};
use signer_protocols::jcs::Limits;

use super::{text, unbase64, unbase64url};

#[test]
fn timestamps_as_ecmascript_writes_them() {
    for (ms, expected) in [
        (0, "1970-01-01T00:00:00.000Z"),
        (951_782_400_000, "2000-02-29T00:00:00.000Z"),
        (951_868_800_000, "2000-03-01T00:00:00.000Z"),
        (1_078_012_800_000, "2004-02-29T00:00:00.000Z"),
        (1_773_679_531_123, "2026-03-16T16:45:31.123Z"),
        (1_795_175_718_999, "2026-11-20T11:55:18.999Z"),
        (4_107_542_399_999, "2100-02-28T23:59:59.999Z"),
        (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
    ] {
        let timestamp = Timestamp::from_unix_ms(ms).unwrap();
        assert_eq!(timestamp.to_string(), expected);
        assert_eq!(Timestamp::parse(expected), Ok(timestamp));
    }
    // Every day of 400 years, there and back.
    for day in 0..146_097_u64 {
        let timestamp = Timestamp::from_unix_ms(day * 86_400_000 + 1).unwrap();
        assert_eq!(Timestamp::parse(&timestamp.to_string()), Ok(timestamp));
    }
    for bad in [
        "",
        "2026-03-01T12:00:00Z",
        "2026-03-01T12:00:00.000",
        "2026-03-01T12:00:00.000+00:00",
        "2026-02-29T12:00:00.000Z",
        "2026-13-01T12:00:00.000Z",
        "2026-00-01T12:00:00.000Z",
        "2026-03-00T12:00:00.000Z",
        "2026-03-32T12:00:00.000Z",
        "2026-03-01T24:00:00.000Z",
        "2026-03-01T12:60:00.000Z",
        "2026-03-01T12:00:60.000Z",
        "2026-03-01t12:00:00.000Z",
        "1969-12-31T23:59:59.999Z",
        "+026-03-01T12:00:00.000Z",
        " 2026-03-01T12:00:00.00Z",
    ] {
        assert!(Timestamp::parse(bad).is_err(), "{bad}");
    }
    assert!(Timestamp::from_unix_ms(253_402_300_800_000).is_err());
}

#[test]
fn ids() {
    let v4 = "f47ac10b-58cc-4372-a567-0e02b2c3d479";
    assert_eq!(IdempotencyKey::parse(&v4.to_uppercase()).unwrap().as_str(), v4);
    for bad in [
        "",
        &v4[1..],
        "f47ac10b-58cc-1372-a567-0e02b2c3d479",
        "f47ac10b-58cc-4372-c567-0e02b2c3d479",
        "f47ac10b58cc4372a5670e02b2c3d479",
        "g47ac10b-58cc-4372-a567-0e02b2c3d479",
        "{47ac10b-58cc-4372-a567-0e02b2c3d479",
    ] {
        assert!(IdempotencyKey::parse(bad).is_err(), "{bad}");
    }
    let made = IdempotencyKey::from_random_bytes([0xff; 16]);
    assert_eq!(made.as_str(), "ffffffff-ffff-4fff-bfff-ffffffffffff");
    let made = IdempotencyKey::from_random_bytes([0; 16]);
    assert_eq!(made.as_str(), "00000000-0000-4000-8000-000000000000");
    assert!(IdempotencyKey::parse(made.as_str()).is_ok());
    for bad in ["YOUR_MERCHANT_ID", "", "00000000-0000-0000-0000-000000000000"] {
        assert!(MerchantId::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn amounts_round_up_to_millionths() {
    for (amount, micros) in [
        (50.0, 50_000_000),
        (0.1, 100_000),
        (4.35, 4_350_000),
        (0.000001, 1),
        (0.0000011, 2),
        (1e-7, 1),
        (5e-324, 1),
        (1.0000001, 1_000_001),
        (123_456_789.123_456_79, 123_456_789_123_457),
        (1e12, 1_000_000_000_000_000_000),
        (1e20, u64::MAX),
        (1e21, u64::MAX),
        (f64::MAX, u64::MAX),
    ] {
        assert_eq!(Amount::from_f64(amount).unwrap().to_micros(), UsdMicros(micros), "{amount}");
    }
    for bad in [0.0, -0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(Amount::from_f64(bad).is_none());
    }
    for (text, micros) in [
        ("0", Some(0)),
        ("2500.00", Some(2_500_000_000)),
        ("0.000001", Some(1)),
        ("1.", None),
        (".5", None),
        ("1.0000001", None),
        ("1e3", None),
        ("-1", None),
        ("+1", None),
        ("", None),
        ("99999999999999", None),
    ] {
        assert_eq!(UsdMicros::parse_dollars(text).ok(), micros.map(UsdMicros), "{text}");
    }
}

fn policy(file: Value) -> Result<Policy, PolicyError> {
    Policy::try_from(serde_json::from_value::<PolicyFile>(file).unwrap())
}

fn verdict(policy: &Policy, change: Value) -> Result<(), String> {
    let mut request = json!({
        "amount": 50, "chainId": 8453, "address": "0x1a5FdBc891c5D4E6aD68064Ae45D43146D4F9f3a",
        "token": "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913",
    });
    for (name, value) in change.as_object().unwrap() {
        request[name] = value.clone();
    }
    let request = SignerRequest::parse(request.to_string().as_bytes(), Limits::default()).unwrap();
    request.validate(policy).map(drop).map_err(|rejection| rejection.to_string())
}

#[test]
fn policies() {
    let catalogue = policy(json!({})).unwrap();
    assert_eq!(catalogue, Policy::catalogue());
    assert_eq!(verdict(&catalogue, json!({})), Ok(()));
    assert!(verdict(&catalogue, json!({"amount": null})).is_err());

    let open = policy(json!({"open_amounts": true})).unwrap();
    assert_eq!(verdict(&open, json!({"amount": null})), Ok(()));

    let ceiling = policy(json!({"max_amount": "50"})).unwrap();
    assert_eq!(verdict(&ceiling, json!({})), Ok(()));
    let above = verdict(&ceiling, json!({"amount": 50.0000001})).unwrap_err();
    assert_eq!(above, "amount is above the limit for one payment.");

    let checked = policy(json!({"check_eip55": true})).unwrap();
    let good = "0x6b9cb6e03786D23b45b1C7Fd0684B8bc10e098F1";
    assert_eq!(verdict(&checked, json!({"address": good})), Ok(()));
    assert_eq!(verdict(&checked, json!({"address": good.to_lowercase()})), Ok(()));
    assert!(verdict(&checked, json!({"address": good.replace('D', "d")})).is_err());

    let one = json!({"chains": {"10": ["0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"]}});
    assert_eq!(verdict(&policy(one.clone()).unwrap(), json!({"chainId": 10})), Ok(()));
    assert_eq!(
        verdict(&policy(one.clone()).unwrap(), json!({})),
        Err("chainId is not supported.".into())
    );
    let mut both = one;
    both["catalogue"] = true.into();
    assert_eq!(verdict(&policy(both).unwrap(), json!({})), Ok(()));

    let scheme = policy(json!({"callback_schemes": ["myapp"]})).unwrap();
    assert_eq!(verdict(&scheme, json!({"callbackScheme": "myapp"})), Ok(()));
    assert!(verdict(&scheme, json!({"callbackScheme": "MyApp"})).is_err());
    assert!(verdict(&scheme, json!({"callbackScheme": "javascript"})).is_err());

    for url in [
        "https://pay.blink.cash",
        "https://pay.blink.cash/x?y#z",
        "https://pay-sandbox.blink.cash/",
    ] {
        assert_eq!(verdict(&catalogue, json!({"url": url})), Ok(()), "{url}");
    }
    for url in [
        "https://pay.blink.cash.evil.example",
        "https://pay.blink.cash@evil.example",
        "http://pay.blink.cash",
        "https://pay.blink.cash:8443",
        "",
    ] {
        assert!(verdict(&catalogue, json!({"url": url})).is_err(), "{url}");
    }
}

#[test]
fn policies_that_are_refused() {
    let token = "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913";
    for file in [
        json!({"chains": {"0": [token]}}),
        json!({"chains": {"08453": [token]}}),
        json!({"chains": {"9007199254740992": [token]}}),
        json!({"chains": {"8253038": ["bc1"]}}),
        json!({"chains": {"8453": ["0x1"]}}),
        json!({"chains": {"8453": []}}),
        json!({"chains": {}}),
        json!({"callback_schemes": ["javascript"]}),
        json!({"callback_schemes": ["HTTPS"]}),
        json!({"callback_schemes": ["my app"]}),
        json!({"callback_schemes": [""]}),
        json!({"url_origins": ["http://pay.example"]}),
        json!({"url_origins": ["https://pay.example/path"]}),
        json!({"max_amount": "1e3"}),
        json!({"max_amount": "10", "open_amounts": true}),
    ] {
        assert!(policy(file.clone()).is_err(), "{file}");
    }
    assert!(serde_json::from_value::<PolicyFile>(json!({"max_amont": "10"})).is_err());
}

#[test]
fn the_commented_example_is_a_policy() {
    let example = include_str!("../../../docs/policy.example.toml");
    let file: PolicyFile = toml::from_str(example).unwrap();
    assert!(Policy::try_from(file).is_ok());
}

#[test]
fn merchant_authorization() {
    let key = SigningKey::from_scalar(&[7; 32]).unwrap();
    let merchant = MerchantId::parse("a1b2c3d4-e5f6-4a7b-8c9d-0e1f2a3b4c5d").unwrap();
    let time = "2026-03-01T12:00:00.000Z";
    let authorization = MerchantAuthorization::new(merchant, Timestamp::parse(time).unwrap());
    let header: Value =
        serde_json::from_slice(&unbase64(&authorization.sign(&key).unwrap())).unwrap();
    assert_eq!(header.as_object().unwrap().len(), 3);
    assert_eq!(text(&header, "merchantId"), "a1b2c3d4-e5f6-4a7b-8c9d-0e1f2a3b4c5d");
    let payload = unbase64url(text(&header, "payload"));
    assert_eq!(
        payload,
        format!(r#"{{"version":"v1","signatureTimestamp":"{time}"}}"#).into_bytes()
    );
    let signature = unbase64url(text(&header, "signature"));
    key.verifying_key().accept(text(&header, "payload").as_bytes(), &signature).unwrap();
    let verifier = PaymentVerifier::new(key.verifying_key());
    let header = authorization.sign(&key).unwrap();
    let signed = Timestamp::parse(time).unwrap();
    let at = |ms: u64| Timestamp::from_unix_ms(signed.unix_ms() + ms).unwrap();
    let merchant = verifier.verify_merchant_authorization(&header, at(900_000)).unwrap();
    assert_eq!(merchant.as_str(), "a1b2c3d4-e5f6-4a7b-8c9d-0e1f2a3b4c5d");
    assert!(verifier.verify_merchant_authorization(&header, at(900_001)).is_err());
    assert!(verifier.verify_merchant_authorization(&header[1..], at(0)).is_err());
    let other = PaymentVerifier::new(SigningKey::from_scalar(&[8; 32]).unwrap().verifying_key());
    assert!(other.verify_merchant_authorization(&header, at(0)).is_err());
    assert_eq!(at(5).back_dated(5), at(0));
    assert_eq!(
        authorization.attach(&key.verifying_key(), &signature).unwrap(),
        authorization.sign(&key).unwrap()
    );
}

/// What a payment that was found valid says of itself.
#[test]
fn a_valid_payment_says_what_was_asked() {
    const ADDRESS: &str = "0x1a5FdBc891c5D4E6aD68064Ae45D43146D4F9f3a";
    const TOKEN: &str = "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913";
    let valid = |address: &str, token: &str| {
        let body =
            format!(r#"{{"amount":50.25,"chainId":8453,"address":"{address}","token":"{token}"}}"#);
        SignerRequest::parse(body.as_bytes(), Limits::default())
            .and_then(|request| request.validate(&Policy::catalogue()))
    };
    let payment = valid(ADDRESS, TOKEN).unwrap();
    assert!(format!("{:?}", payment.amount().unwrap()).contains("50.25"));
    assert_eq!(payment.chain_id(), 8453);
    assert_eq!((payment.address(), payment.token()), (ADDRESS, TOKEN));
    assert!(payment.is_destination(ADDRESS));
    assert!(payment.is_destination(&ADDRESS.to_ascii_lowercase()));
    assert!(!payment.is_destination(TOKEN));
    assert!(!payment.is_destination(""));

    // Letters that are no hex, one digit less and one more, and the address that nobody holds.
    assert!(valid(ADDRESS, &TOKEN.replace("2913", "291g")).is_err());
    assert!(valid(ADDRESS, &TOKEN[..41]).is_err());
    assert!(valid(ADDRESS, &format!("{TOKEN}0")).is_err());
    assert!(valid(&format!("0x{}", "0".repeat(40)), TOKEN).is_err());
}

/// Solana's texts are compared letter by letter; a token of Hyperliquid has an even number of digits, 32 to 40.
#[test]
fn addresses_of_chains_that_are_not_evm() {
    const ADDRESS: &str = "9r5nFjc8wa4gkAzU6iUNT2SnyBR6rTZmkr1hN2c7vis6";
    const TOKEN: &str = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v";
    let valid = |address: &str| {
        let body = format!(
            r#"{{"amount":50,"chainId":792703809,"address":"{address}","token":"{TOKEN}"}}"#
        );
        SignerRequest::parse(body.as_bytes(), Limits::default())
            .and_then(|request| request.validate(&Policy::catalogue()))
    };
    let payment = valid(ADDRESS).unwrap();
    assert!(payment.is_destination(ADDRESS));
    assert!(!payment.is_destination(&ADDRESS.to_ascii_lowercase()));
    assert!(valid(TOKEN).is_err(), "the token is no destination");

    for (digits, allowed) in
        [(30, false), (32, true), (33, false), (34, true), (40, true), (42, false)]
    {
        let token = format!("0x{}", "a1".repeat(21).get(..digits).unwrap());
        let file: PolicyFile =
            toml::from_str(&format!("[chains]\n1337 = [\"{token}\"]\n")).unwrap();
        assert_eq!(Policy::try_from(file).is_ok(), allowed, "{digits} digits");
    }
}

#[test]
fn a_ceiling_of_the_day_is_more_than_nothing() {
    let policy = |dollars: &str| {
        let file: PolicyFile = toml::from_str(&format!("max_per_day = \"{dollars}\"\n")).unwrap();
        Policy::try_from(file)
    };
    let ceiling = UsdMicros::parse_dollars("0.000001").unwrap();
    assert_eq!(policy("0.000001").unwrap().max_per_day(), Some(ceiling));
    assert!(policy("0").is_err());
    assert!(policy("0.000000").is_err());
}
