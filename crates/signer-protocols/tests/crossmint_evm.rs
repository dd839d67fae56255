//! Approvals on EVM: decoded content, hostile operations that the vectors leave out, and random changes of an answer.

use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::{Value, json};
use signer_core::address::evm::Address;
use signer_protocols::crossmint::evm::{
    Call, EntryPoint, KernelVersion, Nonce, UserOperation, account_address, deployment,
    encode_execute, encode_installation, encode_removal, wrap,
};
use signer_protocols::crossmint::verify::{
    Asset, Context, Effect, Finding, Item, Kind, Role, Verdict, Verification,
};
use signer_protocols::evm::abi;
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
            assert_eq!(&view, expected, "{}", vector["id"]);
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

type Change = fn(&mut Changed);

#[test]
fn hashes_of_other_chains_and_entry_points_are_refused() {
    use Verdict::{Differs, Unverified};
    let cases: [(&str, Verdict, &str, Change); 9] = [
        ("chain 0", Differs, "replayable", |it| it.hash = Some(it.operation.hash(0))),
        ("another chain", Differs, "hash_mismatch", |it| it.hash = Some(it.operation.hash(137))),
        ("v0.6", Unverified, "entry_point", |it| {
            it.hash = Some(EntryPoint::V0_6.hash(&it.operation, 11_155_111));
        }),
        ("v0.8", Unverified, "entry_point", |it| {
            it.hash = Some(EntryPoint::V0_8.hash(&it.operation, 11_155_111));
        }),
        ("recorded hash", Differs, "hash_mismatch", |it| it.recorded = Some(hex(&[1; 32]).into())),
        ("short recorded hash", Differs, "hash_mismatch", |it| it.recorded = Some("0x01".into())),
        ("no recorded hash", Unverified, "malformed", |it| it.recorded = Some(Value::Null)),
        ("text as message", Differs, "hash_mismatch", |it| it.pending = Some("hello".into())),
        ("number as message", Unverified, "malformed", |it| it.pending = Some(1.into())),
    ];
    for (name, verdict, reason, change) in cases {
        println!("{name}");
        assert_finding(&changed(PLAIN, change), verdict, reason);
    }
}

#[test]
fn members_of_operations_are_read_strictly() {
    let cases: [(&str, &str, Value); 17] = [
        ("operation_form", "initCode", json!("0x")),
        ("operation_form", "paymasterAndData", json!("0x")),
        ("operation_form", "accountGasLimits", json!("0x00")),
        ("operation_form", "gasFees", json!("0x00")),
        ("operation_form", "eip7702Auth", json!({})),
        ("operation_form", "memo", json!("hello")),
        ("malformed", "sender", json!("0x01")),
        ("malformed", "nonce", Value::Null),
        ("malformed", "nonce", json!(1)),
        ("malformed", "nonce", json!("1")),
        ("malformed", "callData", json!("0x0")),
        ("malformed", "callGasLimit", json!("0x")),
        ("malformed", "callGasLimit", json!(format!("0x1{}", "0".repeat(32)))),
        ("malformed", "preVerificationGas", json!(format!("0x1{}", "0".repeat(64)))),
        ("malformed", "signature", Value::Null),
        ("malformed", "paymasterData", Value::Null),
        ("malformed", "factoryData", json!("0x")),
    ];
    for (reason, member, value) in cases {
        println!("{member} {value}");
        let verification = changed(PLAIN, |it| it.members = vec![(member, value)]);
        assert_finding(&verification, Verdict::Unverified, reason);
        let content = verification.content().map_or(0, |content| content.items.len());
        assert_eq!(content, usize::from(member != "callData"), "{member}");
    }
    // A part that can be read is compared all the same.
    let verification = changed(PLAIN, |it| {
        it.operation.call_data = encode_execute(&[native(1)]);
        it.members = vec![("memo", "hello".into())];
    });
    assert_finding(&verification, Verdict::Differs, "calls");
    let absent = changed(PLAIN, |it| it.members = vec![("eip7702Auth", Value::Null)]);
    assert_eq!(absent.verdict(), Verdict::AsRequested);
}

