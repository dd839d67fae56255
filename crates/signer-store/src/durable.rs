//! The store in a file: every reservation is on disk before it is answered.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use tokio::sync::oneshot;
use tokio::time::timeout;

use self::mailbox::Mailbox;
use self::tables::{Add, Bounds, Reserve};
use self::writer::{Message, Open, Unwritten, Writer};
use crate::digest::{self, Name};
use crate::payment::MS_PER_DAY;
use crate::sums::DaySum;
use crate::{
    PaymentStore, Readiness, Reservation, ReservationRequest, StoreError, SumError, SumRequest,
    SumStore,
};

mod file;
mod mailbox;
mod tables;
mod writer;

/// How long a request may wait for the disk.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long the result of a probe is used again: each probe is a write and a sync.
const PROBE_INTERVAL: Duration = Duration::from_secs(1);

/// When a commit is forced to the disk. A killed process loses nothing in either case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreFsync {
    /// Before its requests are answered, once for all requests of a batch: a power cut loses nothing.
    #[default]
    Always,
    /// Once a second. A power cut may lose a second, or damage the file so that it does not open again.
    EverySecond,
}

/// The path and the settings of the store.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DurableOptions {
    /// The file. One process uses it at a time.
    pub path: PathBuf,
    /// When commits are forced to the disk. Default: always.
    pub fsync: StoreFsync,
    /// How many idempotency keys of the last 24 hours the file holds, of all callers together; then new keys
    /// are refused. It also holds as many sums. Default: 1,000,000, for which the file takes about 500 MB.
    pub max_keys: u64,
    /// How many of these keys one caller may have. Default: 250,000.
    pub max_keys_per_caller: u64,
}

impl DurableOptions {
    /// A store in the file `path`.
    pub const fn new(path: PathBuf) -> Self {
        Self { path, fsync: StoreFsync::Always, max_keys: 1_000_000, max_keys_per_caller: 250_000 }
    }
}

/// A store in a file, for one process: its records survive a killed process and, with
/// [`StoreFsync::Always`], a power cut. A thread of its own writes; requests that arrive together share a
/// transaction and a sync.
///
/// A payment without an idempotency key and without a daily limit does not wait for the disk: its amount is
/// counted within a second.
pub struct DurableStore {
    mailbox: Arc<Mailbox<Message>>,
    shared: Arc<Shared>,
    probed: tokio::sync::Mutex<Option<(Instant, bool)>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    path: PathBuf,
}

/// The state that the store and its thread share.
pub(crate) struct Shared {
    healthy: Arc<AtomicBool>,
    unwritten: Mutex<Unwritten>,
    max_unwritten: usize,
}

impl DurableStore {
    /// Opens or makes the file and locks it. After a crash the file is checked and repaired, which reads all of
    /// it. This reads the disk: call it at start.
    ///
    /// # Errors
    /// If the file cannot be opened or written, another process uses it, it is a link, or it is damaged.
    pub fn open(options: DurableOptions) -> io::Result<Self> {
        let (path, fsync) = (options.path.clone(), options.fsync);
        Self::open_with(options, Box::new(move || file::open(&path, fsync)))
    }

    fn open_with(options: DurableOptions, open: Open) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            healthy: Arc::new(AtomicBool::new(true)),
            unwritten: Mutex::default(),
            max_unwritten: usize::try_from(options.max_keys).unwrap_or(usize::MAX).min(100_000),
        });
        let bounds = Bounds {
            keys: options.max_keys,
            keys_per_caller: options.max_keys_per_caller,
            sums: options.max_keys,
        };
        let writer = Writer::new(open, bounds, options.fsync, Arc::clone(&shared))?;
        let mailbox = Arc::new(Mailbox::new());
        let messages = Arc::clone(&mailbox);
        let thread = std::thread::Builder::new().name("store".into());
        let thread = thread.spawn(move || writer.run(&messages))?;
        Ok(Self {
            mailbox,
            shared,
            probed: tokio::sync::Mutex::new(None),
            thread: Mutex::new(Some(thread)),
            path: options.path,
        })
    }

    /// Sends a message to the thread and waits for its answer. The message is carried out also if the caller
    /// stops waiting.
    async fn ask<T>(&self, message: impl FnOnce(oneshot::Sender<T>) -> Message) -> Option<T> {
        let (answer, waiting) = oneshot::channel();
        if let Some(call) = self.mailbox.put(message(answer)).ok()? {
            // The other tasks that are ready add their requests first.
            tokio::task::yield_now().await;
            drop(call);
        }
        timeout(PATIENCE, waiting).await.ok()?.ok()
    }
}

