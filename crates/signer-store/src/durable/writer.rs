//! The thread that writes.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use redb::Database;
use tokio::sync::oneshot;

use super::file::Opened;
use super::mailbox::Mailbox;
use super::tables::{Add, Bounds, Reserve, Result, Tables};
use super::{Shared, StoreFsync};
use crate::payment::MS_PER_DAY;
use crate::{Reservation, StoreError, SumError};

const SECOND: Duration = Duration::from_secs(1);

pub(super) enum Message {
    Reserve(Box<Reserve>, oneshot::Sender<std::result::Result<Reservation, StoreError>>),
    Add(Vec<Add>, oneshot::Sender<std::result::Result<(), SumError>>),
    Probe(oneshot::Sender<bool>),
}

impl Message {
    /// The day that it counts on.
    fn day(&self) -> Option<u64> {
        match self {
            Self::Reserve(request, _) => Some(request.now.unix_ms() / MS_PER_DAY),
            Self::Add(requests, _) => requests.iter().map(|request| request.day).max(),
            Self::Probe(_) => None,
        }
    }
}

pub(super) type Open = Box<dyn Fn() -> io::Result<Opened> + Send>;

pub(super) struct Writer {
    open: Open,
    opened: Option<Opened>,
    opened_at: Instant,
    bounds: Bounds,
    fsync: StoreFsync,
    /// Whether the file was written since its last sync.
    unsynced: bool,
    synced_at: Instant,
    clock: Clock,
    /// The day whose older sums were removed.
    day: u64,
    shared: Arc<Shared>,
}

impl Writer {
    pub(super) fn new(
        open: Open,
        bounds: Bounds,
        fsync: StoreFsync,
        shared: Arc<Shared>,
    ) -> io::Result<Self> {
        let opened = open()?;
        let now = Instant::now();
        let mut writer = Self {
            open,
            opened: Some(opened),
            opened_at: now,
            bounds,
            fsync,
            unsynced: false,
            synced_at: now,
            clock: Clock::start(0),
            day: 0,
            shared,
        };
        // The first commit shows that the file can be written, and makes the tables.
        let newest = writer.commit(|tables| {
            tables.probe()?;
            tables.newest_ms()
        });
        writer.clock = Clock::start(newest.map_err(|error| reason(&error))?);
        Ok(writer)
    }

    /// Writes until the queue is closed.
    pub(super) fn run(mut self, mailbox: &Mailbox<Message>) {
        let _shut = Shut(mailbox, Arc::clone(&self.shared.healthy));
        while let Some(messages) = mailbox.take(SECOND) {
            if messages.is_empty() && !self.is_due() {
                self.sync_if_due();
                continue;
            }
            let verdict = self.write(messages);
            let healthy = verdict.is_ok();
            if let Err(error) = verdict {
                tracing::error!(reason = %error, "the store could not be written");
                // The library refuses further work after a failed write. A new handle reads the file again.
                self.opened = None;
            }
            self.shared.healthy.store(healthy, Ordering::Relaxed);
            self.sync_if_due();
        }
        let _ = self.write(Vec::new());
        self.sync();
    }

    /// Whether there is work without a request: sums to write, or a failed file to try again.
    fn is_due(&self) -> bool {
        !self.shared.healthy.load(Ordering::Relaxed) || self.shared.has_unwritten()
    }

    /// Applies a batch in one transaction, and answers after it is committed.
    fn write(&mut self, messages: Vec<Message>) -> Result<()> {
        // By both clocks, so that one that is wrong removes no sum.
        let latest = messages.iter().filter_map(Message::day).max().unwrap_or(0);
        let day = latest.min(self.clock.now_ms() / MS_PER_DAY);
        let new_day = day > self.day;
        let unwritten = self.shared.take_unwritten();
        let applied = self.commit(|tables| {
            for (name, sum) in &unwritten {
                let (day, amount) = (sum.day, sum.sum);
                tables.add_unlimited(&Add { name: *name, day, amount, limit: None })?;
            }
            if new_day {
                tables.forget_sums_before(day.saturating_sub(1))?;
            }
            tables.forget_old_keys(messages.len())?;
            messages.iter().map(|message| Outcome::of(message, tables)).collect::<Result<Vec<_>>>()
        });
        match applied {
            Ok(outcomes) => {
                self.day = self.day.max(day);
                for (message, outcome) in messages.into_iter().zip(outcomes) {
                    outcome.send(message);
                }
                Ok(())
            }
            Err(error) => {
                self.shared.put_back_unwritten(unwritten);
                for message in messages {
                    Outcome::Failed.send(message);
                }
                Err(error)
            }
        }
    }

