//! What a command says on standard output, as text or as one JSON object.

use std::io::{self, Write};
use std::process::ExitCode;

use secrecy::{ExposeSecret, SecretString};

use crate::failure::{Failure, io_reason};

/// The answer of a command.
pub(crate) enum Outcome {
    /// Named values, in their order.
    Fields(Vec<(&'static str, Field)>),
    /// One JSON text, in either mode.
    Json(String),
    /// Bytes, and nothing else.
    Raw(Vec<u8>),
    /// A check that passed, with what it found.
    Valid(Vec<(&'static str, Field)>),
    /// A check that did not pass: exit 1.
    Invalid(String),
    /// Named values of a check, in their order: exit 1 if it did not pass.
    Report {
        /// The values.
        fields: Vec<(&'static str, Field)>,
        /// Whether the check passed.
        passed: bool,
    },
}

/// A value.
pub(crate) enum Field {
    Text(String),
    /// A secret, and the name of the environment variable that its text form sets.
    Secret(&'static str, SecretString),
    /// A JSON text.
    Json(String),
    /// Pairs, as of headers.
    Pairs(Vec<(String, String)>),
}

impl From<String> for Field {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Field {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl Outcome {
    /// Prints the answer.
    pub(crate) fn print(&self, json: bool) -> Result<ExitCode, Failure> {
        let mut out = io::stdout().lock();
        let written = match self {
            Self::Raw(bytes) => out.write_all(bytes),
            Self::Json(text) => writeln!(out, "{text}"),
            Self::Fields(fields) | Self::Report { fields, .. } if json => {
                write_object(&mut out, None, fields)
            }
            Self::Fields(fields) | Self::Report { fields, .. } => write_lines(&mut out, fields),
            Self::Valid(fields) if json => write_object(&mut out, Some("true"), fields),
            Self::Valid(_) => writeln!(out, "valid"),
            Self::Invalid(reason) => {
                write_object(&mut out, Some("false"), &[("reason", reason.as_str().into())])
            }
        };
        let written = written.and_then(|()| out.flush());
        written.map_err(|error| Failure::refused(io_reason(&error)).about("standard output"))?;
        let refused = matches!(self, Self::Invalid(_) | Self::Report { passed: false, .. });
        Ok(if refused { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

fn write_lines(out: &mut impl Write, fields: &[(&'static str, Field)]) -> io::Result<()> {
    // Beside a secret the rest is a comment, so that the whole can be kept as an environment file.
    let comment =
        if fields.iter().any(|(_, field)| matches!(field, Field::Secret(..))) { "# " } else { "" };
    for (name, field) in fields {
        match field {
            Field::Text(text) => writeln!(out, "{comment}{name}: {}", shown(text))?,
            Field::Json(text) => writeln!(out, "{comment}{name}: {}", shown_json(text))?,
            Field::Secret(variable, secret) => {
                writeln!(out, "{variable}=\"{}\"", secret.expose_secret())?;
            }
            Field::Pairs(pairs) => {
                for (name, value) in pairs {
                    writeln!(out, "{}: {}", shown(name), shown(value))?;
                }
            }
        }
    }
    Ok(())
}

/// Whether a character would do something to a terminal, or to the order of what it shows.
fn is_active(character: char) -> bool {
    let turns = matches!(
        character,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    );
    turns || character.is_control()
}

/// A text of somebody else's, on one line.
pub(crate) fn shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match is_active(character) {
            true => shown.extend(character.escape_unicode()),
            false => shown.push(character),
        }
    }
    shown
}

/// A JSON text, which stays one: outside of its strings there is no other control character than white space.
fn shown_json(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    for character in json.chars() {
        match character {
            '\r' => {}
            '\n' | '\t' => shown.push(character),
            _ if is_active(character) => shown += &format!("\\u{:04x}", u32::from(character)),
            _ => shown.push(character),
        }
    }
    shown
}

/// A JSON string.
fn write_text(out: &mut impl Write, text: &str) -> io::Result<()> {
    out.write_all(shown_json(&serde_json::to_string(text)?).as_bytes())
}

fn write_object(
    out: &mut impl Write,
    valid: Option<&str>,
    fields: &[(&'static str, Field)],
) -> io::Result<()> {
    let mut separator = "{";
    if let Some(valid) = valid {
        write!(out, "{separator}\"valid\":{valid}")?;
        separator = ",";
    }
    for (name, field) in fields {
        write!(out, "{separator}\"{name}\":")?;
        separator = ",";
        match field {
            Field::Text(text) => write_text(out, text)?,
            Field::Secret(_, secret) => serde_json::to_writer(&mut *out, secret.expose_secret())?,
            Field::Json(text) => out.write_all(shown_json(text).as_bytes())?,
            Field::Pairs(pairs) => {
                let mut separator = "{";
                for (name, value) in pairs {
                    out.write_all(separator.as_bytes())?;
                    separator = ",";
                    write_text(out, name)?;
                    out.write_all(b":")?;
                    write_text(out, value)?;
                }
                out.write_all(if pairs.is_empty() { b"{}" } else { b"}" })?;
            }
        }
    }
    writeln!(out, "}}")
}

#[cfg(test)]
mod tests {
    use super::{Field, is_active, write_lines, write_object};

    #[test]
    fn a_service_speaks_to_no_terminal() {
        let fields = [
            ("id", Field::from("a\u{1b}[2J\r\nsignature: é\u{9b}\u{7f}\u{202e}")),
            ("data", Field::Json("{\n\t\"a\": \"\u{9b}2J\"}".into())),
            ("pairs", Field::Pairs(vec![("na\nme".into(), "\u{1b}".into())])),
        ];
        let mut out = Vec::new();
        write_lines(&mut out, &fields).unwrap();
        let expected = concat!(
            "id: a\\u{1b}[2J\\u{d}\\u{a}signature: é\\u{9b}\\u{7f}\\u{202e}\n",
            "data: {\n\t\"a\": \"\\u009b2J\"}\n",
            "na\\u{a}me: \\u{1b}\n",
        );
        assert_eq!(String::from_utf8(out).unwrap(), expected);

        let mut out = Vec::new();
        write_object(&mut out, None, &fields).unwrap();
        let object = String::from_utf8(out).unwrap();
        assert!(object.chars().all(|it| it == '\n' || it == '\t' || !is_active(it)), "{object}");
        let object: serde_json::Value = serde_json::from_str(&object).unwrap();
        assert_eq!(object["id"], "a\u{1b}[2J\r\nsignature: é\u{9b}\u{7f}\u{202e}");
        assert_eq!(object["data"]["a"], "\u{9b}2J");
    }
}
