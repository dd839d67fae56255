use std::collections::BTreeMap;

use signer_protocols::jcs::{self, JsonErrorKind, Limits};

use super::{text, unbase64, vectors};

fn canonicalize(document: &[u8]) -> Result<Vec<u8>, JsonErrorKind> {
    jcs::canonicalize(document, Limits::default()).map_err(|error| error.kind().clone())
}

#[test]
fn documents_of_the_oracles() {
    for line in include_str!("vectors/jcs_documents.jsonl").lines() {
        let case = vectors(line);
        let document = unbase64(text(&case, "in_b64"));
        assert_eq!(canonicalize(&document), Ok(unbase64(text(&case, "out_b64"))), "{case}");
    }
}

#[test]
fn numbers_of_ecmascript() {
    for line in include_str!("vectors/es6_numbers.csv").lines() {
        let (bits, expected) = line.split_once(',').unwrap();
        let value = f64::from_bits(u64::from_str_radix(bits, 16).unwrap());
        assert_eq!(jcs::to_vec(&value).unwrap(), expected.as_bytes(), "{bits}");
        assert_eq!(canonicalize(expected.as_bytes()), Ok(expected.as_bytes().to_vec()));
        assert_eq!(canonicalize(format!("{value:e}").as_bytes()), Ok(expected.as_bytes().to_vec()));
        assert!(canonicalize(format!("{value:.400}").as_bytes()).is_ok());
    }
}

