//! Values of any shape pass through typed bodies as they are.

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
