//! Transactions and signatures of a wallet, as the service reports their state.

use signer_protocols::Json;
use signer_protocols::crossmint::Locator;
use signer_protocols::crossmint::rest::{
    OnChain, PendingApproval, SignatureResponse, Status, TransactionResponse,
};

use super::client::is_for;
use crate::error::{Error, Kind};

/// The two kinds of operations that are approved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Transaction,
    Signature,
}

impl What {
    pub(super) const fn path(self) -> &'static str {
        match self {
            Self::Transaction => "transactions",
            Self::Signature => "signatures",
        }
    }

    /// The routes of an operation and of its approvals, for logs.
    pub(super) const fn routes(self) -> (&'static str, &'static str) {
        match self {
            Self::Transaction => {
                ("/{wallet}/transactions/{id}", "/{wallet}/transactions/{id}/approvals")
            }
            Self::Signature => ("/{wallet}/signatures/{id}", "/{wallet}/signatures/{id}/approvals"),
        }
    }
}

/// The state of an operation, as far as an answer can be read.
pub(super) struct Operation {
    pub(super) id: String,
    pub(super) status: Status,
    pub(super) chain_type: Option<String>,
    /// The transaction's hash on the chain.
    pub(super) hash: Option<String>,
    /// The signature of the wallet.
    pub(super) signature: Option<String>,
    pending: Vec<PendingApproval>,
    error: Option<Json>,
}

impl Operation {
    /// Reads an operation; `None` without an id.
    pub(super) fn read(answer: &Json) -> Option<Self> {
        let state = TransactionResponse::read(answer)?;
        let signature = SignatureResponse::read(answer).and_then(|it| it.output_signature);
        Some(Self {
            hash: state.on_chain.as_ref().and_then(OnChain::hash).map(Into::into),
            signature,
            id: state.id,
            status: state.status,
            chain_type: state.chain_type,
            pending: state.approvals.pending,
            error: state.error,
        })
    }

    /// The outcome, once there is one.
    pub(super) fn ended(&self) -> Option<Result<(), Error>> {
        match self.status {
            Status::Success => Some(Ok(())),
            Status::Failed => Some(Err(failed(&self.id, self.error.as_ref()))),
            _ => None,
        }
    }

    /// The signers that must approve, if our signer is not among them and the operation cannot go on without them.
    pub(super) fn waits_for_others(&self, ours: &Locator) -> Option<Error> {
        let awaits = self.status == Status::AwaitingApproval && !self.pending.is_empty();
        if !awaits || self.pending.iter().any(|pending| is_for(&pending.signer, ours)) {
            return None;
        }
        let name = |pending: &PendingApproval| {
            pending.signer.name().unwrap_or_else(|| "a signer without a locator".into())
        };
        let names: Vec<String> = self.pending.iter().take(16).map(name).collect();
        let what = "it awaits the approval of other signers";
        Some(
            Error::new(Kind::AwaitsOthers, what)
                .about(self.id.clone())
                .with_detail(names.join(", ")),
        )
    }
}

pub(super) fn failed(id: &str, error: Option<&Json>) -> Error {
    let code = |name| error?.member(name)?.as_str();
    let code = code("reason").or_else(|| code("code")).or_else(|| error?.as_str());
    Error::new(Kind::Failed, "it ended in failure").about(id).with_code(code)
}

pub(super) fn other_id(id: &str) -> Error {
    Error::new(Kind::Answer, "the service answered for another id").about(id).with_unknown_outcome()
}

/// An answer to a request that did something, without an id.
pub(super) fn without_id() -> Error {
    let what = "the answer names no id: the service's documents say that it does";
    Error::new(Kind::Answer, what).with_unknown_outcome()
}
