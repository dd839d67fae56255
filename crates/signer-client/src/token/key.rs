use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::BaseUrl;

/// What a token belongs to: the origin that gave it, the API key it was given under, and the identity. A token is
/// found again by all three, so that it is never sent to another origin or used for another identity.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct TokenKey([u8; 32]);

impl TokenKey {
    /// The key of `identity` at the service `base`. Of the API key only a digest goes in.
    pub fn new(base: &BaseUrl, api_key: &SecretString, identity: &str) -> Self {
        let api_key = Sha256::digest(api_key.expose_secret().as_bytes());
        Self(digest(b"signer token v1", &[base.as_str().as_bytes(), &api_key, identity.as_bytes()]))
    }

    /// The name under which a store keeps it: 64 hex digits, which tell nothing of the parts.
    pub fn name(&self) -> String {
        hex(&self.0)
    }
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenKey({}…)", self.name().get(..8).unwrap_or_default())
    }
}

/// A digest of parts of which none can run into the next.
pub(crate) fn digest(domain: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut digest = Sha256::new_with_prefix(domain);
    for part in parts {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    digest.finalize().into()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}
