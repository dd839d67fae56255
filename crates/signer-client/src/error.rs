use std::fmt;
use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "crossmint")]
use signer_protocols::crossmint::verify::{Finding, Kind as ApprovalKind};

/// Why a call did not give what it should.
///
/// It is opaque: call its predicates. It holds no secret. Of the body of a response it holds an error code that looks like
/// one and, for an approval of Crossmint, the parts that were refused and the locators of the signers that must approve.
/// Clones share one value, because one failure may be the answer to many callers.
#[derive(Clone)]
pub struct Error(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    kind: Kind,
    what: &'static str,
    detail: Option<String>,
    subject: Option<String>,
    status: Option<u16>,
    code: Option<String>,
    request_id: Option<String>,
    retry_after: Option<Duration>,
    idempotency_key: Option<String>,
    outcome_unknown: bool,
    #[cfg(feature = "crossmint")]
    findings: Vec<Finding>,
    #[cfg(feature = "crossmint")]
    approval_kind: Option<ApprovalKind>,
}

/// What happened. The set grows, so it is not public.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The caller's arguments.
    Input,
    /// An answer with a status that says no.
    Status,
    /// No connection was made: nothing was sent.
    Connect,
    /// The connection broke.
    Interrupted,
    /// It took too long.
    Deadline,
    /// An answer that cannot be read as what it should be.
    Answer,
    /// A store that does not answer.
    Store,
    /// A store whose files others may read, or whose keys are damaged.
    UnsafeStore,
    /// What is here contradicts what was asked.
    Conflict,
    /// Nobody is signed in any more.
    SignedOut,
    /// A signature, or an approval, that is not what was asked for.
    Mismatch,
    /// A signer of ours, the random source, the runtime.
    Local,
    /// The caller's own policy, or its cancel.
    Refused,
    /// What was asked for ended in failure on the other side.
    Failed,
    /// Only other signers can approve it.
    #[cfg(feature = "crossmint")]
    AwaitsOthers,
}

impl Error {
    pub(crate) fn new(kind: Kind, what: &'static str) -> Self {
        Self(Arc::new(Inner {
            kind,
            what,
            detail: None,
            subject: None,
            status: None,
            code: None,
            request_id: None,
            retry_after: None,
            idempotency_key: None,
            outcome_unknown: false,
            #[cfg(feature = "crossmint")]
            findings: Vec::new(),
            #[cfg(feature = "crossmint")]
            approval_kind: None,
        }))
    }

    /// The field and the rule that it breaks.
    pub(crate) fn input(what: &'static str) -> Self {
        Self::new(Kind::Input, what)
    }

    /// Whether the same call may well work later: no connection, a deadline, 408, 429, 5xx, a store.
    pub fn is_transient(&self) -> bool {
        match self.0.kind {
            Kind::Connect | Kind::Interrupted | Kind::Deadline | Kind::Store => true,
            Kind::Status => self.0.status.is_some_and(is_transient_status),
            _ => false,
        }
    }

    /// 409, or the same seen here before anything was sent: what was asked contradicts what is there.
    pub fn is_conflict(&self) -> bool {
        self.0.kind == Kind::Conflict || self.0.status == Some(409)
    }

    /// 401, or a session that has ended: the credentials are not, or no longer, good.
    pub fn is_unauthorized(&self) -> bool {
        self.0.kind == Kind::SignedOut || self.0.status == Some(401)
    }

    /// 404: there is no such thing.
    pub fn is_not_found(&self) -> bool {
        self.0.status == Some(404)
    }

    /// Whether the other side may have done what was asked. Look before it is asked again, or ask again under the
    /// same [`idempotency_key`](Self::idempotency_key).
    pub fn is_outcome_unknown(&self) -> bool {
        self.0.outcome_unknown
    }

    /// Whether a deadline of ours ended it.
    pub fn is_deadline(&self) -> bool {
        self.0.kind == Kind::Deadline
    }

    /// Whether it is an argument of the call that breaks a rule; nothing was sent.
    pub fn is_input(&self) -> bool {
        self.0.kind == Kind::Input
    }

    /// Whether a signature, an approval or a record is not what was asked for. Nothing of it was handed on or signed.
    pub fn is_mismatch(&self) -> bool {
        self.0.kind == Kind::Mismatch
    }

    /// Whether nothing was signed because of a rule on this side: the caller's own policy, a cancel, or an approval that
    /// differs from the request (`is_mismatch()`, too) or cannot be verified. Never an unknown outcome of the approval.
    pub fn is_refused(&self) -> bool {
        #[cfg(feature = "crossmint")]
        if !self.0.findings.is_empty() {
            return true;
        }
        self.0.kind == Kind::Refused
    }

    /// Whether only other signers can approve what was created. The error names them. The outcome is not unknown: nothing
    /// happens before they approve.
    #[cfg(feature = "crossmint")]
    pub fn is_awaiting_others(&self) -> bool {
        self.0.kind == Kind::AwaitsOthers
    }

    /// The reasons why an approval was refused: each names the part of the answer. Empty for every other error.
    #[cfg(feature = "crossmint")]
    pub fn findings(&self) -> &[Finding] {
        &self.0.findings
    }

