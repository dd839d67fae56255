use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;

use super::*;
use crate::evm::ValueError;
use crate::hex;

/// The example of the EIP.
const MAIL: &str = r#"{
    "types": {
        "EIP712Domain": [
            { "name": "name", "type": "string" }, { "name": "version", "type": "string" },
            { "name": "chainId", "type": "uint256" }, { "name": "verifyingContract", "type": "address" }
        ],
        "Person": [{ "name": "name", "type": "string" }, { "name": "wallet", "type": "address" }],
        "Mail": [
            { "name": "from", "type": "Person" }, { "name": "to", "type": "Person" },
            { "name": "contents", "type": "string" }
        ]
    },
    "primaryType": "Mail",
    "domain": {
        "name": "Ether Mail", "version": "1", "chainId": 1,
        "verifyingContract": "0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC"
    },
    "message": {
        "from": { "name": "Cow", "wallet": "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826" },
        "to": { "name": "Bob", "wallet": "0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB" },
        "contents": "Hello, Bob!"
    }
}"#;

fn refused(text: &str) -> (String, TypedDataFault) {
    let error = TypedData::parse(text.as_bytes()).unwrap_err();
    (error.path().into(), error.fault().clone())
}

/// The fault of the example after a change.
fn changed(from: &str, to: &str) -> (String, TypedDataFault) {
    assert!(MAIL.contains(from), "{from}");
    refused(&MAIL.replacen(from, to, 1))
}

/// A document with one type `T`.
fn document(members: &str, message: &str) -> String {
    format!(
        r#"{{"types":{{"T":[{members}],"P":[{{"name":"w","type":"address"}}]}},"domain":{{}},"primaryType":"T","message":{message}}}"#
    )
}

