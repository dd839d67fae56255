//! Tests of the core against vectors from outside; `vectors/README.md` names their origin.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::needless_pass_by_value)]

mod addresses;
mod encodings;
mod keyfiles;
mod postmortems;
mod properties;
mod rfcs;
mod secrets;
mod shown;
mod signatures;
mod wycheproof;

use serde_json::Value;

fn lines(text: &str) -> impl Iterator<Item = Value> + '_ {
    text.lines().map(|line| serde_json::from_str(line).unwrap())
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_else(|| panic!("{member} in {value}"))
}

fn unhex(text: &str) -> Vec<u8> {
    assert!(text.len().is_multiple_of(2));
    (0..text.len() / 2)
        .map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap())
        .collect()
}

fn unhex32(text: &str) -> [u8; 32] {
    unhex(text).try_into().unwrap()
}
