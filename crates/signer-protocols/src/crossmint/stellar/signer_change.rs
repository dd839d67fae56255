//! Signers of the wallet contract: `add_signer(Signer)` and `revoke_signer(SignerKey)`, as its source has them.

use alloc::format;

use alloc::vec::Vec;

use signer_core::address::stellar::{Address, ContractAddress};

use super::super::verify::Finding;
use super::xdr::{Invocation, ScVal};
use crate::Json;

const ADD: &str = "add_signer";
const REVOKE: &str = "revoke_signer";
const ED25519: &str = "Ed25519";

/// The call that adds an Ed25519 signer with the role `Standard`, without policies and without an end.
pub fn add_signer(wallet: ContractAddress, key: Address) -> Invocation {
    let public_key = (ScVal::symbol("public_key"), ScVal::Bytes(key.as_bytes().into()));
    let role = [ScVal::symbol("Standard"), ScVal::Void, ScVal::U64(0)];
    let signer = [ScVal::symbol(ED25519), ScVal::Map([public_key].into()), ScVal::Vec(role.into())];
    Invocation::new(wallet, ADD, [ScVal::Vec(signer.into())].into())
}

/// The call that removes an Ed25519 signer.
pub fn revoke_signer(wallet: ContractAddress, key: Address) -> Invocation {
    let key = [ScVal::symbol(ED25519), ScVal::Bytes(key.as_bytes().into())];
    Invocation::new(wallet, REVOKE, [ScVal::Vec(key.into())].into())
}

/// A change of signers that was read from a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change<'a> {
    Add { key: Address, role: &'a str, limits: Limits },
    Revoke { key: Address },
}

/// The limits of an added signer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limits {
    /// No policies; the end in the contract's own unit, 0 for none.
    End(u64),
    /// Policies, or members of the role that are not known.
    Other,
}

impl<'a> Change<'a> {
    /// The change that a call of the wallet makes, if it has one of the known shapes.
    pub(super) fn of(invocation: &'a Invocation, wallet: ContractAddress) -> Option<Self> {
        let [ScVal::Vec(signer)] = invocation.arguments.as_slice() else { return None };
        if invocation.contract != wallet {
            return None;
        }
        match (invocation.function.as_str(), signer.as_slice()) {
            (ADD, [ScVal::Symbol(kind), ScVal::Map(members), ScVal::Vec(role)])
                if kind == ED25519 =>
            {
                let [(ScVal::Symbol(name), ScVal::Bytes(key))] = members.as_slice() else {
                    return None;
                };
                let (ScVal::Symbol(role), rest) = role.split_first()? else { return None };
                let limits = match rest {
                    [ScVal::Void, ScVal::U64(end)] => Limits::End(*end),
                    _ => Limits::Other,
                };
                let key = address(key).filter(|_| name == "public_key")?;
                Some(Self::Add { key, role, limits })
            }
            (REVOKE, [ScVal::Symbol(kind), ScVal::Bytes(key)]) if kind == ED25519 => {
                Some(Self::Revoke { key: address(key)? })
            }
            _ => None,
        }
    }
}

fn address(key: &[u8]) -> Option<Address> {
    key.try_into().ok().map(Address::from_bytes)
}

/// Compares a call with the request to add the signer of `body`.
pub(super) fn compare_addition(
    body: &Json,
    invocation: &Invocation,
    wallet: ContractAddress,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let requested = body.member("signer").and_then(requested_key);
    if requested.is_none() {
        findings.push(Finding::unverified(
            "signer_change_form",
            "the signer of the request is not one with an address of Stellar",
        ));
    }
    findings.extend(other_call(ADD, invocation, wallet));
    if !findings.iter().any(|finding| finding.reason() == "signer_change") {
        match Change::of(invocation, wallet) {
            Some(Change::Add { key, role, limits }) => {
                findings.extend(requested.and_then(|requested| other_key(requested, key)));
                findings.extend(check_role(role));
                findings.extend(check_limits(body, limits));
            }
            _ => findings.push(unreadable(ADD, invocation)),
        }
    }
    findings
}

