//! Reloading: a thread that looks at the files and takes orders, so that no request waits on a disk.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, SystemTime};

use signer_server::{Endpoint, KeyId, TlsIdentity};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::configuration::{self, KeyFiles, Replaceable};
use crate::failure::{Failure, io_reason};
use crate::input::FileSource;

/// How often the files are looked at.
const INTERVAL: Duration = Duration::from_millis(250);

pub(super) enum Order {
    /// Read everything again.
    Reload,
    /// Let the staged key sign.
    SwitchKey(oneshot::Sender<Result<KeyId, String>>),
}

/// What tells that a file was written or replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fingerprint(Option<(SystemTime, u64, u64)>);

impl Fingerprint {
    pub(super) fn of(path: &Path) -> Self {
        let inode = |metadata: &fs::Metadata| {
            #[cfg(unix)]
            return std::os::unix::fs::MetadataExt::ino(metadata);
            #[cfg(not(unix))]
            return 0;
        };
        let of = |metadata: fs::Metadata| {
            Some((metadata.modified().ok()?, metadata.len(), inode(&metadata)))
        };
        Self(path.metadata().ok().and_then(of))
    }
}

pub(super) struct Reloader {
    pub(super) file: FileSource,
    pub(super) endpoint: Endpoint,
    pub(super) tls: Option<TlsIdentity>,
    pub(super) runtime: Handle,
    pub(super) files: Vec<(PathBuf, Fingerprint)>,
    pub(super) keys: KeyFiles,
}

impl Reloader {
    /// Works until nobody can give orders any more.
    pub(super) fn run(mut self, orders: &Receiver<Order>) {
        loop {
            match orders.recv_timeout(INTERVAL) {
                Ok(Order::Reload) => self.reload(),
                Ok(Order::SwitchKey(reply)) => {
                    let _ = reply.send(self.switch_key());
                }
                Err(RecvTimeoutError::Timeout) => {
                    if self.files.iter().any(|(path, known)| Fingerprint::of(path) != *known) {
                        self.reload();
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// Replaces the rules and the certificate, or keeps both and says why.
    fn reload(&mut self) {
        // Before they are read: what is written from now on is seen the next time.
        let now =
            self.files.iter().map(|(path, _)| (path.clone(), Fingerprint::of(path))).collect();
        match self.read() {
            Ok(()) => tracing::info!("reloaded"),
            Err(failure) => {
                self.files = now;
                self.endpoint.count_refused_reload();
                tracing::error!(reason = %failure, "the reload was refused; what was loaded stays");
            }
        }
    }

    fn read(&mut self) -> Result<(), Failure> {
        let (_, replaceable) = configuration::read(&self.file)?;
        let Replaceable { rules, jwt, tls, keys, files } = replaceable;
        match (&self.tls, &tls) {
            (Some(identity), Some((chain, key))) => {
                let replaced = identity.replace(chain, key.bytes());
                replaced.map_err(|rule| Failure::refused(rule).about("tls"))?;
            }
            (None, None) => {}
            _ => return Err(Failure::refused("tls begins and ends with a start")),
        }
        if let Some(jwt) = jwt {
            // Where they cannot be fetched now, they are fetched for the first caller.
            let _ = self.runtime.block_on(jwt.prepare());
        }
        self.endpoint.replace(rules);
        (self.keys, self.files) = (keys, files);
        Ok(())
    }

    /// The staged key's file takes the place of the other, which stays beside it as `….previous`: so the
    /// switch outlives the process. Then the staged key signs.
    fn switch_key(&mut self) -> Result<KeyId, String> {
        // What is staged is what stands in the file now.
        self.read().map_err(|failure| failure.to_string())?;
        let id = self.endpoint.staged_key().ok_or("no key is staged")?;
        let (Some(active), Some(staged)) = (&self.keys.active, &self.keys.staged) else {
            return Err("only keys that are files can be switched".into());
        };
        replace_file(active, staged).map_err(|error| io_reason(&error))?;
        self.endpoint.switch_key()?;
        tracing::info!(key = %id, "the staged key signs");
        for (path, known) in &mut self.files {
            *known = Fingerprint::of(path);
        }
        Ok(id)
    }
}

fn replace_file(active: &Path, staged: &Path) -> io::Result<()> {
    let mut previous = active.as_os_str().to_owned();
    previous.push(".previous");
    match fs::remove_file(&previous) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    fs::hard_link(active, &previous)?;
    fs::rename(staged, active)?;
    let folder = active.parent().filter(|folder| !folder.as_os_str().is_empty());
    fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}
