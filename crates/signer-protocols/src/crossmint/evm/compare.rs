//! The calls of an operation, compared with those of the request (section 1.5).

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use signer_core::address::evm::Address;

use super::super::verify::Finding;
use super::facts::Facts;
use super::kernel::{Call, CallData};
use super::request::Expected;
use super::signer_change;

/// Compares the call data of an operation with the request. Returns the calls, if they can be read.
pub(super) fn check(
    call_data: CallData,
    sender: Option<&Address>,
    expected: &Expected,
    facts: &Facts<'_>,
    findings: &mut Vec<Finding>,
) -> Option<Vec<Call>> {
    let calls = match call_data {
        CallData::Execute { mode, calls } => {
            mode.check(findings);
            calls?
        }
        CallData::Own { function, call } => {
            let calls = alloc::vec![call];
            if !matches!(expected, Expected::RemoveSigner) {
                let detail = format!("callData is {} of the wallet itself", function.name);
                findings.push(Finding::differs("wallet_power", detail));
            }
            if matches!(expected, Expected::AddSigner(_) | Expected::RemoveSigner) {
                signer_change::check(&calls, sender, expected, facts, findings);
            }
            return Some(calls);
        }
        CallData::Other { selector } => {
            let selector = selector.map_or_else(|| "none".into(), |it| crate::hex::encode_0x(&it));
            let detail = format!("callData: selector {selector} is not execute");
            findings.push(Finding::unverified("selector", detail));
            return None;
        }
        CallData::NotCanonical => {
            let detail = "callData: the arguments of execute are not encoded canonically";
            findings.push(Finding::unverified("abi", detail));
            return None;
        }
    };
    let is_own = |call: &Call| [facts.wallet.as_ref(), sender].contains(&Some(&call.to));
    match expected {
        Expected::Calls(requested) => {
            findings.extend(list_difference(&calls, requested));
            let foreign = calls.iter().find(|call| is_own(call) && !requested.contains(call));
            findings.extend(foreign.map(self_call));
        }
        Expected::Transfer(transfer) => {
            let difference = transfer.difference(&calls);
            findings.extend(difference.map(|detail| Finding::differs("calls", detail)));
            let foreign = calls.iter().find(|call| is_own(call) && !call.data.is_empty());
            findings.extend(foreign.map(self_call));
        }
        Expected::AddSigner(_) | Expected::RemoveSigner => {
            signer_change::check(&calls, sender, expected, facts, findings);
        }
        Expected::Unknown => {
            let own = calls.iter().find(|call| is_own(call) && !call.data.is_empty());
            findings.extend(own.map(|call| Finding::unverified("self_call", self_call_text(call))));
        }
    }
    Some(calls)
}

fn self_call(call: &Call) -> Finding {
    Finding::differs("self_call", self_call_text(call))
}

fn self_call_text(call: &Call) -> String {
    let selector = call.data.get(..4).unwrap_or(&call.data);
    format!("a call of the wallet itself (selector {})", crate::hex::encode_0x(selector))
}

fn list_difference(calls: &[Call], requested: &[Call]) -> Option<Finding> {
    let mut pairs = calls.iter().zip(requested).enumerate();
    let detail = pairs.find_map(|(at, (call, requested))| difference(at, call, requested));
    let counts = (calls.len() != requested.len())
        .then(|| format!("{} calls, {} were requested", calls.len(), requested.len()));
    counts.or(detail).map(|detail| Finding::differs("calls", detail))
}

/// The first part in which a call is not the requested one.
pub(super) fn difference(at: usize, call: &Call, requested: &Call) -> Option<String> {
    let number = at + 1;
    if call.to != requested.to {
        return Some(format!("call {number} goes to {}, requested {}", call.to, requested.to));
    }
    if call.value != requested.value {
        let (found, expected) = (call.value, requested.value);
        return Some(format!("call {number} sends {found} wei, requested {expected}"));
    }
    (call.data != requested.data).then(|| {
        let selector = crate::hex::encode_0x(call.data.get(..4).unwrap_or(&call.data));
        format!("call {number} (selector {selector}) has other data than requested")
    })
}
