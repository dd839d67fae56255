//! The form of a line: `{"n":NUMBER,"time":TEXT,…,"prev":"HEX"}`, where `n` counts the lines of the file and
//! `prev` is the SHA-256 of the line before it, without its line end; 64 zeros in the first.

use std::fmt;
use std::str::FromStr;

use base64ct::{Base64UrlUnpadded, Encoding};
use sha2::{Digest, Sha256};
use signer_protocols::blink::Timestamp;

use crate::json_text::Object;
use crate::{KeyId, hex};

/// The SHA-256 of a line; shown and read as 64 digits of lower-case hex.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Hash([u8; 32]);

impl Hash {
    /// What stands before the first line.
    pub(super) const NONE: Self = Self([0; 32]);

    pub(super) fn of(line: &[u8]) -> Self {
        Self(Sha256::digest(line).into())
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

impl FromStr for Hash {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let rule = "must be 64 digits of lower-case hex";
        let digits = text.as_bytes();
        if digits.len() != 64 {
            return Err(rule);
        }
        let mut hash = [0; 32];
        for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
            let digit = |digit: u8| match digit {
                b'0'..=b'9' => Ok(digit - b'0'),
                b'a'..=b'f' => Ok(digit - b'a' + 10),
                _ => Err(rule),
            };
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Ok(Self(hash))
    }
}

/// About as many bytes as a line has.
pub(super) const USUAL_LENGTH: usize = 512;

/// Writes a line behind what `out` holds, without its line end.
pub(super) fn write(
    out: &mut String,
    n: u64,
    time: Timestamp,
    prev: Hash,
    members: impl FnOnce(&mut Object<'_>),
) {
    Object::write(out, |object| {
        object.number("n", n);
        object.text("time", Some(&time.to_string()));
        members(object);
        object.text("prev", Some(&prev.to_string()));
    });
}

/// What a checkpoint's signature is over: the lines before it, by their number and the last one's hash, and
/// its own time.
pub(super) fn checkpoint_text(count: u64, head: Hash, time: &str) -> String {
    format!("signer-server audit checkpoint 1\n{count}\n{head}\n{time}\n")
}

pub(super) fn checkpoint_members(object: &mut Object<'_>, key: KeyId, signature: &[u8]) {
    object.text("checkpoint", Some(&key.to_string()));
    object.text("signature", Some(&Base64UrlUnpadded::encode_string(signature)));
}

/// Behind a torn line: how long that is, and the hash of the line before it.
pub(super) fn torn_members(object: &mut Object<'_>, length: usize, after: Hash) {
    object.number("torn", length as u64);
    object.text("after", Some(&after.to_string()));
}

/// A line as it is read.
pub(super) struct Line<'a> {
    pub(super) n: u64,
    pub(super) time: &'a str,
    pub(super) prev: Hash,
    pub(super) kind: Kind<'a>,
}

pub(super) enum Kind<'a> {
    Decision,
    Checkpoint {
        key: &'a str,
        signature: Vec<u8>,
    },
    /// The line before is torn.
    Torn {
        length: usize,
        after: Hash,
    },
}

impl<'a> Line<'a> {
    /// Reads a line of our own form.
    pub(super) fn parse(line: &'a [u8]) -> Option<Self> {
        let line = std::str::from_utf8(line).ok()?;
        let (n, rest) = line.strip_prefix("{\"n\":")?.split_once(",\"time\":\"")?;
        let (time, rest) = rest.split_once("\",")?;
        let (members, prev) = rest.strip_suffix("\"}")?.rsplit_once(",\"prev\":\"")?;
        let (n, prev) = (n.parse().ok()?, prev.parse().ok()?);
        Some(Self { n, time, prev, kind: Kind::parse(members)? })
    }
}

impl<'a> Kind<'a> {
    fn parse(members: &'a str) -> Option<Self> {
        if members.starts_with("\"requestId\":\"") {
            return Some(Self::Decision);
        }
        let (first, second) = members.split_once(',')?;
        let second = second.strip_suffix('"')?;
        if let Some(key) = first.strip_prefix("\"checkpoint\":\"") {
            let signature = second.strip_prefix("\"signature\":\"")?;
            let signature = Base64UrlUnpadded::decode_vec(signature).ok()?;
            return Some(Self::Checkpoint { key: key.strip_suffix('"')?, signature });
        }
        let length = first.strip_prefix("\"torn\":")?.parse().ok()?;
        let after = second.strip_prefix("\"after\":\"")?.parse().ok()?;
        Some(Self::Torn { length, after })
    }
}
