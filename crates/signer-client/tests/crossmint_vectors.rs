//! The approval vectors as answers of a service: the client submits an approval for those that are as requested, with the
//! signature of the vector, and for no other.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use signer_client::crossmint::{AllowUnverified, Client, PermissionId, Waiting, Wallet};
use signer_client::{BaseUrl, Error};
use signer_protocols::crossmint::rest::{EvmCall, StellarCall, Transaction, TypedData};
use signer_protocols::crossmint::verify::{Kind, Request, Token, Tokens};
use signer_protocols::crossmint::{ChainId, Locator, SignerSecret};
use signer_protocols::{Json, U256};

use crate::stub::{Stub, api_key, trusted_keys};

const VECTORS: &str = include_str!("../../signer-protocols/tests/vectors/crossmint-approvals.json");

fn cases() -> Vec<Value> {
    let all: Value = serde_json::from_str(VECTORS).unwrap();
    all["cases"].as_array().unwrap().clone()
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_else(|| panic!("{member} in {value}"))
}

fn json_of(value: &Value) -> Json {
    serde_json::from_value(value.clone()).unwrap()
}

fn token(token: &Value) -> Token {
    let decimals = &token["decimals"];
    let spec = match text(token, "kind") {
        "native" => format!("native:{decimals}"),
        "spl" => {
            let program = token["program"].as_str().map(|it| format!(":{it}")).unwrap_or_default();
            format!("spl:{}:{decimals}{program}", text(token, "mint"))
        }
        kind => format!("{kind}:{}:{decimals}", text(token, "contract")),
    };
    Token::parse(&spec).unwrap()
}

/// Runs the cases one after another on one stub.
struct Bench {
    stub: Stub,
    clients: BTreeMap<(String, String), Client>,
    /// The signatures that were submitted for the case that runs.
    submitted: Arc<Mutex<Vec<Value>>>,
}

impl Bench {
    async fn start() -> Self {
        crate::trace::look();
        let (clients, submitted) = (BTreeMap::new(), Arc::default());
        Self { stub: Stub::start().await, clients, submitted }
    }

    /// The wallet of a case, at a service that gives the answer of the case until it is approved.
    async fn wallet(&mut self, case: &Value, unverified: AllowUnverified) -> Wallet {
        let (project, environment) = (text(case, "projectId"), text(case, "environment"));
        let key = (project.to_owned(), environment.to_owned());
        let url = self.stub.url.clone();
        let client = self.clients.entry(key).or_insert_with(|| {
            let base = BaseUrl::parse(&url).unwrap();
            Client::new(base, api_key(project, environment).into(), &trusted_keys()).unwrap()
        });
        let context = &case["context"];
        // A refused operation stays as it is: it is not worth waiting for.
        let patience = if case["expect"]["verdict"] == "as_requested" { 10_000 } else { 20 };
        let waiting = Waiting {
            pause: Duration::from_millis(10),
            deadline: Duration::from_millis(patience),
            ..Waiting::default()
        };
        let mut client = client.clone().waiting(waiting).allow_unverified(unverified);
        if let Some(wei) = context["maxGasWei"].as_str() {
            client = client.max_fee(U256::from_decimal(wei).unwrap());
        }
        if !context["token"].is_null() {
            client = client.tokens(Tokens::default().with_default(token(&context["token"])));
        }
        self.serve(case);
        let secret = SignerSecret::parse(text(case, "secret")).unwrap();
        let chain = ChainId::parse(text(case, "chain")).unwrap();
        client.wallet(text(case, "wallet"), chain, &secret).await.unwrap()
    }