#[test]
fn other_nonces_are_not_verified() {
    let with = |change: fn(&mut Nonce), role| {
        changed(PLAIN, |it| {
            let mut nonce = Nonce::from_uint(it.operation.nonce);
            change(&mut nonce);
            it.operation.nonce = nonce.to_uint();
            it.role = Some(role);
        })
    };
    let delegated = Role::Delegated { admin: None };
    assert_finding(&with(|it| it.mode = 1, Role::Admin), Verdict::Unverified, "nonce_mode");
    assert_finding(&with(|it| it.mode = 3, Role::Unknown), Verdict::Unverified, "nonce_mode");
    for kind in [1, 2, 3] {
        let nonce = |it: &mut Nonce| it.validator_type = 1;
        let nonce = if kind == 1 { nonce } else { |it: &mut Nonce| it.validator_type = 2 };
        assert_finding(&with(nonce, Role::Admin), Verdict::Unverified, "nonce_type");
        assert_finding(&with(nonce, Role::Unknown), Verdict::Unverified, "nonce_type");
    }
    assert_finding(&with(|_| {}, delegated), Verdict::Unverified, "nonce_type");
    let any_id = with(|it| it.id = [7; 20], Role::Unknown);
    assert_eq!(any_id.verdict(), Verdict::AsRequested);
}

#[test]
fn deployments_of_others_are_refused() {
    use Verdict::{Differs, Unverified};
    let salt = |byte| {
        let mut salt = [0; 32];
        salt[16..].fill(byte);
        salt
    };
    // The wallet is at the address of the deployment, and the caller knows it by that address.
    let deploy = move |version, owner: Address, role: Option<Role>| {
        changed(NEW, move |it| {
            it.operation.deployment = Some(deployment(version, &owner, &salt(3)));
            let wallet = account_address(version, &owner, &salt(3));
            it.operation.sender = wallet;
            it.wallet = Some(wallet.to_string());
            it.request = vec![("/path", format!("/wallets/{wallet}/transactions").into())];
            it.role = role;
        })
    };
    let signer = Address::parse("0x2029e56B39e87a7a03028AbdE1fF9E90D12162e0").unwrap();
    let admin = |admin: Address| Some(Role::Delegated { admin: Some(*admin.as_bytes()) });
    for version in KernelVersion::ALL {
        assert_eq!(deploy(version, signer, None).verdict(), Verdict::AsRequested, "{version:?}");
        assert_eq!(deploy(version, signer, Some(Role::Unknown)).verdict(), Verdict::AsRequested);
        assert_finding(&deploy(version, stranger(), None), Differs, "factory_owner");
        let unknown = deploy(version, stranger(), Some(Role::Unknown));
        assert_finding(&unknown, Unverified, "factory_owner");
        let delegated = deploy(version, stranger(), admin(stranger()));
        assert_eq!(reasons(&delegated), ["nonce_type"], "the nonce is that of an admin");
        assert_finding(&deploy(version, signer, admin(stranger())), Differs, "factory_owner");
    }
    let data = |change: fn(&mut Vec<u8>)| {
        changed(NEW, |it| change(&mut it.operation.deployment.as_mut().unwrap().factory_data))
    };
    let other_factory = changed(NEW, |it| {
        it.operation.deployment.as_mut().unwrap().factory = stranger();
    });
    assert_finding(&other_factory, Unverified, "factory");
    assert_finding(&data(Vec::clear), Unverified, "factory");
    assert_finding(&data(|it| it[0] ^= 1), Unverified, "factory");
    assert_finding(&data(|it| it.push(0)), Unverified, "factory");
    // deployWithFactory: the kernel factory, the offset, the salt.
    assert_finding(&data(|it| it[30] ^= 1), Unverified, "factory");
    assert_finding(&data(|it| it[4 + 63] ^= 0x20), Unverified, "factory");
    assert_finding(&data(|it| it[4 + 95] ^= 1), Differs, "factory_address");
    assert_finding(&data(|it| it[4 + 64] ^= 1), Differs, "factory_address");
    // initialize: the validator, the hook, the owner.
    let initialize = 4 + 4 * 32 + 4;
    assert_eq!(unhex("3c3b752b"), {
        let data = case(NEW)["answer"]["onChain"]["userOperation"]["factoryData"].clone();
        unhex(&data.as_str().unwrap()[2..])[initialize - 4..initialize].to_vec()
    });
    assert_finding(&data(|it| it[4 + 4 * 32 + 4 + 9] ^= 1), Differs, "factory_validator");
    assert_finding(&data(|it| it[4 + 4 * 32 + 4 + 63] ^= 2), Differs, "factory_init");
    assert_finding(&data(|it| it[4 + 4 * 32 + 4 + 6 * 32] ^= 2), Differs, "factory_owner");
}

