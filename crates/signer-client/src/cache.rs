//! One value that expires, shared by all callers, and fetched once however many ask.

mod machine;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use async_trait::async_trait;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};
use tracing::Instrument;

use self::machine::{Decision, Machine};
use crate::error::{Error, Kind};
use crate::random;

/// How long before its end a value is fetched anew: a tenth of its life, within these bounds.
const EARLIEST: Duration = Duration::from_secs(300);
const LATEST: Duration = Duration::from_secs(5);
/// Nobody waits longer than this, whatever becomes of the runtime that the fetch runs on.
const LONGEST_WAIT: Duration = Duration::from_secs(120);

/// Where a value comes from.
#[async_trait]
pub(crate) trait Source<V>: Send + Sync + 'static {
    /// Fetches a value.
    async fn fetch(&self, replaced: Option<Replaced<V>>) -> Result<Fetched<V>, Failure>;
}

/// The value that a new one comes after.
pub(crate) struct Replaced<V> {
    pub(crate) value: Arc<V>,
    /// Whether it lives, nobody refused it, and it is served meanwhile.
    pub(crate) is_good: bool,
}

/// Why nothing was fetched.
pub(crate) struct Failure {
    pub(crate) error: Error,
    /// Whether what was to be replaced has ended for good: whoever asks next begins anew.
    pub(crate) ended: bool,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { error, ended: false }
    }
}

/// A value, how long it lives, and whether it was made for this.
pub(crate) struct Fetched<V> {
    pub(crate) value: V,
    pub(crate) lifetime: Option<Duration>,
    pub(crate) made: bool,
}

/// A value as a caller gets it.
pub(crate) struct Served<V> {
    pub(crate) value: Arc<V>,
    /// Tells this value from those before and after it.
    pub(crate) generation: u64,
    /// Whether this caller waited while it was made.
    pub(crate) made: bool,
}

impl<V> Clone for Served<V> {
    fn clone(&self) -> Self {
        let (value, generation, made) = (Arc::clone(&self.value), self.generation, self.made);
        Self { value, generation, made }
    }
}

pub(crate) struct Cache<V> {
    shared: Arc<Shared<V>>,
}

struct Shared<V> {
    source: Box<dyn Source<V>>,
    /// The start of this cache's own count of milliseconds.
    epoch: Instant,
    /// What may be served without a lock, and until when.
    fresh: ArcSwapOption<Fresh<V>>,
    state: Mutex<State<V>>,
}

struct Fresh<V> {
    served: Served<V>,
    until_ms: u64,
}

struct State<V> {
    machine: Machine,
    held: Option<Served<V>>,
    flight: Option<watch::Receiver<Landing<V>>>,
    last_error: Option<Error>,
}

/// How a flight ended; `None` while it is under way.
type Landing<V> = Option<Result<Served<V>, Error>>;

impl<V: Send + Sync + 'static> Cache<V> {
    pub(crate) fn new(source: impl Source<V>) -> Self {
        let state =
            State { machine: Machine::default(), held: None, flight: None, last_error: None };
        Self {
            shared: Arc::new(Shared {
                source: Box::new(source),
                epoch: Instant::now(),
                fresh: ArcSwapOption::empty(),
                state: Mutex::new(state),
            }),
        }
    }

    /// The value: the one that is held while it lives, else a new one.
    pub(crate) async fn value(&self) -> Result<Served<V>, Error> {
        match self.fresh() {
            Some(served) => Ok(served),
            None => self.ask(None).await,
        }
    }

    /// The value, where it may be served without a lock.
    pub(crate) fn fresh(&self) -> Option<Served<V>> {
        self.shared.fresh_value()
    }

    /// A value other than the one of `generation`, which was refused. Whoever comes late, with one that was
    /// replaced long since, gets what is held now.
    pub(crate) async fn replace(&self, generation: u64) -> Result<Served<V>, Error> {
        self.ask(Some(generation)).await
    }

    /// The value that is held, or the one after it; where nothing is held, the session has ended.
    pub(crate) async fn existing(&self) -> Result<Served<V>, Error> {
        match self.fresh() {
            Some(served) => Ok(served),
            None => self.ask(Some(machine::NO_GENERATION)).await,
        }
    }

    /// Holds nothing any more, and a flight that is under way brings nothing. The next that asks starts another,
    /// whatever came before.
    pub(crate) fn forget(&self) {
        let mut state = self.shared.state();
        state.machine.forget();
        state.held = None;
        self.shared.fresh.store(None);
    }

    /// Waits for the flight that is under way, if one is.
    pub(crate) async fn settle(&self) {
        let flight = self.shared.state().flight.clone();
        if let Some(mut flight) = flight {
            let _ = timeout(LONGEST_WAIT, flight.wait_for(Option::is_some)).await;
        }
    }

    /// What is held, good or not.
    pub(crate) fn held(&self) -> Option<Served<V>> {
        self.shared.state().held.clone()
    }

    async fn ask(&self, refused: Option<u64>) -> Result<Served<V>, Error> {
        loop {
            let mut landing = match self.shared.decide(refused) {
                Answer::Now(answer) => return answer,
                Answer::Later(landing) => landing,
            };
            // The one who started the flight waits like all others: whose future is dropped does not matter.
            let landed = timeout(LONGEST_WAIT, landing.wait_for(Option::is_some)).await;
            match landed {
                Ok(Ok(landed)) => {
                    if let Some(answer) = landed.as_ref() {
                        return answer.clone();
                    }
                }
                Ok(Err(_)) => {}
                // Its runtime stands still.
                Err(_) => return Err(Error::new(Kind::Deadline, "a fetch did not end in time")),
            }
            // The flight was taken down with its runtime, or what it was for was forgotten: ask again.
        }
    }
}

