use alloc::collections::BTreeSet;
use alloc::format;
use alloc::vec::Vec;

use signer_core::address::solana::Address;

use super::super::verify::Finding;
use super::programs::{COMPUTE_BUDGET, describe};
use super::{Call, Message};

/// Compares the inner instructions with those of the request: program, accounts in order, and data. Instructions of the
/// compute budget may be left out, all of them, because the outer message has its own.
pub(super) fn instructions(requested: &[Call], inner: &[Call]) -> Option<Finding> {
    let without_budget: Vec<_> =
        requested.iter().filter(|it| it.program != Some(COMPUTE_BUDGET)).cloned().collect();
    if inner == requested || inner == without_budget {
        return None;
    }
    let has_budget = inner.iter().any(|it| it.program == Some(COMPUTE_BUDGET));
    let requested = if has_budget { requested } else { &without_budget };
    Some(Finding::differs("instructions", difference(requested, inner)))
}

fn difference(requested: &[Call], inner: &[Call]) -> alloc::string::String {
    let pairs = requested.iter().zip(inner).enumerate();
    let different = pairs.into_iter().find(|(_, (wanted, found))| wanted != found);
    match different {
        None => {
            let extra = inner.get(requested.len());
            let extra =
                extra.map(|it| format!(", such as one of {}", describe(it.program.as_ref())));
            let extra = extra.unwrap_or_default();
            format!("{} inner instructions, {} requested{extra}", inner.len(), requested.len())
        }
        Some((at, (wanted, found))) => {
            let part = if wanted.program != found.program {
                format!("program, {} requested", describe(wanted.program.as_ref()))
            } else if wanted.accounts != found.accounts {
                "accounts".into()
            } else {
                "data".into()
            };
            format!(
                "inner instruction {at} of {} has other {part}",
                describe(found.program.as_ref())
            )
        }
    }
}

/// Each account and program of the inner instructions that is writable in the answer, but may not be.
pub(super) fn writable(
    answer: &Message,
    inner: &[Call],
    may_be_written: impl Fn(&Address) -> bool,
) -> Vec<Finding> {
    let used: BTreeSet<_> = inner
        .iter()
        .flat_map(|it| it.accounts.iter().chain([&it.program]))
        .flatten()
        .filter(|key| answer.is_writable(key) && !may_be_written(key))
        .collect();
    let finding = |key| {
        let detail = format!("account {key} is writable in the answer, but not as requested");
        Finding::differs("writable", detail)
    };
    used.into_iter().map(finding).collect()
}
