use std::fmt;
use std::sync::Arc;

use base64ct::{Base64UrlUnpadded, Encoding};
use jsonwebtoken::crypto::aws_lc;
use jsonwebtoken::{Algorithm, DecodingKey, Header};
use signer_core::p256::VerifyingKey;

use super::keys::{Key, KeySet};
#[cfg(feature = "http")]
use super::remote::RemoteKeys;
use crate::CallerError;

/// The keys that tokens are signed with.
#[derive(Clone)]
pub struct JwtKeys(Source);

#[derive(Clone)]
enum Source {
    Fixed(Arc<KeySet>),
    #[cfg(feature = "http")]
    Remote(Arc<RemoteKeys>),
}

impl JwtKeys {
    fn new(source: Source) -> Self {
        // Another provider may be there, when the application chose one; it verifies as well.
        let _ = aws_lc::DEFAULT_PROVIDER.install_default();
        Self(source)
    }

    /// Reads a JSON Web Key Set. Keys for other uses or algorithms are left out: ES256 on P-256, RS256 with
    /// 2,048 bits or more, and EdDSA on Ed25519 are kept.
    ///
    /// # Errors
    /// A text for the operator when no key is left.
    pub fn from_jwks(json: &[u8]) -> Result<Self, &'static str> {
        let keys = KeySet::parse(json).ok_or("no key set with a key for ES256, RS256 or EdDSA")?;
        Ok(Self::new(Source::Fixed(Arc::new(keys))))
    }

    /// One P-256 key, for tokens that name it or name none.
    pub fn from_p256(key: &VerifyingKey) -> Self {
        let point = key.to_sec1_uncompressed();
        let (x, y) = point[1..].split_at(32);
        let text = Base64UrlUnpadded::encode_string;
        let key = DecodingKey::from_ec_components(&text(x), &text(y)).ok();
        let keys = key.map(|key| KeySet::of_one(Key::unnamed(Algorithm::ES256, key)));
        Self::new(Source::Fixed(Arc::new(keys.unwrap_or_else(KeySet::empty))))
    }

    /// Fetches a JSON Web Key Set from an address (https, or http on loopback), once it is needed. It is
    /// fetched again when it is 10 minutes old, and when a token names a key that is not in it, at most once
    /// a minute; where that fails, the keys that are known stay.
    ///
    /// # Errors
    /// A text for the operator when it is no such address.
    #[cfg(feature = "http")]
    pub fn from_url(url: &str) -> Result<Self, &'static str> {
        Ok(Self::new(Source::Remote(Arc::new(RemoteKeys::new(url)?))))
    }

    /// Where they are fetched, if they are.
    pub fn url(&self) -> Option<&str> {
        match &self.0 {
            Source::Fixed(_) => None,
            #[cfg(feature = "http")]
            Source::Remote(keys) => Some(keys.url()),
        }
    }

    /// Has them fetched again beside the requests, where they are old.
    pub(super) fn renew(&self) {
        match &self.0 {
            Source::Fixed(_) => {}
            #[cfg(feature = "http")]
            Source::Remote(keys) => keys.renew(),
        }
    }

    pub(super) async fn prepare(&self) -> Result<(), CallerError> {
        match &self.0 {
            Source::Fixed(_) => Ok(()),
            #[cfg(feature = "http")]
            Source::Remote(keys) => keys.prepare().await,
        }
    }

    pub(super) async fn find(&self, header: &Header) -> Result<Arc<Key>, CallerError> {
        match &self.0 {
            Source::Fixed(keys) => keys.find(header).cloned().ok_or(CallerError::Unauthenticated),
            #[cfg(feature = "http")]
            Source::Remote(keys) => keys.find(header).await,
        }
    }

    /// Counts the changes of the keys.
    pub(super) fn generation(&self) -> u64 {
        match &self.0 {
            Source::Fixed(_) => 0,
            #[cfg(feature = "http")]
            Source::Remote(keys) => keys.generation(),
        }
    }

    pub(super) fn are_known(&self) -> bool {
        match &self.0 {
            Source::Fixed(_) => true,
            #[cfg(feature = "http")]
            Source::Remote(keys) => keys.generation() > 0,
        }
    }
}

impl fmt::Debug for JwtKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JwtKeys")
    }
}
