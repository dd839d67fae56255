//! The state of the emulator for one run.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;
use signer_core::ed25519::SigningKey;
use signer_protocols::crossmint::ChainType;

use super::evm::{Account, KernelVersion};
use super::operation::Operation;
use super::signer::Signer;
use super::tampering::Tampering;
use super::token::TokenTable;
use super::{invalid, not_found};
use crate::answer::Refusal;
use crate::emulator::Incoming;
use crate::key::random;

pub(super) struct State {
    /// In the order of their creation.
    pub(super) wallets: Vec<Wallet>,
    /// In the order of their creation.
    pub(super) operations: Vec<Operation>,
    /// By idempotency key: the request, and the id of the operation or the address of the wallet.
    asked: HashMap<String, (Vec<u8>, String)>,
    pub(super) tokens: TokenTable,
    pub(super) tampering: Option<Tampering>,
    pub(super) kernel_version: KernelVersion,
    /// Whether each list of pending approvals begins with one of a quorum.
    pub(super) quorum: bool,
    /// The keys of the service: the payer of Solana's fees, and the account that pays it back.
    pub(super) payer: SigningKey,
    pub(super) funder: SigningKey,
}

pub(super) struct Wallet {
    pub(super) chain_type: ChainType,
    pub(super) address: String,
    pub(super) admin: Signer,
    pub(super) delegated: Vec<Delegated>,
    pub(super) owner: Option<String>,
    pub(super) alias: Option<String>,
    pub(super) created_at: u64,
    pub(super) account: OnChain,
    /// Base units by token locator: what was added and what was sent.
    pub(super) received: BTreeMap<String, u128>,
    pub(super) sent: BTreeMap<String, u128>,
}

/// The account at an address.
pub(super) enum OnChain {
    Evm(Box<Account>),
    /// The settings of the Squads smart account.
    Solana {
        settings: signer_core::address::solana::Address,
    },
    Stellar,
}

/// A further signer of a wallet.
#[derive(Clone)]
pub(super) struct Delegated {
    pub(super) signer: Signer,
    /// The chains on which it signs; every chain if there is none.
    pub(super) chains: Vec<String>,
}

impl State {
    pub(super) fn new() -> Self {
        Self {
            wallets: Vec::new(),
            operations: Vec::new(),
            asked: HashMap::new(),
            tokens: TokenTable::default(),
            tampering: None,
            kernel_version: KernelVersion::default(),
            quorum: false,
            payer: SigningKey::generate(&mut random()),
            funder: SigningKey::generate(&mut random()),
        }
    }

    pub(super) fn is(&self, tampering: Tampering) -> bool {
        self.tampering == Some(tampering)
    }

    /// By address, by `<owner>:<chain type>[:smart][:alias:<a>]`, or by `<chain type>:alias:<a>`; the oldest of several. A
    /// wallet with the alias on another chain, or with another alias of the owner, is found if there is no better one.
    pub(super) fn wallet(&self, locator: &str) -> Result<&Wallet, Refusal> {
        let fits = self.wallets.iter().filter_map(|it| Some((it.fit(locator)?, it)));
        let best = fits.min_by_key(|(fit, _)| *fit);
        best.map(|(_, wallet)| wallet).ok_or_else(|| not_found("wallet"))
    }

    pub(super) fn wallet_mut(&mut self, locator: &str) -> Result<&mut Wallet, Refusal> {
        let address = self.wallet(locator)?.address.clone();
        let found = self.wallets.iter_mut().find(|it| it.address == address);
        found.ok_or_else(|| not_found("wallet"))
    }

    pub(super) fn operation(
        &self,
        wallet: &str,
        kind: &str,
        id: &str,
    ) -> Result<&Operation, Refusal> {
        let fits = |it: &&Operation| it.wallet == wallet && it.kind.path() == kind && it.id == id;
        self.operations.iter().find(fits).ok_or_else(|| not_found("transaction"))
    }

