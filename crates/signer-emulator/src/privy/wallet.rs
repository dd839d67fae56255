use hpke::aead::ChaCha20Poly1305;
use serde_json::{Map, Value, json};

use super::{State, Wallet, authorization, not_found, own};
use crate::answer::{Answer, Refusal, parse, text};
use crate::emulator::{Incoming, Shared};
use crate::hpke_seal::seal_to_spki;
use crate::key::WalletKey;

impl Wallet {
    pub(super) fn to_json(&self, id: &str) -> Value {
        let mut json = self.members.clone();
        json.insert("id".into(), json!(id));
        json.insert("address".into(), json!(self.key.address()));
        json.insert("chain_type".into(), json!(self.chain_type));
        json.insert("owner_id".into(), json!(self.owner_id));
        for list in ["policy_ids", "additional_signers"] {
            json.entry(list).or_insert_with(|| json!([]));
        }
        Value::Object(json)
    }
}

pub(super) fn find<'a>(state: &'a State, id: &str) -> Result<&'a Wallet, Refusal> {
    state.wallets.get(id).ok_or_else(|| not_found("wallet"))
}

pub(super) fn create(
    shared: &Shared,
    state: &mut State,
    request: &Incoming,
) -> Result<Answer, Refusal> {
    let mut body = parse(&request.body)?;
    let chain_type = text(&body, "chain_type")?.to_owned();
    let key = match chain_type.as_str() {
        "ethereum" => WalletKey::ethereum(),
        "solana" => WalletKey::solana(),
        _ => return Err(Refusal::new(400, "invalid_data", "chain_type is ethereum or solana")),
    };
    own(shared, state, &mut body)?;
    let mut members = take_members(body);
    let owner_id = members.remove("owner_id").and_then(|id| id.as_str().map(Into::into));
    members.insert("created_at".into(), json!(shared.clock.now_ms()));
    // A member that no client of today knows.
    members.insert("emulated".into(), json!({"by": "signer-emulator"}));
    let id = shared.id("wallet");
    let wallet = Wallet { key, chain_type, owner_id, members };
    let json = wallet.to_json(&id);
    state.wallets.insert(id, wallet);
    Ok(Answer::ok(json))
}

fn take_members(body: Value) -> Map<String, Value> {
    let Value::Object(mut members) = body else { return Map::new() };
    members.remove("chain_type");
    members
}

pub(super) fn update(
    shared: &Shared,
    state: &mut State,
    request: &Incoming,
    id: &str,
) -> Result<Answer, Refusal> {
    let owner = find(state, id)?.owner_id.clone();
    authorization::check(shared, state, request, owner.as_deref())?;
    let mut changes = parse(&request.body)?;
    own(shared, state, &mut changes)?;
    let wallet = state.wallets.get_mut(id).ok_or_else(|| not_found("wallet"))?;
    for (name, value) in take_members(changes) {
        match name.as_str() {
            "owner_id" => wallet.owner_id = value.as_str().map(Into::into),
            _ => drop(wallet.members.insert(name, value)),
        }
    }
    Ok(Answer::ok(wallet.to_json(id)))
}

pub(super) fn export(
    shared: &Shared,
    state: &mut State,
    request: &Incoming,
    id: &str,
) -> Result<Answer, Refusal> {
    let wallet = find(state, id)?;
    authorization::check(shared, state, request, wallet.owner_id.as_deref())?;
    let body = parse(&request.body)?;
    let recipient = text(&body, "recipient_public_key")?;
    let secret = crate::key::hex(&wallet.key.secret());
    let sealed = seal_to_spki::<ChaCha20Poly1305>(recipient, secret.as_bytes());
    let (encapsulated_key, ciphertext) = sealed
        .ok_or_else(|| Refusal::new(400, "invalid_data", "recipient_public_key is no P-256 key"))?;
    Ok(Answer::ok(json!({
        "encryption_type": "HPKE",
        "ciphertext": ciphertext,
        "encapsulated_key": encapsulated_key,
    })))
}
