use alloc::string::String;

use crate::evm::ValueError;

/// Why a call cannot be encoded: the argument or the part of the ABI, and the rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {fault}")]
pub struct AbiError {
    path: String,
    fault: AbiFault,
}

/// The rule that was broken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AbiFault {
    /// The ABI is not a list of objects.
    #[error("an abi is a list of objects with type, name and inputs")]
    Abi,
    /// The ABI has no function of this name.
    #[error("the abi has no function of this name")]
    NotFound,
    /// The ABI has several functions of this name.
    #[error("the abi has {found} functions of this name")]
    Overloaded {
        /// The functions found.
        found: usize,
    },
    /// A type that is not canonical, or not supported.
    #[error("type is not a canonical abi type")]
    Type,
    /// Types or values are nested deeper than 32.
    #[error("nested deeper than 32")]
    TooDeep,
    /// More parameters, array items or tuple members than are read.
    #[error("more than {limit} types or values")]
    TooMany {
        /// The limit.
        limit: usize,
    },
    /// Another number of arguments, tuple members or items of a fixed array than the type has.
    #[error("expected {expected} values, found {found}")]
    Count {
        /// The number that the type has.
        expected: usize,
        /// The number found.
        found: usize,
    },
    /// An array that is not a JSON list, or a tuple that is neither a list nor an object.
    #[error("{expected} is expected")]
    Kind {
        /// The values that are read.
        expected: &'static str,
    },
    /// A tuple that is given as an object lacks a member.
    #[error("member is missing")]
    Missing,
    /// A tuple cannot be given as an object because its members have no names, or a name twice.
    #[error("tuple without distinct member names must be a list")]
    Unnamed,
    /// The value is not one of its type.
    #[error("{0}")]
    Value(ValueError),
}

impl AbiError {
    pub(super) fn new(path: &str, fault: AbiFault) -> Self {
        Self { path: path.into(), fault }
    }

    /// The path of the argument or of the part of the ABI, such as `args[1].amountIn`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The rule that was broken.
    pub const fn fault(&self) -> &AbiFault {
        &self.fault
    }
}
