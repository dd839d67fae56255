use alloc::string::String;
use core::fmt;

use super::super::{AmountError, Asset};

/// A rule of [`ApprovalLimits`](super::ApprovalLimits).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum LimitRule {
    /// Addresses that may be paid, or may spend.
    Recipients,
    /// Tokens that may be paid with.
    Tokens,
    /// The amount of a token per transaction.
    PerTransaction,
    /// Contracts and their functions.
    Contracts,
    /// Programs of Solana.
    Programs,
    /// Domains of typed data.
    Domains,
    /// Primary types of typed data.
    PrimaryTypes,
    /// Personal messages.
    Messages,
    /// Changes of signers.
    SignerChanges,
    /// Effects that are not known: refused by every policy.
    UnknownEffect,
}

impl LimitRule {
    /// The key in a file, such as `payments.recipients`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Recipients => "payments.recipients",
            Self::Tokens => "payments.tokens",
            Self::PerTransaction => "payments.tokens.per_transaction",
            Self::Contracts => "calls.contracts",
            Self::Programs => "calls.programs",
            Self::Domains => "typed_data.domains",
            Self::PrimaryTypes => "typed_data.primary_types",
            Self::Messages => "messages",
            Self::SignerChanges => "signer_changes",
            Self::UnknownEffect => "unknown_effect",
        }
    }
}

impl fmt::Display for LimitRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Content that the limits do not allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyRefusal {
    rule: LimitRule,
    item: Option<usize>,
    detail: String,
}

impl PolicyRefusal {
    pub(super) fn new(rule: LimitRule, item: Option<usize>, detail: impl Into<String>) -> Self {
        Self { rule, item, detail: detail.into() }
    }

    /// The rule that does not allow it.
    pub const fn rule(&self) -> LimitRule {
        self.rule
    }

    /// The index of the item in the content, if it is one item.
    pub const fn item(&self) -> Option<usize> {
        self.item
    }

    /// The part that is not allowed, for a person.
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

/// Such as `payments.recipients: item 1: 0x… is not in the list`; items are counted from 1.
impl fmt::Display for PolicyRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.item {
            Some(item) => write!(f, "{}: item {}: {}", self.rule, item + 1, self.detail),
            None => write!(f, "{}: {}", self.rule, self.detail),
        }
    }
}

impl core::error::Error for PolicyRefusal {}

/// The cause why limits cannot be built or read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LimitError {
    /// A text is not an address of EVM, Solana or Stellar.
    #[error("{rule}: {text:?} is not an address of EVM, Solana or Stellar")]
    Address {
        /// The rule.
        rule: LimitRule,
        /// The text, at most 64 characters of it.
        text: String,
    },
    /// A function of EVM is neither a selector nor a signature, or one of Stellar is not a name.
    #[error(
        "calls.contracts.functions: {text:?} must be a selector (0xa9059cbb) or a signature (transfer(address,uint256)) on EVM, a name on Stellar"
    )]
    Function {
        /// The text, at most 64 characters of it.
        text: String,
    },
    /// A token has not one of the forms of [`Token::parse`](super::super::Token::parse).
    #[error("payments.tokens: {text:?}: {}", super::super::TokenError)]
    Token {
        /// The text, at most 64 characters of it.
        text: String,
    },
    /// A limit of a token is not an amount.
    #[error("payments.tokens: {error}; the word for no limit is \"any\"")]
    Amount {
        /// The cause.
        error: AmountError,
    },
    /// A token is listed twice.
    #[error("payments.tokens: {asset:?} is listed twice")]
    TokenTwice {
        /// The token.
        asset: Asset,
    },
}

impl LimitError {
    pub(super) fn address(rule: LimitRule, text: &str) -> Self {
        Self::Address { rule, text: shortened(text) }
    }
}

pub(super) fn shortened(text: &str) -> String {
    text.chars().take(64).collect()
}
