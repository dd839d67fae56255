use alloc::format;
use alloc::string::String;

use crate::evm::ValueError;
use crate::jcs::JsonError;

/// The longest name of an attacker's choice that a path shows.
const SHOWN: usize = 64;

/// Why a document is not typed data of EIP-712: the path of the member at fault, and the rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {fault}")]
pub struct TypedDataError {
    path: String,
    fault: TypedDataFault,
}

/// The rule that was broken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TypedDataFault {
    /// The text is not JSON.
    #[error("{0}")]
    Json(JsonError),
    /// The member is missing.
    #[error("member is missing")]
    Missing,
    /// The member is `null`, for which libraries have different hashes.
    #[error("member is null")]
    Null,
    /// Another JSON type than the one required.
    #[error("{expected} is expected")]
    Kind {
        /// The values that are read.
        expected: &'static str,
    },
    /// A name that is not an identifier, or is longer than 128 characters.
    #[error("name must be an identifier of at most 128 characters")]
    Identifier,
    /// A struct has the name of an elementary type, or of the domain.
    #[error("a struct must not have the name of an elementary type or of the domain")]
    Reserved,
    /// A struct has two members of one name.
    #[error("struct has two members of this name")]
    Duplicate,
    /// A type that is neither elementary nor defined.
    #[error("type is neither elementary nor defined")]
    UndefinedType,
    /// Malformed brackets of an array type.
    #[error("array dimensions must be [] or a length without leading zeros in brackets")]
    Dimensions,
    /// Another number of items than the fixed array has.
    #[error("expected {expected} items, found {found}")]
    Count {
        /// The length of the type.
        expected: usize,
        /// The items found.
        found: usize,
    },
    /// A member of the domain that the standard does not know.
    #[error("the domain has no such member: name, version, chainId, verifyingContract, salt")]
    DomainMember,
    /// A member of the domain that `EIP712Domain` does not list.
    #[error("the type EIP712Domain does not list this member")]
    Unlisted,
    /// A member of `EIP712Domain` has another type than the standard one.
    #[error("the standard type of this member is {expected}")]
    DomainType {
        /// The type of the standard.
        expected: &'static str,
    },
    /// Values are nested deeper than 64, or the path to one is longer than 1,024 characters.
    #[error("nested deeper than 64, or behind a path of more than 1024 characters")]
    TooDeep,
    /// More types, members of types, values, or characters of a type than are read.
    #[error("more than {limit} {what}")]
    TooMany {
        /// The limit.
        limit: usize,
        /// The things that are counted.
        what: &'static str,
    },
    /// The value is not one of its type.
    #[error("{0}")]
    Value(ValueError),
}

impl TypedDataError {
    pub(super) fn new(path: &str, fault: TypedDataFault) -> Self {
        Self { path: path.into(), fault }
    }

    /// The path of the member at fault, such as `message.to[0].wallet`, `domain.chainId` or `types.Mail.from`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The rule that was broken.
    pub const fn fault(&self) -> &TypedDataFault {
        &self.fault
    }
}

/// Joins a path and a name. A name that is not an identifier is quoted, escaped and shortened.
pub(super) fn join(path: &str, name: &str) -> String {
    if is_identifier(name, true) {
        return format!("{path}.{name}");
    }
    let shown: String = name.chars().take(SHOWN).collect();
    format!("{path}[{shown:?}]")
}

/// Whether this is an identifier of Solidity. `colons` may separate the parts of a type name, as Hyperliquid writes them:
/// the encoded type stays unambiguous.
pub(super) fn is_identifier(name: &str, colons: bool) -> bool {
    let start = |byte: u8| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'$');
    let inner = |byte: u8| start(byte) || byte.is_ascii_digit() || (colons && byte == b':');
    name.len() <= 128 && name.bytes().next().is_some_and(start) && name.bytes().all(inner)
}
