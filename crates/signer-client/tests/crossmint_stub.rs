//! Answers of Crossmint in shapes that public reports describe: foreign pending approvals, quorums, wrapped Solana
//! transactions, states without approvals.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use signer_client::crossmint::{AllowUnverified, Client, Sent, Waiting};
use signer_client::{BaseUrl, Error};
use signer_protocols::crossmint::rest::{EvmCall, Transaction};
use signer_protocols::crossmint::verify::Kind;
use signer_protocols::crossmint::{Address, ChainId, Scheme};

use crate::crossmint::secret;
use crate::stub::{Stub, api_key, to_base58, trusted_keys};

const FOREIGN: &str = "email:a@b.example";

/// The answers of one operation, and what the client made of them.
struct Scene {
    chain: &'static str,
    /// The answer to the creation, but for its id.
    created: Value,
    /// The state after an approval.
    after: Value,
    /// The state before one.
    before: Value,
    unverified: AllowUnverified,
}

struct Outcome {
    approved: bool,
    sent: Result<Sent, Error>,
}

fn signer_of(client: &Client, chain: &str) -> (String, String, [u8; 32]) {
    let signer =
        client.signer(&secret(1), ChainId::parse(chain).unwrap(), Scheme::Current).unwrap();
    let key = match signer.address() {
        Address::Solana(address) => *address.as_bytes(),
        _ => [0; 32],
    };
    (signer.locator().to_string(), signer.address().to_string(), key)
}

fn client(stub: &Stub) -> Client {
    let base = BaseUrl::parse(&stub.url).unwrap();
    Client::new(base, api_key("project", "staging").into(), &trusted_keys()).unwrap()
}

/// The entry of our signer among the pending approvals, with a hash without a preimage.
fn ours(locator: &str) -> Value {
    json!({"signer": {"type": "server", "locator": locator}, "message": format!("0x{}", "ab".repeat(32))})
}

fn foreign() -> Value {
    json!({"signer": {"type": "email", "email": "a@b.example", "locator": FOREIGN}, "message": "0x00"})
}

fn quorum() -> Value {
    json!({"signer": {"type": "quorum", "locator": "quorum:abc", "threshold": 2},
        "quorumApprovals": {"required": 2, "pending": [], "submitted": []}})
}

fn awaiting(pending: &Value, on_chain: &Value) -> Value {
    json!({"id": "op-1", "status": "awaiting-approval", "walletType": "smart", "onChain": on_chain,
        "approvals": {"pending": pending, "submitted": []}, "createdAt": 1})
}

fn success() -> Value {
    json!({"id": "op-1", "status": "success", "onChain": {"txId": "hash-1"},
        "approvals": {"pending": [], "submitted": []}})
}

impl Scene {
    fn on(chain: &'static str, created: Value) -> Self {
        let unverified = AllowUnverified::only([Kind::Hash, Kind::UserOperation]);
        Self { chain, before: created.clone(), created, after: success(), unverified }
    }

    async fn run(self, transaction: impl FnOnce(&str) -> Transaction) -> Outcome {
        crate::trace::look();
        let stub = Stub::start().await;
        let client = client(&stub);
        let (locator, ..) = signer_of(&client, self.chain);
        let chain = ChainId::parse(self.chain).unwrap();
        let address = match self.chain {
            "solana" => to_base58(&[5; 32]),
            _ => format!("0x{}", "22".repeat(20)),
        };
        let record = json!({"chainType": chain.chain_type().as_str(), "type": "smart",
            "address": address, "config": {"adminSigner": {"type": "server", "locator": locator},
            "delegatedSigners": [null, {"type": "device", "publicKey": {"x": "1"}}]}});
        let approved = Arc::new(Mutex::new(false));
        let shared = Arc::clone(&approved);
        let Self { created, before, after, unverified, .. } = self;
        stub.answer(move |request| {
            let mut approved = shared.lock().unwrap();
            match request.method.as_str() {
                "POST" if request.path.ends_with("/approvals") => {
                    *approved = true;
                    (200, json!({"id": "op-1"}))
                }
                "POST" => (201, created.clone()),
                _ if request.path.contains("/transactions/op-1") => {
                    (200, if *approved { after.clone() } else { before.clone() })
                }
                _ => (200, record.clone()),
            }
        });
        let waiting = Waiting {
            pause: Duration::from_millis(10),
            deadline: Duration::from_millis(300),
            ..Waiting::default()
        };
        let client = client.waiting(waiting).allow_unverified(unverified);
        let wallet = client.wallet(&address, chain, &secret(1)).await.unwrap();
        let sent = wallet.send(transaction(&address)).await;
        let approved = *approved.lock().unwrap();
        Outcome { approved, sent }
    }
}

