//! Adding and removing signers: permissions of a Kernel account (section 3). The shapes follow from the account's source;
//! no live answer was seen.

mod encode;
mod installation;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use signer_core::address::evm::Address;

use super::super::verify::{Finding, Request};
use super::facts::Facts;
use super::kernel::{Call, EXECUTE, GRANT_ACCESS, Reader, UNINSTALL_VALIDATION};
use super::request::Expected;
use crate::hex::{encode_0x, literal};
use crate::{Json, U256};

pub use self::encode::{encode_installation, encode_removal};
pub(super) use self::installation::Installation;

/// The module that checks an owner's secp256k1 signature for a permission.
const ECDSA_SIGNER: Address =
    Address::from_bytes(literal("6A6F069E2a08c2468e7724Ab3250CdBFBA14D4FF"));
/// The policy that allows everything.
const SUDO_POLICY: Address =
    Address::from_bytes(literal("67b436caD8a6D025DF6C82C5BB43fbF11fC5B9B7"));
/// The type of a permission in the id of a validation.
const PERMISSION: u8 = 2;

/// A signer that a request adds.
#[derive(Debug)]
pub(super) struct NewSigner {
    pub(super) address: Address,
    /// Whether scopes or an end were asked for.
    is_limited: bool,
}

impl NewSigner {
    /// The signer may be a locator or an object, of the types whose address signs with a secp256k1 key.
    pub(super) fn read(request: &Request) -> Result<Self, String> {
        let body = request.body();
        let signer = body.member("signer").ok_or("signer: missing")?;
        let (kind, address) = match signer {
            Json::String(locator) => locator.split_once(':').ok_or("signer: not a locator")?,
            other => {
                let text = |name| other.member(name).and_then(Json::as_str);
                text("type").zip(text("address")).ok_or("signer: no type and address")?
            }
        };
        if !matches!(kind, "server" | "external-wallet") {
            let kind: String = kind.chars().take(32).collect();
            return Err(format!("signer: type {kind:?} is not one of a secp256k1 address"));
        }
        let address = Address::parse(address).map_err(|_| "signer: not an address")?;
        let asked = |name| body.member(name).is_some_and(|value| *value != Json::Null);
        Ok(Self { address, is_limited: asked("scopes") || asked("expiresAt") })
    }

    /// The answer is the signer that was asked for, where it names one.
    pub(super) fn check_answer(&self, answer: &Json) -> Option<Finding> {
        let locator = answer.member("locator").and_then(Json::as_str);
        let named = locator.map(|locator| locator.rsplit(':').next().unwrap_or_default());
        let named = named.or_else(|| answer.member("address").and_then(Json::as_str))?;
        (Address::parse(named) != Ok(self.address)).then(|| {
            let detail = "the answer names another signer than the one that was requested";
            Finding::differs("signer_change", detail)
        })
    }
}

/// Checks the calls of a change that was asked for by name.
pub(super) fn check(
    calls: &[Call],
    sender: Option<&Address>,
    expected: &Expected,
    facts: &Facts<'_>,
    findings: &mut Vec<Finding>,
) {
    let wallet = facts.wallet.as_ref().or(sender);
    if let Some(foreign) = calls.iter().find(|call| Some(&call.to) != wallet) {
        let detail = format!("a call of {}, not of the wallet", foreign.to);
        findings.push(Finding::differs("signer_change", detail));
    }
    if let Some(call) = calls.iter().find(|call| call.value != U256::ZERO) {
        let detail = format!("a call sends {} wei", call.value);
        findings.push(Finding::differs("signer_change", detail));
    }
    match expected {
        Expected::AddSigner(signer) => check_addition(calls, signer, findings),
        Expected::RemoveSigner => check_removal(calls, facts.context.permission_id, findings),
        _ => {}
    }
}

