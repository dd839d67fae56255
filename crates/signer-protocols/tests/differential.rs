//! The canonicaliser beside `serde_jcs`, which is the oracle here and nothing else.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Map, Value};
use signer_protocols::jcs::{self, Limits};

/// `cargo xtask test --long` runs the long form, and so does `cargo xtask assurance`.
fn documents() -> u32 {
    if std::env::var_os("SIGNER_LONG_TESTS").is_some() { 100_000 } else { 10_000 }
}

fn number() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<f64>().prop_filter("finite", |value| value.is_finite()).prop_map(Value::from),
        any::<u64>().prop_map(|bits| {
            let value = f64::from_bits(bits);
            if value.is_finite() { Value::from(value) } else { Value::from(bits) }
        }),
        any::<i64>().prop_map(Value::from),
        (-1_000_000_i64..1_000_000, 0_i32..12).prop_map(|(mantissa, places)| {
            #[allow(clippy::cast_precision_loss)]
            Value::from(mantissa as f64 / 10_f64.powi(places))
        }),
    ]
}

fn string() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z0-9 _-]{0,24}",
        proptest::collection::vec(any::<char>(), 0..12).prop_map(String::from_iter),
        proptest::collection::vec(
            prop_oneof![
                Just('"'),
                Just('\\'),
                Just('\u{e000}'),
                Just('\u{ffff}'),
                Just('\u{10000}'),
                proptest::char::range('\0', '\u{20}')
            ],
            0..8
        )
        .prop_map(String::from_iter),
    ]
}

fn document() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        number(),
        string().prop_map(Value::String),
    ];
    leaf.prop_recursive(4, 24, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
            proptest::collection::vec((string(), inner), 0..6)
                .prop_map(|members| Value::Object(Map::from_iter(members))),
        ]
    })
}

/// Its members come last to first, as those of a struct may come in any order.
struct Reversed<'a>(&'a Value);

impl serde::Serialize for Reversed<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Array(items) => serializer.collect_seq(items.iter().map(Reversed)),
            Value::Object(members) => {
                let members = members.iter().rev();
                serializer.collect_map(members.map(|(name, value)| (name, Reversed(value))))
            }
            leaf => leaf.serialize(serializer),
        }
    }
}

#[test]
fn equals_serde_jcs() {
    let config = Config { cases: documents(), failure_persistence: None, ..Config::default() };
    let verdict = TestRunner::new(config).run(&document(), |value| {
        let oracle = serde_jcs::to_vec(&value).unwrap();
        // Compact and in insertion order, then indented, then typed.
        let compact = serde_json::to_vec(&value).unwrap();
        prop_assert_eq!(&jcs::canonicalize(&compact, Limits::default()).unwrap(), &oracle);
        let pretty = serde_json::to_vec_pretty(&value).unwrap();
        prop_assert_eq!(&jcs::canonicalize(&pretty, Limits::default()).unwrap(), &oracle);
        prop_assert_eq!(&jcs::to_vec(&value).unwrap(), &oracle);
        prop_assert_eq!(&jcs::to_vec(&Reversed(&value)).unwrap(), &oracle);
        // What is canonical stays as it is.
        prop_assert_eq!(&jcs::canonicalize(&oracle, Limits::default()).unwrap(), &oracle);
        Ok(())
    });
    verdict.unwrap();
}

/// Decimal texts of every length, so that both ways of printing a number are taken.
#[test]
fn decimal_texts_equal_ryu_js() {
    let text = "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,2})?";
    let config = Config { cases: documents(), failure_persistence: None, ..Config::default() };
    let verdict = TestRunner::new(config).run(&text, |text| {
        let value: f64 = text.parse().unwrap();
        let oracle = serde_jcs::to_vec(&value).unwrap();
        prop_assert_eq!(jcs::canonicalize(text.as_bytes(), Limits::default()).unwrap(), oracle);
        Ok(())
    });
    verdict.unwrap();
}
