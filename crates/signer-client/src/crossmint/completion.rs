//! From an answer to the end of its operation: the approval, if one of ours is due, and the wait.

use signer_protocols::Json;
use signer_protocols::crossmint::rest::Status;
use signer_protocols::crossmint::verify::Answer;

use super::approval::{Approved, Asked};
use super::operation::{Operation, What, other_id, without_id};
use super::waiting::Wait;
use super::{Sent, SignedMessage, Wallet};
use crate::error::{Error, Kind};

/// Whether a wait goes on while only other signers can move the operation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Others {
    EndTheWait,
    AreWaitedFor,
}

impl Wallet {
    /// Approves what was created, if it is ours to approve, and waits for its end.
    pub(super) async fn complete(&self, asked: &Asked) -> Result<(Operation, Approved), Error> {
        let inner = Answer::new(&asked.request, &asked.answer, self.chain().as_str());
        let created = Operation::read(inner.json()).ok_or_else(without_id)?;
        let chain_type = self.chain().chain_type().as_str();
        if created.chain_type.as_deref().is_some_and(|it| it != chain_type) {
            let what = "the operation is of another type of chain; nothing was signed";
            return Err(Error::new(Kind::Mismatch, what).about(created.id));
        }
        let mut approved = Approved::default();
        if created.status == Status::AwaitingApproval {
            approved = self.approve(asked, &created).await?;
        } else if asked.what == What::Transaction
            && let Some(ended) = created.ended()
        {
            return ended.map(|()| (created, approved));
        }
        let ended = self.wait_for(asked.what, &created.id, Others::EndTheWait).await?;
        Ok((ended, approved))
    }

    /// Polls an operation until it ends.
    pub(super) async fn wait_for(
        &self,
        what: What,
        id: &str,
        others: Others,
    ) -> Result<Operation, Error> {
        let signer = self.signer().locator();
        let mut wait = Wait::begin(self.client().wait());
        let mut blocked = None;
        loop {
            let polled = wait.look(id, self.operation(what, id)).await;
            let state = match polled {
                Ok(Some(state)) => state,
                Ok(None) => continue,
                Err(error) => return Err(late(error, blocked)),
            };
            let state = Operation::read(&state).ok_or_else(|| without_id().about(id))?;
            if state.id != id {
                return Err(other_id(id));
            }
            wait.tell(id, &state.status);
            if let Some(ended) = state.ended() {
                return ended.map(|()| state);
            }
            blocked = state.waits_for_others(&signer);
            if others == Others::EndTheWait
                && let Some(error) = blocked
            {
                return Err(error);
            }
            if let Err(error) = wait.pause(id).await {
                return Err(late(error, blocked));
            }
        }
    }

    /// The state of an operation as JSON.
    pub(super) async fn operation(&self, what: What, id: &str) -> Result<Json, Error> {
        let (route, _) = what.routes();
        self.client().get(&[self.address(), what.path(), id], &[], route).await
    }
}

/// A deadline that ended a wait for other signers: it is known what the operation awaits.
fn late(error: Error, blocked: Option<Error>) -> Error {
    blocked.filter(|_| error.is_deadline()).unwrap_or(error)
}

pub(super) fn sent(operation: Operation) -> Sent {
    Sent { id: operation.id, hash: operation.hash }
}

pub(super) fn signed(operation: Operation) -> Result<SignedMessage, Error> {
    let Operation { id, signature, .. } = operation;
    match signature {
        Some(signature) => Ok(SignedMessage { id, signature }),
        None => Err(Error::new(Kind::Answer, "the service gives no signature").about(id)),
    }
}