#[async_trait]
impl PaymentStore for DurableStore {
    async fn reserve(&self, request: ReservationRequest<'_>) -> Result<Reservation, StoreError> {
        let scope = digest::scope(request.merchant, request.caller);
        let amount = u128::from(request.amount.0);
        if request.retry.is_none() && request.day_ceiling.is_none() {
            self.shared.count_later(scope, request.now.unix_ms() / MS_PER_DAY, amount);
            let (idempotency_key, signed_at) = (request.fresh_key, request.now);
            return Ok(Reservation { idempotency_key, signed_at, remembered: true });
        }
        let reserve = Box::new(Reserve {
            scope,
            retry: request.retry.map(|(key, hash)| (digest::retry(&scope, key), hash)),
            fresh_key: request.fresh_key,
            amount,
            limit: request.day_ceiling.map(|limit| u128::from(limit.0)),
            now: request.now,
            key: request.key,
        });
        let verdict = self.ask(|answer| Message::Reserve(reserve, answer)).await;
        verdict.unwrap_or(Err(StoreError::Unavailable))
    }

    async fn readiness(&self) -> Readiness {
        let mut probed = self.probed.lock().await;
        let known = probed.filter(|(at, _)| at.elapsed() < PROBE_INTERVAL);
        let ready = match known {
            Some((_, ready)) => ready && self.shared.healthy.load(Ordering::Relaxed),
            None => self.ask(Message::Probe).await.unwrap_or(false),
        };
        if known.is_none() {
            *probed = Some((Instant::now(), ready));
        }
        if ready { Readiness::Ready } else { Readiness::Unavailable }
    }
}

#[async_trait]
impl SumStore for DurableStore {
    async fn add(&self, requests: &[SumRequest<'_>]) -> Result<(), SumError> {
        let add = |request: &SumRequest<'_>| Add {
            name: digest::sum(request.name.iter().copied()),
            day: request.day,
            amount: request.amount,
            limit: request.limit,
        };
        let adds = requests.iter().map(add).collect();
        let verdict = self.ask(|answer| Message::Add(adds, answer)).await;
        verdict.unwrap_or(Err(SumError::Unavailable))
    }
}

impl Shared {
    /// Counts an amount that has no limit; the thread writes it within a second.
    fn count_later(&self, name: Name, day: u64, amount: u128) {
        let mut unwritten = self.unwritten();
        if unwritten.len() >= self.max_unwritten && !unwritten.contains_key(&name) {
            return;
        }
        let sum = unwritten.entry(name).or_default();
        *sum = sum.plus(day, amount, None).unwrap_or(*sum);
    }

    fn has_unwritten(&self) -> bool {
        !self.unwritten().is_empty()
    }

    fn take_unwritten(&self) -> Unwritten {
        std::mem::take(&mut self.unwritten())
    }

    /// Keeps the sums of a batch that failed.
    fn put_back_unwritten(&self, sums: Unwritten) {
        for (name, DaySum { day, sum }) in sums {
            self.count_later(name, day, sum);
        }
    }

    /// Nothing panics while it is held, and a few map operations are all that happens.
    fn unwritten(&self) -> MutexGuard<'_, Unwritten> {
        self.unwritten.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits until everything is written.
impl Drop for DurableStore {
    fn drop(&mut self) {
        self.mailbox.close();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for DurableStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DurableStore({})", self.path.display())
    }
}

#[cfg(test)]
mod tests;
