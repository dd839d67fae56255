use signer_protocols::crossmint::rest::{PendingApproval, SignerReference};
use signer_protocols::crossmint::{
    Account, Address, Approval, ApprovalError, ChainId, ChainType, Locator, SigningInput,
    SolanaMessage,
};

use crate::error::{Error, Kind};

/// What is about to be signed.
#[derive(Debug)]
#[non_exhaustive]
pub struct ApprovalRequest<'a> {
    /// The wallet's address.
    pub wallet: &'a str,
    /// The chain.
    pub chain: ChainId,
    /// The id of the transaction or signature.
    pub id: &'a str,
    /// What its bytes say.
    pub content: Content<'a>,
}

/// What the bytes of an approval say.
#[derive(Debug)]
#[non_exhaustive]
pub enum Content<'a> {
    /// 32 bytes: the hash of an operation on EVM. What it stands for cannot be told.
    EvmHash(&'a str),
    /// A Solana transaction.
    Solana {
        /// What it does.
        transaction: &'a SolanaMessage,
        /// Whether it does what was asked for and nothing more; `None` where no transaction was asked for, but a
        /// transfer or a change of signers, which the service writes.
        as_requested: Option<bool>,
    },
    /// Base64 of bytes on Stellar. What they stand for cannot be told.
    Stellar(&'a str),
}

/// Sees each approval before it is signed. It may refuse; it can make nothing be signed that is not addressed to our
/// signer, or has not the shape of its chain.
pub trait ApprovalPolicy: Send + Sync + 'static {
    /// Whether it may be signed.
    fn allows(&self, request: &ApprovalRequest<'_>) -> bool;
}

/// The policy where none is given: on Solana, what comes back must do what was asked for. What the service writes by
/// itself there (transfers, changes of signers) can be compared with nothing, and is not signed.
#[derive(Clone, Copy, Debug, Default)]
pub struct AsRequested;

impl ApprovalPolicy for AsRequested {
    fn allows(&self, request: &ApprovalRequest<'_>) -> bool {
        !matches!(request.content, Content::Solana { as_requested: None | Some(false), .. })
    }
}

/// As [`AsRequested`], and on Solana also what the service writes by itself: it is trusted with transfers and changes
/// of signers, as it must be on EVM and Stellar.
#[derive(Clone, Copy, Debug, Default)]
pub struct ServiceWritten;

impl ApprovalPolicy for ServiceWritten {
    fn allows(&self, request: &ApprovalRequest<'_>) -> bool {
        !matches!(request.content, Content::Solana { as_requested: Some(false), .. })
    }
}

/// What was created, as far as approving it goes.
pub(super) struct Created<'a> {
    pub(super) wallet: &'a str,
    pub(super) chain: ChainId,
    pub(super) id: &'a str,
    pub(super) pending: &'a [PendingApproval],
    /// On Solana, what goes on chain.
    pub(super) transaction: Option<&'a str>,
    /// On Solana, what was asked for.
    pub(super) requested: Option<&'a SolanaMessage>,
}

fn mismatch(what: &'static str) -> Error {
    Error::new(Kind::Mismatch, what)
}

impl Created<'_> {
    /// The approval that is ours to give, if there is one.
    pub(super) fn approval(
        &self,
        signer: &Locator,
        policy: &dyn ApprovalPolicy,
    ) -> Result<Option<Approval>, Error> {
        let mut ours = self.pending.iter().filter(|pending| is_for(&pending.signer, signer));
        let Some(pending) = ours.next() else { return Ok(None) };
        if ours.any(|other| other.message != pending.message) {
            return Err(mismatch("two different approvals are asked of one signer"));
        }
        let shape =
            |_: ApprovalError| mismatch("what is to be approved has not the shape of its chain");
        let parsed;
        let (approval, content) = match self.chain.chain_type() {
            ChainType::Evm => {
                if pending.message.len() != 66 {
                    return Err(mismatch("an approval on evm is a hash of 32 bytes"));
                }
                let approval = Approval::evm(&pending.message).map_err(shape)?;
                (approval, Content::EvmHash(&pending.message))
            }
            ChainType::Solana => {
                let text = self.transaction;
                let text = text.ok_or_else(|| mismatch("there is no transaction to approve"))?;
                parsed = SolanaMessage::parse(text).map_err(shape)?;
                let as_requested =
                    self.requested.map(|requested| does_as_requested(&parsed, requested, signer));
                check_cost(&parsed, self.requested, signer)?;
                let approval = Approval::solana_transaction(text).map_err(shape)?;
                (approval, Content::Solana { transaction: &parsed, as_requested })
            }
            ChainType::Stellar => {
                let approval = Approval::stellar(&pending.message).map_err(shape)?;
                if !matches!(approval.signing_input(), SigningInput::Message(bytes) if bytes.len() >= 32)
                {
                    return Err(mismatch(
                        "an approval on stellar is a hash of 32 bytes, or longer",
                    ));
                }
                (approval, Content::Stellar(&pending.message))
            }
        };
        let request =
            ApprovalRequest { wallet: self.wallet, chain: self.chain, id: self.id, content };
        if !policy.allows(&request) {
            let error = Error::new(
                Kind::Refused,
                "the approval policy does not allow it; nothing was signed",
            );
            return Err(error.about(self.id));
        }
        Ok(Some(approval))
    }
}

/// What our signer may be made to pay for a place in a block: a hundredth of a SOL.
const MAX_PRIORITY_FEE: u64 = 10_000_000;

fn is_key(account: Option<Account>, signer: &Locator) -> bool {
    matches!((account, signer.address()), (Some(Account::Key(key)), Address::Solana(address)) if key == *address.as_bytes())
}

/// The same effect, and our signer pays the fee only where it was asked to.
fn does_as_requested(what: &SolanaMessage, requested: &SolanaMessage, signer: &Locator) -> bool {
    let ours_pays = is_key(what.fee_payer(), signer);
    what.does_the_same_as(requested) && (!ours_pays || is_key(requested.fee_payer(), signer))
}

/// It needs our signature, and cannot be made dear at our cost.
fn check_cost(
    what: &SolanaMessage,
    requested: Option<&SolanaMessage>,
    signer: &Locator,
) -> Result<(), Error> {
    let Address::Solana(address) = signer.address() else {
        return Err(mismatch("the signer is none of solana"));
    };
    if !what.is_signed_by(address.as_bytes()) {
        return Err(mismatch("the transaction needs no signature of our signer"));
    }
    let asked = requested.map_or(0, SolanaMessage::priority_fee_lamports);
    if is_key(what.fee_payer(), signer)
        && what.priority_fee_lamports() > asked.max(MAX_PRIORITY_FEE)
    {
        return Err(mismatch(
            "the transaction would cost our signer more than a hundredth of a sol",
        ));
    }
    Ok(())
}

/// Whether the service means `signer`, in whatever case it echoes an address.
pub(super) fn is_for(reference: &SignerReference, signer: &Locator) -> bool {
    match &reference.locator {
        Some(locator) => signer.matches(locator),
        None => {
            reference.signer_type.as_deref() == Some("server")
                && reference.address.as_deref().is_some_and(|it| signer.address().matches(it))
        }
    }
}