/// RFC 8785, section 3.2.2 and appendix B.
#[test]
fn facts_of_rfc_8785() {
    let sample = r#"{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],
        "string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}"#;
    let expected = r#"{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}"#;
    assert_eq!(canonicalize(sample.as_bytes()), Ok(expected.as_bytes().to_vec()));
    for (bits, expected) in [
        (0x0000_0000_0000_0000_u64, "0"),
        (0x8000_0000_0000_0000, "0"),
        (0x0000_0000_0000_0001, "5e-324"),
        (0x8000_0000_0000_0001, "-5e-324"),
        (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
        (0x4340_0000_0000_0000, "9007199254740992"),
        (0x4430_0000_0000_0000, "295147905179352830000"),
        (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
        (0x44b5_2d02_c7e1_4af6, "1e+23"),
        (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
        (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
        (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
        (0x444b_1ae4_d6e2_ef50, "1e+21"),
        (0x41b3_de43_5555_5553, "333333333.3333332"),
        (0x41b3_de43_5555_5557, "333333333.33333343"),
        (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
        (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
    ] {
        assert_eq!(jcs::to_vec(&f64::from_bits(bits)).unwrap(), expected.as_bytes(), "{bits:x}");
    }
}

#[test]
fn utf16_order_of_names() {
    let document = "{\"\\u20ac\":1,\"\\r\":2,\"\\ufb33\":3,\"1\":4,\"\\ud83d\\ude00\":5,\"\\u0080\":6,\"\\u00f6\":7}";
    let expected = "{\"\\r\":2,\"1\":4,\"\u{80}\":6,\"ö\":7,\"€\":1,\"😀\":5,\"\u{fb33}\":3}";
    assert_eq!(canonicalize(document.as_bytes()), Ok(expected.as_bytes().to_vec()));
}

#[test]
fn what_is_refused() {
    use JsonErrorKind as Kind;
    let nested = |depth: usize| [vec![b'['; depth], vec![b']'; depth]].concat();
    assert!(canonicalize(&nested(128)).is_ok());
    for (document, kind) in [
        (b"".to_vec(), Kind::UnexpectedEnd),
        (b" \n".to_vec(), Kind::UnexpectedEnd),
        (b"\xef\xbb\xbf1".to_vec(), Kind::UnexpectedCharacter),
        (b"[1,]".to_vec(), Kind::UnexpectedCharacter),
        (b"{\"a\":1,}".to_vec(), Kind::UnexpectedCharacter),
        (b"{a:1}".to_vec(), Kind::UnexpectedCharacter),
        (b"{\"a\" 1}".to_vec(), Kind::UnexpectedCharacter),
        (b"[1 2]".to_vec(), Kind::UnexpectedCharacter),
        (b"[".to_vec(), Kind::UnexpectedEnd),
        (b"{\"a\":1".to_vec(), Kind::UnexpectedEnd),
        (b"\"abc".to_vec(), Kind::UnexpectedEnd),
        (b"\"ab\\".to_vec(), Kind::UnexpectedEnd),
        (b"\"ab\\x\"".to_vec(), Kind::Escape),
        (b"\"\\u12\"".to_vec(), Kind::Escape),
        (b"\"\\u+123\"".to_vec(), Kind::Escape),
        (b"\"\\ud800\"".to_vec(), Kind::LoneSurrogate),
        (b"\"\\udc00\"".to_vec(), Kind::LoneSurrogate),
        (b"\"\\ud800\\u0041\"".to_vec(), Kind::LoneSurrogate),
        (b"\"\\ud800\\n\"".to_vec(), Kind::LoneSurrogate),
        (b"\"\\ud800x\"".to_vec(), Kind::LoneSurrogate),
        (b"{\"\\udead\":1}".to_vec(), Kind::LoneSurrogate),
        (b"\"\t\"".to_vec(), Kind::ControlCharacter),
        (b"\"long enough for a word \x00\"".to_vec(), Kind::ControlCharacter),
        (b"\"\xff\"".to_vec(), Kind::Utf8),
        (b"\"\xed\xa0\x80\"".to_vec(), Kind::Utf8),
        (b"\"\xc0\xaf\"".to_vec(), Kind::Utf8),
        (b"1e400".to_vec(), Kind::NumberRange),
        (b"-1e400".to_vec(), Kind::NumberRange),
        (b"NaN".to_vec(), Kind::UnexpectedCharacter),
        (b"nul".to_vec(), Kind::UnexpectedEnd),
        (b"Infinity".to_vec(), Kind::UnexpectedCharacter),
        (b"01".to_vec(), Kind::UnexpectedCharacter),
        (b"-".to_vec(), Kind::UnexpectedEnd),
        (b"-01".to_vec(), Kind::UnexpectedCharacter),
        (b"1.".to_vec(), Kind::UnexpectedEnd),
        (b".5".to_vec(), Kind::UnexpectedCharacter),
        (b"+1".to_vec(), Kind::UnexpectedCharacter),
        (b"1e".to_vec(), Kind::UnexpectedEnd),
        (b"1e+".to_vec(), Kind::UnexpectedEnd),
        (b"1 1".to_vec(), Kind::Trailing),
        (b"{}x".to_vec(), Kind::Trailing),
        (b"{\"a\":1,\"a\":2}".to_vec(), Kind::DuplicateKey),
        (b"{\"a\":1,\"b\":3,\"\\u0061\":2}".to_vec(), Kind::DuplicateKey),
        (b"[{\"x\":{\"b\":1,\"a\":3,\"b\":2}}]".to_vec(), Kind::DuplicateKey),
        (nested(129), Kind::TooDeep { limit: 128 }),
        (nested(100_000), Kind::TooDeep { limit: 128 }),
        (b"{\"a\":".repeat(100_000), Kind::TooDeep { limit: 128 }),
        (vec![b' '; (1 << 20) + 1], Kind::TooLarge { limit: 1 << 20 }),
        (vec![b'1'; 100_000_000], Kind::TooLarge { limit: 1 << 20 }),
    ] {
        let shown = String::from_utf8_lossy(&document[..document.len().min(40)]).into_owned();
        assert_eq!(canonicalize(&document), Err(kind), "{shown}");
    }
}

/// RFC 8785, section 3.2.2.3, prints an integer that no double holds as another one; who must not have that can say so.
#[test]
fn integers_that_would_be_rounded_are_refused_where_it_is_asked_for() {
    let exact = Limits::default().with_exact_integers();
    for good in ["9007199254740991", "-9007199254740991", "0", "-0", "1e15", "0.30000000000000001"]
    {
        assert!(jcs::canonicalize(good.as_bytes(), exact).is_ok(), "{good}");
    }
    for bad in [
        "9007199254740992",
        "9007199254740993",
        "-9007199254740993",
        "18446744073709551615",
        "1000000000000000001.0",
        "1.000000000000000001e18",
        "-9007199254740993.5",
        "1e999",
    ] {
        let error = jcs::canonicalize(bad.as_bytes(), exact).unwrap_err();
        assert_eq!(error.kind(), &JsonErrorKind::InexactInteger, "{bad}");
        assert!(bad == "1e999" || jcs::canonicalize(bad.as_bytes(), Limits::default()).is_ok());
    }
}

/// A member that another parser, with a feature on, would read as a number.
#[test]
fn private_names_of_serde_json_are_names() {
    let document = br#"{"$serde_json::private::Number":"1e5"}"#;
    assert_eq!(canonicalize(document), Ok(document.to_vec()));
}

/// What `serde_json` hands out once any crate of the build has switched its features on.
#[test]
fn private_structs_of_serde_json_are_no_objects() {
    struct Private(&'static str, &'static str);
    impl serde::Serialize for Private {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            use serde::ser::SerializeStruct;
            let mut object = serializer.serialize_struct(self.0, 1)?;
            object.serialize_field(self.0, self.1)?;
            object.end()
        }
    }
    let number = |text| jcs::to_vec(&Private("$serde_json::private::Number", text));
    assert_eq!(number("1.50").unwrap(), b"1.5");
    assert_eq!(number("18446744073709551615").unwrap(), b"18446744073709552000");
    for bad in ["1e400", "NaN", "true", "", "1 "] {
        assert!(number(bad).is_err() || bad == "1 ", "{bad}");
    }
    let raw = jcs::to_vec(&Private("$serde_json::private::RawValue", "{}"));
    assert_eq!(raw.unwrap_err().kind(), &JsonErrorKind::RawValue);
}

/// A name without a value, or a value without a name, is no member.
#[test]
fn half_a_member_is_refused() {
    use serde::ser::SerializeMap;
    struct Map(&'static str);
    impl serde::Serialize for Map {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut object = serializer.serialize_map(None)?;
            for step in self.0.chars() {
                match step {
                    'v' => object.serialize_value(&1)?,
                    name => object.serialize_key(&name)?,
                }
            }
            object.end()
        }
    }
    assert_eq!(jcs::to_vec(&Map("bvav")).unwrap(), br#"{"a":1,"b":1}"#);
    for bad in ["a", "v", "avb", "abv", "avv", "vav"] {
        assert_eq!(
            jcs::to_vec(&Map(bad)).unwrap_err().kind(),
            &JsonErrorKind::KeyNotString,
            "{bad}"
        );
    }
}

/// Who goes on after an error would have half a value signed.
#[test]
fn an_error_that_is_passed_over_stays_one() {
    use serde::ser::{SerializeMap, SerializeSeq, SerializeTuple};
    struct Careless(&'static str);
    impl serde::Serialize for Careless {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let half = (1, f64::NAN);
            match self.0 {
                "seq" => {
                    let mut items = serializer.serialize_seq(None)?;
                    let _ = items.serialize_element(&half);
                    items.end()
                }
                "tuple" => {
                    let mut items = serializer.serialize_tuple(2)?;
                    if items.serialize_element(&half).is_err() {
                        let _ = items.serialize_element("x");
                    }
                    items.end()
                }
                "value" => {
                    let mut members = serializer.serialize_map(None)?;
                    members.serialize_key("a")?;
                    if members.serialize_value(&half).is_err() {
                        let _ = members.serialize_value(&0);
                    }
                    members.end()
                }
                _ => {
                    let mut members = serializer.serialize_map(None)?;
                    let _ = members.serialize_entry("a", &half);
                    let _ = members.serialize_entry("b", &0);
                    members.end()
                }
            }
        }
    }
    for way in ["seq", "tuple", "value", "entry"] {
        let refused = jcs::to_vec(&Careless(way)).unwrap_err();
        assert!(matches!(refused.kind(), JsonErrorKind::Custom(_)), "{way}");
    }
}

/// The names in the text have escapes, and are sorted and compared without them.
#[test]
fn typed_names_are_sorted_as_they_are_read() {
    struct Names(&'static [&'static str]);
    impl serde::Serialize for Names {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_map(self.0.iter().map(|name| (name, ())))
        }
    }
    // In the text a newline is a backslash, which comes after the letter A.
    let sorted =
        jcs::to_vec(&Names(&["z", "a\n", "A", "\n", "\u{1}", "\u{ffff}", "\u{10000}", "\""]));
    let expected = "{\"\\u0001\":null,\"\\n\":null,\"\\\"\":null,\"A\":null,\"a\\n\":null,\"z\":null,\"\u{10000}\":null,\"\u{ffff}\":null}";
    assert_eq!(sorted.unwrap(), expected.as_bytes());
    for twice in [["\n", "\n"], ["a", "a"]] {
        let twice = [twice[0], "b", twice[1]];
        let twice: &'static [&'static str] = Vec::from(twice).leak();
        let refused = jcs::to_vec(&Names(twice)).unwrap_err();
        assert_eq!(refused.kind(), &JsonErrorKind::DuplicateKey);
    }
}

#[test]
fn limits_are_the_callers() {
    let limits = Limits::default().with_max_bytes(3);
    assert!(jcs::canonicalize(b"[1]", limits).is_ok());
    assert!(jcs::canonicalize(b"[12]", limits).is_err());
}

#[test]
fn typed_values() {
    #[derive(serde::Serialize)]
    enum Shape {
        Unit,
        Newtype(u8),
        Tuple(u8, u8),
        Struct { b: u8, a: Option<u8> },
    }
    let shapes =
        (Shape::Unit, Shape::Newtype(1), Shape::Tuple(1, 2), Shape::Struct { b: 1, a: None });
    let expected = r#"["Unit",{"Newtype":1},{"Tuple":[1,2]},{"Struct":{"a":null,"b":1}}]"#;
    assert_eq!(jcs::to_vec(&shapes).unwrap(), expected.as_bytes());

    let keys = BTreeMap::from([(10_u64, 'a'), (9, 'b')]);
    assert_eq!(jcs::to_vec(&keys).unwrap(), br#"{"10":"a","9":"b"}"#);
    assert_eq!(jcs::to_vec(&u64::MAX).unwrap(), b"18446744073709552000");
    assert_eq!(jcs::to_vec(&(1_u64 << 53 | 1)).unwrap(), b"9007199254740992");
    assert_eq!(jcs::to_vec(&(-0.0_f64)).unwrap(), b"0");
    assert_eq!(jcs::to_vec(&0.1_f32).unwrap(), b"0.10000000149011612");
    assert_eq!(jcs::to_vec("\u{7f}\u{1f}\"").unwrap(), b"\"\x7f\\u001f\\\"\"");
    assert_eq!(jcs::to_vec(&((), Some(1))).unwrap(), b"[null,1]");

    let deep = |depth: usize| {
        let inner = serde_json::Value::Null;
        (0..depth).fold(inner, |value, _| serde_json::Value::Array(vec![value]))
    };
    assert!(jcs::to_vec(&deep(128)).is_ok());
    let limit = JsonErrorKind::TooDeep { limit: 128 };
    assert_eq!(jcs::to_vec(&deep(129)).unwrap_err().kind(), &limit);

    let kind = |result: Result<Vec<u8>, jcs::JsonError>| result.unwrap_err().kind().clone();
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert_eq!(kind(jcs::to_vec(&[[bad]])), JsonErrorKind::NumberRange);
    }
    let booleans = BTreeMap::from([(true, 1)]);
    assert_eq!(kind(jcs::to_vec(&booleans)), JsonErrorKind::KeyNotString);
    struct Twice;
    impl serde::Serialize for Twice {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_map([("a", 1), ("b", 2), ("a", 3)])
        }
    }
    assert_eq!(kind(jcs::to_vec(&Twice)), JsonErrorKind::DuplicateKey);
}

/// A fault of a text names the byte at which it was seen; one of a typed value has no place.
#[test]
fn faults_have_their_place() {
    for (document, offset) in [
        ("[1,,2]", 3),
        ("{\"a\":\"\\ud800x\"}", 6),
        ("\"\\ud83d\\ude0\"", 12),
        ("[01]", 2),
        ("x", 0),
    ] {
        let error = jcs::canonicalize(document.as_bytes(), Limits::default()).unwrap_err();
        assert_eq!(error.offset(), Some(offset), "{document}: {error}");
    }
    assert_eq!(jcs::to_vec(&f64::NAN).unwrap_err().offset(), None);
}

/// Every kind of value that serde can give as a key of a map.
#[test]
fn keys_of_typed_maps() {
    #[derive(serde::Serialize, PartialEq, Eq, PartialOrd, Ord)]
    enum Variant {
        Named,
        With(u8),
    }
    #[derive(serde::Serialize, PartialEq, Eq, PartialOrd, Ord)]
    struct Wrapped(&'static str);
    #[derive(serde::Serialize)]
    struct Pair(u8, &'static str);
    #[derive(serde::Serialize, PartialEq, Eq, PartialOrd, Ord)]
    enum Shape {
        Members { a: u8 },
        Both(u8, u8),
    }
    #[derive(serde::Serialize, PartialEq, Eq, PartialOrd, Ord)]
    struct Nothing;
    #[derive(serde::Serialize, PartialEq, Eq, PartialOrd, Ord)]
    struct Members {
        a: u8,
    }
    #[derive(serde::Serialize, PartialEq, Eq, PartialOrd, Ord)]
    struct Both(u8, u8);
    #[derive(PartialEq, Eq, PartialOrd, Ord)]
    struct Bytes(&'static [u8]);
    impl serde::Serialize for Bytes {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_bytes(self.0)
        }
    }
    struct Doubles(f64);
    impl serde::Serialize for Doubles {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_map([(self.0, 1)])
        }
    }

    fn map<K: serde::Serialize + Ord>(key: K) -> Result<String, JsonErrorKind> {
        let map = BTreeMap::from([(key, 1)]);
        let text = jcs::to_vec(&map).map_err(|error| error.kind().clone())?;
        Ok(String::from_utf8(text).unwrap())
    }
    assert_eq!(map('€').as_deref(), Ok("{\"€\":1}"));
    assert_eq!(map(Variant::Named).as_deref(), Ok("{\"Named\":1}"));
    assert_eq!(map(Wrapped("inner")).as_deref(), Ok("{\"inner\":1}"));
    assert_eq!(map(-7_i128).as_deref(), Ok("{\"-7\":1}"));
    assert_eq!(map(Some("key")), Err(JsonErrorKind::KeyNotString));
    assert_eq!(map(Variant::With(1)), Err(JsonErrorKind::KeyNotString));
    assert_eq!(map((1, 2)), Err(JsonErrorKind::KeyNotString));
    assert_eq!(map(true), Err(JsonErrorKind::KeyNotString));
    assert_eq!(map(()), Err(JsonErrorKind::KeyNotString));
    assert_eq!(map(vec![1]), Err(JsonErrorKind::KeyNotString));
    assert_eq!(map(BTreeMap::from([(1, 2)])), Err(JsonErrorKind::KeyNotString));
    assert_eq!(map(None::<u8>), Err(JsonErrorKind::KeyNotString));
    assert_eq!(map(Shape::Members { a: 1 }), Err(JsonErrorKind::KeyNotString));
    assert_eq!(map(Shape::Both(1, 2)), Err(JsonErrorKind::KeyNotString));
    assert_eq!(map(Nothing), Err(JsonErrorKind::KeyNotString));
    assert_eq!(map(Members { a: 1 }), Err(JsonErrorKind::KeyNotString));
    assert_eq!(map(Both(1, 2)), Err(JsonErrorKind::KeyNotString));
    assert_eq!(map(Bytes(b"a")), Err(JsonErrorKind::KeyNotString));
    for key in [0.5, 1.0] {
        let doubles = Doubles(key);
        assert_eq!(jcs::to_vec(&doubles).unwrap_err().kind(), &JsonErrorKind::KeyNotString);
    }
    assert_eq!(jcs::to_vec(&Pair(1, "two")).unwrap(), b"[1,\"two\"]");
}

/// What is compared are names, not what is written for them: a quote sorts before a letter, its escape after it.
#[test]
fn names_with_escapes_are_in_the_order_of_their_characters() {
    let names = BTreeMap::from([("a\"b", 1), ("aZb", 2)]);
    assert_eq!(jcs::to_vec(&names).unwrap(), br#"{"a\"b":1,"aZb":2}"#);
}

/// Surrogate pairs come before U+E000 to U+FFFF, whichever of the two keys is ASCII.
#[test]
fn keys_in_utf16_order_when_one_is_ascii() {
    let document = "{\"\u{ff61}\":1,\"\u{1f600}\":2,\"z\":3,\"\u{e9}\":4}";
    let expected = "{\"z\":3,\"\u{e9}\":4,\"\u{1f600}\":2,\"\u{ff61}\":1}";
    assert_eq!(canonicalize(document.as_bytes()), Ok(expected.as_bytes().to_vec()));
}

/// Forms that are numbers of JSON and not the canonical one, each beside the canonical one.
#[test]
fn numbers_are_written_anew_where_they_must_be() {
    for (text, canonical) in [
        ("-0", "0"),
        ("-0.5", "-0.5"),
        ("0.50", "0.5"),
        ("1.0", "1"),
        ("0.000001", "0.000001"),
        ("0.0000001", "1e-7"),
        ("1.0000001", "1.0000001"),
        ("10.00000001", "10.00000001"),
        ("100000000000000000000", "100000000000000000000"),
        ("1000000000000000000000", "1e+21"),
        ("9007199254740993", "9007199254740992"),
        ("0.1234567890123456", "0.1234567890123456"),
        ("0.12345678901234567", "0.12345678901234566"),
        ("1e2", "100"),
        ("1E-7", "1e-7"),
    ] {
        assert_eq!(canonicalize(text.as_bytes()), Ok(canonical.as_bytes().to_vec()), "{text}");
    }
}

/// Bytes are an array of numbers, a struct without members is null, and a type's own fault is handed on.
#[test]
fn the_rarer_kinds_of_typed_values() {
    struct Bytes;
    impl serde::Serialize for Bytes {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_bytes(&[0, 10, 255])
        }
    }
    struct Refused;
    impl serde::Serialize for Refused {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("not today"))
        }
    }
    #[derive(serde::Serialize)]
    struct Nothing;
    assert_eq!(jcs::to_vec(&Bytes).unwrap(), b"[0,10,255]");
    assert_eq!(jcs::to_vec(&(Nothing, None::<u8>)).unwrap(), b"[null,null]");
    assert_eq!(jcs::to_vec(&Refused).unwrap_err().to_string(), "json: not today");
}