    fn serve(&self, case: &Value) {
        let signer = json!({"type": "server", "locator": case["signer"]});
        let (admin, delegated) = match text(case, "signerRole") {
            "admin" => (signer, json!([])),
            _ => (json!({"type": "email", "locator": "email:a@b.example"}), json!([signer])),
        };
        let record = json!({"chainType": case["chainType"], "type": "smart",
            "address": case["wallet"],
            "config": {"adminSigner": admin, "delegatedSigners": delegated}});
        let wallet = format!("/wallets/{}", text(case, "wallet"));
        let answer = case["answer"].clone();
        let operation = operation(&answer, text(case, "chain")).clone();
        self.submitted.lock().unwrap().clear();
        let submitted = Arc::clone(&self.submitted);
        self.stub.answer(move |request| {
            let mut submitted = submitted.lock().unwrap();
            if request.path.ends_with("/approvals") {
                submitted.push(request.body["approvals"][0]["signature"].clone());
                return (200, json!({"id": operation["id"]}));
            }
            match request.method.as_str() {
                "GET" if request.path.ends_with(&wallet) => (200, record.clone()),
                "GET" if submitted.is_empty() => (200, operation.clone()),
                "GET" => (
                    200,
                    json!({"id": operation["id"], "status": "success",
                    "outputSignature": "0x00"}),
                ),
                _ => (201, answer.clone()),
            }
        });
    }

    /// Checks what a call submitted, and returns whether it was an approval.
    fn check(&self, case: &Value, way: &str, called: Result<(), Error>) -> bool {
        let expect = &case["expect"];
        let name = format!("{} {way}", case["id"]);
        let submitted = self.submitted.lock().unwrap();
        if expect["verdict"] != "as_requested" {
            assert!(submitted.is_empty(), "{name}: an approval was submitted");
            let error = called.expect_err(&name);
            let is_mismatch = expect["verdict"] == "differs";
            if !error.findings().is_empty() {
                assert!(error.is_refused() && !error.is_outcome_unknown(), "{name}: {error:?}");
                assert_eq!(error.is_mismatch(), is_mismatch, "{name}: {error:?}");
            }
            return false;
        }
        if called.as_ref().is_err_and(Error::is_input) {
            assert!(submitted.is_empty(), "{name}");
            return false;
        }
        called.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert_eq!(*submitted, [expect["signature"].clone()], "{name}");
        true
    }
}

/// The operation inside an answer: a change of signers carries it under its chain, or as a transaction.
fn operation<'a>(answer: &'a Value, chain: &str) -> &'a Value {
    let inner = [&answer["chains"][chain], &answer["transaction"]];
    inner.into_iter().find(|it| it.is_object()).unwrap_or(answer)
}

/// By the wallet's own call, if there is one for the request of the case.
async fn call(wallet: &Wallet, case: &Value) -> Option<Result<(), Error>> {
    let request = &case["request"];
    let (path, body) = (text(request, "path"), &request["body"]);
    let params = &body["params"];
    let chain_type = wallet.chain().chain_type();
    if text(request, "method") == "DELETE" {
        let locator = path.rsplit('/').next().unwrap().split('?').next().unwrap();
        let signer = Locator::parse(&locator.replace("%3A", ":"), chain_type).ok()?;
        let id = case["context"]["permissionId"].as_str();
        let id: Option<PermissionId> = id.map(|id| id.parse().unwrap());
        return Some(wallet.remove_signer(&signer, id).await);
    }
    if path.ends_with("/signers") {
        if !body["scopes"].is_null() || !body["expiresAt"].is_null() {
            return None;
        }
        let signer = Locator::parse(body["signer"].as_str()?, chain_type).ok()?;
        return Some(wallet.add_signer(signer).await.map(drop));
    }
    if path.ends_with("/transfers") {
        let members = body.as_object().unwrap();
        if members.len() != 3 {
            return None;
        }
        let locator = path.rsplit('/').nth(1).unwrap().replace("%3A", ":");
        let (chain, token) = locator.split_once(':').unwrap();
        if chain != wallet.chain().as_str() {
            return None;
        }
        let sent = wallet.transfer(token, body["recipient"].as_str()?, body["amount"].as_str()?);
        return Some(sent.await.map(drop));
    }
    if path.ends_with("/signatures") {
        if !params["isSmartWalletSignature"].is_null() {
            return None;
        }
        if let Some(message) = params["message"].as_str() {
            return Some(wallet.sign_message(message).await.map(drop));
        }
        let data = &params["typedData"];
        let typed_data = TypedData {
            domain: json_of(&data["domain"]),
            message: json_of(&data["message"]),
            primary_type: data["primaryType"].as_str()?.into(),
            types: json_of(&data["types"]),
        };
        return Some(wallet.sign_typed_data(typed_data).await.map(drop));
    }
    let transaction = match (text(case, "chainType"), &params["transaction"]) {
        ("solana", Value::String(transaction)) => Transaction::Solana(transaction.clone()),
        ("stellar", call) if call["type"] == "contract-call" && call["memo"].is_null() => {
            let (contract, method) = (call["contractId"].as_str()?, call["method"].as_str()?);
            Transaction::Stellar(StellarCall::new(contract, method, json_of(&call["args"])))
        }
        ("evm", _) => {
            let chain = ChainId::parse(params["chain"].as_str()?).ok()?;
            let calls = params["calls"].as_array()?.iter().map(evm_call);
            Transaction::Evm(chain, calls.collect::<Option<_>>()?)
        }
        _ => return None,
    };
    Some(wallet.send(transaction).await.map(drop))
}

