use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use signer_core::p256::VerifyingKey;
use signer_protocols::abstraxn::wire::API_KEY_HEADER;
use signer_protocols::abstraxn::{AccessKey, production_quorum_key};
use subtle::ConstantTimeEq;
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::account::{Account, Door};
use super::session::Session;
use crate::error::{Error, Kind};
use crate::store::StoreError;
use crate::transport::{Transport, secret_header};
use crate::{
    AccessKeyStore, BaseUrl, IdentityId, MemoryTokenStore, TokenKey, TokenStore, TransportOptions,
    random,
};

/// How long a store may take where signing in does not depend on it.
const STORE_DEADLINE: Duration = Duration::from_secs(5);
/// How many identities may be opened at once.
const OPENINGS: usize = 64;

/// A client of one API key, for any number of identities. Clones share all.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    door: Arc<Door>,
    api_key: SecretString,
    tokens: Arc<dyn TokenStore>,
    access_keys: Option<Arc<dyn AccessKeyStore>>,
    accounts: RwLock<HashMap<String, Arc<Account>>>,
    /// One of them is held while an account is opened, always the same for an identity, so that it gets one key.
    opening: [Mutex<()>; OPENINGS],
}

/// Who signs in.
#[derive(Clone, Debug)]
#[must_use]
pub struct Identity {
    pub(super) name: String,
    pub(super) access_key: Option<SecretString>,
    pub(super) user_name: Option<String>,
    pub(super) user_email: Option<String>,
}

impl Identity {
    /// An identity by its permanent name: the same text for ever, for another one is another wallet.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), access_key: None, user_name: None, user_email: None }
    }

    /// With its access key, 64 hex digits. Without one, the one of the access key store is used, or a new one is
    /// made and stored there.
    pub fn access_key(mut self, key: SecretString) -> Self {
        self.access_key = Some(key);
        self
    }

    /// With a display name, for the first sign-in.
    pub fn user_name(mut self, name: impl Into<String>) -> Self {
        self.user_name = Some(name.into());
        self
    }

    /// With an e-mail address, for the first sign-in.
    pub fn user_email(mut self, email: impl Into<String>) -> Self {
        self.user_email = Some(email.into());
        self
    }
}

/// Collects what a client needs.
#[must_use]
pub struct ClientBuilder {
    base: BaseUrl,
    api_key: SecretString,
    tokens: Arc<dyn TokenStore>,
    access_keys: Option<Arc<dyn AccessKeyStore>>,
    options: TransportOptions,
    sign_in_again: bool,
    quorum_key: Option<VerifyingKey>,
}

impl ClientBuilder {
    /// Where tokens are kept. Default: in memory.
    pub fn token_store(mut self, store: Arc<dyn TokenStore>) -> Self {
        self.tokens = store;
        self
    }

    /// Where access keys are kept. Default: nowhere, and then no key is made either: each identity comes with its own.
    pub fn access_key_store(mut self, store: Arc<dyn AccessKeyStore>) -> Self {
        self.access_keys = Some(store);
        self
    }

    /// Deadlines and bounds.
    pub fn transport(mut self, options: TransportOptions) -> Self {
        self.options = options;
        self
    }

    /// When a refresh is refused, sign in once from the access key instead of handing the error to the caller.
    /// Default: no, as the vendor has it.
    pub const fn sign_in_again(mut self, yes: bool) -> Self {
        self.sign_in_again = yes;
        self
    }

    /// The enclave's quorum key that signs exports. Default: the vendor's.
    pub const fn quorum_key(mut self, key: VerifyingKey) -> Self {
        self.quorum_key = Some(key);
        self
    }

    /// The client.
    ///
    /// # Errors
    /// An input error when the API key cannot stand in a header.
    pub fn build(self) -> Result<Client, Error> {
        let header = secret_header(&self.api_key, "the api key must be of visible characters")?;
        let quorum_key = match self.quorum_key {
            Some(key) => key,
            None => production_quorum_key()
                .map_err(|_| Error::new(Kind::Local, "the vendor's key is damaged"))?,
        };
        let transport = Transport::new(self.base, self.options)?;
        let door = Door {
            transport,
            api_key: (API_KEY_HEADER, header),
            sign_in_again: self.sign_in_again,
            quorum_key,
        };
        Ok(Client(Arc::new(Inner {
            door: Arc::new(door),
            api_key: self.api_key,
            tokens: self.tokens,
            access_keys: self.access_keys,
            accounts: RwLock::default(),
            opening: std::array::from_fn(|_| Mutex::default()),
        })))
    }
}

