//! Approvals on EVM: decoded content, hostile operations that the vectors leave out, and random changes of an answer.

mod operations;
mod requests;

use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::Value;
use signer_core::address::evm::Address;
use signer_protocols::crossmint::evm::{
    Call, KernelVersion, UserOperation, account_address, deployment, encode_execute,
    encode_installation, encode_removal,
};
use signer_protocols::crossmint::verify::{
    Asset, Context, Effect, Finding, Item, Kind, Role, Verdict, Verification,
};
use signer_protocols::{Json, U256};

use super::crossmint_approvals::{VECTORS, run, run_with};
use super::{cases, text, unhex, vectors};

static ALL: LazyLock<Value> = LazyLock::new(|| vectors(VECTORS));

fn evm_cases() -> Vec<&'static Value> {
    cases(&ALL, "cases").iter().filter(|case| case["chainType"] == "evm").collect()
}

fn case(id: &str) -> &'static Value {
    cases(&ALL, "cases").iter().find(|case| case["id"] == id).unwrap()
}

fn is_honest(case: &Value) -> bool {
    case["expect"]["verdict"] == "as_requested"
}

/// The members of an answer that hold the operation.
fn operation_of<'a>(answer: &'a mut Value, chain: &str) -> &'a mut Value {
    if answer["chains"].is_object() { &mut answer["chains"][chain] } else { answer }
}

fn reasons(verification: &Verification) -> Vec<&'static str> {
    verification.findings().iter().map(Finding::reason).collect()
}

#[test]
fn content_is_what_a_person_should_be_shown() {
    let mut compared = 0;
    for vector in evm_cases() {
        let Some(expected) = vector["expect"]["decoded"].as_array() else { continue };
        // Without an operation the vectors show the request, of which the hash may say nothing.
        if ["no_user_operation", "bare_hash"].contains(&text_of(&vector["expect"], "reason")) {
            continue;
        }
        let case = run(vector);
        let content = case.verification.content();
        let content = content.unwrap_or_else(|| panic!("{} has no content", vector["id"]));
        assert_eq!(content.items.len(), expected.len(), "{}", vector["id"]);
        for (item, expected) in content.items.iter().zip(expected) {
            let mut view = serde_json::to_value(&item.view).unwrap();
            // The vectors name transfers only.
            if text_of(expected, "summary").starts_with("call 0x") {
                view["summary"] = expected["summary"].clone();
            }
            // Some vectors keep the case of the answer.
            let mut expected = expected.clone();
            if let Some(data) = expected["data"].as_str() {
                expected["data"] = data.to_lowercase().into();
            }
            assert_eq!(view, expected, "{}", vector["id"]);
            compared += 1;
        }
    }
    assert!(compared > 300, "{compared}");
}

fn text_of<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_default()
}

#[test]
fn the_kind_is_that_of_the_bytes() {
    for (id, kind) in [
        ("evm-transaction-001", Some(Kind::UserOperation)),
        ("evm-transaction-234", Some(Kind::UserOperation)),
        ("evm-transaction-238", Some(Kind::Hash)),
        ("evm-signer-031", Some(Kind::Hash)),
        ("evm-typed-data-001", Some(Kind::TypedData)),
        ("evm-typed-data-080", Some(Kind::TypedData)),
        ("evm-message-030", Some(Kind::Message)),
    ] {
        assert_eq!(run(case(id)).verification.kind(), kind, "{id}");
    }
}

#[test]
fn effects_name_payments_and_changes_of_signers() {
    let effects = |id: &str| {
        let content = run(case(id)).verification.content().unwrap().clone();
        content.items.into_iter().map(|item| item.effect).collect::<Vec<_>>()
    };
    // 0.2 USDC, and 1.000000000000000001 of the coin.
    let [Effect::Payment { asset: Asset::Token(token), amount, .. }] =
        &effects("evm-transfer-001")[..]
    else {
        panic!("no payment")
    };
    assert_eq!(token, "0x036CbD53842c5426634e7929541eC2318f3dCF7e");
    assert_eq!(*amount, U256::from(200_000_u64));
    let [Effect::Payment { asset: Asset::Native, amount, recipient }] =
        &effects("evm-transfer-010")[..]
    else {
        panic!("no payment")
    };
    assert_eq!(amount.to_string(), "1000000000000000001");
    assert_eq!(recipient, "0xe838136198F192F6d1928f45BF9e29463DCce19D");
    assert!(effects("evm-transaction-084").iter().any(|it| matches!(it, Effect::Allowance { .. })));
    let added = Effect::AddSigner {
        signer: "0xE76834344523fc6e1D03C43200373E612ed8d7b2".into(),
        permission_id: Some([0xd1, 0x28, 0x59, 0xaf]),
    };
    assert_eq!(effects("evm-signer-001"), [added.clone(), added]);
    let removed = Effect::RemoveSigner { signer: "0x87a56530".into() };
    assert_eq!(effects("evm-signer-035"), [removed]);
}

