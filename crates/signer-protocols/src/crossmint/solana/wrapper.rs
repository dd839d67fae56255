use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use signer_core::address::solana::Address;

use super::super::verify::Finding;
use super::Call;
use super::parties::Parties;
use super::pda::smart_account;
use super::programs::SQUADS;
use super::squads::{
    self, EXECUTE_SETTINGS_TRANSACTION_SYNC, EXECUTE_TRANSACTION_SYNC, ExecuteTransactionSync,
};
use crate::hex;

/// The instructions of the wallet's program, by discriminator.
#[derive(Debug, Default)]
pub(super) struct Squads<'a> {
    pub(super) sync: Vec<&'a Call>,
    pub(super) settings: Vec<&'a Call>,
    pub(super) others: Vec<&'a Call>,
}

impl<'a> Squads<'a> {
    pub(super) fn find(calls: &'a [Call]) -> Self {
        let mut found = Self::default();
        for call in calls.iter().filter(|it| it.program == Some(SQUADS)) {
            match call.data.first_chunk() {
                Some(&EXECUTE_TRANSACTION_SYNC) => found.sync.push(call),
                Some(&EXECUTE_SETTINGS_TRANSACTION_SYNC) => found.settings.push(call),
                _ => found.others.push(call),
            }
        }
        found
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.sync.is_empty() && self.settings.is_empty() && self.others.is_empty()
    }

    pub(super) fn settings_keys(&self) -> Vec<Address> {
        let calls = self.sync.iter().chain(&self.settings);
        calls.filter_map(|it| it.accounts.first().copied().flatten()).collect()
    }

    /// Exactly one instruction of the wanted kind, and no other.
    pub(super) fn check_count(&self, is_change: bool, findings: &mut Vec<Finding>) {
        for call in &self.others {
            let name = squads::instruction_name(&call.data).map_or_else(
                || hex::encode(call.data.get(..8).unwrap_or(&call.data)),
                ToString::to_string,
            );
            let detail = format!("instruction {name} of the Squads smart account program");
            findings.push(Finding::unverified("squads_instruction", detail));
        }
        let (sync, settings) = (self.sync.len(), self.settings.len());
        if is_change && settings == 0 && sync > 0 {
            let detail = "execute_transaction_sync instead of a change of signers";
            findings.push(Finding::differs("signer_change", detail));
        } else if !is_change && settings > 0 {
            let detail = "execute_settings_transaction_sync changes the wallet's settings";
            findings.push(Finding::differs("wallet_power", detail));
        }
        if sync > 1 || is_change && sync + settings > 1 {
            let detail = format!(
                "{} instructions of the Squads smart account program act for a wallet",
                sync + settings
            );
            findings.push(Finding::differs("wrapper_twice", detail));
        }
    }
}

/// `execute_transaction_sync` of an answer, as far as it can be read: section 4.3 of the specification page.
#[derive(Debug, Default)]
pub(super) struct SyncCall {
    pub(super) account_index: u8,
    pub(super) signers: Vec<Address>,
    /// `None` if the inner instructions cannot be read.
    pub(super) inner: Option<Vec<Call>>,
}

impl SyncCall {
    pub(super) fn check(call: &Call, parties: &Parties<'_>, findings: &mut Vec<Finding>) -> Self {
        let mut refuse = |detail: String| {
            let detail = format!("execute_transaction_sync: {detail}");
            findings.push(Finding::unverified("squads_args", detail));
        };
        let [Some(settings), Some(program), remaining @ ..] = call.accounts.as_slice() else {
            refuse("the settings or the program is missing".into());
            return Self::default();
        };
        if *program != SQUADS {
            refuse(format!("account 1 is {program}, not the program"));
        }
        if parties.message.is_writable(settings) {
            refuse("the settings are writable".into());
        }
        let sync = match ExecuteTransactionSync::parse(&call.data) {
            Ok(sync) => sync,
            Err(error) => {
                refuse(error.to_string());
                return Self::default();
            }
        };
        let inner = sync.calls(remaining).map_err(|error| refuse(error.to_string())).ok();
        let ExecuteTransactionSync { account_index, num_signers, .. } = sync;
        if smart_account(settings, account_index) != Some(parties.wallet) {
            let detail = format!(
                "account {account_index} of settings {settings} is not wallet {}",
                parties.wallet
            );
            findings.push(Finding::differs("wallet", detail));
        }
        let signers = parties.check_signers(remaining, num_signers, findings);
        Self { account_index, signers, inner }
    }
}
