use alloc::format;

use super::*;

fn word(name: &str, json: &Json) -> Result<String, ValueError> {
    match Elementary::parse(name).unwrap().read(json)?.0 {
        Scalar::Word(word) => Ok(hex::encode(&word)),
        Scalar::Dynamic(bytes) => Ok(hex::encode(&bytes)),
    }
}

#[test]
fn only_canonical_names_are_types() {
    for name in ["address", "bool", "bytes", "string", "bytes1", "bytes32", "int8", "uint256"] {
        assert_eq!(format!("{}", Elementary::parse(name).unwrap()), name);
    }
    let refused = [
        "",
        "uint",
        "int",
        "byte",
        "bytes0",
        "bytes33",
        "bytes01",
        "uint0",
        "uint7",
        "uint12",
        "uint264",
        "uint08",
        "int+8",
        "fixed128x18",
        "function",
        "Address",
        "bytes1 ",
    ];
    for name in refused {
        assert_eq!(Elementary::parse(name), None, "{name:?}");
    }
    for name in ["uint", "int7", "bytes33", "byte", "fixed128x18", "ufixed", "bool"] {
        assert!(Elementary::is_reserved(name), "{name}");
    }
    for name in ["Mail", "integer", "bytesLike", "uintX", "Address"] {
        assert!(!Elementary::is_reserved(name), "{name}");
    }
}

#[test]
fn the_bounds_of_integers_are_those_of_two_s_complement() {
    let text = |value: &str| Json::from(value);
    let ones = "f".repeat(64);
    assert_eq!(word("uint8", &text("255")), Ok(format!("{:064x}", 255)));
    assert_eq!(word("uint8", &text("256")), Err(ValueError::Range));
    assert_eq!(word("uint8", &text("-1")), Err(ValueError::Range));
    assert_eq!(word("int8", &text("127")), Ok(format!("{:064x}", 127)));
    assert_eq!(word("int8", &text("128")), Err(ValueError::Range));
    assert_eq!(word("int8", &text("0xff")), Err(ValueError::Range));
    assert_eq!(word("int8", &text("-128")), Ok(format!("{}80", "f".repeat(62))));
    assert_eq!(word("int8", &text("-129")), Err(ValueError::Range));
    assert_eq!(word("int256", &text("-1")), Ok(ones.clone()));
    assert_eq!(word("int256", &text("-0")), Ok("0".repeat(64)));
    assert_eq!(word("uint256", &text(&format!("0x{ones}"))), Ok(ones));
    let lowest = "-57896044618658097711785492504343953926634992332820282019728792003956564819968";
    assert_eq!(word("int256", &text(lowest)), Ok(format!("8{}", "0".repeat(63))));
    let lower = lowest.replace("819968", "819969");
    assert_eq!(word("int256", &text(&lower)), Err(ValueError::Range));
}

#[test]
fn numbers_are_integers_below_2_to_the_53() {
    assert_eq!(
        word("uint256", &Json::Unsigned((1 << 53) - 1)),
        Ok(format!("{:064x}", (1_u64 << 53) - 1))
    );
    assert_eq!(
        word("uint256", &Json::Number(9_007_199_254_740_991.0)),
        Ok(format!("{:064x}", (1_u64 << 53) - 1))
    );
    assert_eq!(word("int64", &Json::Signed(-1)), Ok("f".repeat(64)));
    assert_eq!(word("uint256", &Json::Number(-0.0)), Ok("0".repeat(64)));
    for number in [Json::Unsigned(1 << 53), Json::Signed(-(1 << 53)), Json::Number(1e21)] {
        assert_eq!(word("int256", &number), Err(ValueError::Inexact), "{number:?}");
    }
    for number in [1.5, 1e-7, -0.5] {
        assert_eq!(word("int256", &Json::Number(number)), Err(ValueError::Fraction), "{number}");
    }
    assert_eq!(word("uint256", &Json::Number(f64::NAN)), Err(ValueError::Inexact));
}

#[test]
fn other_texts_of_integers_are_refused() {
    let long = format!("0x{}", "0".repeat(80));
    for text in ["", "0x", "0X1", "-0x1", "+1", " 1", "1 ", "1.0", "1e3", "1_0", "--1", "-", &long]
    {
        assert_eq!(word("int256", &text.into()), Err(ValueError::Integer), "{text:?}");
    }
    for json in [Json::Null, Json::Bool(true), Json::Array(Vec::new())] {
        assert!(matches!(word("int256", &json), Err(ValueError::Kind { .. })), "{json:?}");
    }
}

#[test]
fn other_values_of_other_types_are_refused() {
    for text in ["true", "1", ""] {
        assert!(matches!(word("bool", &text.into()), Err(ValueError::Kind { .. })));
    }
    assert!(matches!(word("bool", &Json::Unsigned(1)), Err(ValueError::Kind { .. })));
    assert!(matches!(word("string", &Json::Unsigned(1)), Err(ValueError::Kind { .. })));
    assert_eq!(word("bytes", &"".into()), Err(ValueError::Hex));
    assert_eq!(word("bytes", &"0x0".into()), Err(ValueError::Hex));
    assert_eq!(word("bytes", &"0xgg".into()), Err(ValueError::Hex));
    assert_eq!(word("bytes", &Json::Array(Vec::new())), Err(ValueError::Hex));
    assert_eq!(word("bytes", &"0x".into()), Ok(String::new()));
    let short = ValueError::Length { expected: 4, found: 3 };
    assert_eq!(word("bytes4", &"0x010203".into()), Err(short));
    assert!(matches!(word("bytes4", &"0x0102030405".into()), Err(ValueError::Length { .. })));
    assert_eq!(word("bytes1", &"0xAb".into()), Ok(format!("ab{}", "0".repeat(62))));
    let address = "0x6b9cb6e03786D23b45b1C7Fd0684B8bc10e098F1";
    assert!(word("address", &address.into()).is_ok());
    assert!(word("address", &address.to_lowercase().into()).is_ok());
    let wrong = address.replace("F1", "f1");
    assert_eq!(word("address", &wrong.into()), Err(ValueError::Checksum));
    for text in [&address[2..], "0x00", "", "vitalik.eth"] {
        assert_eq!(word("address", &text.into()), Err(ValueError::Address), "{text}");
    }
}