fn call(_: &str) -> Transaction {
    let to = format!("0x{}", "11".repeat(20));
    let call = EvmCall::Parts { to, value: "5".into(), data: "0x".into() };
    Transaction::Evm(ChainId::parse("base-sepolia").unwrap(), vec![call])
}

/// Our locator on EVM, for the answers.
async fn our_locator(chain: &str) -> (String, [u8; 32]) {
    let stub = Stub::start().await;
    let (locator, _, key) = signer_of(&client(&stub), chain);
    (locator, key)
}

#[tokio::test]
async fn entries_of_another_shape_do_not_hide_ours() {
    let (locator, _) = our_locator("base-sepolia").await;
    for pending in [
        json!([ours(&locator)]),
        json!([quorum(), ours(&locator)]),
        json!([null, 7, {"signer": []}, foreign(), ours(&locator.to_lowercase())]),
    ] {
        let scene = Scene::on("base-sepolia", awaiting(&pending, &Value::Null));
        let outcome = scene.run(call).await;
        assert!(outcome.approved, "{pending}");
        assert_eq!(outcome.sent.unwrap().hash.as_deref(), Some("hash-1"));
    }
}

#[tokio::test]
async fn a_hash_without_a_preimage_is_refused_by_default() {
    let (locator, _) = our_locator("base-sepolia").await;
    let mut scene = Scene::on("base-sepolia", awaiting(&json!([ours(&locator)]), &Value::Null));
    scene.unverified = AllowUnverified::default();
    let outcome = scene.run(call).await;
    let error = outcome.sent.unwrap_err();
    assert!(!outcome.approved && error.is_refused() && !error.is_outcome_unknown(), "{error:?}");
    assert_eq!(error.approval_kind(), Some(Kind::Hash));
    assert!(error.to_string().contains("--allow-unverified hash"), "{error}");
    assert_eq!(error.subject(), Some("op-1"));
}

#[tokio::test]
async fn an_operation_that_only_others_can_approve_ends_the_call_at_once_and_names_them() {
    for (pending, name) in [(json!([foreign()]), FOREIGN), (json!([quorum()]), "quorum:abc")] {
        let scene = Scene::on("base-sepolia", awaiting(&pending, &Value::Null));
        let begun = std::time::Instant::now();
        let outcome = scene.run(call).await;
        let error = outcome.sent.unwrap_err();
        assert!(error.is_awaiting_others() && !error.is_outcome_unknown(), "{error:?}");
        assert!(!error.is_deadline() && !error.is_refused() && !outcome.approved);
        assert!(error.to_string().contains(name) && error.subject() == Some("op-1"), "{error}");
        assert!(error.idempotency_key().is_some());
        assert!(begun.elapsed() < Duration::from_secs(5));
    }
}

/// Our approval is given, and the operation goes on waiting for somebody else.
#[tokio::test]
async fn a_quorum_that_lacks_others_ends_the_wait_and_names_them() {
    let (locator, _) = our_locator("base-sepolia").await;
    let mut scene =
        Scene::on("base-sepolia", awaiting(&json!([foreign(), ours(&locator)]), &Value::Null));
    scene.after = awaiting(&json!([foreign()]), &Value::Null);
    let outcome = scene.run(call).await;
    let error = outcome.sent.unwrap_err();
    assert!(outcome.approved && error.is_awaiting_others(), "{error:?}");
    assert!(error.to_string().contains(FOREIGN), "{error}");
}

#[tokio::test]
async fn submitted_approvals_of_any_shape_and_absent_ones_are_read() {
    let (locator, _) = our_locator("base-sepolia").await;
    let created = awaiting(&json!([ours(&locator)]), &Value::Null);
    for submitted in [
        json!([{"signer": {"type": "quorum", "locator": "quorum:abc"}}]),
        json!([{"signer": {"type": "passkey", "id": "x"}, "signature": {"r": "0x1", "s": "0x2"}}]),
        json!(null),
    ] {
        let mut scene = Scene::on("base-sepolia", created.clone());
        scene.after["approvals"]["submitted"] = submitted;
        assert!(scene.run(call).await.sent.is_ok());
    }
    let pending = json!({"id": "op-1", "status": "pending", "approvals": null, "createdAt": 1});
    let mut scene = Scene::on("base-sepolia", pending);
    scene.before = success();
    let outcome = scene.run(call).await;
    assert!(!outcome.approved && outcome.sent.is_ok());
}

