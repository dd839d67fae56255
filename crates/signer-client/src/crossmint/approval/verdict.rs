//! The approvals that our signer may sign under a verdict.

use signer_protocols::crossmint::Approval;
use signer_protocols::crossmint::verify::{Finding, Kind, NO_REQUEST, Verdict, Verification};

use super::AllowUnverified;
use crate::error::{Error, Kind as ErrorKind};

/// The approval that may be signed. Everything as requested may; of the unverified, the kinds that the caller allows.
/// Under limits alone, the missing request is not held against the answer; every other finding is.
pub(super) fn signable<'a>(
    verification: &'a Verification,
    unverified: &AllowUnverified,
    is_under_limits: bool,
) -> Result<&'a Approval, Error> {
    let counts = |finding: &&Finding| !(is_under_limits && finding.reason() == NO_REQUEST);
    let findings: Vec<&Finding> = verification.findings().iter().filter(counts).collect();
    let verdict = findings.iter().map(|finding| finding.verdict()).max();
    let allowed = match verdict.unwrap_or(Verdict::AsRequested) {
        Verdict::AsRequested => true,
        Verdict::Unverified => verification.kind().is_some_and(|kind| unverified.contains(kind)),
        Verdict::Differs => false,
    };
    match verification.approval() {
        Some(approval) if allowed => Ok(approval),
        _ => Err(refusal(verification)),
    }
}

/// The refusal names each part, its reason, and the flag that would allow it.
fn refusal(verification: &Verification) -> Error {
    let reasons: Vec<String> = verification.findings().iter().map(Finding::to_string).collect();
    let reasons = reasons.join("; ");
    let error = if verification.verdict() == Verdict::Differs {
        let what = "the approval differs from the request; nothing was signed";
        Error::new(ErrorKind::Mismatch, what).with_detail(reasons)
    } else {
        let what = "the approval cannot be verified; nothing was signed";
        let flag = verification.kind().map_or_else(String::new, |kind| {
            format!("; to trust the service with it: --allow-unverified {}", kind.as_str())
        });
        Error::new(ErrorKind::Refused, what).with_detail(format!("{reasons}{flag}"))
    };
    error.with_findings(verification.kind(), verification.findings())
}

/// The refusal of a request that no verdict can allow, before it is sent.
pub(in super::super) fn needs_unverified(kind: Kind, rule: &'static str) -> Error {
    let flag = format!("to trust the service with it: --allow-unverified {}", kind.as_str());
    Error::input(rule).with_detail(flag)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verification(findings: Vec<Finding>) -> Verification {
        let message = format!("0x{}", "ab".repeat(32));
        let approval = Approval::evm(&message).unwrap();
        Verification::new(Some(Kind::UserOperation), findings, None, Some((approval, message)))
    }

    #[test]
    fn only_the_allowed_kinds_of_unverified_approvals_are_signed() {
        let none = AllowUnverified::default();
        let others = AllowUnverified::only([Kind::Hash, Kind::Stellar]);
        let ours = AllowUnverified::only([Kind::UserOperation]);
        let clear = verification(vec![]);
        let unverified = verification(vec![Finding::unverified("abi", "call data at word 3")]);
        for kinds in [&none, &others, &ours] {
            assert!(signable(&clear, kinds, false).is_ok());
            assert_eq!(signable(&unverified, kinds, false).is_ok(), *kinds == ours);
        }
        let error = signable(&unverified, &others, false).unwrap_err();
        assert!(error.is_refused() && !error.is_mismatch() && !error.is_outcome_unknown());
        assert_eq!(error.findings()[0].reason(), "abi");
        assert_eq!(error.approval_kind(), Some(Kind::UserOperation));
        let text = error.to_string();
        assert!(text.contains("abi: call data at word 3"), "{text}");
        assert!(text.contains("--allow-unverified user_operation"), "{text}");
    }

    #[test]
    fn an_approval_that_differs_is_signed_under_no_policy() {
        let all = AllowUnverified::only(Kind::ALL);
        let findings =
            vec![Finding::unverified("abi", "x"), Finding::differs("calls", "another recipient")];
        let error = signable(&verification(findings), &all, true).unwrap_err();
        assert!(error.is_refused() && error.is_mismatch());
        assert!(!error.to_string().contains("--allow-unverified"), "{error}");
        let without = Verification::only(Finding::unverified("no_user_operation", "x"));
        assert!(signable(&without, &all, false).is_err(), "there is nothing to sign");
    }

    #[test]
    fn limits_stand_in_for_a_missing_request_and_for_nothing_else() {
        let none = AllowUnverified::default();
        let missing = || Finding::unverified(NO_REQUEST, "no request to compare with");
        assert!(signable(&verification(vec![missing()]), &none, true).is_ok());
        assert!(signable(&verification(vec![missing()]), &none, false).is_err());
        let more = vec![missing(), Finding::unverified("factory", "another owner")];
        assert!(signable(&verification(more), &none, true).is_err());
    }
}
