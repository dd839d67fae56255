//! The JSON Canonicalization Scheme (RFC 8785), strict.
//!
//! Refused instead of repaired: duplicate names, lone surrogates, numbers without a finite double,
//! NaN and infinity, text that is too long or too deep. Integers above 2^53 are written as the
//! double that an ECMAScript receiver reads.

use alloc::vec::Vec;

use serde::Serialize;

use crate::json;
pub use crate::json::{JsonError, JsonErrorKind, Limits};

/// Most bodies of requests fit into it.
const USUAL_BYTES: usize = 128;

/// The canonical form of a JSON text.
///
/// # Errors
/// [`JsonError`], with the byte at which the rule was broken.
///
/// ```
/// use signer_protocols::jcs;
///
/// let canonical = jcs::canonicalize(br#"{"b": 1.0, "a": "\u20ac"}"#, jcs::Limits::default())?;
/// assert_eq!(canonical, r#"{"a":"€","b":1}"#.as_bytes());
/// # Ok::<(), jcs::JsonError>(())
/// ```
pub fn canonicalize(text: &[u8], limits: Limits) -> Result<Vec<u8>, JsonError> {
    let value = json::parse(text, limits)?;
    let mut out = Vec::with_capacity(text.len());
    json::canonicalize_value(&value, &mut out);
    Ok(out)
}

/// The canonical form of a typed value.
///
/// # Errors
/// [`JsonError`] without an offset: NaN, infinity, a duplicate or non-string map key, or what its
/// `Serialize` reports.
///
/// ```
/// use signer_protocols::jcs;
///
/// assert_eq!(jcs::to_vec(&(1.5, "x", [true]))?, br#"[1.5,"x",[true]]"#);
/// assert!(jcs::to_vec(&f64::NAN).is_err());
/// # Ok::<(), jcs::JsonError>(())
/// ```
pub fn to_vec<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, JsonError> {
    let mut out = Vec::with_capacity(USUAL_BYTES);
    json::write_typed(value, &mut out)?;
    Ok(out)
}