impl Client {
    /// Begins a client of the service at `base`.
    pub fn builder(base: BaseUrl, api_key: SecretString) -> ClientBuilder {
        ClientBuilder {
            base,
            api_key,
            tokens: Arc::new(MemoryTokenStore::new()),
            access_keys: None,
            options: TransportOptions::default(),
            sign_in_again: false,
            quorum_key: None,
        }
    }

    /// Signs an identity in, as often as you like: a token that is stored is used again, without a call. A key that
    /// is made here is stored before anything is sent.
    ///
    /// # Errors
    /// [`Error`]; `is_conflict()`, naming the identity, when it exists with another access key.
    pub async fn authenticate(&self, identity: &Identity) -> Result<Session, Error> {
        let given = identity.access_key.as_ref();
        let known = self.known(&identity.name);
        let known = known.filter(|it| it.serves(given));
        match known.and_then(|account| Some((account.fresh()?, account))) {
            Some((token, account)) => Ok(Session::new(account, token)),
            None => self.0.door.in_time(self.sign_in(identity)).await,
        }
    }

    async fn sign_in(&self, identity: &Identity) -> Result<Session, Error> {
        let given = identity.access_key.as_ref();
        let account = match self.known(&identity.name) {
            Some(account) if account.serves(given) => account,
            Some(account) if account.has_signed_in() => return Err(conflict(&identity.name)),
            _ => self.open(identity).await?,
        };
        let first = !account.has_signed_in();
        let token = account.sign_in().await?;
        if let (Some(given), Some(store)) = (given.filter(|_| first), &self.0.access_keys) {
            // A key that was given and is good is kept beside those that are made here.
            let id = IdentityId::new(self.0.door.transport.base(), &identity.name);
            let kept = timeout(STORE_DEADLINE, store.insert(&id, given)).await;
            if let Err(error) = kept.unwrap_or(Err(StoreError::Unavailable)) {
                tracing::warn!(%error, "the given access key was not kept");
            }
        }
        Ok(Session::new(account, token))
    }

    /// Ends the session of an identity, where one is kept: the service is told, and the token is forgotten. Nobody is signed
    /// in for it.
    ///
    /// # Errors
    /// [`Error`]; the token is forgotten all the same, unless it is the store's.
    pub async fn logout(&self, identity: &Identity) -> Result<(), Error> {
        let told = match self.known(&identity.name).filter(|account| account.has_token()) {
            Some(account) => account.sign_out().await,
            None => self.end_stored(identity).await,
        };
        match told {
            Err(error) => {
                // The service may not have been told, but nobody goes on with the token from here.
                self.forget(&identity.name).await?;
                // What has ended by itself needs no word.
                if error.is_unauthorized() { Ok(()) } else { Err(error) }
            }
            told => told,
        }
    }

    async fn end_stored(&self, identity: &Identity) -> Result<(), Error> {
        let door = &self.0.door;
        let key = TokenKey::new(door.transport.base(), &self.0.api_key, &identity.name);
        let account = async {
            if self.0.tokens.load(&key).await?.is_none() {
                return Ok(None);
            }
            let account = self.open(identity).await?;
            account.resume().await?;
            Ok(Some(account))
        };
        match door.in_time(account).await? {
            Some(account) => account.sign_out().await,
            None => Ok(()),
        }
    }

    /// Forgets the token of an identity, here and in the store, without a word to the service: for a session that
    /// cannot be opened to log it out.
    ///
    /// # Errors
    /// The store's.
    pub async fn forget(&self, identity: &str) -> Result<(), Error> {
        let door = &self.0.door;
        let forgotten = async {
            if let Some(account) = self.known(identity) {
                account.forget().await?;
                self.close(&account);
                return Ok(());
            }
            let key = TokenKey::new(door.transport.base(), &self.0.api_key, identity);
            Ok(self.0.tokens.remove(&key, u64::MAX).await?)
        };
        door.in_time(forgotten).await
    }

    /// Waits for the refreshes that are under way behind the calls. Call it before the process ends or is frozen (a
    /// program, a job, a function of a cloud): a token that the service gave and nobody kept is lost, and with it the
    /// session of all processes that share the store.
    pub async fn settle(&self) {
        let accounts: Vec<_> = {
            let accounts = self.0.accounts.read().unwrap_or_else(PoisonError::into_inner);
            accounts.values().cloned().collect()
        };
        for account in accounts {
            account.settle().await;
        }
    }