    /// The kind of the approval that was refused, as
    /// [`AllowUnverified`](crate::crossmint::AllowUnverified) names it.
    #[cfg(feature = "crossmint")]
    pub fn approval_kind(&self) -> Option<ApprovalKind> {
        self.0.approval_kind
    }

    /// Whether a store is why; `is_transient()`, too, where it did not answer.
    pub fn is_store(&self) -> bool {
        matches!(self.0.kind, Kind::Store | Kind::UnsafeStore)
    }

    /// The HTTP status of the answer, if there was one.
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// The error code of the service, if it gave one that looks like a code: letters, `_`, `-`, `.` and at most
    /// four digits, 64 characters at most.
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// The request id that the service gave, for its support.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// How long the service asks to be left alone.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The idempotency key that the call was made under. The same call under the same key is done once.
    pub fn idempotency_key(&self) -> Option<&str> {
        self.0.idempotency_key.as_deref()
    }

    /// What the call was about, where it is one thing: an identity, a wallet, a locator, the id of a transaction.
    pub fn subject(&self) -> Option<&str> {
        self.0.subject.as_deref()
    }

    pub(crate) fn kind(&self) -> Kind {
        self.0.kind
    }

    /// What the call was about: an identity, a wallet, a locator.
    pub(crate) fn about(self, subject: impl Into<String>) -> Self {
        let subject = subject.into().chars().filter(|c| !c.is_control()).take(256).collect();
        self.with(|inner| inner.subject = Some(subject))
    }

    /// More about what happened, for a person: one line, without control characters.
    #[cfg(feature = "crossmint")]
    pub(crate) fn with_detail(self, detail: impl fmt::Display) -> Self {
        let detail = detail.to_string();
        let detail = detail.chars().filter(|c| !c.is_control()).take(2_048).collect();
        self.with(|inner| inner.detail = Some(detail))
    }

    #[cfg(feature = "crossmint")]
    pub(crate) fn with_findings(self, kind: Option<ApprovalKind>, findings: &[Finding]) -> Self {
        self.with(|inner| {
            inner.approval_kind = kind;
            inner.findings = findings.to_vec();
        })
    }

    pub(crate) fn with_status(self, status: u16) -> Self {
        self.with(|inner| inner.status = Some(status))
    }

    pub(crate) fn with_code(self, code: Option<&str>) -> Self {
        let code = code.filter(|code| looks_like_a_code(code)).map(Into::into);
        self.with(|inner| inner.code = code)
    }

    pub(crate) fn with_request_id(self, id: Option<String>) -> Self {
        self.with(|inner| inner.request_id = id)
    }

    pub(crate) fn with_retry_after(self, wait: Option<Duration>) -> Self {
        self.with(|inner| inner.retry_after = wait)
    }

    pub(crate) fn with_idempotency_key(self, key: &str) -> Self {
        self.with(|inner| inner.idempotency_key = Some(key.into()))
    }

    pub(crate) fn with_unknown_outcome(self) -> Self {
        self.with(|inner| inner.outcome_unknown = true)
    }

    pub(crate) fn with_outcome_unknown(self, unknown: bool) -> Self {
        if self.0.outcome_unknown == unknown {
            return self;
        }
        self.with(|inner| inner.outcome_unknown = unknown)
    }

    /// Others who share the error keep theirs as it is.
    fn with(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }
}

pub(crate) const fn is_transient_status(status: u16) -> bool {
    matches!(status, 408 | 429 | 500..=599)
}

/// A word of a protocol, not a value: a key or a token has more digits, or is longer.
fn looks_like_a_code(code: &str) -> bool {
    let letters = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let digits = code.bytes().filter(u8::is_ascii_digit).count();
    (1..=64).contains(&code.len()) && code.bytes().all(letters) && digits <= 4
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { what, detail, subject, status, code, outcome_unknown, .. } = &*self.0;
        if let Some(subject) = subject {
            write!(f, "{subject}: ")?;
        }
        f.write_str(what)?;
        if let Some(detail) = detail {
            write!(f, ": {detail}")?;
        }
        match (status, code) {
            (Some(status), Some(code)) => write!(f, " (status {status}, {code})")?,
            (Some(status), None) => write!(f, " (status {status})")?,
            (None, Some(code)) => write!(f, " ({code})")?,
            (None, None) => {}
        }
        if *outcome_unknown {
            f.write_str("; whether it was done is not known")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Error({:?}: {self})", self.0.kind)
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_a_word() {
        for good in ["policy_violation", "CONFLICT", "transaction.v2", "insufficient-funds"] {
            assert_eq!(Error::input("x").with_code(Some(good)).code(), Some(good));
        }
        let key = "44ea2542dab591d13bb69f39d967d91a713212a6168b5d9f9ba58d5a72203f23";
        for bad in ["", "two words", key, "<html>", &"a".repeat(65)] {
            assert_eq!(Error::input("x").with_code(Some(bad)).code(), None, "{bad}");
        }
    }

    #[test]
    fn it_reads_as_a_sentence() {
        let error = Error::new(Kind::Status, "the service refused")
            .about("user-1")
            .with_status(409)
            .with_code(Some("CONFLICT"));
        assert_eq!(error.to_string(), "user-1: the service refused (status 409, CONFLICT)");
        assert_eq!(error.subject(), Some("user-1"));
        assert!(error.is_conflict() && !error.is_transient());
    }
}
