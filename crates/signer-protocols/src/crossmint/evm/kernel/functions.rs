//! The functions of a Kernel account that the entry point, or the account itself, can call (section 1.4).

use crate::hex::literal;

/// `execute(bytes32,bytes)`
pub(in super::super) const EXECUTE: [u8; 4] = literal("e9ae5c53");
/// `executeUserOp((address,uint256,bytes,bytes,bytes32,uint256,bytes32,bytes,bytes),bytes32)`
pub(super) const EXECUTE_USER_OP: [u8; 4] = literal("8dd7712f");
/// `installValidations(bytes21[],(uint32,address)[],bytes[],bytes[])`
pub(in super::super) const INSTALL_VALIDATIONS: [u8; 4] = literal("9198bdf5");
/// `grantAccess(bytes21,bytes4,bool)`, of Kernel 0.3.2 and later
pub(in super::super) const GRANT_ACCESS: [u8; 4] = literal("b9b82941");
/// `uninstallValidation(bytes21,bytes,bytes)`
pub(in super::super) const UNINSTALL_VALIDATION: [u8; 4] = literal("e6f3d50a");

/// A function that changes the account.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) struct Function {
    selector: [u8; 4],
    pub(in super::super) name: &'static str,
}

static FUNCTIONS: [Function; 8] = [
    Function { selector: literal("9517e29f"), name: "installModule" },
    Function { selector: INSTALL_VALIDATIONS, name: "installValidations" },
    Function { selector: literal("52141cd9"), name: "changeRootValidator" },
    Function { selector: GRANT_ACCESS, name: "grantAccess" },
    Function { selector: literal("1f1b92e3"), name: "invalidateNonce" },
    Function { selector: literal("3659cfe6"), name: "upgradeTo" },
    Function { selector: UNINSTALL_VALIDATION, name: "uninstallValidation" },
    Function { selector: literal("a71763a8"), name: "uninstallModule" },
];

/// The function with this selector.
pub(in super::super) fn find(selector: [u8; 4]) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.selector == selector)
}