    /// Does not know the account any more: whoever asks next looks for its key again.
    fn close(&self, account: &Arc<Account>) {
        let mut accounts = self.0.accounts.write().unwrap_or_else(PoisonError::into_inner);
        if accounts.get(account.name()).is_some_and(|known| Arc::ptr_eq(known, account)) {
            accounts.remove(account.name());
        }
    }

    fn known(&self, name: &str) -> Option<Arc<Account>> {
        self.0.accounts.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// Finds or makes the access key, once for all that ask.
    async fn open(&self, identity: &Identity) -> Result<Arc<Account>, Error> {
        if identity.name.is_empty() || identity.name.len() > 512 {
            return Err(Error::input("user identity must be 1 to 512 bytes"));
        }
        let place = usize::from(Sha256::digest(identity.name.as_bytes())[0]) % OPENINGS;
        let _one = self.0.opening[place].lock().await;
        let given = identity.access_key.as_ref();
        let known = self.known(&identity.name);
        if let Some(account) = known.filter(|it| it.serves(given)) {
            return Ok(account);
        }
        let Inner { door, api_key, tokens, .. } = &*self.0;
        let id = IdentityId::new(door.transport.base(), &identity.name);
        let key = TokenKey::new(door.transport.base(), api_key, &identity.name);
        let access_key = self.access_key(identity, &id, &key).await?;
        let parsed = AccessKey::parse(access_key.expose_secret())
            .map_err(|_| Error::input("access key must be 64 hex digits of a p-256 scalar"))?;
        let owner = identity.clone();
        let account = Account::new(Arc::clone(door), owner, parsed, key, Arc::clone(tokens));
        let account = Arc::new(account);
        let mut accounts = self.0.accounts.write().unwrap_or_else(PoisonError::into_inner);
        accounts.insert(account.name().into(), Arc::clone(&account));
        Ok(account)
    }

    /// The key that is given, else the one that is kept, else a new one, which is kept from now on.
    async fn access_key(
        &self,
        identity: &Identity,
        id: &IdentityId,
        key: &TokenKey,
    ) -> Result<SecretString, Error> {
        let Some(store) = &self.0.access_keys else {
            let rule = "the identity has no access key, and there is no store to keep a new one in";
            return identity.access_key.clone().ok_or_else(|| Error::input(rule));
        };
        if let Some(given) = &identity.access_key {
            // Whichever is the identity's, the other would be taken for it one day. A store that cannot be read is no
            // reason not to sign in.
            return match timeout(STORE_DEADLINE, store.load(id)).await {
                Ok(Ok(Some(stored))) if !is_same(&stored, given) => {
                    Err(Error::from(StoreError::OtherKey).about(&*identity.name))
                }
                _ => Ok(given.clone()),
            };
        }
        let token = timeout(STORE_DEADLINE, self.0.tokens.load(key)).await;
        let token = token.unwrap_or(Err(StoreError::Unavailable));
        match store.load(id).await? {
            Some(stored) if matches!(token, Ok(Some(_))) => return Ok(stored),
            // It may never have been used, and is not before it is kept as a whole.
            Some(stored) => return Ok(store.insert(id, &stored).await?),
            None => {}
        }
        // With a token but no key, a new key would be another wallet's; and so in doubt.
        if token?.is_some() {
            let rule = "the identity was signed in with an access key that is not here: give it";
            return Err(Error::input(rule).about(&*identity.name));
        }
        let made = AccessKey::from(random::p256_key()?).to_text();
        Ok(store.insert(id, &made).await?)
    }
}

pub(super) fn conflict(identity: &str) -> Error {
    Error::new(Kind::Conflict, "the identity exists with another access key").about(identity)
}

/// Hex in either case is the same key.
pub(super) fn is_same(one: &SecretString, other: &SecretString) -> bool {
    let lower = |key: &SecretString| {
        let bytes = key.expose_secret().bytes().map(|byte| byte.to_ascii_lowercase());
        let mut lower = zeroize::Zeroizing::new(Vec::with_capacity(key.expose_secret().len()));
        lower.extend(bytes);
        lower
    };
    bool::from(lower(one).as_slice().ct_eq(lower(other).as_slice()))
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "abstraxn::ClientBuilder({})", self.base)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "abstraxn::Client({})", self.0.door.transport.base())
    }
}