#[tokio::test]
async fn a_failure_after_the_approval_keeps_its_reason() {
    let (locator, _) = our_locator("base-sepolia").await;
    let mut scene = Scene::on("base-sepolia", awaiting(&json!([ours(&locator)]), &Value::Null));
    scene.after = json!({"id": "op-1", "status": "failed",
        "error": {"reason": "execution_reverted", "message": "AA23"}});
    let error = scene.run(call).await.sent.unwrap_err();
    assert_eq!(error.code(), Some("execution_reverted"));
    assert!(!error.is_outcome_unknown());
}

/// An answer without an id is an unknown outcome; an answer with one never is, whatever else it holds.
#[tokio::test]
async fn an_id_that_can_be_read_is_never_lost() {
    let outcome = Scene::on("base-sepolia", json!({"status": "pending"})).run(call).await;
    assert!(outcome.sent.unwrap_err().is_outcome_unknown());
    let odd = json!({"id": "op-1", "status": {}, "approvals": 7, "onChain": [], "chainType": []});
    let mut scene = Scene::on("base-sepolia", odd);
    scene.before = success();
    assert_eq!(scene.run(call).await.sent.unwrap().id, "op-1");
}

/// A Solana transaction in wire form: no version byte for a legacy one.
fn solana(
    version: Option<u8>,
    header: [u8; 3],
    keys: &[[u8; 32]],
    instructions: &[(u8, &[u8], &[u8])],
) -> String {
    let mut wire = vec![header[0]];
    wire.resize(1 + 64 * usize::from(header[0]), 0);
    wire.extend(version);
    wire.extend(header);
    wire.push(u8::try_from(keys.len()).unwrap());
    wire.extend(keys.concat());
    wire.extend([7; 32]);
    wire.push(u8::try_from(instructions.len()).unwrap());
    for (program, accounts, data) in instructions {
        wire.extend([*program, u8::try_from(accounts.len()).unwrap()]);
        wire.extend(*accounts);
        wire.push(u8::try_from(data.len()).unwrap());
        wire.extend(*data);
    }
    if version.is_some() {
        wire.push(0);
    }
    to_base58(&wire)
}

/// Five lamports out of the wallet.
fn asked(_: &str) -> Transaction {
    let data = [2, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0];
    let keys = [[5; 32], [6; 32], [0; 32]];
    Transaction::Solana(solana(None, [1, 0, 1], &keys, &[(2, &[0, 1], &data)]))
}

/// A wallet of an unknown program, and a message of a later version: both are named, and neither is signed.
#[tokio::test]
async fn solana_transactions_that_cannot_be_read_are_named_and_refused() {
    let (locator, ours) = our_locator("solana").await;
    let (payer, program, state) = ([8; 32], [9; 32], [5; 32]);
    let keys = [payer, ours, state, [6; 32], program, [0; 32]];
    let inner: &[u8] = &[11, 0, 2, 0, 1, 2, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0];
    let wrapped = solana(Some(0x80), [2, 1, 2], &keys, &[(4, &[2, 1, 5, 2, 3], inner)]);
    let later = solana(Some(0x81), [2, 1, 2], &keys, &[(4, &[2, 1], &[1])]);
    for (transaction, reason, part) in [
        (wrapped, "wrapper", to_base58(&program)),
        (later, "transaction_form", "version 1".to_owned()),
    ] {
        let pending = json!([{"signer": {"locator": locator}, "message": "x"}]);
        let created = awaiting(&pending, &json!({"transaction": transaction}));
        let mut scene = Scene::on("solana", created);
        scene.unverified = AllowUnverified::only([Kind::Hash]);
        let outcome = scene.run(asked).await;
        let error = outcome.sent.unwrap_err();
        assert!(!outcome.approved && error.is_refused(), "{error:?}");
        let named = error.findings().iter().find(|finding| finding.reason() == reason);
        let detail = named.unwrap_or_else(|| panic!("{error}")).detail();
        assert!(detail.contains(&part) || error.to_string().contains(&part), "{error}");
    }
}
