use alloc::vec::Vec;

use super::reader::plain_end;
use super::value::{Number, Text, Value};

/// Appends the canonical form (RFC 8785) of `value`.
pub(crate) fn canonicalize_value(value: &Value<'_>, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Number(number) => write_number(*number, out),
        Value::String(text) => write_text(text, out),
        Value::Array(items) => {
            out.push(b'[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                canonicalize_value(item, out);
            }
            out.push(b']');
        }
        Value::Object(members) => {
            out.push(b'{');
            for (at, member) in members.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                write_text(&member.key, out);
                out.push(b':');
                canonicalize_value(&member.value, out);
            }
            out.push(b'}');
        }
    }
}

fn write_number(number: Number<'_>, out: &mut Vec<u8>) {
    match number {
        Number::Canonical(text) => out.extend_from_slice(text.as_bytes()),
        Number::Double(value) => write_double(value, out),
    }
}

/// Appends a finite double.
pub(crate) fn write_double(value: f64, out: &mut Vec<u8>) {
    out.extend_from_slice(number_text(value, &mut ryu_js::Buffer::new()).as_bytes());
}

/// A finite double as ECMAScript prints it.
pub(crate) fn number_text(value: f64, buffer: &mut ryu_js::Buffer) -> &str {
    if value == 0.0 { "0" } else { buffer.format_finite(value) }
}

fn write_text(text: &Text<'_>, out: &mut Vec<u8>) {
    match text {
        Text::Quoted(text) => out.extend_from_slice(text.as_bytes()),
        Text::Decoded(text) => write_string(text, out),
    }
}

/// Appends a JSON string with the escapes of RFC 8785, which are those of ECMAScript.
pub(crate) fn write_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut start = 0;
    loop {
        let end = plain_end(bytes, start);
        out.extend_from_slice(bytes.get(start..end).unwrap_or_default());
        match bytes.get(end) {
            None => break,
            Some(b'"') => out.extend_from_slice(b"\\\""),
            Some(b'\\') => out.extend_from_slice(b"\\\\"),
            Some(0x08) => out.extend_from_slice(b"\\b"),
            Some(0x09) => out.extend_from_slice(b"\\t"),
            Some(0x0a) => out.extend_from_slice(b"\\n"),
            Some(0x0c) => out.extend_from_slice(b"\\f"),
            Some(0x0d) => out.extend_from_slice(b"\\r"),
            Some(control) => {
                const DIGITS: &[u8; 16] = b"0123456789abcdef";
                out.extend_from_slice(b"\\u00");
                out.push(DIGITS[usize::from(control >> 4)]);
                out.push(DIGITS[usize::from(control & 15)]);
            }
        }
        start = end + 1;
    }
    out.push(b'"');
}
