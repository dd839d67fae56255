//! Admission: how many requests may be worked on, and how many of them sign at once.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::Refusal;

/// A bounded queue in front of the signer. One thread fewer signs than there are: so that, however slow a
/// signer is, one is left that sees who else comes, and refuses those beyond the bound at once.
#[derive(Debug)]
pub(crate) struct Queue {
    places: usize,
    taken: AtomicUsize,
    turns: Semaphore,
}

impl Queue {
    pub(crate) fn new(places: usize) -> Self {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let turns = Semaphore::new(threads.saturating_sub(1).max(1));
        Self { places, taken: AtomicUsize::new(0), turns }
    }

    /// A place, given back when it is dropped.
    pub(crate) fn enter(&self) -> Result<Place<'_>, Refusal> {
        let place = Place(self);
        if self.taken.fetch_add(1, Ordering::Relaxed) < self.places {
            Ok(place)
        } else {
            Err(Refusal::Busy)
        }
    }
}

#[derive(Debug)]
pub(crate) struct Place<'a>(&'a Queue);

impl Place<'_> {
    /// Waits for its turn to sign.
    pub(crate) async fn turn(&self) -> Result<SemaphorePermit<'_>, Refusal> {
        self.0.turns.acquire().await.map_err(|_| Refusal::Unavailable)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.taken.fetch_sub(1, Ordering::Relaxed);
    }
}
