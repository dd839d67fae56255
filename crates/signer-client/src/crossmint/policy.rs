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

#[cfg(test)]
mod tests {
    use signer_core::address::solana::Address as SolanaAddress;
    use signer_core::encoding::base58;
    use signer_protocols::crossmint::{Environment, ProjectId, Scheme, ServerSigner, SignerSecret};

    use super::*;

    const BUDGET: &str = "ComputeBudget111111111111111111111111111111";

    /// The signer of a test secret.
    fn ours() -> (Locator, [u8; 32]) {
        let secret = SignerSecret::parse(&"1".repeat(64)).unwrap();
        let project = ProjectId::parse("project").unwrap();
        let chain = ChainId::parse("solana").unwrap();
        let environment = Environment::Staging;
        let signer = ServerSigner::derive(&secret, &project, environment, chain, Scheme::Current);
        let locator = signer.unwrap().locator();
        let Address::Solana(address) = *locator.address() else { panic!("{locator}") };
        (locator, *address.as_bytes())
    }

    /// A legacy transaction in base58: `signers` sign, the first pays, and the last of the signers sends a lamport; with a
    /// price of so many microlamports for each of a million units, where there is one.
    fn transaction(signers: &[[u8; 32]], price: Option<u64>) -> String {
        let count = u8::try_from(signers.len()).unwrap();
        let mut wire = vec![count];
        wire.resize(1 + 64 * signers.len(), 0);
        // Recipient, system program, budget program.
        wire.extend([count, 0, 2, count + 3]);
        wire.extend(signers.concat());
        wire.extend([9; 32]);
        wire.extend([0; 32]);
        wire.extend(SolanaAddress::parse(BUDGET).unwrap().as_bytes());
        wire.extend([7; 32]);
        wire.push(if price.is_some() { 3 } else { 1 });
        if let Some(price) = price {
            wire.extend([count + 2, 0, 5, 2]);
            wire.extend(1_000_000_u32.to_le_bytes());
            wire.extend([count + 2, 0, 9, 3]);
            wire.extend(price.to_le_bytes());
        }
        wire.extend([count + 1, 2, count - 1, count, 12, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
        let mut text = vec![0; base58::encoded_len(wire.len())];
        base58::encode(&wire, &mut text).unwrap().into()
    }

    fn approval(transaction: &str, requested: &str) -> Result<Option<Approval>, Error> {
        let (locator, _) = ours();
        let pending = format!(r#"[{{"signer":{{"locator":"{locator}"}},"message":"x"}}]"#);
        let pending: Vec<PendingApproval> = serde_json::from_str(&pending).unwrap();
        let requested = SolanaMessage::parse(requested).unwrap();
        let created = Created {
            wallet: "wallet",
            chain: ChainId::parse("solana").unwrap(),
            id: "operation-1",
            pending: &pending,
            transaction: Some(transaction),
            requested: Some(&requested),
        };
        created.approval(&locator, &AsRequested)
    }

    #[test]
    fn our_signer_pays_only_where_it_was_asked_to() {
        let (_, ours) = ours();
        let other = [8; 32];
        let (we_pay, other_pays) = (transaction(&[ours], None), transaction(&[other, ours], None));
        assert!(approval(&we_pay, &we_pay).unwrap().is_some());
        assert!(approval(&other_pays, &other_pays).unwrap().is_some());
        assert!(approval(&other_pays, &we_pay).unwrap().is_some(), "a service that pays for us");
        assert!(approval(&we_pay, &other_pays).unwrap_err().is_refused());
    }

    #[test]
    fn a_place_in_a_block_costs_our_signer_a_hundredth_of_a_sol_at_most_or_what_was_asked_for() {
        let (_, ours) = ours();
        let other = [8; 32];
        // A million units at so many microlamports each: as many lamports.
        let most = MAX_PRIORITY_FEE;
        let cheap = transaction(&[ours], None);
        assert!(approval(&transaction(&[ours], Some(most)), &cheap).unwrap().is_some());
        let dear = transaction(&[ours], Some(most + 1));
        assert!(approval(&dear, &cheap).unwrap_err().is_mismatch());
        assert!(approval(&dear, &dear).unwrap().is_some(), "it was asked for");
        let not_ours = transaction(&[other, ours], Some(most + 1));
        assert!(approval(&not_ours, &cheap).unwrap().is_some(), "another pays it");
    }

    #[test]
    fn what_needs_no_signature_of_ours_gets_none() {
        let without = transaction(&[[8; 32]], None);
        let error = approval(&without, &without).unwrap_err();
        assert!(error.is_mismatch(), "{error:?}");
    }
}
