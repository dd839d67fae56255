use std::fmt;
use std::sync::Arc;

use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use signer_core::address::evm;
use signer_protocols::U256;
use signer_protocols::crossmint::rest::{CreateWallet, SignerReference, Wallet as WalletRecord};
use signer_protocols::crossmint::verify::{ApprovalLimits, Role, Tokens};
use signer_protocols::crossmint::{
    ApiKey, ApiKeyError, ApiKeyExpectation, ChainError, ChainId, Environment, Locator, ProjectId,
    Scheme, ServerSigner, SignerResolution, SignerSecret, TrustedKeys, Usage, resolve_signer,
};

use super::approval::{AllowUnverified, ApprovalPolicy, ApprovalSettings, Limits};
use super::wallet::Wallet;
use super::{MemorySpendStore, Signers, SpendStore, Waiting};
use crate::error::{Error, Kind};
use crate::transport::{Transport, secret_header};
use crate::{BaseUrl, TransportOptions, random};

/// A client of one project. Clones share connections.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    transport: Transport,
    api_key: HeaderValue,
    project: ProjectId,
    environment: Environment,
    approvals: ApprovalSettings,
    waiting: Waiting,
}

/// A wallet to be made.
#[derive(Clone, Debug)]
#[must_use]
pub struct NewWallet {
    chain: ChainId,
    scheme: Scheme,
    owner: Option<String>,
    alias: Option<String>,
    signers: Vec<Locator>,
    key: Option<String>,
}

impl NewWallet {
    /// A wallet on a chain; in staging and development the testnet of a mainnet is used.
    pub const fn new(chain: ChainId) -> Self {
        Self {
            chain,
            scheme: Scheme::Current,
            owner: None,
            alias: None,
            signers: Vec::new(),
            key: None,
        }
    }

    /// Derives the signer as SDKs up to 1.2 did.
    pub const fn scheme(mut self, scheme: Scheme) -> Self {
        self.scheme = scheme;
        self
    }

    /// Names the owner, e.g. `email:user@example.com`.
    pub fn owner(mut self, owner: impl Into<String>) -> Self {
        self.owner = Some(owner.into());
        self
    }

    /// Gives it an alias.
    pub fn alias(mut self, alias: impl Into<String>) -> Self {
        self.alias = Some(alias.into());
        self
    }

    /// The key under which it is made once, however often it is asked for. Default: a new one.
    pub fn idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Adds a further server signer from the start.
    pub fn signer(mut self, signer: Locator) -> Self {
        self.signers.push(signer);
        self
    }
}

impl Client {
    /// A client of the project that the API key names, with the usual deadlines.
    ///
    /// # Errors
    /// An input error when the key is not one of a server, or is signed by nobody that is `trusted`.
    pub fn new(base: BaseUrl, api_key: SecretString, trusted: &TrustedKeys) -> Result<Self, Error> {
        Self::with_options(base, api_key, trusted, TransportOptions::default())
    }

    /// A client with deadlines and bounds of your own.
    ///
    /// # Errors
    /// An input error when the key is not one of a server, or is signed by nobody that is `trusted`.
    #[allow(clippy::needless_pass_by_value, reason = "the secret ends here")]
    pub fn with_options(
        base: BaseUrl,
        api_key: SecretString,
        trusted: &TrustedKeys,
        options: TransportOptions,
    ) -> Result<Self, Error> {
        let expected = ApiKeyExpectation { usage: Some(Usage::Server), environment: None };
        let parsed = ApiKey::parse(api_key.expose_secret(), trusted, expected)
            .map_err(|error| Error::input(api_key_rule(error)))?;
        let rule = "the api key must be of visible characters";
        Ok(Self(Arc::new(Inner {
            api_key: secret_header(&api_key, rule)?,
            transport: Transport::new(base, options)?,
            project: parsed.project_id,
            environment: parsed.environment,
            approvals: ApprovalSettings::default(),
            waiting: Waiting::default(),
        })))
    }

    /// The same client with a policy of yours, which sees each approval before it is signed and may refuse it.
    #[must_use]
    pub fn approval_policy(self, policy: Arc<dyn ApprovalPolicy>) -> Self {
        self.with(|inner| inner.approvals.policy = policy)
    }

    /// The same client, which also signs approvals of these kinds that cannot be verified: the service is trusted with
    /// them. Default: none. An approval that differs from the request is never signed.
    #[must_use]
    pub fn allow_unverified(self, kinds: AllowUnverified) -> Self {
        self.with(|inner| inner.approvals.unverified = kinds)
    }

    /// The same client with limits on what it approves. Sums per day are kept in memory, for this client and its clones;
    /// [`limits_with`](Self::limits_with) takes another store.
    #[must_use]
    pub fn limits(self, limits: ApprovalLimits) -> Self {
        self.limits_with(limits, Arc::new(MemorySpendStore::new()))
    }

