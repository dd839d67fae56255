//! The side of Privy.

mod authorization;
mod rpc;
mod session;
mod wallet;

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::http::Method;
use base64ct::{Base64, Encoding};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use signer_core::p256::VerifyingKey;

use crate::answer::{Answer, Refusal, parse};
use crate::emulator::{Incoming, Shared};
use crate::key::WalletKey;

/// The credentials that are accepted: those of a test.
pub(crate) const APP_ID: &str = "test-app-id";
const APP_SECRET: &str = "test-app-secret";

pub(crate) struct Privy(Mutex<State>);

#[derive(Default)]
struct State {
    wallets: HashMap<String, Wallet>,
    quorums: HashMap<String, Quorum>,
    policies: HashMap<String, Value>,
    transactions: HashMap<String, Value>,
    /// By user: the key that a session's requests are signed with, and when it ends.
    sessions: HashMap<String, (VerifyingKey, u64)>,
    /// What was answered under an idempotency key, and the digest of what was asked.
    answered: HashMap<String, ([u8; 32], Answer)>,
}

struct Wallet {
    key: WalletKey,
    chain_type: String,
    owner_id: Option<String>,
    /// Every other member, as it was set.
    members: Map<String, Value>,
}

/// Who may sign for what it owns: some of some keys.
struct Quorum {
    keys: Vec<VerifyingKey>,
    users: Vec<String>,
    threshold: usize,
    name: Value,
}

