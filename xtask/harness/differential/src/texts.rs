//! Canonical JSON beside ECMAScript's own.

use signer_protocols::jcs::{self, Limits};

/// A document as `JSON.stringify` wrote it, and the canonical form of a published package.
pub(crate) fn document(input: &str, expected: &str) -> Result<(), String> {
    match jcs::canonicalize(input.as_bytes(), Limits::default()) {
        Ok(canonical) if canonical == expected.as_bytes() => Ok(()),
        other => {
            let ours = other.map(|text| String::from_utf8_lossy(&text).into_owned());
            Err(format!("{input}\n{expected}\n{ours:?}"))
        }
    }
}

/// The bits of a double in hex, and what `JSON.stringify` prints.
pub(crate) fn double(bits: &str, expected: &str) -> Result<(), String> {
    let value = u64::from_str_radix(bits, 16).map(f64::from_bits).map_err(|error| error.to_string())?;
    let typed = jcs::to_vec(&value).map_err(|error| error.to_string())?;
    // The text is read again, and in a longer form that another printer would write.
    let read = jcs::canonicalize(expected.as_bytes(), Limits::default());
    let long = jcs::canonicalize(format!("{value:e}").as_bytes(), Limits::default());
    let expected = expected.as_bytes();
    if typed == expected && read.as_deref() == Ok(expected) && long.as_deref() == Ok(expected) {
        return Ok(());
    }
    Err(format!("{bits}: {}", String::from_utf8_lossy(&typed)))
}
