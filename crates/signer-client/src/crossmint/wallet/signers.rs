//! The signers of a wallet: how one is added and removed, and how far one is registered.

mod new_signer;

use reqwest::Method;
use signer_protocols::Json;
use signer_protocols::crossmint::rest::{SignerChange, Status};
use signer_protocols::crossmint::verify::{Answer, Request};
use signer_protocols::crossmint::{ChainType, Locator};

pub use self::new_signer::{AddedSigner, NewSigner, PermissionId, PermissionIdError};
use super::super::approval::{Approved, Asked};
use super::super::client::is_for;
use super::super::operation::{What, failed};
use super::super::rotation::Signers;
use super::Wallet;
use crate::error::{Error, Kind};
use crate::random;
use crate::transport::Repeat;

const SIGNER: &str = "/{wallet}/signers/{signer}";

/// How far a signer is one of a wallet on this chain.
pub(in super::super) enum Registration {
    None,
    /// Of other chains only.
    Elsewhere,
    /// Asked for, and not approved or not done yet.
    Begun(Begun),
    There,
}

/// An operation that was begun, by us or by an SDK of the vendor.
pub(in super::super) struct Begun {
    what: What,
    id: Option<String>,
}

impl Registration {
    pub(in super::super) const fn is_there(&self) -> bool {
        matches!(self, Self::There)
    }

    /// A signer is gone only when it is not known in any state.
    pub(in super::super) const fn is_known(&self) -> bool {
        matches!(self, Self::There | Self::Begun(_))
    }
}

impl Wallet {
    /// Adds a signer, approved by ours. One that was asked for before and not approved is approved now, whichever form
    /// its request had; one that is registered is as good as added.
    ///
    /// On EVM the registration is a transaction, and it is checked that it gives its power to this signer alone. A
    /// registration that an SDK began without `deployImmediately` is a bare hash: it needs
    /// [`AllowUnverified`](super::super::AllowUnverified) with [`Kind::Hash`](signer_protocols::crossmint::verify::Kind).
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn add_signer(&self, signer: impl Into<NewSigner>) -> Result<AddedSigner, Error> {
        let new = signer.into();
        let frozen = self.freeze(&["signers"], &new.body(self.chain()))?;
        let request = frozen.request()?;
        let key = random::uuid()?;
        let asked = self.client().ask(&frozen, "/{wallet}/signers", Repeat::Under(&key)).await;
        let answer = match asked {
            // It may be there, or begun: the service takes each signer once.
            Err(refused) if matches!(refused.status(), Some(400 | 409)) => {
                match self.registration(new.locator()).await {
                    Ok(Registration::There) => return Ok(AddedSigner::default()),
                    Ok(Registration::Begun(begun)) => return self.resume(request, begun).await,
                    Ok(Registration::None | Registration::Elsewhere) | Err(_) => {
                        return Err(refused);
                    }
                }
            }
            answer => answer?,
        };
        self.settle(request, answer, new.locator()).await
    }

