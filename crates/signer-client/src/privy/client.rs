use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use signer_core::encoding::hex;
use signer_core::keccak::eip191_digest;
use signer_protocols::jcs::Limits;
use signer_protocols::privy::rpc::{RawSign, RpcRequest};
use signer_protocols::privy::{APP_ID_HEADER, AuthorizationRequest, Method, SessionRecipient};
use zeroize::Zeroizing;

use super::request::{CallKind, Plan, Request};
use super::rest::{
    ChainType, CreatePolicy, CreateWallet, KeyQuorum, KeyQuorumChange, NewKeyQuorum, Policy,
    PolicyChange, RpcResponse, Transaction, Wallet, WalletChange,
};
use super::send::refused;
use super::session::WeakSession;
use super::{Authorization, UserSession, signature};
use crate::error::{Error, Kind};
use crate::transport::{Call, Outgoing, Repeat, Transport, secret_header, secret_json};
use crate::{BaseUrl, TransportOptions, evm, random, token};

/// Where the service is.
pub const DEFAULT_BASE_URL: &str = "https://api.privy.io";

const APP_ID: HeaderName = HeaderName::from_static(APP_ID_HEADER);
/// What a call sends, those that every HTTP client adds included.
const USUAL_HEADERS: usize = 12;

/// Done once under a key.
const KEYED: CallKind = CallKind { expires: false, keyed: true, repeatable: false };
/// Signed, done once under a key.
const SIGNED_KEYED: CallKind = CallKind { expires: true, keyed: true, repeatable: false };
/// Signed; a change whose repetition may be refused by its own effect.
const SIGNED: CallKind = CallKind { expires: true, keyed: false, repeatable: false };
/// Signed, and reads.
const SIGNED_READ: CallKind = CallKind { expires: true, keyed: false, repeatable: true };
/// Neither signed nor keyed.
const PLAIN: CallKind = CallKind { expires: false, keyed: false, repeatable: false };

/// A client of one app. Clones share connections.
#[derive(Clone)]
pub struct Client(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) transport: Transport,
    pub(super) app_id: String,
    app_id_value: HeaderValue,
    basic: HeaderValue,
    /// By a digest of the user's token: the session, as long as somebody uses it.
    sessions: Mutex<HashMap<[u8; 32], WeakSession>>,
}

/// Something was deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "DeletedAnswer")]
#[non_exhaustive]
pub struct Deleted {}

#[derive(Deserialize)]
struct DeletedAnswer {
    success: Option<bool>,
}

impl TryFrom<DeletedAnswer> for Deleted {
    type Error = &'static str;

    fn try_from(answer: DeletedAnswer) -> Result<Self, Self::Error> {
        if answer.success == Some(false) { Err("it was not deleted") } else { Ok(Self {}) }
    }
}

/// The private key of a wallet: 32 bytes in hex or, as the service has it for the chain, another text. It is
/// wiped when it is dropped.
#[derive(Debug)]
pub struct Exported(SecretSlice<u8>);

impl Exported {
    /// The text.
    pub fn expose_secret(&self) -> &[u8] {
        self.0.expose_secret()
    }
}

#[derive(Deserialize)]
struct Sealed {
    ciphertext: String,
    encapsulated_key: String,
}

#[derive(Serialize)]
struct Export {
    encryption_type: &'static str,
    recipient_public_key: String,
}

impl Client {
    /// A client of the app `app_id`, with the usual deadlines.
    ///
    /// # Errors
    /// An input error when the id or the secret cannot stand in a header.
    pub fn new(base: BaseUrl, app_id: &str, app_secret: SecretString) -> Result<Self, Error> {
        Self::with_options(base, app_id, app_secret, TransportOptions::default())
    }

