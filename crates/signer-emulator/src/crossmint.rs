//! The side of Crossmint, version `2025-06-09` of its API.
//!
//! | module | answers | follows |
//! |---|---|---|
//! | `wallet` | wallets | `WalletV2025ResponseDTO` of the OpenAPI document |
//! | `signer` | signers and their locators | the same document; addresses of `email`, `phone` and `api-key` are made up |
//! | `signers` | adding, reading and removing signers | the document; with `deployImmediately` what the SDK reads (`"onChain" in chains[chain]`) |
//! | `transaction`, `signature` | what they are asked for | the same documents |
//! | `approval` | approvals, verified | the OpenAPI document; 409 and 422 as the specification page has them |
//! | `operation` | transactions and signatures, their states and lists | recorded answers of 2025; times and states between them are made up |
//! | `transfer`, `token` | transfers of tokens | recorded answers (`sendParams`); the table of tokens is the emulator's own |
//! | `activity` | balances, transfers, test money | the document, and what the SDK reads |
//! | `evm` | user operations, Kernel accounts, ERC-1271 wrapping | three recorded operations and one signature; adding signers is inferred from Kernel's source |
//! | `solana` | Squads transactions | one recorded transaction; changes of signers are inferred from the program's source |
//! | `stellar` | Soroban authorizations | nothing was recorded: the document, the Stellar SDK and the source of the wallet contract |
//! | `tampering` | hostile answers | the specification page of approvals |

mod activity;
mod api_key;
mod approval;
mod evm;
mod operation;
mod signature;
mod signer;
mod signers;
mod solana;
mod state;
mod stellar;
mod tampering;
mod token;
mod transaction;
mod transfer;
mod wallet;

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::json;
use signer_protocols::crossmint::verify::Token;

pub use self::evm::{KernelVersion, KernelVersionError};
pub use self::tampering::{Tampering, TamperingError};

use self::api_key::Project;
use self::state::State;
use crate::answer::{Answer, Refusal};
use crate::emulator::{Incoming, Shared};

pub(crate) struct Crossmint {
    project: Project,
    state: Mutex<State>,
}

impl Crossmint {
    pub(crate) fn new() -> Self {
        Self { project: Project::new(), state: Mutex::new(State::new()) }
    }

    pub(crate) fn api_key(&self) -> &str {
        &self.project.api_key
    }

    pub(crate) fn trusted_key(&self) -> String {
        self.project.trusted_key()
    }

    pub(crate) fn tamper(&self, tampering: Option<Tampering>) {
        self.state().tampering = tampering;
    }

    pub(crate) fn is_tampering(&self) -> bool {
        self.state().tampering.is_some()
    }

    pub(crate) fn kernel_version(&self, version: KernelVersion) {
        self.state().kernel_version = version;
    }

    pub(crate) fn name_token(&self, locator: &str, token: Token) {
        self.state().tokens.insert(locator, token);
    }

    pub(crate) fn quorum(&self, on: bool) {
        self.state().quorum = on;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Answers a request. A refusal has the form of the OpenAPI document: `{error: true, message, code}`.
pub(crate) fn answer(shared: &Shared, request: &Incoming) -> Answer {
    dispatch(shared, request).unwrap_or_else(|refusal| {
        let mut answer = Answer::from(refusal);
        answer.body["error"] = json!(true);
        answer
    })
}

fn dispatch(shared: &Shared, request: &Incoming) -> Result<Answer, Refusal> {
    let key = request.headers.get("x-api-key").and_then(|key| key.to_str().ok());
    if key != Some(shared.crossmint.api_key()) {
        return Err(Refusal::new(401, "unauthorized", "the api key is wrong"));
    }
    let mut state = shared.crossmint.state();
    let state = &mut *state;
    let segments: Vec<&str> = request.segments.iter().map(String::as_str).collect();
    let path = match &segments[..] {
        ["api", "2025-06-09", "wallets", path @ ..] => path,
        ["api", "unstable", "wallets", locator, "transfers"] if request.method == "GET" => {
            return activity::transfers(state, request, locator);
        }
        ["api", "v1-alpha2", "wallets", locator, "balances"] if request.method == "POST" => {
            return activity::fund(state, request, locator);
        }
        _ => return Err(not_found("call")),
    };
    match (request.method.as_str(), path) {
        ("POST", []) => wallet::create(shared, state, request),
        ("GET", [locator]) => Ok(Answer::ok(state.wallet(locator)?.to_json())),
        ("GET", [locator, "balances"]) => activity::balances(state, request, locator),
        ("POST", [locator, "transactions"]) => transaction::create(shared, state, request, locator),
        ("POST", [locator, "tokens", token, "transfers"]) => {
            transfer::create(shared, state, request, locator, token)
        }
        ("GET", [locator, "tokens", _, "transfers", id]) => {
            operation::look(shared, state, locator, "transactions", id)
        }
        ("POST", [locator, "signatures"]) => signature::create(shared, state, request, locator),
        ("POST", [locator, "signers"]) => signers::add(shared, state, request, locator),
        ("DELETE", [locator, "signers", signer]) => {
            signers::remove(shared, state, request, locator, signer)
        }
        ("GET", [locator, "signers", signer]) => signers::read(state, locator, signer),
        ("GET", [locator, kind @ ("transactions" | "signatures")]) => {
            operation::list(state, request, locator, kind)
        }
        ("GET", [locator, kind @ ("transactions" | "signatures"), id]) => {
            operation::look(shared, state, locator, kind, id)
        }
        ("POST", [locator, kind @ ("transactions" | "signatures"), id, "approvals"]) => {
            approval::approve(shared, state, request, locator, kind, id)
        }
        _ => Err(not_found("call")),
    }
}

fn not_found(what: &str) -> Refusal {
    Refusal::new(404, "not_found", format!("there is no such {what}"))
}

fn invalid(rule: impl Into<String>) -> Refusal {
    Refusal::new(400, "invalid_request", rule)
}
