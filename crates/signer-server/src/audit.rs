//! The audit log: one line of JSON for every decision about an authenticated caller, each with the hash of
//! the line before it, and signed checkpoints.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use arc_swap::ArcSwap;
use signer_core::p256::{DerSignature, VerifyingKey};
use signer_core::signature::Signer;
use tokio::sync::oneshot;
use tokio::time::timeout;

mod entry;
mod file;
mod line;
mod mailbox;
mod tail;
mod verify;
mod writer;

pub(crate) use entry::AuditEntry;
pub use line::Hash;
use mailbox::{Mailbox, Message};
pub use verify::{AuditFault, AuditReport, verify_audit_log};
use writer::Writer;

use crate::KeyId;

/// How long a line may wait to be written.
const PATIENCE: Duration = Duration::from_secs(5);
const CLOSING_PATIENCE: Duration = Duration::from_secs(10);

/// When what was written is forced to the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fsync {
    /// Before the answer goes out; requests that come together share one.
    #[default]
    Always,
    /// Once a second: a power failure may lose that much, a crash of the process nothing.
    EverySecond,
    /// At checkpoints only.
    AtCheckpoints,
}

/// Where and how an audit log is kept.
#[derive(Clone)]
#[non_exhaustive]
pub struct AuditOptions {
    /// The file, which is only ever appended to, by one process.
    pub file: PathBuf,
    /// The key that signs checkpoints; another than that of payments.
    pub signer: Arc<dyn Signer<DerSignature> + Send + Sync>,
    /// Its public key.
    pub public: VerifyingKey,
    /// A checkpoint follows so many lines, 1 or more. Default: 1,000.
    pub checkpoint_every: u64,
    /// When lines are forced to the disk. Default: always.
    pub fsync: Fsync,
}

impl AuditOptions {
    /// A log in `file` whose checkpoints `signer` signs.
    pub fn new(
        file: PathBuf,
        signer: Arc<dyn Signer<DerSignature> + Send + Sync>,
        public: VerifyingKey,
    ) -> Self {
        Self { file, signer, public, checkpoint_every: 1_000, fsync: Fsync::default() }
    }
}

/// How far a log has come: the number of its lines and the hash of the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuditHead {
    /// How many lines there are.
    pub count: u64,
    /// The SHA-256 of the last line.
    pub hash: Hash,
}

/// An open audit log. A thread of its own writes it, so that no request waits on a disk while others could
/// be served; requests that come together are written together.
#[derive(Clone)]
pub struct AuditLog(Arc<Shared>);

struct Shared {
    mailbox: Arc<Mailbox>,
    head: Arc<ArcSwap<AuditHead>>,
    healthy: Arc<AtomicBool>,
    key: KeyId,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// A line could not be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the audit log cannot be written")]
pub struct AuditError;

impl AuditLog {
    /// Opens or makes the file, locks it, and goes on behind its last line. A last line that was torn by a
    /// crash stays, and a line that says so follows it; a log that was not ended gets a checkpoint. This reads
    /// the disk: call it at start.
    ///
    /// # Errors
    /// When the file cannot be opened, another process holds it, or it is no audit log.
    pub fn open(options: AuditOptions) -> io::Result<Self> {
        let key = KeyId::of(&options.public);
        let writer = Writer::open(options)?;
        let (head, healthy) = (writer.head(), writer.healthy());
        let mailbox = Arc::new(Mailbox::default());
        let messages = Arc::clone(&mailbox);
        let thread = std::thread::Builder::new()
            .name("audit".into())
            .spawn(move || writer.run(&messages))?;
        let thread = Mutex::new(Some(thread));
        Ok(Self(Arc::new(Shared { mailbox, head, healthy, key, thread })))
    }

    /// How far the log has come. Keep it elsewhere: `signer audit verify --head` finds a cut by it.
    pub fn head(&self) -> AuditHead {
        *self.0.head.load_full()
    }

    /// The key that signs checkpoints.
    pub fn key(&self) -> KeyId {
        self.0.key
    }

    /// Whether the last write succeeded.
    pub fn is_healthy(&self) -> bool {
        self.0.healthy.load(Ordering::Relaxed)
    }

    /// Writes a line. It is written, too, when nobody waits for it any more.
    pub(crate) async fn append(&self, entry: Box<AuditEntry>) -> Result<(), AuditError> {
        let (written, waiting) = oneshot::channel();
        if let Some(call) = self.0.mailbox.put(Message::Line(entry, written))? {
            // Whoever else is ready now has a turn before the writer is called.
            tokio::task::yield_now().await;
            drop(call);
        }
        self.wait(waiting, PATIENCE).await
    }

    /// Ends the log with a checkpoint, on the disk. Later lines are refused.
    ///
    /// # Errors
    /// [`AuditError`].
    pub async fn close(&self) -> Result<(), AuditError> {
        let (written, waiting) = oneshot::channel();
        drop(self.0.mailbox.put(Message::Close(written))?);
        self.wait(waiting, CLOSING_PATIENCE).await?;
        let thread = self.0.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // It ends behind its last answer, with the lock on the file.
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
        Ok(())
    }

    /// A disk that hangs is as one that is full. A line that comes late is written all the same, and what it
    /// stands for was refused.
    async fn wait(
        &self,
        written: oneshot::Receiver<Result<(), AuditError>>,
        patience: Duration,
    ) -> Result<(), AuditError> {
        match timeout(patience, written).await {
            Ok(verdict) => verdict.unwrap_or(Err(AuditError)),
            Err(_) => {
                self.0.healthy.store(false, Ordering::Relaxed);
                Err(AuditError)
            }
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.mailbox.close();
    }
}

impl fmt::Debug for AuditLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AuditLog({:?})", self.0.head.load())
    }
}

impl fmt::Debug for AuditOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AuditOptions({}, {:?})", self.file.display(), self.fsync)
    }
}