    /// Removes a server signer, approved by ours. On EVM the removal can be verified only with the permission id that
    /// [`add_signer`](Self::add_signer) returned; without it the removal needs
    /// [`AllowUnverified`](super::super::AllowUnverified), so that a leaked signer can always be removed, knowingly.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn remove_signer(
        &self,
        signer: &Locator,
        permission_id: Option<PermissionId>,
    ) -> Result<(), Error> {
        let locator = signer.to_string();
        let path = [self.address(), "signers", &locator];
        let query = self.evm_chain();
        let frozen = self.client().freeze(Method::DELETE, &path, query.as_slice(), None::<&()>)?;
        let request = frozen.request()?;
        let answer = self.client().ask(&frozen, SIGNER, Repeat::Never).await?;
        let mut asked = Asked::new(What::Transaction, request, answer).signer_change();
        asked.permission_id = permission_id;
        self.complete(&asked).await.map(|_| ())
    }

    /// The signers of the wallet, as the service lists them now.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn signers(&self) -> Result<Signers, Error> {
        self.client().record(self.address()).await.map(|record| Signers::of(&record))
    }

    /// A signer is asked for by its chain, where it is of one of many.
    fn evm_chain(&self) -> Option<(&'static str, &'static str)> {
        let chain = self.chain();
        (chain.chain_type() == ChainType::Evm).then_some(("chain", chain.as_str()))
    }

    /// How far a signer is one of the wallet on this chain, by the service's state of it; a list may name those that
    /// are not approved yet. Where the service has no state, the record of the wallet counts.
    pub(in super::super) async fn registration(
        &self,
        signer: &Locator,
    ) -> Result<Registration, Error> {
        let locator = signer.to_string();
        let path = [self.address(), "signers", &locator];
        let answer: Result<Json, Error> =
            self.client().get(&path, self.evm_chain().as_slice(), SIGNER).await;
        let state = match answer {
            Err(error) if error.is_not_found() => return Ok(Registration::None),
            state => SignerChange::read(&state?),
        };
        is_about(&state, signer)?;
        let (what, id, status) = match state.chains.get(self.chain().as_str()) {
            Some(here) if here.is_transaction => {
                (What::Transaction, here.id.clone(), Some(here.status.clone()))
            }
            Some(here) => (What::Signature, here.id.clone(), Some(here.status.clone())),
            None if !state.chains.is_empty() => return Ok(Registration::Elsewhere),
            None => match state.transaction {
                Some(inner) => (What::Transaction, Some(inner.id), Some(inner.status)),
                None => (What::Transaction, None, state.status),
            },
        };
        Ok(match status {
            Some(Status::Success) => Registration::There,
            Some(Status::Failed) => Registration::None,
            Some(_) => Registration::Begun(Begun { what, id }),
            None => {
                let record = self.client().record(self.address()).await?;
                let mut listed = record.config.delegated_signers.iter();
                let is_listed = listed.any(|known| is_for(known, signer));
                if is_listed { Registration::There } else { Registration::None }
            }
        })
    }

    /// Approves and completes a registration that was begun before.
    async fn resume(&self, request: Request, begun: Begun) -> Result<AddedSigner, Error> {
        let id = begun.id.ok_or_else(unsaid)?;
        let answer = self.operation(begun.what, &id).await?;
        let asked = Asked::new(begun.what, request, answer).signer_change();
        self.complete(&asked).await.map(|(_, approved)| added(&approved))
    }

    /// The answer to a new signer holds a transaction, or on EVM without `deployImmediately` a signature, for the chain.
    async fn settle(
        &self,
        request: Request,
        answer: Json,
        signer: &Locator,
    ) -> Result<AddedSigner, Error> {
        let change = SignerChange::read(&answer);
        is_about(&change, signer)?;
        let inner = Answer::new(&request, &answer, self.chain().as_str());
        let here = change.chains.get(self.chain().as_str());
        let what = match here {
            Some(here) if !here.is_transaction => What::Signature,
            _ => What::Transaction,
        };
        if inner.id().is_none_or(str::is_empty) {
            return match here.map(|here| &here.status).or(change.status.as_ref()) {
                Some(Status::Success) => Ok(AddedSigner::default()),
                Some(Status::Failed) => Err(failed(self.address(), None)),
                _ => Err(unsaid()),
            };
        }
        let asked = Asked::new(what, request, answer).signer_change();
        self.complete(&asked).await.map(|(_, approved)| added(&approved))
    }
}

/// A state of another signer is used for none.
fn is_about(change: &SignerChange, signer: &Locator) -> Result<(), Error> {
    match &change.locator {
        Some(locator) if !signer.matches(locator) => {
            let what = "the service answered with another signer";
            Err(Error::new(Kind::Mismatch, what).about(signer.to_string()))
        }
        _ => Ok(()),
    }
}

const fn added(approved: &Approved) -> AddedSigner {
    AddedSigner { permission_id: approved.permission_id }
}

fn unsaid() -> Error {
    let what = "the service did not name the operation to approve";
    Error::new(Kind::Answer, what).with_unknown_outcome()
}
