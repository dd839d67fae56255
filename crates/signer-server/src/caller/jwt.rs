//! Callers by JSON Web Token (RFC 7519), Privy's access tokens among them.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use axum::http::HeaderMap;
use sha2::{Digest, Sha256};
use signer_core::p256::VerifyingKey;

use self::cache::TokenCache;
use self::claims::{Addresses, Rules};
use super::{Caller, CallerAuthenticator, CallerError, bearer};
use crate::{Clock, SystemClock};

mod cache;
mod claims;
mod keys;
#[cfg(feature = "http")]
mod remote;
mod source;

pub use source::JwtKeys;

/// How many verified tokens are kept, each by its SHA-256.
const CACHED_TOKENS: usize = 10_000;
/// Privy's issuer, in access and identity tokens.
const PRIVY_ISSUER: &str = "privy.io";
/// Where a client sends Privy's identity token beside the access token.
const PRIVY_ID_TOKEN: &str = "privy-id-token";
/// The longest token, in bytes: a head has 16 KiB for all.
const MAX_TOKEN_BYTES: usize = 12 * 1024;

/// Callers who send a signed token as `Authorization: Bearer …`. ES256, RS256 and EdDSA are taken, as the
/// key says and never the token; `iss`, `aud` and `exp` must be there and right, `nbf` where it is there;
/// `sub` names the caller. A verified token is known by its SHA-256 until it expires or the keys change.
pub struct JwtCallers {
    keys: JwtKeys,
    rules: Rules,
    cache: TokenCache,
    clock: Arc<dyn Clock>,
}

impl JwtCallers {
    /// Takes tokens of `issuer` for `audience` that are signed with one of `keys`.
    pub fn new(keys: JwtKeys, issuer: impl Into<String>, audience: impl Into<String>) -> Self {
        Self {
            keys,
            rules: Rules::new(issuer.into(), audience.into()),
            cache: TokenCache::new(CACHED_TOKENS),
            clock: Arc::new(SystemClock),
        }
    }

    /// Takes Privy's access tokens for the application, signed with its verification key. An identity token,
    /// which the same key signs, is none.
    pub fn privy(app_id: impl Into<String>, verification_key: &VerifyingKey) -> Self {
        let mut callers = Self::new(JwtKeys::from_p256(verification_key), PRIVY_ISSUER, app_id);
        callers.rules.is_privys = true;
        callers
    }

    /// The claim that lists the caller's addresses: an array of texts.
    #[must_use]
    pub fn addresses_claim(mut self, claim: impl Into<String>) -> Self {
        self.rules.addresses = Addresses::Claim(claim.into());
        self
    }

    /// Asks for Privy's identity token, too, in the header `privy-id-token`; it must be the same user's,
    /// and its `linked_accounts` list the addresses.
    #[must_use]
    pub fn with_identity_token(mut self) -> Self {
        self.rules.addresses = Addresses::PrivyIdentityToken;
        self
    }

    /// The keys, to be used again.
    pub const fn keys(&self) -> &JwtKeys {
        &self.keys
    }

    /// Whether tokens tell the caller's addresses.
    pub const fn lists_addresses(&self) -> bool {
        !matches!(self.rules.addresses, Addresses::Nothing)
    }

    /// Another clock.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Fetches the keys, where they are fetched at all, so that the first caller need not wait.
    ///
    /// # Errors
    /// [`CallerError::Unavailable`]; callers may come all the same, and it is tried again for them.
    pub async fn prepare(&self) -> Result<(), CallerError> {
        self.keys.prepare().await
    }

    async fn verify(&self, tokens: &Tokens<'_>, now_ms: u64) -> Result<(Caller, u64), CallerError> {
        let access = self.claims(tokens.access, now_ms).await?;
        if self.rules.is_privys && access.is_identity() {
            return Err(CallerError::Unauthenticated);
        }
        let mut until_ms = access.expires_ms();
        let addresses = match (&self.rules.addresses, tokens.identity) {
            (Addresses::Nothing, _) => None,
            (Addresses::Claim(claim), _) => Some(access.listed(claim)?),
            (Addresses::PrivyIdentityToken, None) => return Err(CallerError::Unauthenticated),
            (Addresses::PrivyIdentityToken, Some(token)) => {
                let identity = self.claims(token, now_ms).await?;
                if identity.subject() != access.subject() {
                    return Err(CallerError::Unauthenticated);
                }
                until_ms = until_ms.min(identity.expires_ms());
                Some(identity.linked_accounts()?)
            }
        };
        let caller =
            Caller { addresses: addresses.map(Into::into), ..Caller::new(access.caller()?) };
        Ok((caller, until_ms))
    }

    async fn claims(&self, token: &[u8], now_ms: u64) -> Result<claims::Claims, CallerError> {
        let header = self.rules.header(token)?;
        let key = self.keys.find(&header).await?;
        self.rules.claims(token, &key, now_ms)
    }
}

#[async_trait]
impl CallerAuthenticator for JwtCallers {
    async fn authenticate(&self, headers: &HeaderMap) -> Result<Caller, CallerError> {
        let now = self.clock.now().ok_or(CallerError::Unavailable)?.unix_ms();
        let tokens = Tokens::read(headers, &self.rules).ok_or(CallerError::Unauthenticated)?;
        let digest = tokens.digest();
        let generation = self.keys.generation();
        self.keys.renew();
        if let Some(caller) = self.cache.find(&digest, generation, now) {
            return Ok(caller);
        }
        let (caller, until_ms) = self.verify(&tokens, now).await?;
        self.cache.keep(digest, caller.clone(), generation, until_ms);
        Ok(caller)
    }

    fn is_ready(&self) -> bool {
        self.keys.are_known()
    }
}

impl fmt::Debug for JwtCallers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtCallers").field("rules", &self.rules).finish_non_exhaustive()
    }
}

/// What a caller sends.
struct Tokens<'a> {
    access: &'a [u8],
    identity: Option<&'a [u8]>,
}

impl<'a> Tokens<'a> {
    fn read(headers: &'a HeaderMap, rules: &Rules) -> Option<Self> {
        let access = bearer(headers)?;
        let identity = match rules.addresses {
            Addresses::PrivyIdentityToken => {
                let mut values = headers.get_all(PRIVY_ID_TOKEN).iter();
                let token = values.next()?.as_bytes();
                values.next().is_none().then_some(token)
            }
            _ => None,
        };
        let fits = |token: &[u8]| token.len() <= MAX_TOKEN_BYTES;
        (fits(access) && identity.is_none_or(fits)).then_some(Self { access, identity })
    }

    fn digest(&self) -> [u8; 32] {
        // A dot ends no token, so the two cannot be shifted into each other.
        let hasher = Sha256::new().chain_update(self.access).chain_update(b". ");
        hasher.chain_update(self.identity.unwrap_or_default()).finalize().into()
    }
}
