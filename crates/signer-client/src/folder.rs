//! A folder that is ours alone, and files in it that are whole or not there.

use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::OFlags;
use zeroize::Zeroizing;

use crate::store::StoreError;

const MAX_FILE: u64 = 1 << 20;

pub(crate) struct Folder {
    path: PathBuf,
}

/// A lock on a file, which ends when this is dropped, or the process does.
pub(crate) struct Lock(#[allow(dead_code, reason = "it is held, not used")] File);

/// Runs work on files away from the tasks.
pub(crate) async fn run<T: Send + 'static>(
    folder: Arc<Folder>,
    work: impl FnOnce(&Folder) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let done = tokio::task::spawn_blocking(move || work(&folder)).await;
    done.unwrap_or(Err(StoreError::Unavailable))
}

impl Folder {
    pub(crate) fn new(path: &Path) -> Self {
        // With a final `/` a link would be followed before anybody looks at it.
        Self { path: path.components().collect() }
    }

    /// What a file holds; `None` when there is none.
    pub(crate) fn read(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        if !self.is_there()? {
            return Ok(None);
        }
        let mut file = match self.open(name, OpenOptions::new().read(true)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(reason(&error)),
        };
        let metadata = file.metadata().map_err(|error| reason(&error))?;
        check(&metadata, 0o077)?;
        if !metadata.is_file() || metadata.len() > MAX_FILE {
            return Err(StoreError::Unsafe);
        }
        let len = usize::try_from(metadata.len()).unwrap_or(0);
        // `read_to_end` would leave what it tries first on the stack. Files here never grow in their place.
        let mut bytes = Zeroizing::new(vec![0; len]);
        file.read_exact(&mut bytes).map_err(|error| reason(&error))?;
        Ok(Some(bytes))
    }

    /// Puts a file in the place of the one that is there, whole, and on the disk before it returns. Hold a
    /// lock: the file that it comes from has one name.
    pub(crate) fn replace(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let fresh = self.write_fresh(name, bytes)?;
        fs::rename(&fresh, self.path.join(name)).map_err(|error| reason(&error))?;
        self.sync()
    }

    /// Puts a file where there is none, whole, and on the disk before it returns; whether there was none. Hold a
    /// lock.
    pub(crate) fn create(&self, name: &str, bytes: &[u8]) -> Result<bool, StoreError> {
        let fresh = self.write_fresh(name, bytes)?;
        let linked = fs::hard_link(&fresh, self.path.join(name));
        let _ = fs::remove_file(&fresh);
        match linked {
            Ok(()) => self.sync().map(|()| true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(reason(&error)),
        }
    }

    pub(crate) fn remove(&self, name: &str) -> Result<(), StoreError> {
        match fs::remove_file(self.path.join(name)) {
            Ok(()) => self.sync(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(reason(&error)),
        }
    }

    /// Waits for a lock. It is held for a few writes at most.
    pub(crate) fn lock(&self, name: &str) -> Result<Lock, StoreError> {
        let file = self.open_lock(name)?;
        file.lock().map_err(|error| reason(&error))?;
        Ok(Lock(file))
    }

    /// Takes a lock unless another has it.
    pub(crate) fn try_lock(&self, name: &str) -> Result<Option<Lock>, StoreError> {
        let file = self.open_lock(name)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Lock(file))),
            Err(fs::TryLockError::WouldBlock) => Ok(None),
            Err(fs::TryLockError::Error(error)) => Err(reason(&error)),
        }
    }

    fn open_lock(&self, name: &str) -> Result<File, StoreError> {
        self.make()?;
        let mut options = OpenOptions::new();
        self.open(name, options.write(true).create(true)).map_err(|error| reason(&error))
    }

    /// A new file of the name's own, with what is to be in it, on the disk.
    fn write_fresh(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, StoreError> {
        if bytes.len() as u64 > MAX_FILE {
            return Err(StoreError::Unavailable);
        }
        self.make()?;
        let fresh_name = format!("{name}.new");
        let fresh = self.path.join(&fresh_name);
        // What a crash left behind.
        let _ = fs::remove_file(&fresh);
        let written = self
            .open(&fresh_name, OpenOptions::new().write(true).create_new(true))
            .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()));
        written.map_err(|error| {
            let _ = fs::remove_file(&fresh);
            reason(&error)
        })?;
        Ok(fresh)
    }

    fn open(&self, name: &str, options: &mut OpenOptions) -> io::Result<File> {
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let flags = i32::try_from(flags.bits()).unwrap_or_default();
        options.mode(0o600).custom_flags(flags).open(self.path.join(name))
    }

    fn make(&self) -> Result<(), StoreError> {
        if !self.is_there()? {
            let missing: Vec<&Path> = self.path.ancestors().take_while(|it| !it.exists()).collect();
            let made = DirBuilder::new().recursive(true).mode(0o700).create(&self.path);
            made.map_err(|error| reason(&error))?;
            if !self.is_there()? {
                return Err(StoreError::Unavailable);
            }
            // A folder is on the disk once the one that it is in is.
            for parent in missing.iter().filter_map(|made| made.parent()) {
                sync(if parent.as_os_str().is_empty() { Path::new(".") } else { parent })?;
            }
        }
        Ok(())
    }

    /// Whether the folder is there; one that others may write to, or that is a link, is refused.
    pub(crate) fn is_there(&self) -> Result<bool, StoreError> {
        match fs::symlink_metadata(&self.path) {
            Ok(metadata) if metadata.is_dir() => check(&metadata, 0o077).map(|()| true),
            Ok(_) => Err(StoreError::Unsafe),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(reason(&error)),
        }
    }

    /// What was put into the folder is on the disk once this returns.
    pub(crate) fn sync(&self) -> Result<(), StoreError> {
        sync(&self.path)
    }
}

fn sync(folder: &Path) -> Result<(), StoreError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| reason(&error))
}

/// Ours, and open to nobody by `forbidden`.
fn check(metadata: &fs::Metadata, forbidden: u32) -> Result<(), StoreError> {
    let ours = metadata.uid() == rustix::process::geteuid().as_raw();
    if ours && metadata.mode() & forbidden == 0 { Ok(()) } else { Err(StoreError::Unsafe) }
}

/// A link where a file should be is `ELOOP`; all else is the disk's.
fn reason(error: &io::Error) -> StoreError {
    if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) {
        StoreError::Unsafe
    } else {
        tracing::warn!(kind = %error.kind(), "a file of the store");
        StoreError::Unavailable
    }
}

impl fmt::Debug for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(Path::new(&self.path), f)
    }
}
