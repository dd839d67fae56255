//! Reloading: a thread that looks at the files and takes orders, so that no request waits on a disk.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, SystemTime};

use signer_server::{CallerAuthenticator, Endpoint, JwtCallers, JwtKeys, KeyId, TlsIdentity};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::configuration::{self, KeyFiles, Replaceable, keys};
use crate::commands::policy::Bounds;
use crate::failure::{Failure, io_reason};
use crate::input::FileSource;

/// How often the files are looked at.
const INTERVAL: Duration = Duration::from_millis(250);
/// How long keys of callers may take to be fetched.
const PATIENCE: Duration = Duration::from_secs(6);

type Reply = oneshot::Sender<Result<KeyId, String>>;

pub(super) enum Order {
    /// Read everything again.
    Reload,
    /// Let the staged key sign.
    SwitchKey(Reply),
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
    pub(super) bounds: Bounds,
    /// The keys of the callers, where they are fetched.
    pub(super) jwt: Option<JwtKeys>,
    /// What was said of all that a reload does not replace.
    pub(super) said: BTreeMap<String, Option<toml::Value>>,
}

impl Reloader {
    /// Works until nobody can give orders any more.
    pub(super) fn run(mut self, orders: &Receiver<Order>) {
        loop {
            match orders.recv_timeout(INTERVAL) {
                Ok(first) => self.obey(std::iter::once(first).chain(orders.try_iter())),
                Err(RecvTimeoutError::Timeout) => {
                    if self.files.iter().any(|(path, known)| Fingerprint::of(path) != *known) {
                        self.reload();
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// Switches come first, and many reloads are one.
    fn obey(&mut self, orders: impl Iterator<Item = Order>) {
        let mut reload = false;
        for order in orders {
            match order {
                Order::Reload => reload = true,
                // Nobody switches for somebody who was told that it failed.
                Order::SwitchKey(reply) if reply.is_closed() => {}
                Order::SwitchKey(reply) => {
                    let verdict = self.switch_key(&reply);
                    let _ = reply.send(verdict);
                }
            }
        }
        if reload {
            self.reload();
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
        let (fixed, replaceable) = configuration::read(&self.file, self.jwt.as_ref())?;
        let Replaceable { rules, bounds, jwt, tls, keys, files } = replaceable;
        self.prepare(jwt.as_ref())?;
        match (&self.tls, &tls) {
            (Some(identity), Some(tls)) => {
                let replaced = identity.replace(&tls.chain, tls.key.bytes());
                replaced.map_err(|rule| Failure::refused(rule).about("tls"))?;
            }
            (None, None) => {}
            _ => return Err(Failure::refused("tls begins and ends with a start")),
        }
        self.endpoint.replace(rules);
        (self.keys, self.files) = (keys, files);
        // It may be meant; or the rest of the file is missing.
        for bound in self.bounds.lost(bounds) {
            tracing::warn!(bound, "was in the policy, and is there no more");
        }
        self.bounds = bounds;
        self.jwt = jwt.map(|jwt| jwt.keys().clone());
        for (key, value) in &fixed.said {
            if self.said.get(key) != Some(value) {
                tracing::warn!(key, "is another now, and needs a restart");
            }
        }
        Ok(())
    }

    /// New keys of callers must be there before those that are known are let go.
    fn prepare(&self, jwt: Option<&Arc<JwtCallers>>) -> Result<(), Failure> {
        let new = jwt.filter(|jwt| !jwt.is_ready());
        let Some(jwt) = new.cloned() else { return Ok(()) };
        let (prepared, waiting) = mpsc::channel();
        // It ends unheard when the service ends meanwhile.
        self.runtime.spawn(async move { prepared.send(jwt.prepare().await) });
        match waiting.recv_timeout(PATIENCE) {
            Ok(Ok(())) => Ok(()),
            _ => Err(Failure::refused("cannot be fetched").about("callers.keys")),
        }
    }

    /// The staged key's file takes the place of the other, which stays beside it as `….previous`: so the
    /// switch outlives the process. Then the staged key signs.
    fn switch_key(&mut self, reply: &Reply) -> Result<KeyId, String> {
        // What is staged is what stands in the file now. A fault of something else does not matter here.
        let read = self.read();
        let unread = |rule: &str| match &read {
            Ok(()) => rule.to_owned(),
            Err(failure) => format!("{rule} ({failure})"),
        };
        let id = self.endpoint.staged_key().ok_or_else(|| unread("no key is staged"))?;
        let (Some(active), Some(staged)) = (&self.keys.active, &self.keys.staged) else {
            return Err("only keys that are files can be switched".into());
        };
        if keys::id_of(staged).ok() != Some(id) {
            return Err(unread("the file of the staged key holds another"));
        }
        if reply.is_closed() {
            return Err("whoever asked has gone".into());
        }
        replace_file(active, staged).map_err(|error| io_reason(&error))?;
        self.endpoint.switch_key()?;
        tracing::info!(key = %id, "the staged key signs");
        for (path, known) in &mut self.files {
            if path == active || path == staged {
                *known = Fingerprint::of(path);
            }
        }
        Ok(id)
    }
}

/// Once it has returned well, the name `active` stands for the staged key.
fn replace_file(active: &Path, staged: &Path) -> io::Result<()> {
    for path in [active, staged] {
        // A link would take the place of a file, and point elsewhere from there.
        if !path.symlink_metadata()?.is_file() {
            return Err(io::Error::other(
                "only keys that are plain files, and no links, can be switched",
            ));
        }
    }
    let mut previous = active.as_os_str().to_owned();
    previous.push(".previous");
    match fs::remove_file(&previous) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    fs::hard_link(active, &previous)?;
    fs::rename(staged, active)?;
    let folder = active.parent().filter(|folder| !folder.as_os_str().is_empty());
    let synced = fs::File::open(folder.unwrap_or(Path::new("."))).and_then(|file| file.sync_all());
    if synced.is_err() {
        tracing::warn!("the switch of keys may be undone by a power failure");
    }
    Ok(())
}