fn one(type_name: &str, value: &str) -> String {
    document(&format!(r#"{{"name":"a","type":"{type_name}"}}"#), &format!(r#"{{"a":{value}}}"#))
}

#[test]
fn the_example_of_the_eip_has_its_hashes() {
    let mail = TypedData::parse(MAIL.as_bytes()).unwrap();
    assert_eq!(
        hex::encode(mail.digest().as_bytes()),
        "be609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2"
    );
    assert_eq!(
        hex::encode(&mail.domain_separator()),
        "f2cee375fa42b42143804025fc449deafd50cc031ca257e0b194a650a912090f"
    );
    assert_eq!(
        hex::encode(&mail.type_hash()),
        "a0cedeb2dc280ba39b857546d74f5549c3a1d7bdc2dd96bf881f76108e23dac2"
    );
    assert_eq!(
        hex::encode(&mail.message_hash()),
        "c52c0ee5d84264471806290a3f2c4cecfc5490626bf912d01f240d7a274b371e"
    );
    assert_eq!(
        mail.encoded_type(),
        "Mail(Person from,Person to,string contents)Person(string name,address wallet)"
    );
    assert_eq!(mail.domain().chain_id(), Some(crate::U256::from(1_u64)));
    assert_eq!(mail.domain().name(), Some("Ether Mail"));
    assert_eq!(mail.domain().version(), Some("1"));
    assert!(mail.domain().verifying_contract().is_some());
    assert_eq!(mail.domain().salt(), None);
    assert!(mail.domain_type_is_standard());
    let shown: Vec<_> = mail.members().iter().map(|it| it.path.as_str()).collect();
    let paths =
        ["message.from.name", "message.from.wallet", "message.to.name", "message.to.wallet"];
    assert_eq!(shown[..4], paths);
    assert_eq!(mail.members()[4].value, "Hello, Bob!");
    assert_eq!(mail.domain_members()[2].path, "domain.chainId");
}

#[test]
fn the_type_of_the_domain_follows_from_its_members() {
    let text = MAIL.replacen("EIP712Domain", "Unused", 1);
    let inferred = TypedData::parse(text.as_bytes()).unwrap();
    let declared = TypedData::parse(MAIL.as_bytes()).unwrap();
    assert_eq!(inferred.digest(), declared.digest());

    let swapped = MAIL.replacen("\"name\": \"version\"", "\"name\": \"x\"", 1);
    let swapped = swapped.replacen("\"name\": \"name\"", "\"name\": \"version\"", 1);
    let swapped = swapped.replacen("\"name\": \"x\"", "\"name\": \"name\"", 1);
    let swapped = TypedData::parse(swapped.as_bytes()).unwrap();
    assert!(!swapped.domain_type_is_standard());
    assert_ne!(swapped.domain_separator(), declared.domain_separator());
    assert_eq!(swapped.domain_members()[0].path, "domain.version");
}

#[test]
fn other_domains_are_refused() {
    let (path, fault) = changed("\"chainId\": 1,", "");
    assert_eq!((path.as_str(), fault), ("domain.chainId", TypedDataFault::Missing));
    let (path, fault) = changed("\"chainId\": 1,", "\"chainId\": null,");
    assert_eq!((path.as_str(), fault), ("domain.chainId", TypedDataFault::Null));
    let (path, fault) = changed("\"chainId\": 1,", "\"chainId\": 1, \"chain\": 1,");
    assert_eq!((path.as_str(), fault), ("domain.chain", TypedDataFault::DomainMember));
    let salt = format!("\"salt\": \"0x{}\", \"chainId\": 1,", "0".repeat(64));
    let (path, fault) = changed("\"chainId\": 1,", &salt);
    assert_eq!((path.as_str(), fault), ("domain.salt", TypedDataFault::Unlisted));
    let (path, fault) = changed("\"uint256\"", "\"uint64\"");
    let expected = TypedDataFault::DomainType { expected: "uint256" };
    assert_eq!((path.as_str(), fault), ("types.EIP712Domain.chainId", expected));
    let (path, fault) = changed("\"name\": \"version\"", "\"name\": \"name\"");
    assert_eq!((path.as_str(), fault), ("types.EIP712Domain.name", TypedDataFault::Duplicate));
    let (path, fault) = changed("\"name\": \"version\"", "\"name\": \"other\"");
    assert_eq!((path.as_str(), fault), ("types.EIP712Domain.other", TypedDataFault::DomainMember));
    let (path, fault) = changed("\"Person\": [", "\"EIP712Domain2\": [");
    assert_eq!((path.as_str(), fault), ("types.Mail.from", TypedDataFault::UndefinedType));
    let (path, fault) = changed("\"primaryType\": \"Mail\"", "\"primaryType\": \"EIP712Domain\"");
    assert_eq!((path.as_str(), fault), ("primaryType", TypedDataFault::Reserved));
    let (path, fault) = changed("\"type\": \"Person\"", "\"type\": \"EIP712Domain\"");
    assert_eq!((path.as_str(), fault), ("types.Mail.from", TypedDataFault::Reserved));
    for name in ["types", "domain", "primaryType", "message"] {
        let (path, fault) = changed(&format!("\"{name}\":"), "\"other\":");
        assert_eq!((path.as_str(), fault), (name, TypedDataFault::Missing));
    }
}

#[test]
fn other_types_are_refused() {
    let undefined = ["uint", "int7", "bytes33", "Q", "Q[]", "bool[2][]x", "mapping"];
    for name in undefined {
        let (path, fault) = refused(&one(name, "1"));
        assert_eq!(path, "types.T.a", "{name}");
        let expected = [TypedDataFault::UndefinedType, TypedDataFault::Dimensions];
        assert!(expected.contains(&fault), "{name}: {fault:?}");
    }
    for name in ["uint8[", "uint8]", "uint8[01]", "uint8[-1]", "uint8[ 1]", "uint8[1]]", "[]"] {
        let (path, fault) = refused(&one(name, "1"));
        assert_eq!(path, "types.T.a", "{name}");
        let identifier = matches!(fault, TypedDataFault::Identifier);
        assert!(fault == TypedDataFault::Dimensions || identifier, "{name}: {fault:?}");
    }
    for name in ["", "1a", "a b", "a,uint8 b", "a)", "a:b", "ä", "a[0]"] {
        let member = format!(r#"{{"name":"{name}","type":"uint8"}}"#);
        let (path, fault) = refused(&document(&member, "{}"));
        assert_eq!(fault, TypedDataFault::Identifier, "{path}");
    }
    let (path, fault) = changed("\"primaryType\": \"Mail\"", "\"primaryType\": \"Mail()\"");
    assert_eq!((path.as_str(), fault), ("primaryType", TypedDataFault::Identifier));
    let (path, fault) = changed("\"primaryType\": \"Mail\"", "\"primaryType\": \"bool\"");
    assert_eq!((path.as_str(), fault), ("primaryType", TypedDataFault::UndefinedType));
    let twice = r#"{"name":"a","type":"uint8"},{"name":"a","type":"uint8"}"#;
    let (path, fault) = refused(&document(twice, r#"{"a":1}"#));
    assert_eq!((path.as_str(), fault), ("types.T.a", TypedDataFault::Duplicate));
    let shadow = one("address", "1").replace("\"P\":", "\"address\":");
    let (path, fault) = refused(&shadow);
    assert_eq!((path.as_str(), fault), ("types.T.a", TypedDataFault::Reserved));
    let shadow = one("uint", "1").replace("\"P\":", "\"uint\":");
    let (path, fault) = refused(&shadow);
    assert_eq!((path.as_str(), fault), ("types.uint", TypedDataFault::Reserved));
    for list in ["{}", "[1]", r#"[{"name":"a"}]"#, r#"[{"name":1,"type":"bool"}]"#] {
        let text =
            format!(r#"{{"types":{{"T":{list}}},"domain":{{}},"primaryType":"T","message":{{}}}}"#);
        let (path, fault) = refused(&text);
        assert!(path == "types.T" && matches!(fault, TypedDataFault::Kind { .. }), "{list}");
    }
}

#[test]
fn other_values_are_refused_by_their_path() {
    let cases = [
        ("uint8", "256", "message.a", ValueError::Range),
        ("uint256", "\"-1\"", "message.a", ValueError::Range),
        ("int8", "-129", "message.a", ValueError::Range),
        ("uint256", "1.5", "message.a", ValueError::Fraction),
        ("uint256", "9007199254740992", "message.a", ValueError::Inexact),
        ("uint8[]", "[1,256]", "message.a[1]", ValueError::Range),
        ("int16[2][]", "[[1,2],[3,\"x\"]]", "message.a[1][1]", ValueError::Integer),
        ("P[]", "[{\"w\":\"0x00\"}]", "message.a[0].w", ValueError::Address),
        ("bytes4", "\"0x00\"", "message.a", ValueError::Length { expected: 4, found: 1 }),
        ("bytes", "\"text\"", "message.a", ValueError::Hex),
    ];
    for (type_name, value, expected_path, expected) in cases {
        let (path, fault) = refused(&one(type_name, value));
        assert_eq!((path.as_str(), fault), (expected_path, TypedDataFault::Value(expected)));
    }
    let cases = [
        ("P", "{}", "message.a.w", TypedDataFault::Missing),
        ("P", "null", "message.a", TypedDataFault::Null),
        ("P[]", "[null]", "message.a[0]", TypedDataFault::Null),
        ("string", "null", "message.a", TypedDataFault::Null),
        ("P", "[]", "message.a", TypedDataFault::Kind { expected: "an object" }),
        ("uint8[]", "{}", "message.a", TypedDataFault::Kind { expected: "a list" }),
        ("uint8[2]", "[1]", "message.a", TypedDataFault::Count { expected: 2, found: 1 }),
        ("uint8[2]", "[1,2,3]", "message.a", TypedDataFault::Count { expected: 2, found: 3 }),
        ("uint8[0]", "[1]", "message.a", TypedDataFault::Count { expected: 0, found: 1 }),
    ];
    for (type_name, value, expected_path, expected) in cases {
        let (path, fault) = refused(&one(type_name, value));
        assert_eq!((path.as_str(), fault), (expected_path, expected), "{type_name} {value}");
    }
    let error = TypedData::parse(one("uint8", "256").as_bytes()).unwrap_err();
    assert_eq!(error.to_string(), "message.a: value is out of range of the type");
    let (path, fault) = refused("{");
    assert!(path == "typed data" && matches!(fault, TypedDataFault::Json(_)));
}

#[test]
fn members_without_a_type_do_not_change_the_digest() {
    let plain = TypedData::parse(one("uint8", "7").as_bytes()).unwrap();
    let more = one("uint8", "7, \"b\": null, \"c\": {\"d\": 1.5}");
    let more = TypedData::parse(more.replace("\"P\":[", "\"P\":null,\"R\":[").as_bytes()).unwrap();
    assert_eq!(plain.digest(), more.digest());
    assert_eq!(more.members().len(), 1);
    assert_eq!(TypedData::parse(one("uint8", "8").as_bytes()).unwrap().members()[0].value, "8");
}

#[test]
fn empty_arrays_and_structs_are_shown() {
    let arrays = TypedData::parse(one("P[][3]", "[[],[],[]]").as_bytes()).unwrap();
    let shown: Vec<_> = arrays.members().iter().map(|it| (&*it.path, &*it.type_name)).collect();
    assert_eq!(shown, [("message.a[0]", "P[]"), ("message.a[1]", "P[]"), ("message.a[2]", "P[]")]);
    let empty = TypedData::parse(document("", "{}").as_bytes()).unwrap();
    assert_eq!(empty.members()[0].value, "{}");
}

#[test]
fn a_document_is_bounded() {
    let node = |value: &str| {
        let types = r#"{"N":[{"name":"n","type":"N[]"}]}"#;
        let head = format!(r#"{{"types":{types},"domain":{{}},"primaryType":"N""#);
        format!(r#"{head},"message":{value}}}"#)
    };
    let nested = |levels| format!("{}{}", "{\"n\":[".repeat(levels), "]}".repeat(levels));
    assert!(TypedData::parse(node(&nested(32)).as_bytes()).is_ok());
    let (_, fault) = refused(&node(&nested(33)));
    assert_eq!(fault, TypedDataFault::TooDeep);
    let values = vec!["1"; 16_384].join(",");
    let (_, fault) = refused(&one("uint8[]", &format!("[{values}]")));
    assert_eq!(fault, TypedDataFault::TooMany { limit: 16_384, what: "values" });
    let (_, fault) = refused(&one(&format!("uint8{}", "[]".repeat(33)), "[]"));
    assert_eq!(fault, TypedDataFault::TooMany { limit: 32, what: "array dimensions" });

    let chain = |count: usize, members: usize, len: usize| {
        let pad = "x".repeat(len);
        let member = |at: usize, n| format!(r#"{{"name":"{pad}{n}","type":"T{}[]"}}"#, at + 1);
        let list = |at| (0..members).map(|n| member(at, n)).collect::<Vec<_>>().join(",");
        let types: Vec<_> = (0..count).map(|at| format!(r#""T{at}":[{}]"#, list(at))).collect();
        let message = (0..members).map(|n| format!(r#""{pad}{n}":[]"#)).collect::<Vec<_>>();
        format!(
            r#"{{"types":{{{},"T{count}":[]}},"domain":{{}},"primaryType":"T0","message":{{{}}}}}"#,
            types.join(","),
            message.join(",")
        )
    };
    assert!(TypedData::parse(chain(127, 1, 1).as_bytes()).is_ok());
    let (_, fault) = refused(&chain(128, 1, 1));
    assert_eq!(fault, TypedDataFault::TooMany { limit: 128, what: "types" });
    let (_, fault) = refused(&chain(100, 41, 1));
    assert_eq!(fault, TypedDataFault::TooMany { limit: 4_096, what: "members of types" });
    let (_, fault) = refused(&chain(100, 40, 100));
    let what = "characters of the encoded type";
    assert_eq!(fault, TypedDataFault::TooMany { limit: 65_536, what });
    let (_, fault) =
        refused(&one("uint8", "1").replace("\"a\"", &format!("\"{}\"", "a".repeat(129))));
    assert_eq!(fault, TypedDataFault::Identifier);
}

#[test]
fn types_that_fan_out_are_read_in_linear_time() {
    // Each type refers twice to the next one: 2^100 paths.
    let types: Vec<_> = (0..100)
        .map(|at| {
            let next = at + 1;
            format!(
                r#""T{at}":[{{"name":"a","type":"T{next}[]"}},{{"name":"b","type":"T{next}[]"}}]"#
            )
        })
        .collect();
    let text = format!(
        r#"{{"types":{{{},"T100":[]}},"domain":{{}},"primaryType":"T0","message":{{"a":[],"b":[]}}}}"#,
        types.join(",")
    );
    assert_eq!(TypedData::parse(text.as_bytes()).unwrap().members().len(), 2);
}
