//! Secrets and files: where they come from and how they are read.

use std::env;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use zeroize::Zeroizing;

use crate::failure::{Failure, io_reason};

const MAX_SECRET_BYTES: usize = 64 * 1024;

/// Where a secret comes from: a file, `-` (standard input) or `env:NAME`.
#[derive(Clone, Debug)]
pub(crate) enum SecretSource {
    StandardInput,
    Environment(String),
    File(PathBuf),
}

impl FromStr for SecretSource {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match (text, text.strip_prefix("env:")) {
            ("", _) | (_, Some("")) => {
                Err("a secret comes from a file, - (standard input) or env:NAME".into())
            }
            ("-", _) => Ok(Self::StandardInput),
            (_, Some(name)) => Ok(Self::Environment(name.into())),
            (_, None) => Ok(Self::File(text.into())),
        }
    }
}

/// What stands for a name that may be the secret itself, given where its place was asked for.
const HIDDEN: &str = "the given name (not shown: a secret never goes in an argument)";

/// Whether a text may be a secret: by a prefix, or by a long run of the letters of hex and base64.
pub(crate) fn looks_like_a_secret(text: &str) -> bool {
    let prefixes =
        ["xmsk1_", "wallet-auth:", "wallet-api:", "whsec_", "sk_", "ck_", "-----BEGIN", "MI"];
    let letter =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'_');
    let long_run = text.as_bytes().split(|byte| !letter(*byte)).any(|run| {
        // A path has its separators every few letters.
        run.len() >= 40 && run.split(|byte| *byte == b'/').any(|part| part.len() >= 20)
    });
    let address = text.contains("://");
    address || long_run || text.len() > 10 && prefixes.iter().any(|prefix| text.starts_with(prefix))
}

/// Whether a text is meant as a place: it has a separator or an ending.
fn names_a_place(path: &Path) -> bool {
    path.extension().is_some() || path.components().count() > 1
}

/// Whether a text is in the letters that names of variables have.
fn is_variable(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

fn refuse(error: &io::Error, subject: impl std::fmt::Display) -> Failure {
    Failure::refused(io_reason(error)).about(subject)
}

/// A secret as it was read; wiped when it is dropped.
pub(crate) struct Secret(Zeroizing<Vec<u8>>);

impl SecretSource {
    /// Reads the secret.
    pub(crate) fn read(&self) -> Result<Secret, Failure> {
        let bytes = match self {
            Self::StandardInput => read_bounded(io::stdin().lock(), 0, MAX_SECRET_BYTES),
            Self::Environment(name) => match env::var_os(name) {
                Some(value) => Ok(Zeroizing::new(value.into_encoded_bytes())),
                None => {
                    let missing = "the environment variable is not set";
                    let refused = Failure::refused(missing);
                    return Err(if is_variable(name) {
                        refused.about(self)
                    } else {
                        refused.about(HIDDEN)
                    });
                }
            },
            Self::File(path) => {
                let file = File::open(path).map_err(|error| match error.kind() {
                    // A word that is no path and no file may be the secret, however short it is.
                    io::ErrorKind::NotFound if !names_a_place(path) => refuse(&error, HIDDEN),
                    _ => refuse(&error, self),
                })?;
                let metadata = file.metadata().map_err(|error| refuse(&error, self))?;
                warn_if_shared(path, &metadata);
                let expected = usize::try_from(metadata.len()).unwrap_or(usize::MAX);
                read_bounded(file, expected, MAX_SECRET_BYTES)
            }
        };
        bytes.map(Secret).map_err(|error| refuse(&error, self))
    }

    const fn is_standard_input(&self) -> bool {
        matches!(self, Self::StandardInput)
    }
}

impl std::fmt::Display for SecretSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::StandardInput => f.write_str("standard input"),
            Self::Environment(name) if looks_like_a_secret(name) => f.write_str(HIDDEN),
            Self::Environment(name) => write!(f, "env:{name}"),
            Self::File(path) if looks_like_a_secret(&path.to_string_lossy()) => f.write_str(HIDDEN),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

impl Secret {
    /// The bytes as they were read.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes of a DER key file, which starts with a SEQUENCE and may end with any byte.
    pub(crate) fn der(&self) -> Option<&[u8]> {
        (self.0.first() == Some(&0x30)).then_some(&self.0)
    }

    /// The text without one final line end, and without the `NAME="…"` around it that `generate`
    /// prints.
    pub(crate) fn text(&self) -> Result<&str, Failure> {
        let text = std::str::from_utf8(&self.0)
            .map_err(|_| Failure::refused("the secret is not text in utf-8"))?;
        let text =
            text.strip_suffix('\n').map_or(text, |text| text.strip_suffix('\r').unwrap_or(text));
        Ok(assigned_value(text).unwrap_or(text))
    }
}

/// What stands between the quotes of `NAME="…"`; lines of comments may follow.
fn assigned_value(text: &str) -> Option<&str> {
    let text = match text.split_once("\n#") {
        Some((assignment, comments))
            if comments.lines().skip(1).all(|line| line.starts_with('#')) =>
        {
            assignment
        }
        _ => text,
    };
    let (name, value) = text.split_once("=\"")?;
    let value = value.strip_suffix('\r').unwrap_or(value).strip_suffix('"')?;
    let letters = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let is_name = !name.is_empty() && name.bytes().all(letters);
    (is_name && !value.contains('"')).then_some(value)
}

/// A file, or `-` for standard input.
#[derive(Clone, Debug)]
pub(crate) enum FileSource {
    StandardInput,
    File(PathBuf),
}

impl FromStr for FileSource {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "" => Err("a file name, or - for standard input".into()),
            "-" => Ok(Self::StandardInput),
            path => Ok(Self::File(path.into())),
        }
    }
}

