use std::io::{self, BufRead};

use signer_core::p256::{DerSignature, VerifyingKey};
use signer_core::signature::Verifier;

use super::AuditHead;
use super::line::{self, Hash, Kind, Line};
use crate::KeyId;

/// What a log that is whole holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuditReport {
    /// Its lines, and the hash of the last.
    pub head: AuditHead,
    /// The number of the last checkpoint's line; what follows it could be cut off unseen.
    pub last_checkpoint: Option<u64>,
    /// Lines that a crash tore, each followed by one that says so.
    pub torn: u64,
}

/// What is wrong with a log.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuditFault {
    /// The file cannot be read.
    #[error("cannot be read: {0}")]
    Read(#[from] io::Error),
    /// A line is not what was written.
    #[error("line {0} is torn or no line of an audit log")]
    Form(u64),
    /// A line does not follow the one before it.
    #[error(
        "line {0} does not follow the line before it: one of them was changed, or lines are missing"
    )]
    Chain(u64),
    /// A checkpoint's signature is not that of the key.
    #[error("line {0} is a checkpoint that the key did not sign")]
    Checkpoint(u64),
    /// The log does not hold the line whose hash was given.
    #[error("no line has the given head: lines are missing at the end, or it is another log")]
    Head,
}

/// Reads a whole log. `key` is the audit key's public key; `head` a hash that was exported at some time.
///
/// It finds a line that was changed, is missing or torn. What it cannot find: that lines behind the last
/// checkpoint were cut off or written anew, unless `head` is one of theirs; and a log that whoever holds the
/// audit key wrote anew.
///
/// # Errors
/// [`AuditFault`] with the first line that is wrong.
pub fn verify_audit_log(
    mut log: impl BufRead,
    key: &VerifyingKey,
    head: Option<Hash>,
) -> Result<AuditReport, AuditFault> {
    let mut report = AuditReport {
        head: AuditHead { count: 0, hash: Hash::NONE },
        last_checkpoint: None,
        torn: 0,
    };
    let key_id = KeyId::of(key).to_string();
    let mut head_seen = head.is_none();
    let mut torn: Option<(Hash, usize)> = None;
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        if log.read_until(b'\n', &mut bytes)? == 0 {
            break;
        }
        let n = report.head.count + 1;
        // A line without its end was torn, and nothing followed that says so.
        let text = bytes.strip_suffix(b"\n").ok_or(AuditFault::Form(n))?;
        let Some(line) = Line::parse(text) else {
            if torn.is_some() {
                return Err(AuditFault::Form(n - 1));
            }
            torn = Some((report.head.hash, text.len()));
            report.head = AuditHead { count: n, hash: Hash::of(text) };
            continue;
        };
        if line.n != n || line.prev != report.head.hash {
            return Err(AuditFault::Chain(n));
        }
        match (torn.take(), &line.kind) {
            (Some(before), Kind::Torn { length, after }) if before == (*after, *length) => {
                report.torn += 1;
            }
            (Some(_), _) => return Err(AuditFault::Form(n - 1)),
            (None, Kind::Torn { .. }) => return Err(AuditFault::Chain(n)),
            (None, Kind::Decision | Kind::Checkpoint { .. }) => {}
        }
        if let Kind::Checkpoint { key: id, signature } = &line.kind {
            let signed = line::checkpoint_text(n - 1, line.prev, line.time);
            DerSignature::from_bytes(signature)
                .ok()
                .filter(|_| *id == key_id)
                .and_then(|signature| key.verify(signed.as_bytes(), &signature).ok())
                .ok_or(AuditFault::Checkpoint(n))?;
            report.last_checkpoint = Some(n);
        }
        report.head = AuditHead { count: n, hash: Hash::of(text) };
        head_seen |= head == Some(report.head.hash);
    }
    if torn.is_some() {
        return Err(AuditFault::Form(report.head.count));
    }
    if head_seen { Ok(report) } else { Err(AuditFault::Head) }
}
