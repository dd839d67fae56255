//! Transactions and signatures: their JSON, states and lists.
//!
//! Recorded answers have `createdAt` as text, `approvals.submitted[]` with the signature, and no member that is null.
//! `status` goes from `awaiting-approval` to `pending` with the last approval, and to `success` at the second look: the
//! service takes seconds for it. `txId` is made up.

use base64ct::{Base64, Encoding};
use serde_json::{Value, json};
use signer_core::keccak::keccak256;
use signer_protocols::crossmint::ChainType;

use super::Tampering;
use super::signer::Signer;
use super::state::{Delegated, OnChain, State, Wallet};
use super::transfer::Transfer;
use crate::answer::{Answer, Refusal};
use crate::emulator::{Incoming, Shared};
use crate::key::{hex, random};

/// A transaction or a signature that waits for approvals, or had them.
pub(super) struct Operation {
    pub(super) id: String,
    pub(super) kind: Kind,
    pub(super) wallet: String,
    pub(super) chain_type: ChainType,
    /// On EVM.
    pub(super) chain: Option<String>,
    pub(super) status: &'static str,
    pub(super) created_at: u64,
    pub(super) completed_at: Option<u64>,
    /// The echo of the request.
    pub(super) params: Value,
    /// `None` where the service answers a bare hash.
    pub(super) on_chain: Option<Value>,
    pub(super) send_params: Option<Value>,
    pub(super) pending: Vec<Pending>,
    pub(super) submitted: Vec<Submitted>,
    pub(super) effect: Effect,
    pub(super) transfer: Option<Transfer>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Transaction,
    Message,
    TypedData,
}

/// An approval that is asked for.
#[derive(Clone)]
pub(super) struct Pending {
    pub(super) signer: Signer,
    pub(super) message: String,
}

/// An approval that was given.
pub(super) struct Submitted {
    pub(super) approval: Pending,
    pub(super) signature: String,
    pub(super) at: u64,
}

/// The changes that a success makes.
#[derive(Clone)]
pub(super) enum Effect {
    None,
    Add(Box<Delegated>),
    Remove { signer: String, chain: Option<String> },
}

impl Kind {
    pub(super) const fn path(self) -> &'static str {
        match self {
            Self::Transaction => "transactions",
            Self::Message | Self::TypedData => "signatures",
        }
    }
}

/// The facts that the parts of a new operation share.
pub(super) struct Draft {
    pub(super) kind: Kind,
    pub(super) chain: Option<String>,
    pub(super) params: Value,
    pub(super) on_chain: Option<Value>,
    pub(super) pending: Vec<Pending>,
    pub(super) effect: Effect,
    pub(super) send_params: Option<Value>,
    pub(super) transfer: Option<Transfer>,
}

impl Draft {
    pub(super) const fn transaction(params: Value, on_chain: Value, pending: Vec<Pending>) -> Self {
        Self {
            kind: Kind::Transaction,
            chain: None,
            params,
            on_chain: Some(on_chain),
            pending,
            effect: Effect::None,
            send_params: None,
            transfer: None,
        }
    }
}

/// Keeps a new operation under the request's idempotency key, with the tampering that does not depend on the chain.
pub(super) fn begin(
    shared: &Shared,
    state: &mut State,
    request: &Incoming,
    wallet: &str,
    mut draft: Draft,
) -> Result<String, Refusal> {
    let id = shared.id("operation");
    let chain_type = state.wallet(wallet)?.chain_type;
    match state.tampering {
        Some(Tampering::OtherShape) => {
            if let Some(first) = draft.pending.first_mut() {
                first.message = if chain_type == ChainType::Evm { "0OIl" } else { "0x00" }.into();
            }
            if let Some(transaction) =
                draft.on_chain.as_mut().and_then(|it| it.get_mut("transaction"))
            {
                *transaction = json!("1111");
            }
        }
        Some(Tampering::OtherMessage) => {
            if let Some(first) = draft.pending.first_mut() {
                first.message = random_message(chain_type);
            }
        }
        Some(Tampering::TwoApprovals) => {
            if let Some(first) = draft.pending.first().cloned() {
                draft.pending.push(Pending { message: random_message(chain_type), ..first });
            }
        }
        Some(Tampering::BareHash) => draft.on_chain = None,
        _ => {}
    }
    let automatic = draft.pending.iter().all(|it| it.signer.is_automatic());
    let operation = Operation {
        id: id.clone(),
        kind: draft.kind,
        wallet: state.wallet(wallet)?.address.clone(),
        chain_type,
        chain: draft.chain,
        status: if automatic { "pending" } else { "awaiting-approval" },
        created_at: shared.clock.now_ms(),
        completed_at: None,
        params: draft.params,
        on_chain: draft.on_chain,
        send_params: draft.send_params,
        pending: if automatic { Vec::new() } else { draft.pending },
        submitted: Vec::new(),
        effect: draft.effect,
        transfer: draft.transfer,
    };
    state.remember(request, &id);
    state.operations.push(operation);
    Ok(id)
}