    /// Runs `work` in a transaction, which is on disk (in the operating system, if syncs are rarer) when this
    /// returns.
    fn commit<T>(&mut self, work: impl FnOnce(&mut Tables<'_>) -> Result<T>) -> Result<T> {
        let (bounds, now_ms) = (self.bounds, self.clock.now_ms());
        let transaction = self.database()?.begin_write()?;
        let (done, changed) = {
            let mut tables = Tables::open(&transaction, bounds, now_ms)?;
            let done = work(&mut tables)?;
            (done, tables.is_changed())
        };
        if changed {
            transaction.commit()?;
            self.unsynced = self.fsync == StoreFsync::EverySecond;
        } else {
            transaction.abort()?;
        }
        Ok(done)
    }

    /// The open database. After a failure it is opened again, at most once a second.
    fn database(&mut self) -> Result<&Database> {
        if self.opened.is_none() {
            if self.opened_at.elapsed() < SECOND {
                return Err(redb::Error::Io(io::Error::other("the last attempt failed")));
            }
            self.opened_at = Instant::now();
            self.opened = Some((self.open)().map_err(redb::Error::Io)?);
        }
        let closed = redb::Error::DatabaseClosed;
        self.opened.as_ref().map(|opened| &opened.database).ok_or(closed)
    }

    fn sync_if_due(&mut self) {
        if self.unsynced && self.synced_at.elapsed() >= SECOND {
            self.sync();
        }
    }

    fn sync(&mut self) {
        let file: Option<&File> = self.opened.as_ref().map(|opened| &opened.file);
        if self.unsynced
            && let Some(Err(error)) = file.map(File::sync_data)
        {
            tracing::error!(reason = %error, "the store could not be synced to disk");
            self.shared.healthy.store(false, Ordering::Relaxed);
            return;
        }
        self.unsynced = false;
        self.synced_at = Instant::now();
    }
}

/// The answer to a message, known before its transaction is committed and sent after that.
enum Outcome {
    Reserved(std::result::Result<Reservation, StoreError>),
    Added(std::result::Result<(), SumError>),
    Probed,
    Failed,
}

impl Outcome {
    fn of(message: &Message, tables: &mut Tables<'_>) -> Result<Self> {
        Ok(match message {
            Message::Reserve(request, _) => Self::Reserved(tables.reserve(request)?),
            Message::Add(requests, _) => Self::Added(tables.add_all(requests)?),
            Message::Probe(_) => {
                tables.probe()?;
                Self::Probed
            }
        })
    }

    /// Sends it; a caller that has gone away hears nothing.
    fn send(self, message: Message) {
        match (message, self) {
            (Message::Reserve(_, answer), Self::Reserved(verdict)) => drop(answer.send(verdict)),
            (Message::Reserve(_, answer), _) => drop(answer.send(Err(StoreError::Unavailable))),
            (Message::Add(_, answer), Self::Added(verdict)) => drop(answer.send(verdict)),
            (Message::Add(_, answer), _) => drop(answer.send(Err(SumError::Unavailable))),
            (Message::Probe(answer), outcome) => {
                let _ = answer.send(matches!(outcome, Self::Probed));
            }
        }
    }
}

/// The time by which keys age. It begins with the clock of the system, or with the newest key if that is later,
/// and goes on monotonically: a clock that is set while the process runs removes no key early.
struct Clock {
    begun: Instant,
    begun_ms: u64,
}

impl Clock {
    fn start(newest_ms: u64) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now_ms = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
        Self { begun: Instant::now(), begun_ms: now_ms.max(newest_ms) }
    }

    fn now_ms(&self) -> u64 {
        let passed = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.begun_ms.saturating_add(passed)
    }
}

/// Refuses further requests when the thread ends, also by a panic.
struct Shut<'a>(&'a Mailbox<Message>, Arc<AtomicBool>);

impl Drop for Shut<'_> {
    fn drop(&mut self) {
        self.1.store(false, Ordering::Relaxed);
        self.0.shut();
    }
}

fn reason(error: &redb::Error) -> io::Error {
    match error {
        redb::Error::Io(error) => io::Error::new(error.kind(), error.to_string()),
        redb::Error::Corrupted(_) => {
            io::Error::new(io::ErrorKind::InvalidData, "the file is damaged or not a store")
        }
        other => io::Error::other(other.to_string()),
    }
}

/// Sums that wait to be written, by name.
pub(super) type Unwritten = HashMap<crate::digest::Name, crate::sums::DaySum>;