    pub(super) fn operation_mut(
        &mut self,
        wallet: &str,
        kind: &str,
        id: &str,
    ) -> Result<&mut Operation, Refusal> {
        let fits =
            |it: &&mut Operation| it.wallet == wallet && it.kind.path() == kind && it.id == id;
        self.operations.iter_mut().find(fits).ok_or_else(|| not_found("transaction"))
    }

    pub(super) fn operation_by_id(&self, id: &str) -> Result<&Operation, Refusal> {
        let found = self.operations.iter().find(|it| it.id == id);
        found.ok_or_else(|| not_found("transaction"))
    }

    /// The id that was given under this idempotency key; another request under it is refused.
    pub(super) fn known(&self, request: &Incoming) -> Result<Option<String>, Refusal> {
        match idempotency_key(request).and_then(|key| self.asked.get(key)) {
            Some((asked, id)) if *asked == fingerprint(request) => Ok(Some(id.clone())),
            Some(_) => Err(invalid("the idempotency key was used for another request")),
            None => Ok(None),
        }
    }

    pub(super) fn remember(&mut self, request: &Incoming, id: &str) {
        if let Some(key) = idempotency_key(request) {
            self.asked.insert(key.into(), (fingerprint(request), id.into()));
        }
    }
}

impl Wallet {
    /// How well a locator names it: 0 best.
    fn fit(&self, locator: &str) -> Option<u8> {
        let is_address = match self.chain_type {
            ChainType::Evm => self.address.eq_ignore_ascii_case(locator),
            ChainType::Solana | ChainType::Stellar => self.address == locator,
        };
        if is_address {
            return Some(0);
        }
        let (rest, alias) = match locator.rsplit_once(":alias:") {
            Some((rest, alias)) => (rest, Some(alias)),
            None => (locator, None),
        };
        let rest = rest.strip_suffix(":smart").unwrap_or(rest);
        let (owner, chain_type) = match rest.rsplit_once(':') {
            Some((owner, chain_type)) => (Some(owner), chain_type),
            None => (None, rest),
        };
        let is_owned = owner.is_none_or(|it| self.owner.as_deref() == Some(it));
        let is_on_chain = self.chain_type.as_str() == chain_type;
        match alias {
            Some(alias) if self.alias.as_deref() != Some(alias) || !is_owned => None,
            Some(_) => Some(if is_on_chain { 1 } else { 3 }),
            None if owner.is_none() || !is_owned || !is_on_chain => None,
            None => Some(if self.alias.is_none() { 1 } else { 2 }),
        }
    }

    /// The admin signer, or a further one that signs on the chain.
    pub(super) fn signer(&self, locator: &str, chain: Option<&str>) -> Option<&Signer> {
        if self.admin.is(locator) {
            return Some(&self.admin);
        }
        let signs = |it: &&Delegated| {
            it.signer.is(locator)
                && (it.chains.is_empty()
                    || chain.is_none_or(|chain| it.chains.iter().any(|known| known == chain)))
        };
        self.delegated.iter().find(signs).map(|it| &it.signer)
    }

    /// The approver that a request names, the admin signer if it names none.
    pub(super) fn approver(&self, params: &Value, chain: Option<&str>) -> Result<Signer, Refusal> {
        let Some(locator) = params.get("signer").filter(|it| !it.is_null()) else {
            return Ok(self.admin.clone());
        };
        let locator = locator.as_str().ok_or_else(|| invalid("signer must be a locator"))?;
        let signer = self.signer(locator, chain);
        signer.cloned().ok_or_else(|| invalid("the signer is not one of the wallet's"))
    }
}

fn idempotency_key(request: &Incoming) -> Option<&str> {
    request.headers.get("x-idempotency-key").and_then(|key| key.to_str().ok())
}

fn fingerprint(request: &Incoming) -> Vec<u8> {
    [request.url.as_bytes(), b"\n", &request.body].concat()
}
