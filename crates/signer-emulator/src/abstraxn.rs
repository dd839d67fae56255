//! The side of Abstraxn, as far as its wire is known.

mod activity;

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64ct::{Base64UrlUnpadded, Encoding};
use serde_json::{Value, json};
use signer_core::p256::{SigningKey, VerifyingKey};

use crate::answer::{Answer, Refusal, parse, text};
use crate::emulator::{Incoming, Shared};
use crate::key::{WalletKey, hex, random, unhex};

/// The API key that is accepted: that of a test.
const API_KEY: &str = "test-api-key";
const TOKEN_LIFE_MS: u64 = 15 * 60 * 1_000;

pub(crate) struct Abstraxn {
    quorum: SigningKey,
    state: Mutex<State>,
}

struct State {
    accounts: HashMap<String, Account>,
    /// By login code: the identity.
    codes: HashMap<String, String>,
    /// By the bytes of an activity: what came of it.
    activities: HashMap<String, Value>,
    token_life_ms: u64,
}

struct Account {
    public_key: VerifyingKey,
    organization: String,
    user: String,
    name: Option<String>,
    wallet: WalletKey,
    /// The one token that is good, and until when.
    token: Option<(String, u64)>,
    /// The one cookie that refreshes it.
    cookie: Option<String>,
}

impl Abstraxn {
    pub(crate) fn new() -> Self {
        Self {
            quorum: SigningKey::generate(&mut random()),
            state: Mutex::new(State {
                accounts: HashMap::new(),
                codes: HashMap::new(),
                activities: HashMap::new(),
                token_life_ms: TOKEN_LIFE_MS,
            }),
        }
    }

    pub(crate) fn quorum_key(&self) -> VerifyingKey {
        self.quorum.verifying_key()
    }

    pub(crate) fn token_life(&self, ms: u64) {
        self.state().token_life_ms = ms;
    }

    pub(crate) fn revoke(&self, sessions: bool) {
        for account in self.state().accounts.values_mut() {
            account.token = None;
            if sessions {
                account.cookie = None;
            }
        }
    }

    pub(crate) fn activities(&self) -> usize {
        self.state().activities.len()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn header<'a>(request: &'a Incoming, name: &str) -> &'a str {
    request.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn unauthorized(message: &str) -> Refusal {
    Refusal::new(401, "UNAUTHORIZED", message)
}

/// Answers a request.
pub(crate) fn answer(shared: &Shared, request: &Incoming) -> Result<Answer, Refusal> {
    if header(request, "x-api-key") != API_KEY {
        return Err(unauthorized("the api key is wrong"));
    }
    let segments: Vec<&str> = request.segments.iter().map(String::as_str).collect();
    let mut state = shared.abstraxn.state();
    match (request.method.as_str(), &segments[..]) {
        ("POST", ["auth", "create"]) => create(shared, &mut state, request),
        ("POST", ["auth", "exchange"]) => exchange(shared, &mut state, request),
        ("POST", ["auth", "refresh"]) => refresh(shared, &mut state, request),
        ("POST", ["auth", "logout"]) => {
            let identity = signed_in(shared, &state, request)?;
            if let Some(account) = state.accounts.get_mut(&identity) {
                (account.token, account.cookie) = (None, None);
            }
            Ok(Answer::ok(json!({})))
        }
        ("POST", ["whoami"] | ["sign", "transaction"] | ["export-wallet"]) => {
            let identity = signed_in(shared, &state, request)?;
            activity::answer(shared, &mut state, request, &identity)
        }
        _ => Err(Refusal::new(404, "NOT_FOUND", "there is no such call")),
    }
}

fn create(shared: &Shared, state: &mut State, request: &Incoming) -> Result<Answer, Refusal> {
    let body = parse(&request.body)?;
    let (identity, key) = (text(&body, "userIdentity")?, text(&body, "targetPublicKey")?);
    let key = unhex(key).and_then(|key| VerifyingKey::from_sec1_bytes(&key).ok());
    let key =
        key.ok_or_else(|| Refusal::new(400, "INVALID", "targetPublicKey is a P-256 point in hex"))?;
    let account = state.accounts.entry(identity.into()).or_insert_with(|| Account {
        public_key: key,
        organization: shared.id("organization"),
        user: shared.id("user"),
        name: body["userName"].as_str().map(Into::into),
        wallet: WalletKey::ethereum(),
        token: None,
        cookie: None,
    });
    if account.public_key != key {
        let message = "the identity exists with another access key";
        return Err(Refusal::new(409, "CONFLICT", message));
    }
    let code = hex(&secret());
    let answer = json!({
        "loginCode": code,
        "organizationId": account.organization,
        "walletAddress": account.wallet.address(),
    });
    state.codes.insert(code, identity.into());
    Ok(Answer::ok(answer))
}

fn exchange(shared: &Shared, state: &mut State, request: &Incoming) -> Result<Answer, Refusal> {
    let body = parse(&request.body)?;
    let identity = state.codes.remove(text(&body, "loginCode")?);
    let identity = identity.ok_or_else(|| unauthorized("the login code is not good"))?;
    issue(shared, state, &identity)
}

/// The old token and the old cookie are not good any more.
fn refresh(shared: &Shared, state: &mut State, request: &Incoming) -> Result<Answer, Refusal> {
    let cookie = header(request, "cookie").strip_prefix("refresh=").unwrap_or_default();
    let of = |account: &Account| account.cookie.as_deref() == Some(cookie);
    let found = state.accounts.iter().find(|(_, account)| of(account));
    let identity = found.map(|(identity, _)| identity.clone());
    let identity = identity.ok_or_else(|| unauthorized("the session has ended"))?;
    issue(shared, state, &identity)
}

fn issue(shared: &Shared, state: &mut State, identity: &str) -> Result<Answer, Refusal> {
    let now = shared.clock.now_ms();
    let ends = now.saturating_add(state.token_life_ms);
    let account = state.accounts.get_mut(identity).ok_or_else(|| unauthorized("nobody"))?;
    let encode = |bytes: &[u8]| Base64UrlUnpadded::encode_string(bytes);
    #[allow(clippy::cast_precision_loss, reason = "milliseconds of this millennium are exact")]
    let seconds = |ms: u64| ms as f64 / 1_000.0;
    let claims = json!({"sub": account.user, "iat": seconds(now), "exp": seconds(ends)});
    let parts = [br#"{"alg":"none"}"#.to_vec(), claims.to_string().into_bytes(), secret().to_vec()];
    let token = parts.map(|part| encode(&part)).join(".");
    let cookie = hex(&secret());
    account.token = Some((token.clone(), ends));
    account.cookie = Some(cookie.clone());
    let cookie = Some(format!("refresh={cookie}; HttpOnly; Path=/; SameSite=Strict"));
    Ok(Answer { cookie, ..Answer::ok(json!({"accessToken": token})) })
}

/// Whose token it is.
fn signed_in(shared: &Shared, state: &State, request: &Incoming) -> Result<String, Refusal> {
    let token = header(request, "authorization").strip_prefix("Bearer ").unwrap_or_default();
    let now = shared.clock.now_ms();
    let good = |account: &Account| {
        account.token.as_ref().is_some_and(|(known, ends)| known == token && now < *ends)
    };
    let found = state.accounts.iter().find(|(_, account)| good(account));
    found.map(|(identity, _)| identity.clone()).ok_or_else(|| unauthorized("the token is not good"))
}

fn secret() -> [u8; 32] {
    let mut bytes = [0; 32];
    rand_core::Rng::fill_bytes(&mut random(), &mut bytes);
    bytes
}
