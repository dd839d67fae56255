use std::collections::BTreeSet;
use std::sync::Arc;

use signer_protocols::U256;
use signer_protocols::crossmint::ChainId;
use signer_protocols::crossmint::verify::{DEFAULT_MAX_FEE, Kind, Tokens, Verification};

use super::Limits;

/// An approval that the service asks for, decoded and compared with the request.
#[derive(Debug)]
#[non_exhaustive]
pub struct ApprovalRequest<'a> {
    /// The wallet's address.
    pub wallet: &'a str,
    /// The chain.
    pub chain: ChainId,
    /// The id of the transaction or signature.
    pub id: &'a str,
    /// The verdict with its reasons, and the decoded content.
    pub verification: &'a Verification,
    /// Whether the caller asked by name for a change of signers (`add_signer`, `remove_signer`, `rotate`).
    pub is_signer_change: bool,
}

/// Sees each approval before it is signed, and may refuse it. It cannot have anything signed that the verdict forbids.
pub trait ApprovalPolicy: Send + Sync + 'static {
    /// Is given each approval, whatever its verdict. Default: does nothing.
    fn review(&self, request: &ApprovalRequest<'_>) {
        let _ = request;
    }

    /// Decides on an approval that the verdict allows. Default: allows it.
    ///
    /// # Errors
    /// The reason of a refusal, for a person. Nothing is signed then.
    fn allows(&self, request: &ApprovalRequest<'_>) -> Result<(), String> {
        let _ = request;
        Ok(())
    }
}

/// The policy of a client without another one: refuses nothing that the verdict allows.
struct NoFurtherRule;

impl ApprovalPolicy for NoFurtherRule {}

/// The kinds of approvals that are signed although they cannot be verified. The service is trusted with those.
///
/// ```
/// use signer_client::crossmint::AllowUnverified;
/// use signer_protocols::crossmint::verify::Kind;
///
/// let lazy_signers = AllowUnverified::only([Kind::Hash]);
/// assert!(lazy_signers.contains(Kind::Hash) && !lazy_signers.contains(Kind::UserOperation));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowUnverified(BTreeSet<Kind>);

impl AllowUnverified {
    /// These kinds and no other.
    pub fn only(kinds: impl IntoIterator<Item = Kind>) -> Self {
        Self(kinds.into_iter().collect())
    }

    /// Whether a kind is allowed.
    pub fn contains(&self, kind: Kind) -> bool {
        self.0.contains(&kind)
    }
}

/// The settings of a client that concern approvals.
#[derive(Clone)]
pub(in super::super) struct ApprovalSettings {
    pub(in super::super) policy: Arc<dyn ApprovalPolicy>,
    pub(in super::super) unverified: AllowUnverified,
    pub(in super::super) limits: Option<Limits>,
    pub(in super::super) tokens: Tokens,
    pub(in super::super) max_fee: U256,
    pub(in super::super) chain_id: Option<u64>,
}

impl ApprovalSettings {
    /// Whether there are limits that can decide without a request.
    pub(in super::super) const fn has_limits(&self) -> bool {
        self.limits.is_some()
    }
}

impl Default for ApprovalSettings {
    fn default() -> Self {
        Self {
            policy: Arc::new(NoFurtherRule),
            unverified: AllowUnverified::default(),
            limits: None,
            tokens: Tokens::default(),
            max_fee: DEFAULT_MAX_FEE,
            chain_id: None,
        }
    }
}