fn random_message(chain_type: ChainType) -> String {
    let bytes = random_bytes::<32>();
    match chain_type {
        ChainType::Evm => format!("0x{}", hex(&bytes)),
        ChainType::Solana => super::api_key::encode(&bytes),
        ChainType::Stellar => Base64::encode_string(&bytes),
    }
}

/// Answers a new operation, or one that was made under the same idempotency key.
pub(super) fn answer_created(state: &State, id: &str) -> Result<Answer, Refusal> {
    let json = state.operation_by_id(id)?.to_json(state);
    Ok(Answer { status: 201, ..Answer::ok(json) })
}

impl Operation {
    pub(super) fn to_json(&self, state: &State) -> Value {
        let chain_type = match state.tampering {
            Some(Tampering::OtherChain) => "another",
            _ => self.chain_type.as_str(),
        };
        let mut json = json!({
            "id": self.id,
            "status": self.status,
            "chainType": chain_type,
            "walletType": "smart",
            "params": self.params,
            "approvals": self.approvals(state),
            "createdAt": timestamp(self.created_at),
        });
        if self.kind == Kind::Transaction {
            if let Some(on_chain) = &self.on_chain {
                json["onChain"] = on_chain.clone();
            } else {
                json["onChain"] = json!({});
            }
            if self.status == "success" {
                json["onChain"]["txId"] = json!(self.tx_id());
                json["onChain"]["explorerLink"] = json!(self.explorer_link());
            }
        } else {
            json["type"] =
                json!(if self.kind == Kind::TypedData { "typed-data" } else { "message" });
            if self.status == "success" {
                let signature = self.submitted.last().map(|it| it.signature.as_str());
                json["outputSignature"] = json!(signature.unwrap_or("0x"));
            }
        }
        if let Some(send_params) = &self.send_params {
            json["sendParams"] = send_params.clone();
        }
        if let Some(at) = self.completed_at {
            json["completedAt"] = json!(timestamp(at));
        }
        json
    }

    /// `required` was recorded on Solana and is in no recorded answer of EVM.
    pub(super) fn approvals(&self, state: &State) -> Value {
        let mut pending: Vec<_> = self.pending.iter().map(Pending::to_json).collect();
        if state.quorum && !pending.is_empty() {
            pending.insert(0, quorum_entry());
        }
        let submitted: Vec<_> = self.submitted.iter().map(Submitted::to_json).collect();
        let mut json = json!({"pending": pending, "submitted": submitted});
        if self.chain_type == ChainType::Solana {
            json["required"] = json!(self.pending.len() + self.submitted.len());
        }
        json
    }

    pub(super) fn tx_id(&self) -> String {
        let hash = *keccak256(self.id.as_bytes()).as_bytes();
        match self.chain_type {
            ChainType::Evm => format!("0x{}", hex(&hash)),
            ChainType::Solana => super::api_key::encode(&[hash, hash].concat()),
            ChainType::Stellar => hex(&hash),
        }
    }

    pub(super) fn explorer_link(&self) -> String {
        format!("https://explorer.invalid/tx/{}", self.tx_id())
    }
}

impl Pending {
    fn to_json(&self) -> Value {
        json!({"signer": self.signer.to_json(), "message": self.message})
    }
}

impl Submitted {
    fn to_json(&self) -> Value {
        let mut json = self.approval.to_json();
        json["signature"] = json!(self.signature);
        json["submittedAt"] = json!(timestamp(self.at));
        json
    }
}