    /// The same client with limits on what it approves, and a store for the sums per day.
    #[must_use]
    pub fn limits_with(self, limits: ApprovalLimits, store: Arc<dyn SpendStore>) -> Self {
        self.with(|inner| inner.approvals.limits = Some(Limits::new(limits, store)))
    }

    /// The same client with a table of tokens. A transfer of a token that is not in it cannot be verified.
    #[must_use]
    pub fn tokens(self, tokens: Tokens) -> Self {
        self.with(|inner| inner.approvals.tokens = tokens)
    }

    /// The same client with a bound on the gas that a wallet pays itself, in wei (EVM). Default: 10^16.
    #[must_use]
    pub fn max_fee(self, wei: U256) -> Self {
        self.with(|inner| inner.approvals.max_fee = wei)
    }

    /// The same client with the chain id of its EVM chain, for a chain without a known one.
    #[must_use]
    pub fn chain_id(self, id: u64) -> Self {
        self.with(|inner| inner.approvals.chain_id = Some(id))
    }

    /// The same client, waiting in another way.
    #[must_use]
    pub fn waiting(self, waiting: Waiting) -> Self {
        self.with(|inner| inner.waiting = waiting)
    }

    fn with(self, change: impl FnOnce(&mut Inner)) -> Self {
        let Inner { transport, api_key, project, environment, approvals, waiting } = &*self.0;
        let mut inner = Inner {
            transport: transport.clone(),
            api_key: api_key.clone(),
            project: project.clone(),
            environment: *environment,
            approvals: approvals.clone(),
            waiting: waiting.clone(),
        };
        change(&mut inner);
        Self(Arc::new(inner))
    }

    /// The environment that the API key names.
    pub fn environment(&self) -> Environment {
        self.0.environment
    }

    /// The server signer of a chain, derived for the project and the environment of the API key.
    ///
    /// # Errors
    /// An input error for a testnet in production.
    pub fn signer(
        &self,
        secret: &SignerSecret,
        chain: ChainId,
        scheme: Scheme,
    ) -> Result<ServerSigner, Error> {
        let chain = self.chain(chain)?;
        ServerSigner::derive(secret, &self.0.project, self.0.environment, chain, scheme)
            .map_err(|_| Error::new(Kind::Local, "the derived key is no scalar of the curve"))
    }

    /// The chain as this environment has it.
    pub(super) fn chain(&self, chain: ChainId) -> Result<ChainId, Error> {
        chain.in_environment(self.0.environment).map_err(|error| match error {
            ChainError::TestnetInProduction(_) => {
                Error::input("a testnet cannot be used in production")
            }
            _ => Error::input("the chain is not known"),
        })
    }

    /// Makes a wallet whose admin is our server signer. What comes back is checked to be that, and to have the further
    /// signers that were asked for. A service that has a wallet of the owner or alias already gives that one: see
    /// [`Wallet::signers`] for who else can sign.
    ///
    /// # Errors
    /// [`Error`]; `is_mismatch()` when the wallet that was made has another admin, or lacks a signer.
    pub async fn create_wallet(
        &self,
        wallet: NewWallet,
        secret: &SignerSecret,
    ) -> Result<Wallet, Error> {
        let chain = self.chain(wallet.chain)?;
        let signer = self.signer(secret, chain, wallet.scheme)?;
        let locator = signer.locator();
        let mut body = CreateWallet::new(chain.chain_type(), &locator);
        for signer in &wallet.signers {
            body = body.delegated_signer(signer);
        }
        if let Some(owner) = wallet.owner {
            body = body.owner(owner);
        }
        if let Some(alias) = &wallet.alias {
            body = body.alias(alias);
        }
        let key = wallet.key.map_or_else(random::uuid, Ok)?;
        let record: WalletRecord = self.post(&[], "/", &body, Some(&key)).await?;
        let admin = record.config.admin_signer.as_ref();
        let is_signer =
            |it: &Locator| record.config.delegated_signers.iter().any(|known| is_for(known, it));
        if record.chain_type != chain.chain_type().as_str()
            || !admin.is_some_and(|it| is_for(it, &locator))
            || !wallet.signers.iter().all(is_signer)
            || !may_be(record.alias.as_deref(), wallet.alias.as_deref())
        {
            let what = "the wallet that was made is not the one that was asked for";
            let error = Error::new(Kind::Mismatch, what).about(record.address);
            return Err(error.with_idempotency_key(&key));
        }
        Ok(Wallet::new(self.clone(), chain, record.address, signer, Role::Admin))
    }

