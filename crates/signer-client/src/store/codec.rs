//! The form in which a token leaves the process: a line with a checksum, and JSON.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::token::{Token, TokenKey};

const TOKEN: &str = "signer-token v1 ";
const DIGEST_DIGITS: usize = 64;

#[derive(Serialize)]
struct Written<'a> {
    key: &'a str,
    access: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cookies: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at_ms: Option<u64>,
    obtained_at_ms: u64,
    version: u64,
    labels: &'a BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Read {
    key: String,
    access: SecretString,
    cookies: Option<SecretString>,
    expires_at_ms: Option<u64>,
    obtained_at_ms: u64,
    version: u64,
    labels: BTreeMap<String, String>,
}

pub(super) fn encode(key: &TokenKey, token: &Token) -> Zeroizing<Vec<u8>> {
    let access = token.access.expose_secret();
    let cookies = token.cookies.as_ref().map(ExposeSecret::expose_secret);
    // One allocation that holds it all, escapes included: growing would leave a copy behind.
    let room = 1_024 + 6 * (access.len() + cookies.map_or(0, str::len)) + room_for(&token.labels);
    let mut json = Zeroizing::new(Vec::with_capacity(room));
    let written = Written {
        key: &key.name(),
        access,
        cookies,
        expires_at_ms: token.expires_at_ms,
        obtained_at_ms: token.obtained_at_ms,
        version: token.version,
        labels: &token.labels,
    };
    let whole = serde_json::to_writer(&mut *json, &written);
    debug_assert!(whole.is_ok(), "strings and numbers can be written");
    seal_checked(TOKEN, &json)
}

fn room_for(labels: &BTreeMap<String, String>) -> usize {
    labels.iter().map(|(name, value)| 6 * (name.len() + value.len()) + 8).sum()
}

/// The token, if `bytes` are whole and are that of `key`.
pub(super) fn decode(key: &TokenKey, bytes: &[u8]) -> Option<Token> {
    let json = open_checked(TOKEN, bytes)?;
    let read: Read = serde_json::from_slice(json).ok()?;
    (read.key == key.name()).then(|| Token {
        access: read.access,
        cookies: read.cookies,
        expires_at_ms: read.expires_at_ms,
        obtained_at_ms: read.obtained_at_ms,
        version: read.version,
        labels: read.labels,
    })
}

/// A first line that names the format and the digest of the rest.
pub(crate) fn seal_checked(format: &str, body: &[u8]) -> Zeroizing<Vec<u8>> {
    let digest = crate::token::hex(&digest(format, body));
    let mut sealed =
        Zeroizing::new(Vec::with_capacity(format.len() + DIGEST_DIGITS + 2 + body.len()));
    for part in [format.as_bytes(), digest.as_bytes(), b"\n", body, b"\n"] {
        sealed.extend_from_slice(part);
    }
    sealed
}

/// What was sealed, if every byte of it is what it was.
pub(crate) fn open_checked<'a>(format: &str, bytes: &'a [u8]) -> Option<&'a [u8]> {
    let rest = bytes.strip_prefix(format.as_bytes())?;
    let (written, rest) = rest.split_at_checked(DIGEST_DIGITS)?;
    let body = rest.strip_prefix(b"\n")?.strip_suffix(b"\n")?;
    (crate::token::hex(&digest(format, body)).as_bytes() == written).then_some(body)
}

fn digest(format: &str, body: &[u8]) -> [u8; 32] {
    Sha256::new_with_prefix(format).chain_update(body).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BaseUrl;

    #[test]
    fn a_changed_byte_or_a_cut_is_seen() {
        let base = BaseUrl::parse("http://127.0.0.1:1").unwrap();
        let key = TokenKey::new(&base, &"api key".into(), "user");
        let token = Token::new("a token".into())
            .with_cookies(Some("refresh=\"quoted\"; other=1".into()))
            .with_label("organization_id", "org")
            .succeeding(0);
        let whole = encode(&key, &token);
        let read = decode(&key, &whole).unwrap();
        assert_eq!(read.access.expose_secret(), "a token");
        assert_eq!(read.cookies.unwrap().expose_secret(), "refresh=\"quoted\"; other=1");
        assert_eq!((read.version, read.labels), (token.version, token.labels.clone()));
        for at in 0..whole.len() {
            assert!(decode(&key, &whole[..at]).is_none(), "cut at {at}");
            for bit in 0..8 {
                let mut changed = whole.to_vec();
                changed[at] ^= 1 << bit;
                assert!(decode(&key, &changed).is_none(), "bit {bit} of byte {at}");
            }
        }
        let other = TokenKey::new(&base, &"api key".into(), "another user");
        assert!(decode(&other, &whole).is_none(), "a token of another identity");
    }
}
