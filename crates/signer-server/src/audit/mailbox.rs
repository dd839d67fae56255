//! What waits to be written.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use super::{AuditEntry, AuditError};

/// How many messages may wait.
const PLACES: usize = 8_192;

pub(super) enum Message {
    Line(Box<AuditEntry>, oneshot::Sender<Result<(), AuditError>>),
    Close(oneshot::Sender<Result<(), AuditError>>),
}

/// A queue whose reader says how many messages are worth waking it for: under load it looks in by itself, and
/// each look finds what came since.
#[derive(Default)]
pub(super) struct Mailbox {
    state: Mutex<State>,
    arrived: Condvar,
}

#[derive(Default)]
struct State {
    messages: Vec<Message>,
    /// How many messages wake the reader, while it rests.
    wakes: Option<usize>,
    closed: bool,
}

impl Mailbox {
    /// Leaves a message, unless the box is full or closed.
    pub(super) fn put(&self, message: Message) -> Result<(), AuditError> {
        let mut state = self.state();
        if state.closed || state.messages.len() >= PLACES {
            return Err(AuditError);
        }
        state.messages.push(message);
        if state.wakes.is_some_and(|wakes| state.messages.len() >= wakes) {
            state.wakes = None;
            drop(state);
            self.arrived.notify_one();
        }
        Ok(())
    }

    /// Takes no more messages.
    pub(super) fn close(&self) {
        self.state().closed = true;
        self.arrived.notify_one();
    }

    /// Takes no more messages, and lets go of those that nobody will read.
    pub(super) fn shut(&self) {
        let mut state = self.state();
        state.closed = true;
        state.messages.clear();
    }

    /// What is there; `None` once it is closed and empty.
    pub(super) fn take(&self) -> Option<Vec<Message>> {
        let mut state = self.state();
        let messages = std::mem::take(&mut state.messages);
        (!messages.is_empty() || !state.closed).then_some(messages)
    }

    /// Rests until `wakes` messages are there, or `patience` ends.
    pub(super) fn rest(&self, wakes: usize, patience: Duration) {
        let mut state = self.state();
        if state.messages.len() < wakes && !state.closed {
            state.wakes = Some(wakes);
            let woken = self.arrived.wait_timeout(state, patience);
            woken.unwrap_or_else(PoisonError::into_inner).0.wakes = None;
        }
    }

    /// Nothing panics while it is held, and a few moves are all that happens.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
