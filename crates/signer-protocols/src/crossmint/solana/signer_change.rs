use alloc::format;
use alloc::vec::Vec;

use signer_core::address::solana::Address;

use super::super::verify::{Context, Finding, Operation, Request};
use super::Call;
use super::parties::Parties;
use super::pda::smart_account;
use super::programs::{SQUADS, SYSTEM};
use super::settings::{ExecuteSettingsTransactionSync, SettingsAction};
use crate::Json;

/// A change of signers that was requested: section 4.4 of the specification page.
#[derive(Clone, Copy, Debug)]
pub(super) enum Change {
    /// A signer to add.
    Add(Address),
    /// A signer to remove.
    Remove(Address),
}

impl Change {
    /// Reads the request. A request for limits is a finding, because the program has none for a signer.
    pub(super) fn read(
        request: &Request,
        context: &Context<'_>,
        findings: &mut Vec<Finding>,
    ) -> Result<Self, Vec<Finding>> {
        let body = request.body();
        let asked = |name| body.member(name).filter(|it| **it != Json::Null);
        for limit in ["scopes", "expiresAt"] {
            if asked(limit).is_some() {
                let detail = format!("{limit} of the request has no counterpart in the answer");
                findings.push(Finding::differs("scopes_missing", detail));
            }
        }
        let chain = match request.operation() {
            Operation::RemoveSigner { chain, .. } => chain.as_deref(),
            _ => asked("chain").map(|it| it.as_str().unwrap_or_default()),
        };
        if chain.is_some_and(|it| it != context.chain.as_str()) {
            let detail = "the request names another chain than that of the context";
            findings.push(Finding::unverified("request_form", detail));
        }
        let change = match request.operation() {
            Operation::RemoveSigner { signer, .. } => locator(signer).map(Self::Remove),
            _ => body.member("signer").and_then(added).map(Self::Add),
        };
        change.ok_or_else(|| {
            let detail = "the signer of the request is not an address: server or external-wallet";
            [Finding::unverified("request_form", detail)].into()
        })
    }

    fn is(self, action: &SettingsAction) -> bool {
        match (self, action) {
            (Self::Add(wanted), SettingsAction::AddSigner { key, .. })
            | (Self::Remove(wanted), SettingsAction::RemoveSigner { key }) => wanted == *key,
            _ => false,
        }
    }
}

/// A locator, or an object with type and address.
fn added(signer: &Json) -> Option<Address> {
    if let Some(text) = signer.as_str() {
        return locator(text);
    }
    let text = |name| signer.member(name).and_then(Json::as_str);
    match text("type")? {
        "server" | "external-wallet" => Address::parse(text("address")?).ok(),
        _ => None,
    }
}

fn locator(text: &str) -> Option<Address> {
    match text.split_once(':')? {
        ("server" | "external-wallet", address) => Address::parse(address).ok(),
        _ => None,
    }
}

/// A settings instruction of an answer, as far as it can be read.
#[derive(Debug)]
pub(super) struct SettingsCall {
    /// The actions.
    pub(super) actions: Vec<SettingsAction>,
    /// The settings signers, if they are in order.
    pub(super) signers: Vec<Address>,
}

impl SettingsCall {
    /// Reads the instruction and checks its accounts; compares the actions with `wanted`, if there is one.
    pub(super) fn check(
        call: &Call,
        parties: &Parties<'_>,
        wanted: Option<Change>,
        findings: &mut Vec<Finding>,
    ) -> Self {
        let (parsed, fault) = ExecuteSettingsTransactionSync::parse_actions(&call.data);
        let fault_detail = fault.map(|fault| format!("execute_settings_transaction_sync: {fault}"));
        findings.extend(fault_detail.map(|detail| Finding::unverified("squads_args", detail)));
        let (num_signers, actions) =
            parsed.map(|it| (it.num_signers, it.actions)).unwrap_or_default();
        let signers = check_accounts(call, parties, num_signers, findings);
        if let Some(wanted) = wanted {
            let is_wanted = match actions.as_slice() {
                [] => fault.is_some(),
                [action] => wanted.is(action),
                _ => false,
            };
            if !is_wanted {
                let names: Vec<_> = actions.iter().map(SettingsAction::name).collect();
                let detail = format!("actions {names:?} are not the one that was requested");
                findings.push(Finding::differs("signer_change", detail));
            }
        }
        Self { actions, signers }
    }
}

/// Settings, rent payer or none, system program or none, the program, then the signers and nothing else.
fn check_accounts(
    call: &Call,
    parties: &Parties<'_>,
    num_signers: u8,
    findings: &mut Vec<Finding>,
) -> Vec<Address> {
    let [Some(settings), Some(payer), Some(system), Some(program), signers @ ..] =
        call.accounts.as_slice()
    else {
        let detail = "execute_settings_transaction_sync has fewer than four accounts";
        findings.push(Finding::unverified("squads_args", detail));
        return Vec::new();
    };
    if ![SYSTEM, SQUADS].contains(system) || *program != SQUADS {
        let detail = format!(
            "execute_settings_transaction_sync names {system} and {program} as its programs"
        );
        findings.push(Finding::unverified("squads_args", detail));
    }
    if [parties.signer, parties.wallet, *settings].contains(payer) {
        let detail = format!("rent is paid by {payer}");
        findings.push(Finding::differs("outer_ours", detail));
    }
    if signers.len() > usize::from(num_signers) {
        let detail = "execute_settings_transaction_sync has accounts after the signers";
        findings.push(Finding::unverified("squads_args", detail));
    }
    if smart_account(settings, 0) != Some(parties.wallet) {
        let detail = format!("settings {settings} are not those of wallet {}", parties.wallet);
        findings.push(Finding::differs("wallet", detail));
    }
    parties.check_signers(signers, num_signers, findings)
}