#[test]
fn the_cost_of_gas_is_bounded_where_the_wallet_pays() {
    use Verdict::{AsRequested, Differs};
    let max = |paymaster: bool, gas: u128, price: u128, bound: Option<U256>| {
        changed(PLAIN, move |it| {
            it.operation.call_gas_limit = gas;
            it.operation.verification_gas_limit = 0;
            it.operation.pre_verification_gas = U256::ZERO;
            it.operation.max_fee_per_gas = price;
            it.max_fee = bound;
            if !paymaster {
                it.operation.paymaster = None;
            }
        })
    };
    assert_eq!(max(true, u128::MAX, u128::MAX, Some(U256::ZERO)).verdict(), AsRequested);
    assert_eq!(max(false, 10_000_000, 1_000_000_000, None).verdict(), AsRequested);
    assert_finding(&max(false, 10_000_001, 1_000_000_000, None), Differs, "gas");
    assert_finding(&max(false, u128::MAX, u128::MAX, None), Differs, "gas");
    assert_eq!(max(false, u128::MAX, u128::MAX, Some(U256::MAX)).verdict(), AsRequested);
    let overflow = changed(PLAIN, |it| {
        it.operation.paymaster = None;
        it.operation.pre_verification_gas = U256::MAX;
        it.max_fee = Some(U256::MAX);
    });
    assert_finding(&overflow, Differs, "gas");
    let nobody = changed(PLAIN, |it| {
        it.operation.paymaster.as_mut().unwrap().address = Address::from_bytes([0; 20]);
        it.max_fee = Some(U256::ZERO);
    });
    assert_finding(&nobody, Differs, "gas");
}

#[test]
fn other_call_data_is_refused() {
    use Verdict::{Differs, Unverified};
    let with = |call_data: Vec<u8>| changed(PLAIN, move |it| it.operation.call_data = call_data);
    let honest = || {
        let operation = &case(PLAIN)["answer"]["onChain"]["userOperation"];
        unhex(&operation["callData"].as_str().unwrap()[2..])
    };
    let edit = |at: usize, byte: u8| {
        let mut data = honest();
        data[at] = byte;
        with(data)
    };
    assert_finding(&edit(4, 0xff), Differs, "delegatecall");
    assert_finding(&edit(4, 0xfe), Unverified, "call_type");
    assert_finding(&edit(5, 1), Differs, "try_mode");
    assert_finding(&edit(5, 2), Unverified, "exec_type");
    for at in [6, 9, 10, 13, 14, 35] {
        assert_finding(&edit(at, 1), Unverified, "mode_bytes");
    }
    for selector in [
        "9517e29f", "9198bdf5", "52141cd9", "b9b82941", "1f1b92e3", "3659cfe6", "e6f3d50a",
        "a71763a8",
    ] {
        let call = [unhex(selector), vec![0; 64]].concat();
        assert_finding(&with(call.clone()), Differs, "wallet_power");
        assert_finding(&with([unhex("8dd7712f"), call].concat()), Differs, "wallet_power");
    }
    for (call_data, reason) in [
        (vec![], "selector"),
        (vec![0xe9, 0xae, 0x5c], "selector"),
        (unhex("8dd7712f"), "selector"),
        ([unhex("8dd7712f8dd7712f"), honest()].concat(), "selector"),
        ([unhex("d691c964"), honest()].concat(), "selector"),
        (unhex("e9ae5c53"), "abi"),
        ([honest(), vec![0; 32]].concat(), "abi"),
    ] {
        assert_finding(&with(call_data), Unverified, reason);
    }
    let twice = [unhex("8dd7712f"), honest()].concat();
    assert_eq!(with(twice).verdict(), Verdict::AsRequested);
    assert_finding(&with(encode_execute(&[])), Differs, "calls");
    assert_finding(&with(encode_execute(&[native(1)])), Differs, "calls");
}

/// The array lies behind the arguments of `execute`, where the account finds it; a decoy lies inside.
#[test]
fn an_array_outside_of_the_arguments_is_not_read_as_the_decoy() {
    let vector = case("evm-transaction-056");
    let operation = &vector["answer"]["onChain"]["userOperation"];
    let honest = unhex(&operation["callData"].as_str().unwrap()[2..]);
    let paying = encode_execute(&[native(77), native(0)]);
    let offset = honest.len() - 100;
    let mut decoy = [&honest[..], &paying[100..]].concat();
    decoy[100..132].copy_from_slice(&U256::from(u64::try_from(offset).unwrap()).to_be_bytes());
    let verification = changed("evm-transaction-056", |it| it.operation.call_data = decoy);
    assert_finding(&verification, Verdict::Unverified, "abi");
    assert!(verification.content().is_none());
}