fn evm_call(call: &Value) -> Option<EvmCall> {
    let member = |name: &str| call[name].as_str().map(Into::into);
    if let Some(transaction) = member("transaction") {
        return Some(EvmCall::Serialized { transaction });
    }
    if call["functionName"].is_string() {
        return Some(EvmCall::Function {
            address: member("address")?,
            function_name: member("functionName")?,
            abi: json_of(&call["abi"]),
            args: json_of(&call["args"]),
            value: member("value").unwrap_or_else(|| "0".into()),
        });
    }
    Some(EvmCall::Parts { to: member("to")?, value: member("value")?, data: member("data")? })
}

/// By the id of an operation that somebody else created with the request of the case.
async fn approve(wallet: &Wallet, case: &Value) -> Option<Result<(), Error>> {
    let request = &case["request"];
    if text(request, "path").ends_with("/signers") {
        // The operation alone does not show the signer that it is about.
        return None;
    }
    let body = match &request["body"] {
        Value::Null => Vec::new(),
        body => serde_json::to_vec(body).unwrap(),
    };
    let id = operation(&case["answer"], text(case, "chain"))["id"].as_str()?;
    let path = text(request, "path");
    let parsed = Request::parse(text(request, "method"), path, &body).unwrap();
    if path.ends_with("/signatures") {
        return Some(wallet.approve_signature(id, parsed).await.map(drop));
    }
    if text(request, "method") == "DELETE" {
        return None;
    }
    Some(wallet.approve_transaction(id, parsed).await.map(drop))
}

#[tokio::test]
async fn an_approval_is_submitted_for_an_answer_as_requested_and_for_no_other() {
    let mut bench = Bench::start().await;
    let cases = cases();
    let mut approved: BTreeMap<&str, usize> = BTreeMap::new();
    let mut ran = 0;
    for case in &cases {
        let wallet = bench.wallet(case, AllowUnverified::default()).await;
        let called = call(&wallet, case).await;
        ran += usize::from(called.is_some());
        let is_approved = called.is_some_and(|called| bench.check(case, "by its call", called));
        bench.serve(case);
        let by_id = approve(&wallet, case).await;
        let is_approved_by_id = by_id.is_some_and(|called| bench.check(case, "by its id", called));
        if case["expect"]["verdict"] == "as_requested" {
            assert!(is_approved || is_approved_by_id, "{}: no approval was submitted", case["id"]);
            *approved.entry(text(case, "group")).or_default() += usize::from(is_approved);
        }
    }
    assert!(cases.len() >= 590 && ran > 560, "{ran} of {} by their call", cases.len());
    for (group, count) in &approved {
        assert!(*count >= 4, "{group}: {count} approved by the wallet's own call");
    }
    assert_eq!(approved.len(), 13, "{approved:?}");
}

/// The loudest policy signs no answer that differs from the request.
#[tokio::test]
async fn an_answer_that_differs_is_signed_under_no_policy() {
    let mut bench = Bench::start().await;
    let differs = |case: &&Value| case["expect"]["verdict"] == "differs";
    let mut count = 0;
    for case in cases().iter().filter(differs) {
        let trusting = bench.wallet(case, AllowUnverified::only(Kind::ALL)).await;
        if let Some(called) = call(&trusting, case).await {
            assert!(called.is_err(), "{}", case["id"]);
            count += 1;
        }
        assert!(bench.submitted.lock().unwrap().is_empty(), "{}", case["id"]);
    }
    assert!(count > 190, "{count}");
}
