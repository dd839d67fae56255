//! The thread that writes.

use std::fs::File;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use signer_protocols::blink::Timestamp;
use tokio::sync::oneshot;

use super::file::{self, is_same};
use super::line::{self, Hash, Line};
use super::mailbox::{Mailbox, Message};
use super::{AuditEntry, AuditError, AuditHead, AuditOptions, Fsync, tail};
use crate::json_text::Object;
use crate::{Clock, KeyId, SystemClock};

const SECOND: Duration = Duration::from_secs(1);
/// How long it waits for a call after a write: whoever has the call to make may be behind a slow signature.
const BUSY: Duration = Duration::from_millis(2);

type Waiting = oneshot::Sender<Result<(), AuditError>>;

pub(super) struct Writer {
    file: File,
    options: AuditOptions,
    count: u64,
    head: Hash,
    /// The length of the file up to its last whole line.
    length: u64,
    /// Whether something of a line that failed may stand behind that.
    ragged: bool,
    placed_at: Instant,
    unsynced: bool,
    synced_at: Instant,
    published: Arc<ArcSwap<AuditHead>>,
    healthy: Arc<AtomicBool>,
}

impl Writer {
    pub(super) fn open(options: AuditOptions) -> io::Result<Self> {
        if options.checkpoint_every == 0 {
            let rule = "a checkpoint follows 1 line or more";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, rule));
        }
        let mut file = file::open(&options)?;
        file.try_lock().map_err(|error| match error {
            std::fs::TryLockError::WouldBlock => {
                io::Error::new(io::ErrorKind::ResourceBusy, "another process writes this log")
            }
            std::fs::TryLockError::Error(error) => error,
        })?;
        let tail = tail::read(&mut file)?;
        let head = AuditHead { count: tail.count, hash: tail.head };
        let mut writer = Self {
            file,
            options,
            count: tail.count,
            head: tail.head,
            length: tail.length,
            ragged: false,
            placed_at: Instant::now(),
            unsynced: false,
            synced_at: Instant::now(),
            published: Arc::new(ArcSwap::from_pointee(head)),
            healthy: Arc::new(AtomicBool::new(true)),
        };
        if !tail.torn.is_empty() {
            writer.heal(&tail.torn, tail.ended)?;
        } else if !tail.signed {
            writer.sign(Batch::after(&writer))?;
        }
        Ok(writer)
    }

    pub(super) fn head(&self) -> Arc<ArcSwap<AuditHead>> {
        Arc::clone(&self.published)
    }

    pub(super) fn healthy(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.healthy)
    }

    /// Writes what comes until the box is closed.
    pub(super) fn run(mut self, mailbox: &Mailbox) {
        let mut patience = SECOND;
        while let Some(messages) = mailbox.take(patience) {
            if messages.is_empty() {
                if patience == SECOND {
                    self.look_after();
                }
                patience = SECOND;
            } else {
                patience = BUSY;
                if let Some(closing) = self.write(messages) {
                    mailbox.shut();
                    let _ = closing.send(self.end());
                    return;
                }
            }
        }
        let _ = self.end();
    }

    /// Writes the lines among the messages; what is left is whoever wants the log closed.
    fn write(&mut self, messages: Vec<Message>) -> Option<Waiting> {
        let mut batch = Batch::after(self);
        batch.text.reserve(messages.len() * line::USUAL_LENGTH);
        let mut waiting = Vec::with_capacity(messages.len());
        let mut closing = None;
        for message in messages {
            match message {
                Message::Line(entry, written) => {
                    batch.line(&self.options, &entry);
                    waiting.push(written);
                }
                Message::Close(written) => closing = Some(written),
            }
        }
        let verdict = if waiting.is_empty() { Ok(()) } else { self.commit(&batch) };
        for written in waiting {
            let _ = written.send(verdict);
        }
        closing
    }

    /// Appends a batch, whole or not at all.
    fn commit(&mut self, batch: &Batch) -> Result<(), AuditError> {
        let verdict = self.append(batch);
        self.healthy.store(verdict.is_ok(), Ordering::Relaxed);
        if let Err(error) = verdict {
            tracing::error!(reason = %error, "a line of the audit log could not be written");
            if self.ragged {
                self.tidy_up();
            }
            return Err(AuditError);
        }
        (self.count, self.head) = (batch.count, batch.head);
        self.length += batch.text.len() as u64;
        self.published.store(Arc::new(AuditHead { count: self.count, hash: self.head }));
        Ok(())
    }

    fn append(&mut self, batch: &Batch) -> io::Result<()> {
        if self.ragged && !self.tidy_up() {
            return Err(io::ErrorKind::Other.into());
        }
        self.check_place()?;
        if batch.unsigned {
            return Err(io::Error::other("the audit key does not sign"));
        }
        // Until it is whole and where it should be, something of it may stand behind the last line.
        self.ragged = true;
        self.file.write_all(batch.text.as_bytes())?;
        self.unsynced = true;
        match self.options.fsync {
            Fsync::Always => self.sync(),
            Fsync::AtCheckpoints if batch.checkpoint => self.sync(),
            Fsync::EverySecond if self.synced_at.elapsed() >= SECOND => self.sync(),
            _ => Ok(()),
        }?;
        self.ragged = false;
        Ok(())
    }

    /// The file must still be what its name stands for, as long as we left it: lines that go to a file which
    /// was moved away or cut would be lost to whoever reads it. Asked once a second.
    fn check_place(&mut self) -> io::Result<()> {
        if self.placed_at.elapsed() < SECOND {
            return Ok(());
        }
        let (ours, named) = (self.file.metadata()?, self.options.file.symlink_metadata()?);
        if ours.is_file() && (!is_same(&ours, &named) || named.len() != self.length) {
            return Err(io::Error::other("the file was moved, replaced or cut"));
        }
        self.placed_at = Instant::now();
        Ok(())
    }

    /// Takes off what stands behind the last whole line.
    fn tidy_up(&mut self) -> bool {
        self.ragged = self.file.set_len(self.length).is_err();
        !self.ragged
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()?;
        self.unsynced = false;
        self.synced_at = Instant::now();
        Ok(())
    }

    /// What is done once a second when nothing comes: the disk gets what is due, a file that was moved is
    /// noticed, and a log that failed is tried again, so that it is known when it has healed.
    fn look_after(&mut self) {
        if self.healthy.load(Ordering::Relaxed) {
            let due = self.unsynced && self.options.fsync == Fsync::EverySecond;
            let verdict = self.check_place().and_then(|()| if due { self.sync() } else { Ok(()) });
            if let Err(error) = verdict {
                tracing::error!(reason = %error, "the audit log");
                self.healthy.store(false, Ordering::Relaxed);
            }
        } else if let Some(now) = SystemClock.now() {
            let mut batch = Batch::after(self);
            batch.checkpoint(&self.options, now);
            let _ = self.commit(&batch);
        }
    }

    /// The last checkpoint.
    fn end(&mut self) -> Result<(), AuditError> {
        let mut batch = Batch::after(self);
        if let Some(now) = SystemClock.now() {
            batch.checkpoint(&self.options, now);
        }
        self.commit(&batch)?;
        self.sync().map_err(|_| AuditError)
    }

    /// Ends the last line, and unless its end is all that it lacked, says that it was torn: both at once, so
    /// that a crash in between leaves what can be mended again.
    fn heal(&mut self, torn: &[u8], ended: bool) -> io::Result<()> {
        let whole = Line::parse(torn);
        let follows = whole.is_some_and(|line| line.n == self.count + 1 && line.prev == self.head);
        let after = self.head;
        (self.count, self.head) = (self.count + 1, Hash::of(torn));
        let mut batch = Batch::after(self);
        if !ended {
            batch.text.push('\n');
        }
        if !follows {
            tracing::warn!(bytes = torn.len(), "the audit log ended in a torn line");
            let now = SystemClock.now().ok_or(io::ErrorKind::Other)?;
            batch.torn(now, torn.len(), after);
        }
        self.sign(batch)
    }

    /// A checkpoint behind what a process left without one: the crash may have taken one that was due, and so
    /// many lines without are no log.
    fn sign(&mut self, mut batch: Batch) -> io::Result<()> {
        let now = SystemClock.now().ok_or(io::ErrorKind::Other)?;
        batch.checkpoint(&self.options, now);
        self.commit(&batch).map_err(io::Error::other)?;
        self.sync()
    }
}

