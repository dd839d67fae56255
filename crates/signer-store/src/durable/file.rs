//! The file of the store, and when it is synced.

use std::fs::{File, OpenOptions};
use std::io;
use std::ops::Bound;
use std::path::Path;

use redb::backends::FileBackend;
use redb::{BackendError, Builder, Database, DatabaseError, StorageBackend};

use super::StoreFsync;

/// Pages of the file that are kept in memory, in bytes.
const CACHE_BYTES: usize = 4 * 1024 * 1024;

/// An open database, and its file for syncs of our own.
pub(super) struct Opened {
    pub(super) database: Database,
    pub(super) file: File,
}

/// Opens or makes the file, with mode 0600, and locks it.
pub(super) fn open(path: &Path, fsync: StoreFsync) -> io::Result<Opened> {
    let refuse = || io::Error::new(io::ErrorKind::InvalidInput, "it must be a file and not a link");
    if path.symlink_metadata().is_ok_and(|metadata| metadata.is_symlink()) {
        return Err(refuse());
    }
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    if !file.metadata()?.is_file() {
        return Err(refuse());
    }
    if file.metadata()?.len() == 0 {
        sync_folder(path)?;
    }
    let syncs = file.try_clone()?;
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE_BYTES);
    let backend = FileBackend::new(file).map_err(reason)?;
    let database = match fsync {
        StoreFsync::Always => builder.create_with_backend(backend),
        StoreFsync::EverySecond => builder.create_with_backend(WithoutSync(backend)),
    };
    Ok(Opened { database: database.map_err(reason)?, file: syncs })
}

/// A new file survives a power cut only if its folder is on the disk.
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    #[cfg(unix)]
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

fn reason(error: DatabaseError) -> io::Error {
    match error {
        DatabaseError::DatabaseAlreadyOpen => {
            io::Error::new(io::ErrorKind::ResourceBusy, "another process uses this store")
        }
        DatabaseError::Storage(redb::StorageError::Io(error))
            if error.kind() != io::ErrorKind::InvalidData =>
        {
            error
        }
        DatabaseError::Storage(_) => {
            io::Error::new(io::ErrorKind::InvalidData, "the file is damaged or not a store")
        }
        other => io::Error::other(other.to_string()),
    }
}

/// A file whose writes reach the operating system at once and the disk at a time of ours: a killed process
/// loses nothing, a power cut may.
#[derive(Debug)]
struct WithoutSync(FileBackend);

impl StorageBackend for WithoutSync {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0.write(offset, data)
    }

    fn close(&self) -> io::Result<()> {
        self.0.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.0.try_lock_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.0.unlock_range(start, end)
    }
}
