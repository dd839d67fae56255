//! The path from an answer of the service to a submitted approval: decode and compare, apply the verdict, ask the
//! caller's policy and limits, sign, submit.

mod limits;
mod policy;
mod verdict;

use serde::de::IgnoredAny;
use signer_protocols::Json;
use signer_protocols::crossmint::rest::Approvals;
use signer_protocols::crossmint::verify::{
    Answer, Context, Effect, Operation as Requested, Ours, Request, Spend, Verification, verify,
};
use signer_protocols::crossmint::{Approval, Locator};

pub(super) use self::limits::Limits;
pub(super) use self::policy::ApprovalSettings;
pub use self::policy::{AllowUnverified, ApprovalPolicy, ApprovalRequest};
pub(super) use self::verdict::needs_unverified;
use super::operation::{Operation, What};
use super::waiting::Cancel;
use super::{PermissionId, Wallet};
use crate::error::{Error, Kind};

/// A request together with the answer to it.
pub(super) struct Asked {
    pub(super) what: What,
    /// The request that the answer is compared with.
    pub(super) request: Request,
    pub(super) answer: Json,
    /// The id of the permission to remove (EVM).
    pub(super) permission_id: Option<PermissionId>,
    /// Whether the caller asked by name for a change of signers.
    pub(super) is_signer_change: bool,
}

impl Asked {
    pub(super) const fn new(what: What, request: Request, answer: Json) -> Self {
        Self { what, request, answer, permission_id: None, is_signer_change: false }
    }

    pub(super) const fn signer_change(mut self) -> Self {
        self.is_signer_change = true;
        self
    }
}

/// An approval that was submitted.
#[derive(Clone, Copy, Default)]
pub(super) struct Approved {
    /// The permission id of a signer that the approved operation adds (EVM).
    pub(super) permission_id: Option<PermissionId>,
}

impl Wallet {
    /// Approves what an answer asks of our signer. Without a pending approval of ours nothing is signed.
    pub(super) async fn approve(
        &self,
        asked: &Asked,
        operation: &Operation,
    ) -> Result<Approved, Error> {
        let signer = self.signer().locator();
        let answer = Answer::new(&asked.request, &asked.answer, self.chain().as_str());
        if answer.ours(&signer) == Ours::None {
            return operation.waits_for_others(&signer).map_or(Ok(Approved::default()), Err);
        }
        let verification = verify(&asked.request, &asked.answer, &self.context(asked, signer));
        let request = ApprovalRequest {
            wallet: self.address(),
            chain: self.chain(),
            id: &operation.id,
            verification: &verification,
            is_signer_change: asked.is_signer_change,
        };
        let named = |error: Error| error.about(&operation.id);
        let (approval, spends) = self.decide(&request, asked).map_err(named)?;
        let reservation = match &self.client().settings().limits {
            Some(limits) => Some(limits.reserve(&request, spends).await.map_err(named)?),
            None => None,
        };
        let submitted = match self.sign(approval) {
            Ok(signature) => self.submit(asked.what, &operation.id, signature, &signer).await,
            Err(error) => Err(named(error)),
        };
        if let Err(error) = submitted {
            // An approval that may have arrived counts as spent.
            if let Some(reservation) = reservation.filter(|_| !error.is_outcome_unknown()) {
                reservation.release().await;
            }
            return Err(error);
        }
        Ok(Approved { permission_id: added_permission(&verification) })
    }

    /// The facts that this client knows apart from the request and the answer.
    fn context(&self, asked: &Asked, signer: Locator) -> Context<'_> {
        let settings = self.client().settings();
        let environment = self.client().environment();
        let mut context = Context::new(environment, self.chain(), self.address(), signer);
        context.role = self.role();
        context.chain_id = settings.chain_id;
        context.max_fee = settings.max_fee;
        context.tokens = settings.tokens.clone();
        context.permission_id = asked.permission_id.map(PermissionId::to_bytes);
        context
    }

    /// The verdict first, then the caller's rules. Returns the amounts for the sums of the day, too.
    fn decide<'a>(
        &self,
        request: &ApprovalRequest<'a>,
        asked: &Asked,
    ) -> Result<(&'a Approval, Vec<Spend>), Error> {
        let settings = self.client().settings();
        settings.policy.review(request);
        let is_under_limits = *asked.request.operation() == Requested::Unknown;
        let approval =
            verdict::signable(request.verification, &settings.unverified, is_under_limits)?;
        let spends = settings.limits.as_ref().map(|limits| limits.check(request)).transpose()?;
        settings.policy.allows(request).map_err(|reason| {
            let what = "the approval policy does not allow it; nothing was signed";
            Error::new(Kind::Refused, what).with_detail(reason)
        })?;
        Ok((approval, spends.unwrap_or_default()))
    }

    fn sign(&self, approval: &Approval) -> Result<String, Error> {
        if self.client().wait().cancel.as_ref().is_some_and(Cancel::is_cancelled) {
            return Err(Error::new(Kind::Refused, "it was cancelled before anything was signed"));
        }
        self.signer()
            .approve(approval)
            .map_err(|_| Error::new(Kind::Local, "the approval could not be signed"))
    }

    /// Hands a signature in. That the approval is there already, or that there are enough, is as good.
    async fn submit(
        &self,
        what: What,
        id: &str,
        signature: String,
        signer: &Locator,
    ) -> Result<(), Error> {
        let body = Approvals::one(signature, signer);
        let path = [self.address(), what.path(), id, "approvals"];
        let (_, route) = what.routes();
        // The same approval twice is one approval. A cancel ends the pauses between attempts, too.
        let sent = self.client().post_safely(&path, route, &body);
        match self.client().wait().unless_cancelled(sent).await {
            Err(error) if matches!(error.status(), Some(409 | 422)) => Ok(()),
            // A plain no, and no earlier attempt that may have been taken.
            Err(error)
                if matches!(error.status(), Some(400..500)) && !error.is_outcome_unknown() =>
            {
                Err(error.about(id))
            }
            // It may have been taken.
            Err(error) => Err(error.about(id).with_unknown_outcome()),
            Ok(IgnoredAny) => Ok(()),
        }
    }
}

fn added_permission(verification: &Verification) -> Option<PermissionId> {
    let items = verification.content().map(|content| content.items.as_slice());
    items.unwrap_or_default().iter().find_map(|item| match item.effect {
        Effect::AddSigner { permission_id, .. } => permission_id.map(PermissionId::from_bytes),
        _ => None,
    })
}