enum Answer<V> {
    Now(Result<Served<V>, Error>),
    Later(watch::Receiver<Landing<V>>),
}

impl<V: Send + Sync + 'static> Shared<V> {
    fn now_ms(&self) -> u64 {
        u64::try_from(self.epoch.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn fresh_value(&self) -> Option<Served<V>> {
        let fresh = self.fresh.load();
        let fresh = fresh.as_ref().filter(|fresh| self.now_ms() < fresh.until_ms)?;
        Some(fresh.served.clone())
    }

    fn decide(self: &Arc<Self>, refused: Option<u64>) -> Answer<V> {
        let mut state = self.state();
        let decision = state.machine.ask(self.now_ms(), refused);
        if state.machine.is_refused() {
            self.fresh.store(None);
        }
        let held = state.held.clone();
        match decision {
            Decision::ServeAndRefresh | Decision::Lead => {
                let (flight, landing) = self.take_off(&mut state);
                // A task that cannot be started is dropped at once, and its flight asks for the lock.
                drop(state);
                let is_good = decision == Decision::ServeAndRefresh;
                let replaced =
                    held.as_ref().map(|held| Replaced { value: Arc::clone(&held.value), is_good });
                tokio::spawn(flight.fly(replaced).in_current_span());
                match held.filter(|_| is_good) {
                    Some(served) => Answer::Now(Ok(served)),
                    None => Answer::Later(landing),
                }
            }
            Decision::Wait => match &state.flight {
                Some(flight) => Answer::Later(flight.clone()),
                None => Answer::Now(Err(Error::new(Kind::Local, "no flight is under way"))),
            },
            Decision::Serve => Answer::Now(held.ok_or_else(nothing)),
            Decision::Fail => Answer::Now(Err(state.last_error.clone().unwrap_or_else(nothing))),
            Decision::Ended => {
                Answer::Now(Err(Error::new(Kind::SignedOut, "the session has ended")))
            }
        }
    }

    fn take_off(
        self: &Arc<Self>,
        state: &mut State<V>,
    ) -> (Flight<V>, watch::Receiver<Landing<V>>) {
        let (sender, receiver) = watch::channel(None);
        state.flight = Some(receiver.clone());
        let epoch = state.machine.epoch();
        (Flight { shared: Arc::clone(self), sender, epoch, landed: false }, receiver)
    }

    /// What the waiting get; `None` where they must ask again.
    fn land(&self, fetched: Result<Fetched<V>, Failure>, epoch: u64) -> Landing<V> {
        let now = self.now_ms();
        let mut state = self.state();
        state.flight = None;
        if state.machine.epoch() != epoch {
            state.machine.aborted();
            return None;
        }
        Some(match fetched {
            Ok(Fetched { value, lifetime, made }) => {
                let lifetime_ms = lifetime.map(milliseconds);
                let early_ms = lifetime.map_or(0, |lifetime| milliseconds(early(lifetime)));
                let generation = state.machine.landed(now, lifetime_ms, early_ms);
                let served = Served { value: Arc::new(value), generation, made: false };
                let until_ms = state.machine.fresh_until_ms();
                self.fresh.store(Some(Arc::new(Fresh { served: served.clone(), until_ms })));
                state.held = Some(served.clone());
                state.last_error = None;
                Ok(Served { made, ..served })
            }
            Err(Failure { error, ended: true }) => {
                state.machine.ended();
                state.held = None;
                self.fresh.store(None);
                Err(error)
            }
            Err(Failure { error, ended: false }) => {
                let asked = error.retry_after().map(milliseconds);
                state.machine.crashed(now, asked, random::below(256));
                state.last_error = Some(error.clone());
                Err(error)
            }
        })
    }

    /// Nothing panics while it is held.
    fn state(&self) -> MutexGuard<'_, State<V>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn nothing() -> Error {
    Error::new(Kind::Local, "no value is held")
}

/// A fetch that is under way: a task of its own, so that it lands whoever stops waiting for it. Dropped before it
/// landed, it says so, and nobody waits for ever.
struct Flight<V: Send + Sync + 'static> {
    shared: Arc<Shared<V>>,
    sender: watch::Sender<Landing<V>>,
    epoch: u64,
    landed: bool,
}

impl<V: Send + Sync + 'static> Flight<V> {
    async fn fly(self, replaced: Option<Replaced<V>>) {
        let fetched = self.shared.source.fetch(replaced).await;
        self.land(fetched);
    }

    fn land(mut self, fetched: Result<Fetched<V>, Failure>) {
        self.landed = true;
        if let Some(landing) = self.shared.land(fetched, self.epoch) {
            self.sender.send_replace(Some(landing));
        }
    }
}

impl<V: Send + Sync + 'static> Drop for Flight<V> {
    fn drop(&mut self) {
        if self.landed {
            return;
        }
        if std::thread::panicking() {
            let error = Error::new(Kind::Local, "the source panicked");
            let landing = self.shared.land(Err(error.into()), self.epoch);
            self.sender.send_replace(landing);
        } else {
            let mut state = self.shared.state();
            state.flight = None;
            state.machine.aborted();
        }
    }
}

/// How long before its end a value is fetched anew. Processes that fetched together do not refresh together.
fn early(lifetime: Duration) -> Duration {
    let early = (lifetime / 10).clamp(LATEST.min(lifetime / 2), EARLIEST);
    let jitter = u32::try_from(random::below(256)).unwrap_or(0);
    early + early * jitter / 1024
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl<V> fmt::Debug for Cache<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cache([redacted])")
    }
}
