use std::fmt;
use std::sync::Arc;

use secrecy::SecretString;

use super::account::{Account, ORGANIZATION, WALLET};
use crate::error::Error;
use crate::token::ServedToken;

/// A signed-in identity. Its calls refresh the token when they must. Clones are the same session.
#[derive(Clone)]
pub struct Session {
    pub(super) account: Arc<Account>,
    token: ServedToken,
}

impl Session {
    pub(super) const fn new(account: Arc<Account>, token: ServedToken) -> Self {
        Self { account, token }
    }

    /// Whether this sign-in made the token, rather than used one that was there. It does **not** say that the wallet
    /// is new: an identity that exists is created again with each sign-in.
    pub const fn did_create(&self) -> bool {
        self.token.is_new()
    }

    /// The token as it was at the sign-in; calls use the one of their time.
    pub fn access_token(&self) -> &SecretString {
        self.token.token().access()
    }

    /// The access key, 64 hex digits. Whoever loses it has lost the wallet.
    pub fn access_key(&self) -> SecretString {
        self.account.key.to_text()
    }

    /// The public key of the access key, compressed, in hex.
    pub fn target_public_key(&self) -> String {
        self.account.public_key.clone()
    }

    /// The permanent name of the identity.
    pub fn identity(&self) -> &str {
        self.account.name()
    }

    /// The organization, where the service said it.
    pub fn organization_id(&self) -> Option<&str> {
        self.token.token().label(ORGANIZATION)
    }

    /// The wallet's address, where the service said it.
    pub fn wallet_address(&self) -> Option<&str> {
        self.token.token().label(WALLET)
    }

    /// Waits for a refresh that is under way behind the calls, if one is: see
    /// [`Client::settle`](super::Client::settle).
    pub async fn settle(&self) {
        self.account.settle().await;
    }

    /// Signs out: the service is told, and the token is forgotten. The access key stays.
    ///
    /// # Errors
    /// [`Error`]; the token is forgotten all the same.
    pub async fn logout(&self) -> Result<(), Error> {
        self.account.sign_out().await
    }

    pub(super) fn needed_organization(&self) -> Result<&str, Error> {
        self.organization_id().ok_or_else(|| Error::input("the service named no organization"))
    }

    pub(super) fn needed_wallet(&self) -> Result<&str, Error> {
        self.wallet_address().ok_or_else(|| Error::input("the service named no wallet address"))
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("identity", &self.identity())
            .field("did_create", &self.did_create())
            .field("wallet_address", &self.wallet_address())
            .finish_non_exhaustive()
    }
}
