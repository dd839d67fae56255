//! The side of Crossmint.

mod api_key;
mod approval;
mod solana;
mod wallet;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use signer_protocols::crossmint::ChainType;

use self::api_key::Project;
use crate::answer::{Answer, Refusal};
use crate::emulator::{Incoming, Shared};

/// What a service might ask for that must not be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mischief {
    /// On Solana, the approval of another transaction than the one that was asked for.
    OtherTransaction,
    /// An approval that has not the shape of its chain.
    OtherShape,
    /// Two different approvals of the one signer.
    TwoApprovals,
    /// A transaction of another type of chain.
    OtherChain,
    /// The state of another transaction.
    OtherId,
    /// A new wallet without the further signers that were asked for.
    FewerSigners,
}

pub(crate) struct Crossmint {
    project: Project,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    wallets: HashMap<String, Wallet>,
    operations: HashMap<String, Operation>,
    /// By idempotency key: what was asked, and the operation or the wallet.
    asked: HashMap<String, (Vec<u8>, String)>,
    mischief: Option<Mischief>,
}

struct Wallet {
    chain_type: ChainType,
    address: String,
    admin: String,
    /// By locator: the chains on which it signs; all of them where none is named.
    delegated: BTreeMap<String, BTreeSet<String>>,
    owner: Option<String>,
    alias: Option<String>,
}

/// A transaction or a signature that waits for an approval, or had one.
struct Operation {
    wallet: String,
    chain_type: ChainType,
    /// `transactions` or `signatures`.
    kind: &'static str,
    /// Who must approve.
    signer: String,
    /// What is approved.
    message: String,
    transaction: Option<String>,
    effect: Effect,
    status: &'static str,
    signature: Option<String>,
    params: Value,
}

#[derive(Clone, Debug)]
enum Effect {
    None,
    AddSigner(String, Option<String>),
    RemoveSigner(String, Option<String>),
}

impl Crossmint {
    pub(crate) fn new() -> Self {
        Self { project: Project::new(), state: Mutex::default() }
    }

    pub(crate) fn api_key(&self) -> &str {
        &self.project.api_key
    }

    pub(crate) fn trusted_key(&self) -> String {
        self.project.trusted_key()
    }

    pub(crate) fn be(&self, mischief: Option<Mischief>) {
        self.state().mischief = mischief;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Answers a request.
pub(crate) fn answer(shared: &Shared, request: &Incoming) -> Result<Answer, Refusal> {
    let key = request.headers.get("x-api-key").and_then(|key| key.to_str().ok());
    if key != Some(shared.crossmint.api_key()) {
        return Err(Refusal::new(401, "unauthorized", "the api key is wrong"));
    }
    let mut state = shared.crossmint.state();
    let segments: Vec<&str> = request.segments.iter().map(String::as_str).collect();
    let ["api", "2025-06-09", "wallets", path @ ..] = &segments[..] else {
        return Err(not_found("call"));
    };
    match (request.method.as_str(), path) {
        ("POST", []) => wallet::create(shared, &mut state, request),
        ("GET", [locator]) => Ok(Answer::ok(state.wallet(locator)?.to_json(shared.clock.now_ms()))),
        ("POST", [locator, "transactions"]) => {
            approval::transaction(shared, &mut state, request, locator)
        }
        ("POST", [locator, "tokens", token, "transfers"]) => {
            approval::transfer(shared, &mut state, request, locator, token)
        }
        ("POST", [locator, "signatures"]) => {
            approval::signature(shared, &mut state, request, locator)
        }
        ("POST", [locator, "signers"]) => wallet::add_signer(shared, &mut state, request, locator),
        ("DELETE", [locator, "signers", signer]) => {
            wallet::remove_signer(shared, &mut state, request, locator, signer)
        }
        ("GET", [locator, "signers", signer]) => {
            wallet::signer(shared, &mut state, locator, signer)
        }
        ("GET", [locator, kind @ ("transactions" | "signatures"), id]) => {
            let address = state.wallet(locator)?.address.clone();
            state.operation(&address, kind, id)?;
            approval::look(shared, &mut state, &address, id)
        }
        ("POST", [locator, kind @ ("transactions" | "signatures"), id, "approvals"]) => {
            let address = state.wallet(locator)?.address.clone();
            state.operation(&address, kind, id)?;
            approval::approve(shared, &mut state, request, &address, id)
        }
        _ => Err(not_found("call")),
    }
}

fn not_found(what: &str) -> Refusal {
    Refusal::new(404, "not_found", format!("there is no such {what}"))
}

impl State {
    fn operation(&self, wallet: &str, kind: &str, id: &str) -> Result<&Operation, Refusal> {
        let fits = |it: &&Operation| it.wallet == wallet && it.kind == kind;
        self.operations.get(id).filter(fits).ok_or_else(|| not_found("transaction"))
    }

    /// By address, by `…:alias:<a>`, or by the owner's `email:<e>:<chain type>`.
    fn wallet(&self, locator: &str) -> Result<&Wallet, Refusal> {
        let alias = locator.rsplit_once(":alias:").map(|(_, alias)| alias);
        let owner = locator.strip_prefix("email:").and_then(|rest| rest.rsplit_once(':'));
        let fits = |wallet: &&Wallet| {
            wallet.address.eq_ignore_ascii_case(locator)
                || alias.is_some() && wallet.alias.as_deref() == alias
                || alias.is_none()
                    && owner.is_some_and(|(owner, chain_type)| {
                        wallet.chain_type.as_str() == chain_type
                            && wallet.owner.as_deref() == Some(&format!("email:{owner}"))
                    })
        };
        self.wallets.values().find(fits).ok_or_else(|| not_found("wallet"))
    }
}

impl Wallet {
    fn signers(&self) -> impl Iterator<Item = &String> {
        self.delegated.keys().chain([&self.admin])
    }

    fn to_json(&self, now: u64) -> Value {
        json!({
            "chainType": self.chain_type.as_str(),
            "type": "smart",
            "address": self.address,
            "config": {
                "adminSigner": reference(&self.admin),
                "delegatedSigners": self.delegated.keys().map(|it| reference(it)).collect::<Vec<_>>(),
            },
            "owner": self.owner,
            "alias": self.alias,
            "createdAt": now,
        })
    }
}

/// A signer as the service names it; addresses on EVM come back in lower case.
fn reference(locator: &str) -> Value {
    let (kind, address) = locator.split_once(':').unwrap_or(("server", locator));
    let address =
        if address.starts_with("0x") { address.to_ascii_lowercase() } else { address.into() };
    json!({"type": kind, "address": address, "locator": format!("{kind}:{address}")})
}
