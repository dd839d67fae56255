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
            Self::Fields(fields) if json => write_object(&mut out, None, fields),
            Self::Fields(fields) => write_lines(&mut out, fields),
            Self::Valid(fields) if json => write_object(&mut out, Some("true"), fields),
            Self::Valid(_) => writeln!(out, "valid"),
            Self::Invalid(reason) => {
                write_object(&mut out, Some("false"), &[("reason", reason.as_str().into())])
            }
        };
        let written = written.and_then(|()| out.flush());
        written.map_err(|error| Failure::refused(io_reason(&error)).about("standard output"))?;
        let refused = matches!(self, Self::Invalid(_));
        Ok(if refused { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

fn write_lines(out: &mut impl Write, fields: &[(&'static str, Field)]) -> io::Result<()> {
    // Beside a secret the rest is a comment, so that the whole can be kept as an environment file.
    let comment =
        if fields.iter().any(|(_, field)| matches!(field, Field::Secret(..))) { "# " } else { "" };
    for (name, field) in fields {
        match field {
            Field::Text(text) | Field::Json(text) => writeln!(out, "{comment}{name}: {text}")?,
            Field::Secret(variable, secret) => {
                writeln!(out, "{variable}=\"{}\"", secret.expose_secret())?;
            }
            Field::Pairs(pairs) => {
                for (name, value) in pairs {
                    writeln!(out, "{name}: {value}")?;
                }
            }
        }
    }
    Ok(())
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
            Field::Text(text) => serde_json::to_writer(&mut *out, text)?,
            Field::Secret(_, secret) => serde_json::to_writer(&mut *out, secret.expose_secret())?,
            Field::Json(text) => out.write_all(text.as_bytes())?,
            Field::Pairs(pairs) => {
                let mut separator = "{";
                for (name, value) in pairs {
                    out.write_all(separator.as_bytes())?;
                    separator = ",";
                    serde_json::to_writer(&mut *out, name)?;
                    out.write_all(b":")?;
                    serde_json::to_writer(&mut *out, value)?;
                }
                out.write_all(if pairs.is_empty() { b"{}" } else { b"}" })?;
            }
        }
    }
    writeln!(out, "}}")
}
