//! The file of the log: a file of its own, and no link.

use std::fs::{File, Metadata, OpenOptions};
use std::io;

use super::AuditOptions;

pub(super) fn open(options: &AuditOptions) -> io::Result<File> {
    let mut create = OpenOptions::new();
    create.read(true).append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut create, 0o600);
    let named = || options.file.symlink_metadata();
    let refuse = || io::Error::new(io::ErrorKind::InvalidInput, "it must be a file and no link");
    // Asked before, so that nothing is made where a link points, and again of what was opened.
    if named().is_ok_and(|metadata| metadata.is_symlink()) {
        return Err(refuse());
    }
    let file = create.open(&options.file)?;
    let metadata = file.metadata()?;
    if !is_same(&metadata, &named()?) {
        return Err(refuse());
    }
    warn_if_shared(&metadata);
    Ok(file)
}

#[cfg(unix)]
pub(super) fn is_same(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(not(unix))]
pub(super) fn is_same(_: &Metadata, _: &Metadata) -> bool {
    true
}

/// The log may be there already, with a mode of its own. Some let a collector read it.
#[cfg(unix)]
fn warn_if_shared(metadata: &Metadata) {
    use std::os::unix::fs::PermissionsExt;
    if metadata.is_file() && metadata.permissions().mode() & 0o077 != 0 {
        tracing::warn!(
            "the audit log is open to other users: run chmod 600 on it unless that is meant"
        );
    }
}

#[cfg(not(unix))]
fn warn_if_shared(_: &Metadata) {}
