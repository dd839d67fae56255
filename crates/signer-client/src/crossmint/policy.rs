use signer_protocols::crossmint::rest::{PendingApproval, SignerReference};
use signer_protocols::crossmint::{
    Approval, ApprovalError, ChainId, ChainType, Locator, SigningInput, SolanaMessage,
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

/// The policy where none is given: a Solana transaction that was asked for must come back as one that does the same.
#[derive(Clone, Copy, Debug, Default)]
pub struct AsRequested;

impl ApprovalPolicy for AsRequested {
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
    pub(super) requested: Option<&'a str>,
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
                let as_requested = match self.requested {
                    Some(requested) => {
                        let requested = SolanaMessage::parse(requested).map_err(|_| {
                            Error::input(
                                "the transaction must be base58 of a legacy or version 0 one",
                            )
                        })?;
                        Some(parsed.does_the_same_as(&requested))
                    }
                    None => None,
                };
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
