use alloc::format;
use alloc::vec::Vec;

use signer_core::address::evm::Address;

use super::super::super::verify::{Finding, Role};
use super::super::kernel_version::KernelVersion;
use super::super::user_operation::Deployment;
use super::{FactoryCall, Initialization, META_FACTORY, NO_HOOK, create2, root_of};

/// A deployment that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Deployed {
    pub(in super::super) version: KernelVersion,
    /// The address that the ECDSA validator takes as the owner, if that validator is the root.
    pub(in super::super) owner: Option<Address>,
}

/// Checks that a deployment makes a wallet at the address of the sender that obeys its owner alone.
pub(in super::super) fn check(
    deployment: &Deployment,
    sender: &Address,
    signer: Option<&Address>,
    role: Role,
    findings: &mut Vec<Finding>,
) -> Option<Deployed> {
    if deployment.factory != META_FACTORY {
        let detail = format!("factory {} is not known", deployment.factory);
        findings.push(Finding::unverified("factory", detail));
    }
    let Some(call) = FactoryCall::decode(&deployment.factory_data) else {
        let selector = deployment.factory_data.get(..4).unwrap_or_default();
        let selector = crate::hex::encode_0x(selector);
        let detail = format!("factoryData is not a canonical deployWithFactory (selector {selector})");
        findings.push(Finding::unverified("factory", detail));
        return None;
    };
    if call.salt.iter().take(16).any(|byte| *byte != 0) {
        let detail = "factoryData: the salt does not start with 16 zero bytes";
        findings.push(Finding::unverified("factory", detail));
    }
    let Some(version) = KernelVersion::from_factory(&call.kernel_factory) else {
        let detail = format!("kernel factory {} is not known", call.kernel_factory);
        findings.push(Finding::unverified("factory", detail));
        return None;
    };
    let address = create2(version, call.create_data, &call.salt);
    if address != *sender {
        let detail = format!("the factory deploys {address}, the sender is {sender}");
        findings.push(Finding::differs("factory_address", detail));
    }
    let version_text = version.as_str();
    let Some(initialization) = Initialization::decode(version, call.create_data) else {
        let selector = crate::hex::encode_0x(call.create_data.get(..4).unwrap_or_default());
        let detail = format!(
            "createData is not a canonical initialize of Kernel {version_text} (selector {selector})"
        );
        findings.push(Finding::unverified("factory", detail));
        return Some(Deployed { version, owner: None });
    };
    let owner = check_initialization(&initialization, version, findings);
    if let Some(owner) = owner {
        findings.extend(check_owner(&owner, signer, role));
    }
    Some(Deployed { version, owner })
}

/// Returns the owner, if the root validator is the one that reads an owner.
fn check_initialization(
    initialization: &Initialization<'_>,
    version: KernelVersion,
    findings: &mut Vec<Finding>,
) -> Option<Address> {
    let mut report = |reason, detail| findings.push(Finding::unverified(reason, detail));
    if initialization.hook != NO_HOOK {
        report("factory_init", format!("initialize: hook {}", initialization.hook));
    }
    if !initialization.hook_data.is_empty() {
        let len = initialization.hook_data.len();
        report("factory_init", format!("initialize: hook data of {len} bytes"));
    }
    if !initialization.init_config.is_empty() {
        let count = initialization.init_config.len();
        report("factory_init", format!("initialize: {count} first calls of the wallet to itself"));
    }
    if initialization.root != root_of(version) {
        let root = crate::hex::encode_0x(&initialization.root);
        let detail = format!("initialize: root validator {root} is not the ECDSA validator");
        report("factory_validator", detail);
        return None;
    }
    let len = initialization.validator_data.len();
    if len != 20 {
        let detail = format!("initialize: validator data of {len} bytes, an owner has 20");
        report("factory_init", detail);
        let detail = format!("the ECDSA validator ignores all but 20 of {len} bytes");
        report("factory_validator", detail);
    }
    initialization.validator_data.first_chunk().copied().map(Address::from_bytes)
}

fn check_owner(owner: &Address, signer: Option<&Address>, role: Role) -> Option<Finding> {
    let expected = match role {
        Role::Admin | Role::Unknown => signer.copied(),
        Role::Delegated { admin } => admin.map(Address::from_bytes),
    };
    if expected.as_ref() == Some(owner) {
        return None;
    }
    Some(match (role, expected) {
        (Role::Admin | Role::Delegated { .. }, Some(expected)) => {
            let detail = format!("the new wallet belongs to {owner}, expected {expected}");
            Finding::differs("factory_owner", detail)
        }
        _ => {
            let detail = format!("the new wallet belongs to {owner}; who should own it is not known");
            Finding::unverified("factory_owner", detail)
        }
    })
}