#[test]
fn requests_that_cannot_be_compared_are_not_verified() {
    let call = case(PLAIN)["request"]["body"]["params"]["calls"][0].clone();
    let with = |member: &str, value: Value| {
        let mut call = call.clone();
        call[member] = value;
        json!([call])
    };
    let calls = [
        json!([]),
        json!({}),
        json!([1]),
        with("value", json!(1)),
        with("value", json!("1.5")),
        with("value", json!("-1")),
        with("data", json!("0x0")),
        with("data", Value::Null),
        with("to", json!("0x01")),
        with("transaction", json!("0x01")),
        with("gas", json!("1")),
        json!([{"transaction": "0x01"}]),
        json!([{"address": call["to"], "functionName": "f", "abi": [], "args": []}]),
        json!([{"address": call["to"], "functionName": "f", "args": [],
            "abi": [{"type": "function", "name": "f", "inputs": []}, {"type": "function", "name": "f", "inputs": []}]}]),
    ];
    for calls in calls {
        println!("{calls}");
        let verification = changed(PLAIN, |it| it.request = vec![("/body/params/calls", calls)]);
        assert_finding(&verification, Verdict::Unverified, "request_form");
    }
    let hexadecimal =
        |value: &Value| format!("0x{:x}", value.as_str().unwrap().parse::<u128>().unwrap());
    let calls = with("value", hexadecimal(&call["value"]).into());
    let verification = changed(PLAIN, |it| it.request = vec![("/body/params/calls", calls)]);
    assert_eq!(verification.verdict(), Verdict::AsRequested);
    for chain in [json!("base"), json!("ethereum-goerli"), json!(1)] {
        let verification = changed(PLAIN, |it| it.request = vec![("/body/params/chain", chain)]);
        assert_finding(&verification, Verdict::Unverified, "request_form");
    }
    // Outside of production a mainnet stands for its testnet.
    let mainnet = changed(PLAIN, |it| it.request = vec![("/body/params/chain", "ethereum".into())]);
    assert_eq!(mainnet.verdict(), Verdict::AsRequested);
    let unreadable = changed(PLAIN, |it| {
        let own = Call { to: it.operation.sender, value: U256::ZERO, data: vec![1, 2, 3, 4] };
        it.operation.call_data = encode_execute(&[own]);
        it.request = vec![("/body/params/calls", json!([]))];
    });
    assert!(reasons(&unreadable).contains(&"self_call"));
}

#[test]
fn facts_of_the_caller_must_be_consistent() {
    use Verdict::{AsRequested, Differs, Unverified};
    let chain_id = |chain_id| changed(PLAIN, |it| it.chain_id = Some(chain_id));
    assert_eq!(chain_id(11_155_111).verdict(), AsRequested);
    assert_finding(&chain_id(1), Differs, "chain");
    let zero = changed(PLAIN, |it| {
        it.chain_id = Some(0);
        it.hash = Some(it.operation.hash(0));
    });
    assert_finding(&zero, Differs, "replayable");
    let wallet = changed(PLAIN, |it| it.wallet = Some(stranger().to_string()));
    assert_finding(&wallet, Differs, "sender");
    let no_address = changed(PLAIN, |it| it.wallet = Some("evm:alias:shop".into()));
    assert_finding(&no_address, Unverified, "wallet");
    let of_another = changed(PLAIN, |it| {
        it.request = vec![("/path", format!("/wallets/{}/transactions", stranger()).into())];
    });
    assert_finding(&of_another, Unverified, "wallet");
    let locator = changed(PLAIN, |it| {
        it.request = vec![("/path", "/wallets/evm:alias:shop/transactions".into())];
    });
    assert_eq!(locator.verdict(), AsRequested);
    let mpc = changed(PLAIN, |it| it.answer = vec![("walletType", "mpc".into())]);
    assert_finding(&mpc, Unverified, "wallet_type");
}