/// Lines that are written together.
struct Batch {
    text: String,
    count: u64,
    head: Hash,
    checkpoint: bool,
    unsigned: bool,
}

impl Batch {
    fn after(writer: &Writer) -> Self {
        let (count, head) = (writer.count, writer.head);
        Self { text: String::new(), count, head, checkpoint: false, unsigned: false }
    }

    fn line(&mut self, options: &AuditOptions, entry: &AuditEntry) {
        self.push(entry.time(), |line| entry.write(line));
        if self.count.is_multiple_of(options.checkpoint_every) {
            self.checkpoint(options, entry.time());
        }
    }

    fn checkpoint(&mut self, options: &AuditOptions, time: Timestamp) {
        let signed = line::checkpoint_text(self.count, self.head, &time.to_string());
        let Ok(signature) = options.signer.try_sign(signed.as_bytes()) else {
            self.unsigned = true;
            return;
        };
        let key = KeyId::of(&options.public);
        self.push(time, |line| line::checkpoint_members(line, key, signature.as_bytes()));
        self.checkpoint = true;
    }

    /// Says that the line before was torn.
    fn torn(&mut self, now: Timestamp, length: usize, after: Hash) {
        self.push(now, |line| line::torn_members(line, length, after));
    }

    fn push(&mut self, time: Timestamp, members: impl FnOnce(&mut Object<'_>)) {
        self.count += 1;
        let begin = self.text.len();
        line::write(&mut self.text, self.count, time, self.head, members);
        self.head = Hash::of(&self.text.as_bytes()[begin..]);
        self.text.push('\n');
    }
}