impl FileSource {
    /// Reads at most `max_bytes`; more is refused without reading on.
    pub(crate) fn read(&self, max_bytes: usize) -> Result<Vec<u8>, Failure> {
        let bytes = match self {
            Self::StandardInput => read_bounded(io::stdin().lock(), 0, max_bytes)
                .map_err(|error| refuse(&error, "standard input")),
            Self::File(path) => File::open(path)
                .and_then(|file| read_bounded(file, 0, max_bytes))
                .map_err(|error| refuse(&error, path.display())),
        };
        bytes.map(|bytes| bytes.to_vec())
    }

    const fn is_standard_input(&self) -> bool {
        matches!(self, Self::StandardInput)
    }
}

/// Standard input can be read once.
pub(crate) fn one_standard_input<'a>(
    secrets: impl IntoIterator<Item = &'a SecretSource>,
    files: impl IntoIterator<Item = &'a FileSource>,
) -> Result<(), Failure> {
    let secrets = secrets.into_iter().filter(|source| source.is_standard_input()).count();
    let files = files.into_iter().filter(|source| source.is_standard_input()).count();
    if secrets + files > 1 {
        return Err(Failure::usage("standard input (-) can be read once in a call"));
    }
    Ok(())
}

/// Reads into one buffer that never grows by copying where `expected` is right.
fn read_bounded(
    source: impl Read,
    expected: usize,
    max_bytes: usize,
) -> io::Result<Zeroizing<Vec<u8>>> {
    let capacity = if expected == 0 { max_bytes.min(64 * 1024) } else { expected.min(max_bytes) };
    let mut bytes = Zeroizing::new(Vec::with_capacity(capacity + 1));
    let limit = u64::try_from(max_bytes).unwrap_or(u64::MAX).saturating_add(1);
    source.take(limit).read_to_end(&mut bytes)?;
    if bytes.len() > max_bytes {
        let message = format!("longer than the limit of {max_bytes} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    Ok(bytes)
}

#[cfg(unix)]
fn warn_if_shared(path: &Path, metadata: &std::fs::Metadata) {
    use std::io::Write;
    use std::os::unix::fs::PermissionsExt;
    let mode = metadata.permissions().mode();
    let done = match (mode & 0o044 != 0, mode & 0o022 != 0) {
        (true, true) => "read and changed",
        (true, false) => "read",
        (false, true) => "changed",
        (false, false) => return,
    };
    if metadata.is_file() {
        let path = path.display();
        let _ = writeln!(
            io::stderr(),
            "warning: {path} can be {done} by other users: run chmod 600 on it"
        );
    }
}

#[cfg(not(unix))]
fn warn_if_shared(_: &std::path::Path, _: &std::fs::Metadata) {}