#[test]
fn transfers_are_compared_as_far_as_they_are_known() {
    use Verdict::{AsRequested, Differs, Unverified};
    let with = |body: Value, calls: Option<Vec<Call>>| {
        changed("evm-transfer-001", |it| {
            it.request = vec![("/body", body)];
            it.operation.call_data =
                calls.map_or(it.operation.call_data.clone(), |calls| encode_execute(&calls));
        })
    };
    let recipient = case("evm-transfer-001")["request"]["body"]["recipient"].clone();
    let body = |recipient: Value| json!({"recipient": recipient, "amount": "0.2"});
    let usdc = Address::parse("0x036CbD53842c5426634e7929541eC2318f3dCF7e").unwrap();
    let transfer = |contract, amount: u64| {
        let arguments = abi::encode(&[stranger().into(), U256::from(amount).into()]);
        Call {
            to: contract,
            value: U256::ZERO,
            data: [&[0xa9, 5, 0x9c, 0xbb], &arguments[..]].concat(),
        }
    };
    assert_eq!(with(body(recipient.clone()), None).verdict(), AsRequested);
    let paid_to_another = with(body(recipient.clone()), Some(vec![transfer(usdc, 200_000)]));
    assert_finding(&paid_to_another, Differs, "calls");
    for recipient in ["email:a@example.com", "x:someone", "userId:1", "phoneNumber:+1", "0x01"] {
        let recipient = body(recipient.into());
        assert_finding(&with(recipient.clone(), None), Unverified, "recipient");
        for calls in [
            vec![transfer(usdc, 200_001)],
            vec![transfer(stranger(), 200_000)],
            vec![native(200_000)],
            vec![transfer(usdc, 200_000), native(1)],
        ] {
            assert_finding(&with(recipient.clone(), Some(calls)), Differs, "calls");
        }
    }
    let located =
        |chain: &str| body(format!("address:{}:{chain}", recipient.as_str().unwrap()).into());
    assert_eq!(with(located("base"), None).verdict(), AsRequested);
    assert_finding(&with(located("polygon"), None), Unverified, "recipient");
    for amount in [json!(1), json!("1e3"), json!("0.2000001"), json!("-1"), Value::Null] {
        let body = json!({"recipient": recipient, "amount": amount});
        assert_finding(&with(body, None), Unverified, "amount");
    }
    let onramp = json!({"recipient": recipient, "amount": "0.2", "transactionType": "onramp"});
    assert_finding(&with(onramp, None), Unverified, "transfer_type");
    let path = |token: &str| format!("/wallets/x/tokens/base-sepolia:{token}/transfers");
    let token = |token: &str| {
        changed("evm-transfer-001", |it| it.request = vec![("/path", path(token).into())])
    };
    assert_eq!(token("0x036cbd53842c5426634e7929541ec2318f3dcf7e").verdict(), AsRequested);
    assert_finding(&token(&stranger().to_string()), Unverified, "token");
    let mut vector = case("evm-transfer-001").clone();
    vector["context"]["token"] = Value::Null;
    assert_finding(&run(&vector).verification, Unverified, "token");
}

