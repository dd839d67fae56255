use alloc::string::String;

use super::super::Locator;
use super::{Finding, Operation, Request};
use crate::Json;

/// The part of an answer that asks for an approval. Foreign entries of any shape are passed over.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a>(&'a Json);

/// The pending approvals that are addressed to one signer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ours<'a> {
    /// There is none.
    None,
    /// One, or several with the same message.
    Message(&'a str),
    /// Several with different messages.
    Different,
    /// An entry of our signer has no text as its message.
    Unreadable,
}

impl<'a> Answer<'a> {
    /// Finds the operation in an answer. A change of signers carries it under `chains` (EVM, by the name of the chain)
    /// or `transaction`; every other answer is the operation.
    pub fn new(request: &Request, answer: &'a Json, chain: &str) -> Self {
        let inner = match request.operation() {
            Operation::AddSigner => {
                let by_chain = answer.member("chains").and_then(|chains| chains.member(chain));
                by_chain.or_else(|| answer.member("transaction").filter(|it| it.is_object()))
            }
            _ => None,
        };
        Self(inner.unwrap_or(answer))
    }

    /// The operation as JSON.
    pub const fn json(&self) -> &'a Json {
        self.0
    }

    /// The id, if it can be read.
    pub fn id(&self) -> Option<&'a str> {
        self.0.member("id")?.as_str()
    }

    /// A member of `onChain`; `null` reads as absent.
    pub fn on_chain(&self, name: &str) -> Option<&'a Json> {
        self.0.member("onChain")?.member(name).filter(|value| **value != Json::Null)
    }

    /// A wallet of another type than `smart` is signed for in another way.
    pub fn check_wallet_type(&self) -> Option<Finding> {
        match self.0.member("walletType") {
            None | Some(Json::Null) => None,
            Some(Json::String(text)) if text == "smart" => None,
            Some(other) => {
                let other: String =
                    other.as_str().unwrap_or("of no text").chars().take(32).collect();
                Some(Finding::unverified("wallet_type", alloc::format!("wallet type {other:?}")))
            }
        }
    }

    /// The pending approvals of a signer, entry by entry.
    pub fn ours(&self, signer: &Locator) -> Ours<'a> {
        let entries = self.0.member("approvals").and_then(|approvals| approvals.member("pending"));
        let Some(Json::Array(entries)) = entries else { return Ours::None };
        let mut found = Ours::None;
        for entry in entries {
            if !entry.member("signer").is_some_and(|reference| is_for(reference, signer)) {
                continue;
            }
            let Some(message) = entry.member("message").and_then(Json::as_str) else {
                return Ours::Unreadable;
            };
            found = match found {
                Ours::None => Ours::Message(message),
                Ours::Message(other) if other == message => found,
                _ => return Ours::Different,
            };
        }
        found
    }

    /// The message that is pending for a signer.
    ///
    /// # Errors
    /// A finding: `no_pending`, `two_messages` or `malformed`.
    pub fn message(&self, signer: &Locator) -> Result<&'a str, Finding> {
        match self.ours(signer) {
            Ours::Message(message) => Ok(message),
            Ours::None => {
                let detail = alloc::format!("no approval of {signer} is pending");
                Err(Finding::unverified("no_pending", detail))
            }
            Ours::Different => {
                let detail = "two different messages are pending for our signer";
                Err(Finding::differs("two_messages", detail))
            }
            Ours::Unreadable => {
                let detail = "the pending approval of our signer has no message";
                Err(Finding::unverified("malformed", detail))
            }
        }
    }
}

/// The locator decides; without one, the type and address do.
fn is_for(reference: &Json, signer: &Locator) -> bool {
    match reference.member("locator").and_then(Json::as_str) {
        Some(locator) => signer.matches(locator),
        None => {
            let text = |name| reference.member(name).and_then(Json::as_str);
            text("type") == Some("server")
                && text("address").is_some_and(|address| signer.address().matches(address))
        }
    }
}
