//! The queue of requests to the thread that writes.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How many requests may wait.
const PLACES: usize = 8_192;

/// A queue that is read in batches. The sender of the first request wakes the reader, after the other tasks
/// that are ready have added theirs: requests that arrive together are written together.
pub(super) struct Mailbox<T> {
    state: Mutex<State<T>>,
    called: Condvar,
}

struct State<T> {
    messages: Vec<T>,
    due: bool,
    closed: bool,
}

/// Wakes the reader when it is dropped, also if its request is cancelled.
#[must_use]
pub(super) struct Call<'a, T>(&'a Mailbox<T>);

impl<T> Mailbox<T> {
    pub(super) fn new() -> Self {
        let state = State { messages: Vec::new(), due: false, closed: false };
        Self { state: Mutex::new(state), called: Condvar::new() }
    }

    /// Adds a message, or returns it if the queue is full or closed. The first sender gets the call to make.
    pub(super) fn put(&self, message: T) -> Result<Option<Call<'_, T>>, T> {
        let mut state = self.state();
        if state.closed || state.messages.len() >= PLACES {
            return Err(message);
        }
        state.messages.push(message);
        Ok((state.messages.len() == 1).then(|| Call(self)))
    }

    /// Accepts no more messages.
    pub(super) fn close(&self) {
        self.state().closed = true;
        self.called.notify_one();
    }

    /// Accepts no more messages and drops those that wait.
    pub(super) fn shut(&self) {
        let mut state = self.state();
        state.closed = true;
        state.messages.clear();
    }

    /// Waits for a call, at most `patience`, and takes all messages. `None` once the queue is closed and empty.
    pub(super) fn take(&self, patience: Duration) -> Option<Vec<T>> {
        let state = self.state();
        let waited = self.called.wait_timeout_while(state, patience, |it| !it.due && !it.closed);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner).0;
        state.due = false;
        let messages = std::mem::take(&mut state.messages);
        (!messages.is_empty() || !state.closed).then_some(messages)
    }

    /// Nothing panics while it is held.
    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Drop for Call<'_, T> {
    fn drop(&mut self) {
        self.0.state().due = true;
        self.0.called.notify_one();
    }
}