impl Privy {
    pub(crate) fn new() -> Self {
        Self(Mutex::default())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Answers a request.
pub(crate) fn answer(shared: &Shared, request: &Incoming) -> Result<Answer, Refusal> {
    check_app(request)?;
    let mut state = shared.privy.state();
    let key = authorization::header(request, "privy-idempotency-key");
    let Some(key) = key.filter(|_| request.method == Method::POST) else {
        return dispatch(shared, &mut state, request);
    };
    let asked =
        Sha256::new().chain_update(&request.url).chain_update(&request.body).finalize().into();
    if let Some((known, answer)) = state.answered.get(key) {
        if *known != asked {
            let rule = "the idempotency key was used for another request";
            return Err(Refusal::new(400, "idempotency_key_reused", rule));
        }
        let answer = answer.clone();
        // Whoever may not ask is not told what was answered.
        if let [_, what, id, ..] = &request.segments[..]
            && what == "wallets"
            && let Ok(wallet) = wallet::find(&state, id)
        {
            authorization::check(shared, &state, request, wallet.owner_id.as_deref())?;
        }
        return Ok(answer);
    }
    let answer = dispatch(shared, &mut state, request)?;
    state.answered.insert(key.into(), (asked, answer.clone()));
    Ok(answer)
}

fn check_app(request: &Incoming) -> Result<(), Refusal> {
    let expected =
        format!("Basic {}", Base64::encode_string(format!("{APP_ID}:{APP_SECRET}").as_bytes()));
    let given = authorization::header(request, "authorization");
    if given != Some(&expected) || authorization::header(request, "privy-app-id") != Some(APP_ID) {
        return Err(Refusal::new(401, "invalid_credentials", "the app id or its secret is wrong"));
    }
    Ok(())
}

fn dispatch(shared: &Shared, state: &mut State, request: &Incoming) -> Result<Answer, Refusal> {
    let segments: Vec<&str> = request.segments.iter().map(String::as_str).collect();
    let method = request.method.as_str();
    match (method, &segments[..]) {
        ("POST", ["v1", "wallets"]) => wallet::create(shared, state, request),
        ("POST", ["v1", "wallets", "authenticate"]) => {
            session::authenticate(shared, state, request)
        }
        ("GET", ["v1", "wallets", id]) => Ok(Answer::ok(wallet::find(state, id)?.to_json(id))),
        ("PATCH", ["v1", "wallets", id]) => wallet::update(shared, state, request, id),
        ("POST", ["v1", "wallets", id, "rpc"]) => rpc::call(shared, state, request, id),
        ("POST", ["v1", "wallets", id, "raw_sign"]) => rpc::raw_sign(shared, state, request, id),
        ("POST", ["v1", "wallets", id, "export"]) => wallet::export(shared, state, request, id),
        ("POST", ["v1", "key_quorums"]) => {
            let id = shared.id("quorum");
            let quorum = Quorum::read(&parse(&request.body)?)?;
            let json = quorum.to_json(&id);
            state.quorums.insert(id, quorum);
            Ok(Answer::ok(json))
        }
        ("PATCH" | "DELETE", ["v1", "key_quorums", id]) => {
            let quorum = state.quorums.get(*id).ok_or_else(|| not_found("key quorum"))?;
            let mut members = quorum.members();
            authorization::check(shared, state, request, Some(id))?;
            if method == "DELETE" {
                state.quorums.remove(*id);
                return Ok(Answer::ok(json!({"success": true})));
            }
            merge(&mut members, &parse(&request.body)?);
            let quorum = Quorum::read(&members)?;
            let json = quorum.to_json(id);
            state.quorums.insert((*id).into(), quorum);
            Ok(Answer::ok(json))
        }
        ("POST", ["v1", "policies"]) => {
            let id = shared.id("policy");
            let mut policy = parse(&request.body)?;
            own(shared, state, &mut policy)?;
            policy["id"] = json!(id);
            state.policies.insert(id, policy.clone());
            Ok(Answer::ok(policy))
        }
        ("PATCH" | "DELETE", ["v1", "policies", id]) => {
            let policy = state.policies.get(*id).ok_or_else(|| not_found("policy"))?;
            let owner = policy["owner_id"].as_str().map(str::to_owned);
            authorization::check(shared, state, request, owner.as_deref())?;
            if method == "DELETE" {
                state.policies.remove(*id);
                return Ok(Answer::ok(json!({"success": true})));
            }
            let mut changes = parse(&request.body)?;
            own(shared, state, &mut changes)?;
            let policy = state.policies.get_mut(*id).ok_or_else(|| not_found("policy"))?;
            merge(policy, &changes);
            Ok(Answer::ok(policy.clone()))
        }
        ("GET", ["v1", "policies", id]) => {
            state.policies.get(*id).cloned().map(Answer::ok).ok_or_else(|| not_found("policy"))
        }
        ("GET", ["v1", "transactions", id]) => {
            let transaction =
                state.transactions.get_mut(*id).ok_or_else(|| not_found("transaction"))?;
            let seen = transaction.clone();
            // The next look finds it a step further.
            transaction["status"] = match seen["status"].as_str() {
                Some("pending") => json!("confirmed"),
                _ => json!("finalized"),
            };
            Ok(Answer::ok(seen))
        }
        _ => Err(Refusal::new(404, "not_found", "there is no such call")),
    }
}

fn not_found(what: &str) -> Refusal {
    Refusal::new(404, "not_found", format!("there is no such {what}"))
}

/// Turns `owner` into `owner_id`: a public key becomes a quorum of one, a user a quorum of that user.
fn own(shared: &Shared, state: &mut State, body: &mut Value) -> Result<(), Refusal> {
    let Some(owner) = body.as_object_mut().and_then(|body| body.remove("owner")) else {
        return Ok(());
    };
    if owner.is_null() {
        body["owner_id"] = Value::Null;
        return Ok(());
    }
    let quorum = match (&owner["public_key"], &owner["user_id"]) {
        (Value::String(key), _) => json!({"public_keys": [key]}),
        (_, Value::String(user)) => json!({"user_ids": [user]}),
        _ => return Err(Refusal::new(400, "invalid_data", "owner has a public_key or a user_id")),
    };
    let id = shared.id("quorum");
    state.quorums.insert(id.clone(), Quorum::read(&quorum)?);
    body["owner_id"] = json!(id);
    Ok(())
}

fn merge(target: &mut Value, changes: &Value) {
    for (name, value) in changes.as_object().into_iter().flatten() {
        target[name] = value.clone();
    }
}

impl Quorum {
    fn read(body: &Value) -> Result<Self, Refusal> {
        let list = |name: &str| body[name].as_array().cloned().unwrap_or_default();
        let bad_key =
            || Refusal::new(400, "invalid_data", "public_keys are base64 of SPKI DER, P-256");
        let keys = list("public_keys")
            .iter()
            .map(|key| read_key(key.as_str().unwrap_or_default()).ok_or_else(bad_key))
            .collect::<Result<Vec<_>, _>>()?;
        let users: Vec<String> =
            list("user_ids").iter().filter_map(|user| user.as_str().map(Into::into)).collect();
        let members = keys.len() + users.len();
        let threshold = body["authorization_threshold"].as_u64().unwrap_or(1);
        let threshold = usize::try_from(threshold).unwrap_or(usize::MAX);
        if members == 0 || !(1..=members).contains(&threshold) {
            let rule = "authorization_threshold is from 1 to the number of members";
            return Err(Refusal::new(400, "invalid_data", rule));
        }
        Ok(Self { keys, users, threshold, name: body["display_name"].clone() })
    }

    /// As it is asked for.
    fn members(&self) -> Value {
        let keys = self.keys.iter().map(signer_protocols::privy::encode_public_key);
        json!({
            "public_keys": keys.collect::<Vec<_>>(),
            "user_ids": self.users,
            "authorization_threshold": self.threshold,
            "display_name": self.name,
        })
    }

    fn to_json(&self, id: &str) -> Value {
        let keys = self.keys.iter().map(signer_protocols::privy::encode_public_key);
        json!({
            "id": id,
            "authorization_keys": keys
                .map(|key| json!({"public_key": key, "display_name": null}))
                .collect::<Vec<_>>(),
            "user_ids": self.users,
            "authorization_threshold": self.threshold,
            "display_name": self.name,
        })
    }
}

fn read_key(text: &str) -> Option<VerifyingKey> {
    let pem = text.contains("-----BEGIN").then(|| VerifyingKey::from_spki_pem(text.as_bytes()));
    pem.unwrap_or_else(|| signer_protocols::privy::decode_public_key(text)).ok()
}
