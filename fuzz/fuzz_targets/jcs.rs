#![no_main]
//! The canonicaliser beside `serde_json` and `serde_jcs`: what both read, they print the same.

use libfuzzer_sys::fuzz_target;
use serde::Deserialize;
use serde_json::Value;
use signer_protocols::jcs::{self, JsonErrorKind, Limits};

fuzz_target!(|text: &[u8]| {
    // Ours has a limit of its own; without one the oracle needs no more stack than that.
    if text.iter().filter(|byte| matches!(byte, b'[' | b'{')).count() > 1_000 {
        return;
    }
    let mut reader = serde_json::Deserializer::from_slice(text);
    reader.disable_recursion_limit();
    let oracle = Value::deserialize(&mut reader)
        .and_then(|value| reader.end().map(|()| value))
        .map(|value| serde_jcs::to_vec(&value));
    match (jcs::canonicalize(text, Limits::default()), oracle) {
        (Ok(canonical), Ok(Ok(oracle))) => {
            assert_eq!(canonical, oracle);
            assert_eq!(jcs::canonicalize(&canonical, Limits::default()).unwrap(), canonical);
        }
        (Ok(_), _) => panic!("read what serde_json refuses"),
        (Err(error), Ok(_)) => assert!(matches!(
            error.kind(),
            JsonErrorKind::DuplicateKey | JsonErrorKind::TooDeep { .. } | JsonErrorKind::TooLarge { .. }
        ), "refused what serde_json reads: {error}"),
        (Err(_), Err(_)) => {}
    }
});
