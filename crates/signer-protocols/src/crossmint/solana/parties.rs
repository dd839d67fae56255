use alloc::format;
use alloc::vec::Vec;

use signer_core::address::solana::Address;

use super::super as crossmint;
use super::super::verify::{Context, Finding};
use super::{Message, squads};

/// The message of the answer with the accounts of our side.
#[derive(Debug)]
pub(super) struct Parties<'a> {
    pub(super) message: &'a Message,
    pub(super) signer: Address,
    pub(super) wallet: Address,
}

impl<'a> Parties<'a> {
    pub(super) fn new(message: &'a Message, context: &Context<'_>) -> Result<Self, Finding> {
        let crossmint::Address::Solana(signer) = context.signer.address() else {
            let detail = "our signer has no address of Solana";
            return Err(Finding::unverified("not_a_signer", detail));
        };
        let wallet = Address::parse(context.wallet).map_err(|_| {
            Finding::unverified("wallet", "the wallet of the request is not an address of Solana")
        })?;
        Ok(Self { message, signer: *signer, wallet })
    }

    /// The settings signers of a Squads instruction; a finding, and none, if they are not in order.
    pub(super) fn check_signers(
        &self,
        remaining: &[Option<Address>],
        num_signers: u8,
        findings: &mut Vec<Finding>,
    ) -> Vec<Address> {
        let required = self.message.signers();
        let signers = squads::settings_signers(remaining, num_signers, required, &self.signer);
        if signers.is_none() {
            let detail = format!(
                "the {num_signers} signers of the wallet are not distinct signers of the transaction with ours among them"
            );
            findings.push(Finding::unverified("squads_signers", detail));
        }
        signers.unwrap_or_default()
    }
}