/// An entry of another shape, as a wallet with a quorum has it: without a message of its own.
fn quorum_entry() -> Value {
    json!({
        "signer": {"type": "quorum", "locator": "quorum:emulator", "threshold": 2},
        "quorumApprovals": {"required": 2, "pending": [], "submitted": []},
    })
}

/// An operation; what was approved succeeds at the second look.
pub(super) fn look(
    shared: &Shared,
    state: &mut State,
    locator: &str,
    kind: &str,
    id: &str,
) -> Result<Answer, Refusal> {
    let now = shared.clock.now_ms();
    let address = state.wallet(locator)?.address.clone();
    let mut json = state.operation(&address, kind, id)?.to_json(state);
    if state.is(Tampering::OtherId) {
        json["id"] = json!("another");
        json["status"] = json!("success");
    }
    let operation = state.operation_mut(&address, kind, id)?;
    if operation.status == "pending" {
        operation.status = "success";
        operation.completed_at = Some(now);
        let (effect, chain) = (operation.effect.clone(), operation.chain.clone());
        let sent = operation.transfer.as_ref().map(|it| (it.locator.clone(), it.base_units()));
        let is_transaction = operation.kind == Kind::Transaction;
        let wallet = state.wallet_mut(&address)?;
        wallet.apply(effect);
        if let (OnChain::Evm(account), Some(chain), true) =
            (&mut wallet.account, chain, is_transaction)
        {
            account.deploy(&chain);
        }
        if let Some((locator, amount)) = sent {
            let total = wallet.sent.entry(locator).or_default();
            *total = total.saturating_add(amount);
        }
    }
    Ok(Answer::ok(json))
}

impl Wallet {
    fn apply(&mut self, effect: Effect) {
        match effect {
            Effect::Add(added) => {
                let known =
                    self.delegated.iter_mut().find(|it| it.signer.is(&added.signer.locator));
                match known {
                    Some(known) => known.chains.extend(added.chains),
                    None => self.delegated.push(*added),
                }
            }
            Effect::Remove { signer, chain } => self.delegated.retain_mut(|known| {
                if !known.signer.is(&signer) {
                    return true;
                }
                known.chains.retain(|it| Some(it) != chain.as_ref());
                !known.chains.is_empty()
            }),
            Effect::None => {}
        }
    }
}

/// The newest first.
pub(super) fn list(
    state: &State,
    request: &Incoming,
    locator: &str,
    kind: &str,
) -> Result<Answer, Refusal> {
    let address = &state.wallet(locator)?.address;
    let number = |name: &str, default: usize| {
        query(request, name).and_then(|it| it.parse().ok()).unwrap_or(default)
    };
    let (page, per_page) = (number("page", 1).max(1), number("perPage", 20));
    let fits = |it: &&Operation| it.wallet == *address && it.kind.path() == kind;
    let listed: Vec<_> = state
        .operations
        .iter()
        .rev()
        .filter(fits)
        .skip((page - 1).saturating_mul(per_page))
        .take(per_page)
        .map(|it| it.to_json(state))
        .collect();
    Ok(Answer::ok(json!({ kind: listed })))
}

/// A member of the query, decoded.
pub(super) fn query(request: &Incoming, name: &str) -> Option<String> {
    let pairs = request.query.split('&').filter_map(|pair| pair.split_once('='));
    let mut values = pairs.filter(|(key, _)| *key == name).map(|(_, value)| value);
    values.next().map(|value| crate::emulator::decode(&value.replace('+', " ")))
}

/// Bytes that nobody can foresee.
pub(super) fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand_core::Rng::fill_bytes(&mut random(), &mut bytes);
    bytes
}

/// `2025-10-15T06:22:02.069Z`, as recorded answers have it.
pub(super) fn timestamp(unix_ms: u64) -> String {
    let (seconds, ms) = (unix_ms / 1_000, unix_ms % 1_000);
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    // Days from 0000-03-01 on, in eras of 400 years.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (month, carry) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    let year = year_of_era + era * 400 + carry;
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z")
}

#[cfg(test)]
mod tests {
    use super::timestamp;

    /// As `new Date(ms).toISOString()` prints them.
    #[test]
    fn times_are_those_of_iso_8601() {
        for (ms, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_760_509_322_069, "2025-10-15T06:22:02.069Z"),
            (1_767_225_599_999, "2025-12-31T23:59:59.999Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ] {
            assert_eq!(timestamp(ms), text);
        }
    }
}