    /// A client with deadlines and bounds of your own.
    ///
    /// # Errors
    /// An input error when the id or the secret cannot stand in a header.
    #[allow(clippy::needless_pass_by_value, reason = "the secret ends here")]
    pub fn with_options(
        base: BaseUrl,
        app_id: &str,
        app_secret: SecretString,
        options: TransportOptions,
    ) -> Result<Self, Error> {
        let rule = "the app id and its secret must be visible characters, the id without a colon";
        let secret = app_secret.expose_secret();
        if app_id.is_empty() || app_id.contains(':') || secret.is_empty() {
            return Err(Error::input(rule));
        }
        // Its base64 would be sent, and refused.
        if !secret.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::input(rule));
        }
        let mut pair = Zeroizing::new(Vec::with_capacity(app_id.len() + 1 + secret.len()));
        for part in [app_id.as_bytes(), b":", secret.as_bytes()] {
            pair.extend_from_slice(part);
        }
        let basic = secret_header(&basic(&pair), rule)?;
        let app_id_value = HeaderValue::from_str(app_id).map_err(|_| Error::input(rule))?;
        let transport = Transport::new(base, options)?;
        let (app_id, sessions) = (app_id.into(), Mutex::default());
        Ok(Self(Arc::new(Inner { transport, app_id, app_id_value, basic, sessions })))
    }

    /// Makes a wallet.
    pub fn create_wallet(&self, wallet: &CreateWallet) -> Request<Wallet> {
        self.post(&["v1", "wallets"], "/v1/wallets", wallet, KEYED)
    }

    /// A wallet by its id.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn wallet(&self, id: &str) -> Result<Wallet, Error> {
        self.fetch(&["v1", "wallets", id], "/v1/wallets/{id}").await
    }

    /// Changes a wallet.
    pub fn update_wallet(&self, id: &str, change: &WalletChange) -> Request<Wallet> {
        self.change(&["v1", "wallets", id], "/v1/wallets/{id}", change)
    }

    /// Any rpc method of a wallet. The signature in the answer is not checked: use
    /// [`personal_sign`](Self::personal_sign), [`sign_hash`](Self::sign_hash) and
    /// [`sign_solana_message`](Self::sign_solana_message) where they do. For what the service encodes or hashes
    /// itself (transactions, typed data) the signed bytes are not known here.
    pub fn rpc(&self, wallet_id: &str, call: &RpcRequest) -> Request<RpcResponse> {
        let segments = ["v1", "wallets", wallet_id, "rpc"];
        self.post(&segments, "/v1/wallets/{id}/rpc", call, SIGNED_KEYED)
    }

    /// Any rpc call, given as its JSON text, which is read strictly: what the typed calls do not model. An integer from
    /// 2^53 on is refused, because the canonical form rounds it: give it as a text.
    pub fn rpc_json(&self, wallet_id: &str, json: &[u8]) -> Request<RpcResponse> {
        let route = "/v1/wallets/{id}/rpc";
        let plan = || {
            let segments = ["v1", "wallets", wallet_id, "rpc"];
            let mut plan = self.plan::<()>(Method::Post, &segments, route, None, SIGNED_KEYED)?;
            let limits = Limits::default().with_exact_integers();
            let builder = plan.builder.body_text(json, limits);
            plan.builder = builder.map_err(|error| refused(&error))?;
            Ok(plan)
        };
        Request::new(self.clone(), plan())
    }

    /// Signs a text as a personal message (EIP-191). The signature is checked under the wallet's address.
    pub fn personal_sign(&self, wallet: &Wallet, message: &str) -> Request<RpcResponse> {
        let digest = *eip191_digest(message.as_bytes()).as_bytes();
        self.checked_rpc(wallet, &RpcRequest::personal_sign(message), move |address, signature| {
            evm::check_digest(address, &digest, signature)
        })
    }

    /// Signs 32 bytes as they are, with secp256k1. The signature is checked under the wallet's address.
    pub fn sign_hash(&self, wallet: &Wallet, hash: &[u8; 32]) -> Request<RpcResponse> {
        let hash = *hash;
        let call = RpcRequest::secp256k1_sign(format!("0x{}", token::hex(&hash)));
        self.checked_rpc(wallet, &call, move |address, signature| {
            evm::check_digest(address, &hash, signature)
        })
    }

    /// Signs a message with a Solana wallet. The signature is checked under the wallet's address.
    pub fn sign_solana_message(&self, wallet: &Wallet, message: &[u8]) -> Request<RpcResponse> {
        use base64ct::{Base64, Encoding};
        let message = message.to_vec();
        let call = RpcRequest::solana_sign_message(Base64::encode_string(&message));
        self.checked_rpc(wallet, &call, move |address, signature| {
            signature::check_message(address, &message, signature)
        })
    }

    /// Signs a hash, or bytes that the service hashes. For a hash of an Ethereum wallet the signature is checked under
    /// the wallet's address; for bytes, and on other chains, it is not.
    pub fn raw_sign(&self, wallet: &Wallet, request: &RawSign) -> Request<RpcResponse> {
        let segments = ["v1", "wallets", wallet.id.as_str(), "raw_sign"];
        let call = self.post(&segments, "/v1/wallets/{id}/raw_sign", request, SIGNED_KEYED);
        let mut hash = [0; 32];
        let digits = request.as_hash().map(|text| text.strip_prefix("0x").unwrap_or(text));
        let known =
            digits.is_some_and(|digits| hex::decode_into(digits.as_bytes(), &mut hash).is_ok());
        if !known || wallet.chain_type != ChainType::ETHEREUM {
            return call;
        }
        let address = wallet.address.clone();
        call.checked(Box::new(move |answer| {
            evm::check_digest(&address, &hash, needed_signature(answer)?)
        }))
    }

    /// Exports the private key of a wallet, sealed to a key that is made for it and opened here.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn export(
        &self,
        wallet_id: &str,
        authorization: Authorization,
    ) -> Result<Exported, Error> {
        let recipient = SessionRecipient::from(random::p256_key()?);
        let public_key = recipient.public_key();
        let body = Export { encryption_type: "HPKE", recipient_public_key: public_key };
        let segments = ["v1", "wallets", wallet_id, "export"];
        let request = self.post(&segments, "/v1/wallets/{id}/export", &body, SIGNED_READ);
        let sealed: Sealed = request.authorization(authorization).send().await?;
        recipient
            .open_bytes(&sealed.encapsulated_key, &sealed.ciphertext)
            .map(Exported)
            .map_err(|_| Error::new(Kind::Answer, "the exported key does not open"))
    }

    /// Makes a key quorum.
    pub fn create_key_quorum(&self, quorum: &NewKeyQuorum) -> Request<KeyQuorum> {
        self.post(&["v1", "key_quorums"], "/v1/key_quorums", quorum, PLAIN)
    }

    /// Changes a key quorum; the quorum as it is now signs.
    pub fn update_key_quorum(&self, id: &str, change: &KeyQuorumChange) -> Request<KeyQuorum> {
        self.change(&["v1", "key_quorums", id], "/v1/key_quorums/{id}", change)
    }

    /// Deletes a key quorum.
    pub fn delete_key_quorum(&self, id: &str) -> Request<Deleted> {
        self.delete(&["v1", "key_quorums", id], "/v1/key_quorums/{id}")
    }

    /// Makes a policy.
    pub fn create_policy(&self, policy: &CreatePolicy) -> Request<Policy> {
        self.post(&["v1", "policies"], "/v1/policies", policy, KEYED)
    }

    /// Changes a policy; its owner signs.
    pub fn update_policy(&self, id: &str, change: &PolicyChange) -> Request<Policy> {
        self.change(&["v1", "policies", id], "/v1/policies/{id}", change)
    }

    /// Deletes a policy; its owner signs.
    pub fn delete_policy(&self, id: &str) -> Request<Deleted> {
        self.delete(&["v1", "policies", id], "/v1/policies/{id}")
    }

    /// A transaction by its id.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn transaction(&self, id: &str) -> Result<Transaction, Error> {
        self.fetch(&["v1", "transactions", id], "/v1/transactions/{id}").await
    }

    /// A session of a user, by the user's token of your own login. Nothing is sent before it is needed, and the same
    /// token is the same session as long as somebody holds it.
    pub fn user_session(&self, user_jwt: SecretString) -> UserSession {
        let digest: [u8; 32] = Sha256::digest(user_jwt.expose_secret().as_bytes()).into();
        let mut sessions = self.0.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(session) = sessions.get(&digest).and_then(WeakSession::upgrade) {
            return session;
        }
        sessions.retain(|_, session| session.upgrade().is_some());
        let session = UserSession::new(self.clone(), user_jwt);
        sessions.insert(digest, session.downgrade());
        session
    }

    fn checked_rpc(
        &self,
        wallet: &Wallet,
        call: &RpcRequest,
        check: impl Fn(&str, &str) -> Result<(), Error> + Send + Sync + 'static,
    ) -> Request<RpcResponse> {
        let address = wallet.address.clone();
        let call = self.rpc(&wallet.id, call);
        call.checked(Box::new(move |answer| check(&address, needed_signature(answer)?)))
    }

    fn post<B: Serialize + ?Sized, T: DeserializeOwned + Send>(
        &self,
        segments: &[&str],
        route: &'static str,
        body: &B,
        kind: CallKind,
    ) -> Request<T> {
        Request::new(self.clone(), self.plan(Method::Post, segments, route, Some(body), kind))
    }

    fn change<B: Serialize + ?Sized, T: DeserializeOwned + Send>(
        &self,
        segments: &[&str],
        route: &'static str,
        body: &B,
    ) -> Request<T> {
        Request::new(self.clone(), self.plan(Method::Patch, segments, route, Some(body), SIGNED))
    }

    fn delete(&self, segments: &[&str], route: &'static str) -> Request<Deleted> {
        let plan = self.plan::<()>(Method::Delete, segments, route, None, SIGNED);
        Request::new(self.clone(), plan)
    }

    fn plan<B: Serialize + ?Sized>(
        &self,
        method: Method,
        segments: &[&str],
        route: &'static str,
        body: Option<&B>,
        kind: CallKind,
    ) -> Result<Plan, Error> {
        let url = self.0.transport.base().join(segments.iter().copied(), &[])?;
        let mut builder = AuthorizationRequest::builder(method, url.as_str(), &self.0.app_id);
        if let Some(body) = body {
            builder = builder.body(body).map_err(|error| refused(&error))?;
        }
        Ok(Plan { url, route, builder, kind })
    }

    async fn fetch<T: DeserializeOwned>(
        &self,
        segments: &[&str],
        route: &'static str,
    ) -> Result<T, Error> {
        let url = self.0.transport.base().join(segments.iter().copied(), &[])?;
        let call = Call { method: reqwest::Method::GET, url: &url, route, repeat: Repeat::Freely };
        let outgoing = || Ok(Outgoing { headers: self.credentials(), json: None });
        self.0.transport.call(&call, outgoing).await?.json()
    }

    /// The exchange of a user's token, which is neither signed nor keyed; another one gives another key.
    pub(super) async fn authenticate<B: Serialize, T: DeserializeOwned>(
        &self,
        body: &B,
    ) -> Result<T, Error> {
        let route = "/v1/wallets/authenticate";
        let url = self.0.transport.base().join(["v1", "wallets", "authenticate"], &[])?;
        let call = Call { method: reqwest::Method::POST, url: &url, route, repeat: Repeat::Freely };
        // Made anew for each attempt: the token in it is not held through the pauses.
        let outgoing =
            || Ok(Outgoing { headers: self.credentials(), json: Some(secret_json(body)?) });
        self.0.transport.call(&call, outgoing).await?.json()
    }

    pub(super) fn credentials(&self) -> HeaderMap {
        let mut headers = HeaderMap::with_capacity(USUAL_HEADERS);
        headers.insert(AUTHORIZATION, self.0.basic.clone());
        headers.insert(APP_ID, self.0.app_id_value.clone());
        headers
    }
}

fn needed_signature(answer: &RpcResponse) -> Result<&str, Error> {
    let missing =
        || Error::new(Kind::Answer, "the answer holds no signature").with_unknown_outcome();
    answer.signature().ok_or_else(missing)
}

/// `Basic` and the base64 of a pair, built in one allocation.
fn basic(pair: &[u8]) -> SecretString {
    use base64ct::{Base64, Encoding};
    let mut buffer = Zeroizing::new(vec![0; Base64::encoded_len(pair)]);
    let encoded = Base64::encode(pair, &mut buffer).unwrap_or_default();
    let mut text = String::with_capacity(6 + encoded.len());
    text.push_str("Basic ");
    text.push_str(encoded);
    text.into()
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "privy::Client({}, {})", self.0.app_id, self.0.transport.base())
    }
}