    /// Opens a wallet by its address, or by a locator as `evm:alias:shop` or `email:user@example.com:evm`. Its
    /// signer is found among those that the secret derives, by both schemes.
    ///
    /// # Errors
    /// [`Error`]; an input error that names both locators when the secret has no signer of the wallet.
    pub async fn wallet(
        &self,
        locator: &str,
        chain: ChainId,
        secret: &SignerSecret,
    ) -> Result<Wallet, Error> {
        let chain = self.chain(chain)?;
        let record = self.record(locator).await?;
        if record.chain_type != chain.chain_type().as_str() {
            return Err(Error::input("the wallet is of another type of chain").about(locator));
        }
        let current = self.signer(secret, chain, Scheme::Current)?;
        let legacy = self.signer(secret, chain, Scheme::Legacy)?;
        let admin = record.config.admin_signer.as_ref();
        let texts: Vec<String> = record
            .config
            .delegated_signers
            .iter()
            .chain(admin)
            .filter_map(SignerReference::name)
            .collect();
        let recovery = admin.and_then(|admin| admin.address.as_deref());
        let registered = texts.iter().map(String::as_str);
        let signer = match resolve_signer(
            &current.locator(),
            &legacy.locator(),
            registered,
            recovery,
        ) {
            SignerResolution::Current => current,
            SignerResolution::Legacy => legacy,
            SignerResolution::Unregistered => {
                let both = format!("{} and {}", current.locator(), legacy.locator());
                let rule = "neither is a signer of the wallet: is it another secret, project or environment?";
                return Err(Error::input(rule).about(both));
            }
        };
        let role = role_of(&record, &signer.locator());
        Ok(Wallet::new(self.clone(), chain, record.address, signer, role))
    }

    /// The signers of a wallet, as the service lists them now, without a secret.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn signers(&self, locator: &str) -> Result<Signers, Error> {
        self.record(locator).await.map(|record| Signers::of(&record))
    }

    pub(super) async fn record(&self, locator: &str) -> Result<WalletRecord, Error> {
        let record: WalletRecord = self.get(&[locator], &[], "/{wallet}").await?;
        // Whoever opens a wallet by its address, or its alias, gets that one.
        let by_address = !locator.contains(':');
        let same = record.address.eq_ignore_ascii_case(locator)
            && (locator.starts_with("0x") || record.address == locator);
        let alias = locator.split_once(":alias:").map(|(_, alias)| alias);
        if by_address && !same || !may_be(record.alias.as_deref(), alias) {
            let what = "the service answered with another wallet";
            return Err(Error::new(Kind::Mismatch, what).about(locator));
        }
        Ok(record)
    }

    pub(super) fn settings(&self) -> &ApprovalSettings {
        &self.0.approvals
    }

    pub(super) fn wait(&self) -> &Waiting {
        &self.0.waiting
    }

    pub(super) fn transport(&self) -> &Transport {
        &self.0.transport
    }

    pub(super) fn api_key(&self) -> HeaderValue {
        self.0.api_key.clone()
    }
}

/// Whether what the service says, where it says anything, is what was asked for, where anything was.
fn may_be(said: Option<&str>, asked: Option<&str>) -> bool {
    said.zip(asked).is_none_or(|(said, asked)| said == asked)
}

/// The role of our signer, as the record of the wallet names it.
fn role_of(record: &WalletRecord, signer: &Locator) -> Role {
    let admin = record.config.admin_signer.as_ref();
    if admin.is_some_and(|admin| is_for(admin, signer)) {
        return Role::Admin;
    }
    if !record.config.delegated_signers.iter().any(|known| is_for(known, signer)) {
        return Role::Unknown;
    }
    let address = admin.and_then(|admin| admin.address.as_deref());
    let address = address.and_then(|address| evm::Address::parse(address).ok());
    Role::Delegated { admin: address.map(|address| *address.as_bytes()) }
}

/// Whether the service means `signer`, in whatever case it echoes an address.
pub(super) fn is_for(reference: &SignerReference, signer: &Locator) -> bool {
    match &reference.locator {
        Some(locator) => signer.matches(locator),
        None => {
            reference.signer_type.as_deref() == Some("server")
                && reference.address.as_deref().is_some_and(|it| signer.address().matches(it))
        }
    }
}

const fn api_key_rule(error: ApiKeyError) -> &'static str {
    match error {
        ApiKeyError::OldFormat => "the api key has the old format: make a new one in the console",
        ApiKeyError::Prefix | ApiKeyError::Usage => "the api key must be one of a server, sk_…",
        ApiKeyError::Signature => "the api key is not signed by a trusted key",
        _ => "the api key is damaged",
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { transport, project, environment, .. } = &*self.0;
        let (project, environment) = (project.as_str(), environment.as_str());
        write!(f, "crossmint::Client({project}, {environment}, {})", transport.base())
    }
}