/// Compares a call with the request to remove the signer of a locator.
pub(super) fn compare_removal(
    locator: &str,
    invocation: &Invocation,
    wallet: ContractAddress,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let requested = key_of_locator(locator);
    if requested.is_none() {
        let detail = "the signer of the request is not one with an address of Stellar";
        findings.push(Finding::unverified("signer_change_form", detail));
    }
    findings.extend(other_call(REVOKE, invocation, wallet));
    if !findings.iter().any(|finding| finding.reason() == "signer_change") {
        match Change::of(invocation, wallet) {
            Some(Change::Revoke { key }) => {
                findings.extend(requested.and_then(|requested| other_key(requested, key)));
            }
            _ => findings.push(unreadable(REVOKE, invocation)),
        }
    }
    findings
}

/// A signer as a locator (`server:G…`), or as an object with `type` and `address`.
fn requested_key(signer: &Json) -> Option<Address> {
    match signer {
        Json::String(locator) => key_of_locator(locator),
        _ => {
            let text = |name| signer.member(name).and_then(Json::as_str);
            let address = text("address").filter(|_| text("type").is_some_and(has_address))?;
            Address::parse(address).ok()
        }
    }
}

fn key_of_locator(locator: &str) -> Option<Address> {
    let (kind, address) = locator.split_once(':')?;
    has_address(kind).then(|| Address::parse(address).ok())?
}

fn has_address(kind: &str) -> bool {
    matches!(kind, "server" | "external-wallet")
}

/// Another contract or function than the one that changes signers.
fn other_call(
    function: &str,
    invocation: &Invocation,
    wallet: ContractAddress,
) -> impl Iterator<Item = Finding> {
    let is_same = invocation.contract == wallet && invocation.function == function;
    let call = format!("{} of {}", invocation.function, invocation.contract);
    let findings = (!is_same).then(|| {
        let detail = format!("{call} is called instead of {function} of {wallet}");
        [Finding::differs("signer_change", detail.as_str()), Finding::differs("invocation", detail)]
    });
    findings.into_iter().flatten()
}

fn other_key(requested: Address, key: Address) -> Option<Finding> {
    (requested != key)
        .then(|| Finding::differs("signer_change", format!("the key is {key}, not {requested}")))
}

fn check_role(role: &str) -> Option<Finding> {
    (role != "Standard")
        .then(|| Finding::differs("signer_change", format!("the signer gets the role {role}")))
}

fn check_limits(body: &Json, limits: Limits) -> Option<Finding> {
    let is_asked = |name| match body.member(name) {
        None | Some(Json::Null) => false,
        Some(Json::Array(items)) => !items.is_empty(),
        Some(_) => true,
    };
    let (scopes, end) = (is_asked("scopes"), is_asked("expiresAt"));
    match limits {
        Limits::End(0) if scopes || end => {
            let detail = "the signer gets power without the scopes or the end that were asked for";
            Some(Finding::differs("scopes_missing", detail))
        }
        Limits::End(0) => None,
        Limits::End(_) if scopes => {
            let detail = "the signer gets power without the scopes that were asked for";
            Some(Finding::differs("scopes_missing", detail))
        }
        Limits::End(until) if end => {
            let detail = format!("the end {until} of the signer cannot be compared");
            Some(Finding::unverified("signer_change_form", detail))
        }
        Limits::End(until) => {
            let detail = format!("the signer gets an end ({until}) that was not asked for");
            Some(Finding::differs("signer_change", detail))
        }
        Limits::Other => {
            let detail = "the policies of the signer cannot be compared";
            Some(Finding::unverified("signer_change_form", detail))
        }
    }
}

/// A call of the right function whose argument has no known shape. Another kind of key was read, so it differs.
fn unreadable(function: &str, invocation: &Invocation) -> Finding {
    let kind = match invocation.arguments.as_slice() {
        [ScVal::Vec(items)] => items.first(),
        _ => None,
    };
    match kind {
        Some(ScVal::Symbol(kind)) if kind != ED25519 => {
            let detail = format!("the signer is of the kind {kind}");
            Finding::differs("signer_change", detail)
        }
        _ => {
            let detail = format!("the argument of {function} has not the known shape");
            Finding::unverified("signer_change_form", detail)
        }
    }
}

#[cfg(test)]
mod tests;
