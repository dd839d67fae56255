use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use signer_protocols::crossmint::rest::Status;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout_at};

use crate::error::{Error, Kind};
use crate::transport::after;

/// How it is waited for a transaction: every 500 ms for 5 s, then less often, up to 2 s apart, for 60 s in all.
#[derive(Clone)]
pub struct Waiting {
    /// The first pause, of 10 ms at least. Default: 500 ms.
    pub pause: Duration,
    /// For how long that pause stays. Default: 5 s.
    pub steady: Duration,
    /// The longest pause; they grow by half. Default: 2 s.
    pub longest: Duration,
    /// After how long nobody waits any more. Default: 60 s.
    pub deadline: Duration,
    /// Ends the waiting.
    pub cancel: Option<Cancel>,
    /// Is told of each look.
    pub progress: Option<ProgressListener>,
}

impl Default for Waiting {
    fn default() -> Self {
        Self {
            pause: Duration::from_millis(500),
            steady: Duration::from_secs(5),
            longest: Duration::from_secs(2),
            deadline: Duration::from_secs(60),
            cancel: None,
            progress: None,
        }
    }
}

impl fmt::Debug for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waiting")
            .field("pause", &self.pause)
            .field("steady", &self.steady)
            .field("longest", &self.longest)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}

impl Waiting {
    /// What is under way, unless it is cancelled first: then nothing more of it is sent.
    pub(super) async fn unless_cancelled<T>(
        &self,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let cancelled = async {
            match &self.cancel {
                Some(cancel) => cancel.cancelled().await,
                None => std::future::pending().await,
            }
            Err(Error::new(Kind::Refused, "the waiting was cancelled"))
        };
        first_of(work, cancelled).await
    }
}

/// Is told of each look at what is waited for.
pub type ProgressListener = Arc<dyn Fn(Progress<'_>) + Send + Sync>;

/// What a look showed.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Progress<'a> {
    /// The id of what is waited for.
    pub id: &'a str,
    /// Its state.
    pub status: &'a Status,
    /// How long it has been waited for.
    pub elapsed: Duration,
}

/// Ends a waiting from elsewhere. What was approved goes on, and can be waited for again by its id.
#[derive(Clone, Debug)]
pub struct Cancel(Arc<watch::Sender<bool>>);

impl Default for Cancel {
    fn default() -> Self {
        Self(Arc::new(watch::channel(false).0))
    }
}

impl Cancel {
    /// Ends all waitings that hold it. What is not approved by then is not approved; only an approval that is on its way
    /// may still arrive, and then the outcome is said to be unknown.
    pub fn cancel(&self) {
        self.0.send_replace(true);
    }

    pub(super) fn is_cancelled(&self) -> bool {
        *self.0.borrow()
    }

    async fn cancelled(&self) {
        let mut receiver = self.0.subscribe();
        let _ = receiver.wait_for(|cancelled| *cancelled).await;
    }
}

/// Without a pause it would be looked as often as the network allows.
const SHORTEST: Duration = Duration::from_millis(10);

/// One waiting.
pub(super) struct Wait<'a> {
    waiting: &'a Waiting,
    begun: Instant,
    pause: Duration,
}

impl<'a> Wait<'a> {
    pub(super) fn begin(waiting: &'a Waiting) -> Self {
        Self { waiting, begun: Instant::now(), pause: waiting.pause.max(SHORTEST) }
    }

    pub(super) fn tell(&self, id: &str, status: &Status) {
        if let Some(progress) = &self.waiting.progress {
            progress(Progress { id, status, elapsed: self.begun.elapsed() });
        }
    }

    /// A look; `None` where it showed nothing, but may next time. Ended by the deadline, or by a cancel, the outcome is not
    /// known.
    pub(super) async fn look<T>(
        &mut self,
        id: &str,
        look: impl Future<Output = Result<T, Error>>,
    ) -> Result<Option<T>, Error> {
        match self.bounded(id, look).await {
            Err(error) if error.is_transient() => {
                let asked = error.retry_after().unwrap_or_default();
                self.pause_at_least(asked, id).await.map(|()| None)
            }
            seen => seen.map(Some),
        }
    }

    async fn bounded<T>(
        &self,
        id: &str,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let late = || Err(Error::new(Kind::Deadline, "it did not end in time"));
        let deadline = after(self.begun, self.waiting.deadline);
        let first = timeout_at(deadline, self.waiting.unless_cancelled(work)).await;
        // It was approved, or may have been.
        first.unwrap_or_else(|_| late()).map_err(|error| error.about(id).with_unknown_outcome())
    }

    /// Until the next look.
    pub(super) async fn pause(&mut self, id: &str) -> Result<(), Error> {
        self.pause_at_least(Duration::ZERO, id).await
    }

    async fn pause_at_least(&mut self, least: Duration, id: &str) -> Result<(), Error> {
        let pause = self.pause.max(least);
        if self.begun.elapsed() >= self.waiting.steady {
            let longer = self.pause.saturating_mul(3) / 2;
            self.pause = longer.min(self.waiting.longest).max(SHORTEST);
        }
        self.bounded(id, async {
            sleep(pause).await;
            Ok(())
        })
        .await
    }
}

/// Whichever ends first; the other is dropped.
async fn first_of<T>(one: impl Future<Output = T>, other: impl Future<Output = T>) -> T {
    let (mut one, mut other) = (pin!(one), pin!(other));
    poll_fn(|cx| match one.as_mut().poll(cx) {
        Poll::Ready(value) => Poll::Ready(value),
        Poll::Pending => other.as_mut().poll(cx),
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When each pause ended, in milliseconds from the beginning, until the waiting ended.
    async fn schedule(waiting: &Waiting) -> (Vec<u128>, Error) {
        let mut wait = Wait::begin(waiting);
        let mut looks = Vec::new();
        loop {
            if let Err(error) = wait.pause("operation-1").await {
                return (looks, error);
            }
            looks.push(wait.begun.elapsed().as_millis());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_looked_twice_a_second_then_less_often_then_not_at_all() {
        let (looks, error) = schedule(&Waiting::default()).await;
        let first: Vec<u128> = (1..=10).map(|look| look * 500).collect();
        assert_eq!(looks[..10], first);
        // The pauses grow by half, to two seconds; a pause of a half millisecond ends at the next whole one.
        assert_eq!(looks[10..15], [5_500, 6_250, 7_375, 9_063, 11_063]);
        assert!(looks[15..].windows(2).all(|pair| pair[1] - pair[0] == 2_000));
        assert!((58_000..60_000).contains(looks.last().unwrap()));
        assert!(error.is_deadline() && error.is_outcome_unknown());
        assert_eq!(error.subject(), Some("operation-1"));
    }

    #[tokio::test(start_paused = true)]
    async fn no_pause_is_a_tight_loop_and_none_is_too_long() {
        let nothing = Duration::ZERO;
        let waiting = Waiting {
            pause: nothing,
            steady: nothing,
            longest: nothing,
            deadline: Duration::from_secs(1),
            ..Waiting::default()
        };
        let (looks, _) = schedule(&waiting).await;
        assert!(looks.len() <= 100 && looks[0] == 10, "{looks:?}");
        let waiting = Waiting { pause: Duration::MAX, steady: nothing, ..Waiting::default() };
        assert!(schedule(&waiting).await.1.is_deadline());
    }
}
