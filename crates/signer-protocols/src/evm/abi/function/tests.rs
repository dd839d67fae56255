use alloc::string::ToString;
use alloc::vec;

use super::*;
use crate::evm::ValueError;
use crate::hex;
use crate::jcs::Limits;

fn json(text: &str) -> Json {
    Json::parse(text.as_bytes(), Limits::default()).unwrap()
}

fn encoded(inputs: &str, args: &str) -> Result<String, AbiError> {
    let abi = json(&format!(r#"[{{"type":"function","name":"f","inputs":{inputs}}}]"#));
    encode_call(&abi, "f", json(args).as_array().unwrap()).map(|data| hex::encode(&data))
}

fn fault(inputs: &str, args: &str) -> (String, AbiFault) {
    let error = encoded(inputs, args).unwrap_err();
    (error.path().into(), error.fault().clone())
}

/// The examples of the ABI specification.
#[test]
fn the_examples_of_the_specification_are_encoded() {
    let abi = json(
        r#"[{"type":"function","name":"baz","inputs":[{"type":"uint32"},{"type":"bool"}]},
            {"name":"bar","inputs":[{"type":"bytes3[2]"}]},
            {"type":"function","name":"sam","inputs":[{"type":"bytes"},{"type":"bool"},{"type":"uint256[]"}]},
            {"type":"function","name":"g","inputs":[{"type":"uint256[][]"},{"type":"string[]"}]},
            {"type":"event","name":"sam","inputs":[]}]"#,
    );
    let call = |name, args: &str| {
        hex::encode(&encode_call(&abi, name, json(args).as_array().unwrap()).unwrap())
    };
    assert_eq!(
        call("baz", "[69,true]"),
        "cdcd77c000000000000000000000000000000000000000000000000000000000000000450000000000000000000000000000000000000000000000000000000000000001"
    );
    assert_eq!(
        call("bar", r#"[["0x616263","0x646566"]]"#),
        "fce353f661626300000000000000000000000000000000000000000000000000000000006465660000000000000000000000000000000000000000000000000000000000"
    );
    assert_eq!(
        call("sam", r#"["0x64617665",true,[1,2,3]]"#),
        "a5643bf20000000000000000000000000000000000000000000000000000000000000060000000000000000000000000000000000000000000000000000000000000000100000000000000000000000000000000000000000000000000000000000000a0000000000000000000000000000000000000000000000000000000000000000464617665000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000003000000000000000000000000000000000000000000000000000000000000000100000000000000000000000000000000000000000000000000000000000000020000000000000000000000000000000000000000000000000000000000000003"
    );
    let g = call("g", r#"[[[1,2],[3]],["one","two","three"]]"#);
    assert_eq!(&g[..8], "2289b18c");
    assert_eq!(g[8..136], alloc::format!("{:064x}{:064x}", 0x40, 0x140));
    assert_eq!(g.len(), 8 + 64 * 20);
}

#[test]
fn tuples_are_lists_or_objects() {
    let inputs = r#"[{"type":"tuple[]","name":"p","components":[
        {"type":"uint8","name":"a"},{"type":"string","name":"b"}]}]"#;
    let list = encoded(inputs, r#"[[[1,"x"]]]"#).unwrap();
    assert_eq!(list, encoded(inputs, r#"[[{"b":"x","a":1}]]"#).unwrap());
    assert_eq!(list[..8], hex::encode(&selector("f((uint8,string)[])")));
    let (path, missing) = fault(inputs, r#"[[{"a":1}]]"#);
    assert_eq!((path.as_str(), missing), ("args[0][0].b", AbiFault::Missing));
    let (_, count) = fault(inputs, r#"[[{"a":1,"b":"","c":1}]]"#);
    assert_eq!(count, AbiFault::Count { expected: 2, found: 3 });
    let (_, count) = fault(inputs, "[[[1]]]");
    assert_eq!(count, AbiFault::Count { expected: 2, found: 1 });
    assert!(matches!(fault(inputs, "[[1]]").1, AbiFault::Kind { .. }));
    assert!(matches!(fault(inputs, "[1]").1, AbiFault::Kind { .. }));
    let unnamed = r#"[{"type":"tuple","components":[{"type":"uint8"},{"type":"uint8"}]}]"#;
    assert_eq!(fault(unnamed, r#"[{"":1}]"#).1, AbiFault::Unnamed);
    assert!(encoded(unnamed, "[[1,2]]").is_ok());
}

#[test]
fn other_values_and_types_are_refused() {
    let (path, count) = fault(r#"[{"type":"uint8"}]"#, "[]");
    assert_eq!((path.as_str(), count), ("args", AbiFault::Count { expected: 1, found: 0 }));
    let (path, range) = fault(r#"[{"type":"uint8[]"}]"#, "[[1,256]]");
    assert_eq!((path.as_str(), range), ("args[0][1]", AbiFault::Value(ValueError::Range)));
    let (path, count) = fault(r#"[{"type":"uint8[2]"}]"#, "[[1]]");
    assert_eq!((path.as_str(), count), ("args[0]", AbiFault::Count { expected: 2, found: 1 }));
    for name in ["uint", "uint8[0]", "uint8[", "fixed128x18", "function", "Foo", "bytes0", ""] {
        let (path, kind) = fault(&format!(r#"[{{"type":"{name}"}}]"#), "[1]");
        assert_eq!((path.as_str(), kind), ("abi[0].inputs[0]", AbiFault::Type), "{name}");
    }
    assert_eq!(fault("{}", "[]").1, AbiFault::Abi);
    assert_eq!(fault(r#"[{"type":"tuple"}]"#, "[[]]").1, AbiFault::Abi);
    assert_eq!(fault("[1]", "[1]").1, AbiFault::Abi);
    let deep = r#"{"type":"tuple","components":["#.repeat(33) + &"]}".repeat(33);
    assert_eq!(fault(&format!("[{deep}]"), "[1]").1, AbiFault::TooDeep);
    let dimensions = "[]".repeat(33);
    assert_eq!(fault(&format!(r#"[{{"type":"bool{dimensions}"}}]"#), "[[]]").1, AbiFault::TooDeep);
    let many = vec!["1"; 65_536].join(",");
    let many = fault(r#"[{"type":"uint8[]"}]"#, &format!("[[{many}]]")).1;
    assert_eq!(many, AbiFault::TooMany { limit: 65_536 });
}

#[test]
fn exactly_one_function_has_the_name() {
    let of = |abi: &str| encode_call(&json(abi), "f", &[]).map_err(|it| it.fault().clone());
    let one = r#"{"type":"function","name":"f","inputs":[]}"#;
    assert!(of(&format!("[{one}]")).is_ok());
    let overloaded = of(&format!("[{one},{one},{one}]"));
    assert_eq!(overloaded, Err(AbiFault::Overloaded { found: 3 }));
    assert_eq!(of("[]"), Err(AbiFault::NotFound));
    assert_eq!(of(r#"[{"type":"event","name":"f","inputs":[]}]"#), Err(AbiFault::NotFound));
    assert_eq!(of(&format!("[{one},\"function g()\"]")), Err(AbiFault::Abi));
    assert_eq!(of("{}"), Err(AbiFault::Abi));
    let error = encode_call(&json("[]"), "f", &[]).unwrap_err();
    assert_eq!(error.to_string(), "abi: the abi has no function of this name");
}
