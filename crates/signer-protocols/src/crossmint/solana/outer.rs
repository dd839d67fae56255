use alloc::format;
use alloc::vec::Vec;

use signer_core::address::solana::Address;

use super::super::verify::Finding;
use super::parties::Parties;
use super::programs::{
    ASSOCIATED_TOKEN, COMPUTE_BUDGET, SQUADS, SYSTEM, TOKEN, TOKEN_2022, describe,
};
use super::{Call, Message};

/// The instructions beside the call of the wallet's program: section 4.2 of the specification page.
#[derive(Debug, Default)]
pub(super) struct Outer {
    /// The limit of compute units.
    pub(super) compute_unit_limit: Option<u32>,
    /// The price of a compute unit, in micro-lamports. The fee payer pays it.
    pub(super) compute_unit_price: Option<u64>,
    /// The source and the lamports of the transfer to the fee payer.
    pub(super) fee: Option<(Address, u64)>,
}

impl Outer {
    /// Accepts each compute limit once and one transfer to the fee payer. Any other instruction is a finding: `outer_ours`
    /// if it names our key, the wallet or its settings.
    pub(super) fn check(
        calls: &[Call],
        parties: &Parties<'_>,
        settings: &[Address],
        findings: &mut Vec<Finding>,
    ) -> Self {
        let mut outer = Self::default();
        for call in calls.iter().filter(|it| it.program != Some(SQUADS)) {
            let name = describe(call.program.as_ref());
            if let Some((role, key)) = ours(call, parties, settings) {
                let detail = format!("an outer instruction of {name} names {role} {key}");
                findings.push(Finding::differs("outer_ours", detail));
            } else if !outer.accept(call, parties.message) {
                let detail = format!("an outer instruction of {name} is not known");
                findings.push(Finding::unverified("outer_instruction", detail));
            }
        }
        outer
    }

    /// Whether the instruction is one of those that every answer may have, and the first of its kind.
    fn accept(&mut self, call: &Call, message: &Message) -> bool {
        match (call.program, call.data.as_slice()) {
            (Some(COMPUTE_BUDGET), [2, units @ ..]) if call.accounts.is_empty() => {
                let units = units.try_into().map(u32::from_le_bytes).ok();
                put(&mut self.compute_unit_limit, units)
            }
            (Some(COMPUTE_BUDGET), [3, price @ ..]) if call.accounts.is_empty() => {
                let price = price.try_into().map(u64::from_le_bytes).ok();
                put(&mut self.compute_unit_price, price)
            }
            (Some(SYSTEM), [2, 0, 0, 0, lamports @ ..]) => match call.accounts.as_slice() {
                [Some(from), to] if *to == message.fee_payer() => {
                    let lamports = lamports.try_into().map(u64::from_le_bytes).ok();
                    put(&mut self.fee, lamports.map(|lamports| (*from, lamports)))
                }
                _ => false,
            },
            _ => false,
        }
    }
}

/// Fills an empty place. False if there is no value, or already one.
fn put<T>(place: &mut Option<T>, value: Option<T>) -> bool {
    let is_first = place.is_none() && value.is_some();
    if is_first {
        *place = value;
    }
    is_first
}

fn ours(
    call: &Call,
    parties: &Parties<'_>,
    settings: &[Address],
) -> Option<(&'static str, Address)> {
    call.accounts.iter().chain([&call.program]).flatten().find_map(|key| {
        let role = match key {
            key if *key == parties.signer => "our signer",
            key if *key == parties.wallet => "the wallet",
            key if settings.contains(key) => "the settings",
            _ => return None,
        };
        Some((role, *key))
    })
}

/// The findings of a transaction that does not call the wallet's program. An instruction of a known program that names our
/// signer uses the signature for something else.
pub(super) fn without_wrapper(calls: &[Call], parties: &Parties<'_>, findings: &mut Vec<Finding>) {
    let is_limit = |call: &&Call| call.program != Some(COMPUTE_BUDGET);
    let programs: Vec<_> =
        calls.iter().filter(is_limit).map(|it| describe(it.program.as_ref())).collect();
    let detail = format!("no instruction of the Squads smart account program, but of {programs:?}");
    findings.push(Finding::unverified("wrapper", detail));
    for call in calls {
        let known = [SYSTEM, TOKEN, TOKEN_2022, ASSOCIATED_TOKEN];
        let is_known = call.program.is_some_and(|it| known.contains(&it));
        if is_known && call.accounts.contains(&Some(parties.signer)) {
            let name = describe(call.program.as_ref());
            let detail = format!("an outer instruction of {name} names our signer");
            findings.push(Finding::differs("outer_ours", detail));
        }
    }
}
