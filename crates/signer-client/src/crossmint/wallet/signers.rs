//! The signers of a wallet: who they are, and how one is added and removed.

use signer_protocols::crossmint::rest::{
    AddSigner, ChainState, SignerChange, Status, TransactionResponse,
};
use signer_protocols::crossmint::{ChainType, Locator, ServerSigner};

use super::super::policy::is_for;
use super::super::rotation::Signers;
use super::{Wallet, failed};
use crate::error::{Error, Kind};

const SIGNER: &str = "/{wallet}/signers/{signer}";

/// How far a signer is one of a wallet on this chain.
pub(in super::super) enum Registration {
    None,
    /// Of other chains only.
    Elsewhere,
    /// Asked for, and not approved or not done yet.
    Begun(Box<SignerChange>),
    There,
}

impl Registration {
    pub(in super::super) const fn is_there(&self) -> bool {
        matches!(self, Self::There)
    }

    /// What must go is gone only when it is not known in any state.
    pub(in super::super) const fn is_known(&self) -> bool {
        matches!(self, Self::There | Self::Begun(_))
    }
}

/// What the service says of another signer is approved for none.
fn is_about(change: &SignerChange, signer: &Locator) -> Result<(), Error> {
    match &change.locator {
        Some(locator) if !signer.matches(locator) => {
            let what = "the service answered with another signer";
            Err(Error::new(Kind::Mismatch, what).about(signer.to_string()))
        }
        _ => Ok(()),
    }
}

impl Wallet {
    /// Adds a server signer, approved by ours. One that was asked for before and not approved is approved now; one that
    /// is there is as good as added.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn add_signer(&self, signer: &Locator) -> Result<(), Error> {
        let body = AddSigner::new(signer, self.0.chain);
        let path = [self.address(), "signers"];
        let change = match self.0.client.post(&path, "/{wallet}/signers", &body, None).await {
            // It may be there, or begun: the service takes each signer once.
            Err(refused) if matches!(refused.status(), Some(400 | 409)) => {
                match self.registration(signer).await {
                    Ok(Registration::There) => return Ok(()),
                    Ok(Registration::Begun(change)) => *change,
                    Ok(Registration::None | Registration::Elsewhere) | Err(_) => {
                        return Err(refused);
                    }
                }
            }
            change => change?,
        };
        is_about(&change, signer)?;
        self.settle_change(change, &self.0.signer).await
    }

    /// Removes a server signer, approved by ours.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn remove_signer(&self, signer: &Locator) -> Result<(), Error> {
        let locator = signer.to_string();
        let path = [self.address(), "signers", &locator];
        let created: TransactionResponse =
            self.0.client.delete(&path, self.evm_chain().as_slice(), SIGNER).await?;
        self.complete(created, None, &self.0.signer).await.map(|_| ())
    }

    /// Who can sign for the wallet, as the service says now.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn signers(&self) -> Result<Signers, Error> {
        self.0.client.record(self.address()).await.map(|record| Signers::of(&record))
    }

    /// A signer is asked for by its chain, where it is of one of many.
    fn evm_chain(&self) -> Option<(&'static str, &str)> {
        let chain = self.0.chain;
        (chain.chain_type() == ChainType::Evm).then_some(("chain", chain.as_str()))
    }

    /// How far a signer is one of the wallet on this chain, by what the service says of it; a list may name those that
    /// are not approved yet. Where it knows of no state, what it says of the wallet counts.
    pub(in super::super) async fn registration(
        &self,
        signer: &Locator,
    ) -> Result<Registration, Error> {
        let locator = signer.to_string();
        let path = [self.address(), "signers", &locator];
        let answer: Result<SignerChange, Error> =
            self.0.client.get(&path, self.evm_chain().as_slice(), SIGNER).await;
        let state = match answer {
            Err(error) if error.is_not_found() => return Ok(Registration::None),
            state => state?,
        };
        is_about(&state, signer)?;
        let said = match state.chains.get(self.0.chain.as_str()) {
            Some(here) => Some(&here.status),
            None if !state.chains.is_empty() => return Ok(Registration::Elsewhere),
            None => state.transaction.as_ref().map(|it| &it.status).or(state.status.as_ref()),
        };
        Ok(match said {
            Some(Status::Success) => Registration::There,
            Some(Status::Failed) => Registration::None,
            Some(_) => Registration::Begun(Box::new(state)),
            None => {
                let record = self.0.client.record(self.address()).await?;
                let mut listed = record.config.delegated_signers.iter();
                let is_listed = listed.any(|known| is_for(known, signer));
                if is_listed { Registration::There } else { Registration::None }
            }
        })
    }

    /// The answer to a change of signers is a transaction, or holds one, or a signature for the chain.
    async fn settle_change(
        &self,
        mut change: SignerChange,
        approver: &ServerSigner,
    ) -> Result<(), Error> {
        let unsaid = || {
            let what = "the service did not say what is to be approved";
            Error::new(Kind::Answer, what).with_unknown_outcome()
        };
        if let Some(here) = change.chains.remove(self.0.chain.as_str()) {
            let ChainState { id, status, approvals, .. } = here;
            return match (id.filter(|id| !id.is_empty()), status) {
                (None, Status::Success) => Ok(()),
                (None, Status::Failed) => Err(failed(self.address(), None)),
                (None, _) => Err(unsaid()),
                (Some(id), status) => {
                    self.settle_signature(&id, &status, &approvals, approver).await.map(|_| ())
                }
            };
        }
        let created = change.into_transaction().ok_or_else(unsaid)?;
        self.complete(created, None, approver).await.map(|_| ())
    }
}