fn check_addition(calls: &[Call], signer: &NewSigner, findings: &mut Vec<Finding>) {
    let [install, grant] = calls else {
        let count = calls.len();
        let detail = format!("{count} calls: installValidations and grantAccess are expected");
        findings.push(Finding::differs("signer_change", detail));
        return;
    };
    let installation = Installation::check(install, signer, findings);
    let Some(arguments) = arguments_of(grant, GRANT_ACCESS, "grantAccess", findings) else { return };
    match Grant::decode(arguments) {
        None => findings.push(form("grantAccess: arguments are not encoded canonically")),
        Some(grant) => {
            if installation.is_some_and(|installation| installation.id != grant.id) {
                let detail = format!("grantAccess: for another id {}", encode_0x(&grant.id));
                findings.push(Finding::differs("signer_change", detail));
            }
            if grant.selector != EXECUTE || !grant.is_allowed {
                let (selector, allowed) = (encode_0x(&grant.selector), grant.is_allowed);
                let detail = format!("grantAccess: selector {selector}, allowed: {allowed}");
                findings.push(Finding::differs("signer_change", detail));
            }
        }
    }
}

fn check_removal(calls: &[Call], permission: Option<[u8; 4]>, findings: &mut Vec<Finding>) {
    let [call] = calls else {
        let detail = format!("{} calls: one uninstallValidation is expected", calls.len());
        findings.push(Finding::differs("signer_change", detail));
        return;
    };
    let name = "uninstallValidation";
    let Some(arguments) = arguments_of(call, UNINSTALL_VALIDATION, name, findings) else { return };
    let Some(id) = decode_removal(arguments) else {
        findings.push(form("uninstallValidation: arguments are not encoded canonically"));
        return;
    };
    let found = encode_0x(&id);
    match permission {
        Some(permission) if id == permission_validation(permission) => {}
        None if id.first() == Some(&PERMISSION) => {
            let detail = format!("uninstallValidation: whose permission {found} is, is not known");
            findings.push(Finding::unverified("permission_id", detail));
        }
        _ => {
            let detail = format!("uninstallValidation: of another validation {found}");
            findings.push(Finding::differs("signer_change", detail));
        }
    }
}

/// The arguments of a call, if it has this selector.
fn arguments_of<'a>(
    call: &'a Call,
    selector: [u8; 4],
    name: &str,
    findings: &mut Vec<Finding>,
) -> Option<&'a [u8]> {
    let arguments = call.data.strip_prefix(&selector);
    if arguments.is_none() {
        let found = encode_0x(call.data.get(..4).unwrap_or(&call.data));
        let detail = format!("a call of selector {found}, {name} is expected");
        findings.push(Finding::differs("signer_change", detail));
    }
    arguments
}

fn form(detail: impl Into<String>) -> Finding {
    Finding::unverified("signer_change_form", detail)
}

/// The id of the validation of a permission: type, permission id, zeros.
fn permission_validation(permission: [u8; 4]) -> [u8; 21] {
    let mut id = [0; 21];
    id.iter_mut().zip([PERMISSION].into_iter().chain(permission)).for_each(|(to, from)| *to = from);
    id
}

/// The permission id in the id of a validation, if it has one.
fn permission_of(id: &[u8; 21]) -> Option<[u8; 4]> {
    let (kind, rest) = id.split_first()?;
    let permission = rest.first_chunk::<4>()?;
    (*kind == PERMISSION && *id == permission_validation(*permission)).then_some(*permission)
}

/// The id that `uninstallValidation(bytes21,bytes,bytes)` removes. The other arguments go to its modules.
fn decode_removal(arguments: &[u8]) -> Option<[u8; 21]> {
    let mut reader = Reader::new(arguments);
    let id = reader.fixed()?;
    let data = reader.bytes_at(96)?;
    let hook_data = reader.bytes_at(reader.position())?;
    reader.end()?;
    (encode::removal_arguments(&id, data, hook_data) == arguments).then_some(id)
}

/// The permission that a call of the wallet removes.
pub(super) fn removed_permission(data: &[u8]) -> Option<[u8; 4]> {
    permission_of(&decode_removal(data.strip_prefix(&UNINSTALL_VALIDATION)?)?)
}

/// The permission to which a call of the wallet grants access.
pub(super) fn granted_permission(data: &[u8]) -> Option<[u8; 4]> {
    let grant = Grant::decode(data.strip_prefix(&GRANT_ACCESS)?)?;
    permission_of(&grant.id).filter(|_| grant.is_allowed)
}

struct Grant {
    id: [u8; 21],
    selector: [u8; 4],
    is_allowed: bool,
}

impl Grant {
    fn decode(arguments: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(arguments);
        let grant = Self { id: reader.fixed()?, selector: reader.fixed()?, is_allowed: reader.bool()? };
        reader.end().map(|()| grant)
    }
}

#[cfg(test)]
mod tests;