#[test]
fn changes_of_signers_have_one_shape() {
    use Verdict::{AsRequested, Differs, Unverified};
    const ADD: &str = "evm-signer-001";
    let signer = Address::parse("0xE76834344523fc6e1D03C43200373E612ed8d7b2").unwrap();
    let add = |change: fn(&mut Vec<Call>)| {
        changed(ADD, |it| {
            let mut calls =
                encode_installation(&it.operation.sender, [1, 2, 3, 4], 2, &signer).to_vec();
            change(&mut calls);
            it.operation.call_data = encode_execute(&calls);
        })
    };
    assert_eq!(add(|_| {}).verdict(), AsRequested);
    let differs: [Change2; 9] = [
        |calls| calls.truncate(1),
        |calls| calls.reverse(),
        |calls| calls.push(native(0)),
        |calls| calls.push(calls[0].clone()),
        |calls| calls[0].to = stranger(),
        |calls| calls[1].value = U256::from(1_u64),
        |calls| calls[0].data[3] ^= 1,
        // grantAccess: another id, and another selector.
        |calls| calls[1].data[5] ^= 1,
        |calls| calls[1].data[4 + 32] ^= 1,
    ];
    for change in differs {
        assert_finding(&add(change), Differs, "signer_change");
    }
    // installValidations: type of the id, hook, flag of the policy, flag of the signer, module, address.
    assert_finding(&add(|calls| calls[0].data[4 + 160] = 1), Differs, "signer_change");
    for at in [4 + 8 * 32, 4 + 165, 4 + 16 * 32] {
        println!("{at}");
        let verification = changed(ADD, |it| {
            let mut calls =
                encode_installation(&it.operation.sender, [1, 2, 3, 4], 2, &signer).to_vec();
            calls[0].data[at] ^= 4;
            it.operation.call_data = encode_execute(&calls);
        });
        assert_ne!(verification.verdict(), AsRequested);
        assert!(
            reasons(&verification).contains(&"signer_change_form"),
            "{:?}",
            verification.findings()
        );
    }
    let not_bool = add(|calls| *calls[1].data.last_mut().unwrap() = 2);
    assert_finding(&not_bool, Unverified, "signer_change_form");
    let named =
        changed(ADD, |it| it.answer = vec![("locator", format!("server:{}", stranger()).into())]);
    assert_finding(&named, Differs, "signer_change");
    let object = changed(ADD, |it| {
        it.request =
            vec![("/body/signer", json!({"type": "server", "address": signer.to_string()}))];
    });
    assert_eq!(object.verdict(), AsRequested);
    let passkey =
        changed(ADD, |it| it.request = vec![("/body/signer", json!({"type": "passkey"}))]);
    assert_finding(&passkey, Unverified, "request_form");

    const REMOVE: &str = "evm-signer-035";
    let remove = |permission, more: fn(&mut Vec<Call>)| {
        changed(REMOVE, |it| {
            let mut calls = vec![encode_removal(&it.operation.sender, permission)];
            more(&mut calls);
            it.operation.call_data = encode_execute(&calls);
        })
    };
    let own = [0x87, 0xa5, 0x65, 0x30];
    assert_eq!(remove(own, |_| {}).verdict(), AsRequested);
    assert_finding(&remove([1; 4], |_| {}), Differs, "signer_change");
    assert_finding(&remove(own, |calls| calls.push(calls[0].clone())), Differs, "signer_change");
    assert_finding(&remove(own, |calls| calls[0].data[4] = 1), Differs, "signer_change");
    assert_finding(&remove(own, |calls| calls[0].data[4 + 20] = 1), Differs, "signer_change");
    assert_finding(
        &remove(own, |calls| calls[0].data[4 + 31] = 1),
        Unverified,
        "signer_change_form",
    );
}

type Change2 = fn(&mut Vec<Call>);

#[test]
fn signatures_of_other_forms_are_not_verified() {
    use Verdict::{AsRequested, Differs, Unverified};
    let message = |body: Value, pending: Option<[u8; 32]>| {
        let mut vector = case("evm-message-001").clone();
        vector["request"]["body"] = body;
        let mut answer = vector["answer"].clone();
        if let Some(pending) = pending {
            answer["approvals"]["pending"][0]["message"] = hex(&pending).into();
        }
        run_with(&vector, &answer, |_| {}).verification
    };
    let text = case("evm-message-001")["request"]["body"]["params"]["message"].clone();
    let body = |params: Value| json!({"type": "message", "params": params});
    assert_eq!(message(body(json!({"message": text})), None).verdict(), AsRequested);
    for wrong in [
        json!({}),
        json!({"type": "auth-entries", "params": {}}),
        body(json!({"message": 1})),
        body(json!({"message": text, "isSmartWalletSignature": "false"})),
        body(json!({"message": text, "chain": "base"})).clone(),
    ] {
        let is_chain = wrong["params"]["chain"] == "base";
        let verification = message(wrong, None);
        if is_chain {
            assert_eq!(verification.verdict(), AsRequested, "base stands for its testnet");
        } else {
            assert_finding(&verification, Unverified, "request_form");
        }
    }
    let plain = body(json!({"message": text, "isSmartWalletSignature": false}));
    assert_finding(&message(plain.clone(), None), Differs, "digest_mismatch");
    let digest = signer_core::keccak::eip191_digest(text.as_str().unwrap().as_bytes());
    assert_eq!(message(plain, Some(*digest.as_bytes())).verdict(), AsRequested);
    let asked = body(json!({"message": text}));
    assert_finding(&message(asked.clone(), Some(*digest.as_bytes())), Unverified, "unwrapped");
    let wallet = Address::parse(super::text(case("evm-message-001"), "wallet")).unwrap();
    for version in KernelVersion::ALL {
        let on = |chain_id| wrap(version, chain_id, &wallet, digest.as_bytes());
        assert_eq!(message(asked.clone(), Some(on(84_532))).verdict(), AsRequested);
        assert_finding(&message(asked.clone(), Some(on(0))), Differs, "replayable");
        assert_finding(&message(asked.clone(), Some(on(1))), Differs, "digest_mismatch");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever byte of an honest answer changes: it is refused, or the same bytes are signed.
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
