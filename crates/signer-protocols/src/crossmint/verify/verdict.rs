use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::super::Approval;
use super::Content;

/// The result of comparing an answer with the request. Ordered by severity: of several findings, the greatest decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// The bytes to sign are proved to do what was requested and nothing else.
    AsRequested,
    /// The bytes cannot be read or recomputed. Sign only under an explicit policy that trusts the service.
    Unverified,
    /// The bytes do something else, or the answer contradicts itself. Never sign.
    Differs,
}

impl Verdict {
    /// `as_requested`, `unverified` or `differs`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AsRequested => "as_requested",
            Self::Unverified => "unverified",
            Self::Differs => "differs",
        }
    }
}

/// The kind of bytes that an approval signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The hash of an ERC-4337 user operation.
    UserOperation,
    /// EIP-712 typed data.
    TypedData,
    /// A personal message (EIP-191).
    Message,
    /// The message of a Solana transaction.
    SolanaTransaction,
    /// The payload of a Soroban authorization.
    Stellar,
    /// 32 bytes without a known preimage.
    Hash,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 6] = [
        Self::UserOperation,
        Self::TypedData,
        Self::Message,
        Self::SolanaTransaction,
        Self::Stellar,
        Self::Hash,
    ];

    /// The name, such as `user_operation`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UserOperation => "user_operation",
            Self::TypedData => "typed_data",
            Self::Message => "message",
            Self::SolanaTransaction => "solana_transaction",
            Self::Stellar => "stellar",
            Self::Hash => "hash",
        }
    }
}

/// One reason why an answer is not as requested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    verdict: Verdict,
    reason: &'static str,
    detail: String,
}

impl Finding {
    /// The answer does something else, or contradicts itself. `reason` is a stable slug; `detail` names the part, with
    /// its selector, program or version.
    pub fn differs(reason: &'static str, detail: impl Into<String>) -> Self {
        Self { verdict: Verdict::Differs, reason, detail: detail.into() }
    }

    /// A part cannot be read or recomputed.
    pub fn unverified(reason: &'static str, detail: impl Into<String>) -> Self {
        Self { verdict: Verdict::Unverified, reason, detail: detail.into() }
    }

    /// The finding for an operation whose request is not known.
    pub fn no_request() -> Self {
        Self::unverified(
            super::NO_REQUEST,
            "the request is not known: there is nothing to compare with",
        )
    }

    /// [`Verdict::Differs`] or [`Verdict::Unverified`].
    pub const fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// The stable slug, such as `hash_mismatch`.
    pub const fn reason(&self) -> &'static str {
        self.reason
    }

    /// The part that differs or cannot be read, for a person.
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.reason, self.detail)
    }
}

/// The outcome of a verification: the verdict with its reasons, the decoded content, and the approval to sign.
#[derive(Clone, Debug, PartialEq)]
pub struct Verification {
    kind: Option<Kind>,
    findings: Vec<Finding>,
    content: Option<Content>,
    approval: Option<(Approval, String)>,
}

impl Verification {
    /// Puts the results of a decoder together. `approval` holds the bytes to sign and their text in the answer's form;
    /// without it the verdict is never [`Verdict::AsRequested`].
    pub fn new(
        kind: Option<Kind>,
        mut findings: Vec<Finding>,
        content: Option<Content>,
        approval: Option<(Approval, String)>,
    ) -> Self {
        if approval.is_none() && findings.is_empty() {
            findings
                .push(Finding::unverified("no_pending", "no approval of our signer is pending"));
        }
        Self { kind, findings, content, approval }
    }

    /// A verification that ends with one finding.
    pub fn only(finding: Finding) -> Self {
        Self { kind: None, findings: [finding].into(), content: None, approval: None }
    }

    /// The most severe verdict of the findings; [`Verdict::AsRequested`] if there are none.
    pub fn verdict(&self) -> Verdict {
        self.findings.iter().map(Finding::verdict).max().unwrap_or(Verdict::AsRequested)
    }

    /// The kind of bytes, as far as it is known.
    pub const fn kind(&self) -> Option<Kind> {
        self.kind
    }

    /// All findings, in the order in which they were made.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The decoded operation, as far as it could be read.
    pub const fn content(&self) -> Option<&Content> {
        self.content.as_ref()
    }

    /// The approval to sign, if the answer has one for our signer and it has the form of its chain. The verdict decides
    /// whether it may be signed.
    pub fn approval(&self) -> Option<&Approval> {
        self.approval.as_ref().map(|(approval, _)| approval)
    }

    /// The text of the approval: `0x` hex (EVM), base58 of the message (Solana), base64 (Stellar).
    pub fn message(&self) -> Option<&str> {
        self.approval.as_ref().map(|(_, message)| message.as_str())
    }
}
