//! Values of any shape pass through typed bodies as they are.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::value::{BytesDeserializer, Error};
use serde_json::json;
use signer_protocols::Json;

#[test]
fn every_kind_of_value_passes_through() {
    let document = json!({
        "null": null, "true": true, "false": false, "zero": 0, "most": u64::MAX, "least": i64::MIN,
        "minus": -1, "half": 0.5, "text": "€\"\u{0}", "array": [[], [1, "2", null]], "object": {"": {}}
    });
    let read: Json = serde_json::from_value(document.clone()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), document);
    let from_text: Json = serde_json::from_str(&document.to_string()).unwrap();
    assert_eq!(from_text, read);

    let Json::Object(members) = read else { panic!("an object") };
    assert_eq!(members["null"], Json::Null);
    assert_eq!(members["most"], Json::Unsigned(u64::MAX));
    assert_eq!(members["least"], Json::Signed(i64::MIN));
    assert_eq!(members["half"], Json::Number(0.5));
    assert_eq!(members["text"], Json::String("€\"\0".into()));
}

#[test]
fn an_absent_option_is_null_and_a_signed_integer_is_one_without_its_sign() {
    use serde::de::IntoDeserializer;
    let absent: Result<Json, Error> = Json::deserialize(().into_deserializer());
    assert_eq!(absent, Ok(Json::Null));
    let five: Result<Json, Error> = Json::deserialize(5_i64.into_deserializer());
    assert_eq!(five, Ok(Json::Unsigned(5)));
    let text: Result<Json, Error> = Json::deserialize(String::from("a").into_deserializer());
    assert_eq!(text, Ok(Json::String("a".into())));
    let bytes: Result<Json, Error> = Json::deserialize(BytesDeserializer::new(b"a"));
    assert!(bytes.unwrap_err().to_string().contains("a JSON value"));
}

#[derive(Deserialize)]
struct Flat {
    #[serde(flatten)]
    other: BTreeMap<String, Json>,
}

/// The same as a tree of `serde_json` reads it, in a build with its `arbitrary_precision` and in one without.
#[test]
fn numbers_are_numbers_whatever_another_crate_switches_on() {
    for (text, number) in [
        ("0", Json::Unsigned(0)),
        ("-0", Json::Number(-0.0)),
        ("-9223372036854775808", Json::Signed(i64::MIN)),
        ("18446744073709551615", Json::Unsigned(u64::MAX)),
        ("18446744073709551616", Json::Number(18_446_744_073_709_551_616.0)),
        ("1764000000123", Json::Unsigned(1_764_000_000_123)),
        ("1e5", Json::Number(1e5)),
    ] {
        let read: Json = serde_json::from_str(text).unwrap();
        assert_eq!(format!("{read:?}"), format!("{number:?}"), "{text}");
        let inside: Json = serde_json::from_str(&format!("[{{\"a\":{text}}}]")).unwrap();
        let member = Json::Object([("a".into(), number)].into());
        assert_eq!(inside, Json::Array(vec![member.clone()]), "{text}");
        // Buffered on the way.
        let flat: Flat = serde_json::from_str(&format!("{{\"b\":[{{\"a\":{text}}}]}}")).unwrap();
        assert_eq!(flat.other["b"], Json::Array(vec![member]), "{text}");
    }
    assert!(serde_json::from_str::<Json>("1e400").is_err());
}

#[test]
fn a_member_with_the_private_name_of_a_number_is_a_member() {
    for value in ["\"1e5\"", "\"text\"", "5", "null", "{}"] {
        let text = format!("{{\"$serde_json::private::Number\":{value}}}");
        let read: Json = serde_json::from_str(&text).unwrap();
        assert!(matches!(&read, Json::Object(members) if members.len() == 1), "{text}");
        assert_eq!(String::from_utf8(signer_protocols::jcs::to_vec(&read).unwrap()).unwrap(), text);
    }
}
