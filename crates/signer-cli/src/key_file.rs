//! Key files: created with mode 0600, never overwritten.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::failure::{Failure, io_reason};

/// Where a new secret goes: a file, or `-` (standard output).
#[derive(Clone, Debug)]
pub(crate) enum OutFile {
    StandardOutput,
    New(PathBuf),
}

impl FromStr for OutFile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "" => Err("a file name, or - for standard output".into()),
            "-" => Ok(Self::StandardOutput),
            path => Ok(Self::New(path.into())),
        }
    }
}

/// Writes a secret to a new file that only its owner can read. A file that is there is kept, and a
/// file that could not be written whole is removed.
pub(crate) fn create_secret(path: &Path, parts: &[&[u8]]) -> Result<(), Failure> {
    create(path, parts, 0o600)
}

/// Writes a public file, never over another.
pub(crate) fn create_public(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    create(path, &[bytes], 0o644)
}

/// Makes a folder that only its owner can enter, where there is none.
pub(crate) fn create_folder(path: &Path) -> Result<(), Failure> {
    if path.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(path).map_err(|error| refuse(&error, path))
}

fn create(path: &Path, parts: &[&[u8]], mode: u32) -> Result<(), Failure> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    let file = options.open(path).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            Failure::refused("the file exists and is not overwritten: choose another name")
                .about(path.display())
        }
        _ => refuse(&error, path),
    })?;
    let written = write_all(file, parts);
    if written.is_err() {
        let _ = fs::remove_file(path);
    }
    written.map_err(|error| refuse(&error, path))
}

fn refuse(error: &io::Error, path: &Path) -> Failure {
    Failure::refused(io_reason(error)).about(path.display())
}

fn write_all(mut file: File, parts: &[&[u8]]) -> io::Result<()> {
    parts.iter().try_for_each(|part| file.write_all(part))?;
    file.sync_all()
}
