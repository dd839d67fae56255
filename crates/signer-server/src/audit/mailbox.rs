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

/// A queue whose reader is called by whoever left the first message since it looked in, once that one has let others
/// add theirs: what comes together is read together.
#[derive(Default)]
pub(super) struct Mailbox {
    state: Mutex<State>,
    called: Condvar,
}

#[derive(Default)]
struct State {
    messages: Vec<Message>,
    /// Whether the reader was called for them.
    due: bool,
    closed: bool,
}

/// Calls the reader when it is dropped, also where a request is given up.
#[must_use]
pub(super) struct Call<'a>(&'a Mailbox);

impl Mailbox {
    /// Leaves a message, unless the box is full or closed. Who left the first one gets the call to make.
    pub(super) fn put(&self, message: Message) -> Result<Option<Call<'_>>, AuditError> {
        let mut state = self.state();
        if state.closed || state.messages.len() >= PLACES {
            return Err(AuditError);
        }
        state.messages.push(message);
        Ok((state.messages.len() == 1).then(|| Call(self)))
    }

    /// Takes no more messages.
    pub(super) fn close(&self) {
        self.state().closed = true;
        self.called.notify_one();
    }

    /// Takes no more messages, and lets go of those that nobody will read.
    pub(super) fn shut(&self) {
        let mut state = self.state();
        state.closed = true;
        state.messages.clear();
    }

    /// Waits for a call, though not longer than `patience`, and takes what is there. `None` once the box is closed
    /// and empty.
    pub(super) fn take(&self, patience: Duration) -> Option<Vec<Message>> {
        let state = self.state();
        let waited = self.called.wait_timeout_while(state, patience, |it| !it.due && !it.closed);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner).0;
        state.due = false;
        let messages = std::mem::take(&mut state.messages);
        (!messages.is_empty() || !state.closed).then_some(messages)
    }

    /// Nothing panics while it is held, and a few moves are all that happens.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        self.0.state().due = true;
        self.0.called.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(mailbox: &Mailbox) -> Option<Call<'_>> {
        mailbox.put(Message::Close(oneshot::channel().0)).unwrap()
    }

    #[test]
    fn the_first_calls_for_all_even_where_it_gives_up() {
        let mailbox = Mailbox::default();
        let call = put(&mailbox).unwrap();
        assert!(put(&mailbox).is_none() && put(&mailbox).is_none());
        assert!(!mailbox.state().due, "the others are still to come");
        drop(call);
        assert_eq!(mailbox.take(Duration::MAX).unwrap().len(), 3);
        drop(put(&mailbox).unwrap());
        mailbox.close();
        assert_eq!(mailbox.take(Duration::MAX).unwrap().len(), 1);
        assert!(mailbox.take(Duration::MAX).is_none());
    }

    #[test]
    fn what_nobody_calls_for_is_read_in_time() {
        let mailbox = Mailbox::default();
        let call = put(&mailbox);
        assert_eq!(mailbox.take(Duration::ZERO).unwrap().len(), 1);
        drop(call);
        assert!(mailbox.take(Duration::MAX).unwrap().is_empty());
    }
}