/// A verification of an operation that was changed, and whose hash is right.
struct Changed {
    operation: UserOperation,
    hash: Option<[u8; 32]>,
    recorded: Option<Value>,
    members: Vec<(&'static str, Value)>,
    answer: Vec<(&'static str, Value)>,
    pending: Option<Value>,
    request: Vec<(&'static str, Value)>,
    role: Option<Role>,
    max_fee: Option<U256>,
    chain_id: Option<u64>,
    wallet: Option<String>,
}

fn changed(id: &str, change: impl FnOnce(&mut Changed)) -> Verification {
    let mut vector = case(id).clone();
    let chain = text(&vector, "chain").to_owned();
    let mut answer = vector["answer"].clone();
    let inner = operation_of(&mut answer, &chain);
    let json: Json = serde_json::from_value(inner["onChain"]["userOperation"].clone()).unwrap();
    let mut it = Changed {
        operation: UserOperation::from_json(&json).unwrap(),
        hash: None,
        recorded: None,
        members: Vec::new(),
        answer: Vec::new(),
        pending: None,
        request: Vec::new(),
        role: None,
        max_fee: None,
        chain_id: None,
        wallet: None,
    };
    change(&mut it);
    let hash = it.hash.unwrap_or_else(|| it.operation.hash(vector["chainId"].as_u64().unwrap()));
    let mut operation = serde_json::to_value(it.operation.to_json()).unwrap();
    for (name, value) in it.members {
        operation[name] = value;
    }
    inner["onChain"]["userOperation"] = operation;
    inner["onChain"]["userOperationHash"] = it.recorded.unwrap_or_else(|| hex(&hash).into());
    inner["approvals"]["pending"][0]["message"] = it.pending.unwrap_or_else(|| hex(&hash).into());
    for (name, value) in it.answer {
        answer[name] = value;
    }
    for (pointer, value) in it.request {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        vector["request"].pointer_mut(parent).unwrap()[name] = value;
    }
    let (role, max_fee, chain_id, wallet) = (it.role, it.max_fee, it.chain_id, it.wallet);
    let wallet: Option<&'static str> = wallet.map(|wallet| &*wallet.leak());
    let change = |context: &mut Context<'_>| {
        context.role = role.unwrap_or(context.role);
        context.max_fee = max_fee.unwrap_or(context.max_fee);
        context.chain_id = chain_id;
        context.wallet = wallet.unwrap_or(context.wallet);
    };
    run_with(&vector, &answer, change).verification
}

fn hex(bytes: &[u8]) -> String {
    format!("0x{}", bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

#[track_caller]
fn assert_finding(verification: &Verification, verdict: Verdict, reason: &str) {
    let reasons = reasons(verification);
    assert!(reasons.contains(&reason), "{reason} is not in {:?}", verification.findings());
    assert_eq!(verification.verdict(), verdict, "{:?}", verification.findings());
}

/// One native call, deployed, with a paymaster.
const PLAIN: &str = "evm-transaction-001";
/// With the factory of Kernel 0.3.1.
const NEW: &str = "evm-transaction-006";

fn stranger() -> Address {
    Address::from_bytes([0x5a; 20])
}

fn native(value: u64) -> Call {
    Call { to: stranger(), value: U256::from(value), data: Vec::new() }
}

#[test]
fn an_operation_that_was_rebuilt_is_accepted() {
    for vector in evm_cases() {
        let is_operation = vector["answer"].pointer("/onChain/userOperation").is_some();
        if is_honest(vector) && is_operation {
            let verification = changed(text(vector, "id"), |_| {});
            assert_eq!(verification.verdict(), Verdict::AsRequested, "{}", vector["id"]);
            assert_eq!(verification.message(), vector["expect"]["message"].as_str());
        }
    }
}

/// The honest answers are made by other libraries: the builders give the same bytes.
#[test]
fn builders_give_the_bytes_of_the_vectors() {
    let (mut executions, mut deployments, mut changes) = (0, 0, 0);
    for vector in evm_cases().into_iter().filter(|vector| is_honest(vector)) {
        let mut answer = vector["answer"].clone();
        let json = &operation_of(&mut answer, text(vector, "chain"))["onChain"]["userOperation"];
        if !json.is_object() {
            continue;
        }
        let json: Json = serde_json::from_value(json.clone()).unwrap();
        let operation = UserOperation::from_json(&json).unwrap();
        let content = run(vector).verification.content().unwrap().clone();
        let view =
            |item: &Item, name: &str| item.view.member(name).unwrap().as_str().unwrap().to_owned();
        let calls: Vec<_> = content
            .items
            .iter()
            .map(|item| Call {
                to: Address::parse(&view(item, "to")).unwrap(),
                value: U256::from_decimal(&view(item, "value")).unwrap(),
                data: unhex(&view(item, "data")[2..]),
            })
            .collect();
        let is_plain = operation.call_data.starts_with(&[0xe9, 0xae, 0x5c, 0x53]);
        let is_single = operation.call_data.get(4) == Some(&0);
        if is_plain && is_single == (calls.len() == 1) {
            assert_eq!(encode_execute(&calls), operation.call_data, "{}", vector["id"]);
            executions += 1;
        }
        if let Some(expected) = &operation.deployment {
            let owner = Address::parse(&text(vector, "signer")["server:".len()..]).unwrap();
            let salt = expected.factory_data[4 + 64..4 + 96].try_into().unwrap();
            let is_it =
                |version: &&KernelVersion| deployment(**version, &owner, &salt) == *expected;
            let version = KernelVersion::ALL.iter().find(is_it);
            let version = version.unwrap_or_else(|| panic!("{}", vector["id"]));
            assert_eq!(account_address(*version, &owner, &salt), operation.sender);
            deployments += 1;
        }
        match &content.items[0].effect {
            Effect::AddSigner { signer, permission_id } => {
                let signer = Address::parse(signer).unwrap();
                let nonce = calls[0].data[4 + 7 * 32 + 31].into();
                let built =
                    encode_installation(&operation.sender, permission_id.unwrap(), nonce, &signer);
                // The vectors have permissions without a policy, and with hook 0, too.
                changes += usize::from(built[..] == calls[..]);
                assert_eq!(built[1], calls[1], "{}", vector["id"]);
            }
            Effect::RemoveSigner { signer } => {
                let permission = unhex(&signer[2..]).try_into().unwrap();
                assert_eq!(encode_removal(&operation.sender, permission), calls[0]);
                changes += 1;
            }
            _ => {}
        }
    }
    assert!(
        executions > 80 && deployments > 35 && changes > 5,
        "{executions} {deployments} {changes}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, failure_persistence: None, ..ProptestConfig::default() })]

    /// A change of any byte of an honest answer is refused, or the same bytes are signed.
    #[test]
    fn a_changed_byte_changes_nothing_that_is_signed(which: prop::sample::Index, place: prop::sample::Index, byte in 0x20_u8..0x7f) {
        let honest: Vec<_> = evm_cases().into_iter().filter(|case| is_honest(case)).collect();
        let vector = which.get(&honest);
        let mut answer = vector["answer"].clone();
        let inner = operation_of(&mut answer, text(vector, "chain"));
        let member = if inner["onChain"].is_object() && place.index(4) != 0 { "onChain" } else { "approvals" };
        let mut changed = serde_json::to_vec(&inner[member]).unwrap();
        let at = place.index(changed.len());
        changed[at] = byte;
        let Ok(changed) = serde_json::from_slice::<Value>(&changed) else { return Ok(()) };
        inner[member] = changed;
        let case = run_with(vector, &answer, |_| {});
        if case.verification.verdict() == Verdict::AsRequested {
            prop_assert_eq!(case.verification.message(), vector["expect"]["message"].as_str());
            let signature = case.signer.approve(case.verification.approval().unwrap()).unwrap();
            prop_assert_eq!(Some(signature.as_str()), vector["expect"]["signature"].as_str());
        }
    }
}
