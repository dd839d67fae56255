//! Tests of the payload formats against vectors from outside; `vectors/README.md` names their origin.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::needless_pass_by_value
)]

mod abstraxn;
mod any_json;
mod blink;
mod blink_values;
mod crossmint;
mod crossmint_approvals;
mod crossmint_evm;
mod crossmint_rest;
mod crossmint_verify;
mod differential;
mod evm;
mod jcs;
mod kms;
mod postmortems;
mod privy;
mod privy_rpc;
mod properties;
mod secrets;
mod shown;

use serde_json::Value;

fn vectors(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_else(|| panic!("{member} in {value}"))
}

fn cases<'a>(value: &'a Value, member: &str) -> &'a [Value] {
    let cases = value[member].as_array().unwrap_or_else(|| panic!("no {member}"));
    assert!(!cases.is_empty());
    cases
}

fn unhex(text: &str) -> Vec<u8> {
    assert!(text.len().is_multiple_of(2));
    (0..text.len() / 2)
        .map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap())
        .collect()
}

fn unbase64(text: &str) -> Vec<u8> {
    let mut out = vec![0; text.len()];
    signer_core::encoding::base64_decode(text.as_bytes(), &mut out).unwrap().to_vec()
}

fn unbase64url(text: &str) -> Vec<u8> {
    let mut out = vec![0; text.len()];
    signer_core::encoding::base64url_decode(text.as_bytes(), &mut out).unwrap().to_vec()
}
