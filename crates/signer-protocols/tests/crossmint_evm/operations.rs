//! Hostile user operations.

use serde_json::{Value, json};
use signer_core::address::evm::Address;
use signer_protocols::U256;
use signer_protocols::crossmint::evm::{
    EntryPoint, KernelVersion, Nonce, account_address, deployment, encode_execute,
};
use signer_protocols::crossmint::verify::{Role, Verdict};
use signer_protocols::evm::abi::{self, Value as AbiValue};

use super::{
    Changed, NEW, PLAIN, assert_finding, case, changed, hex, native, reasons, stranger, unhex,
};

const BATCH_OF_ONE: &str = "evm-transaction-056";

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

/// Bytes after the last call, inside of the arguments.
#[test]
fn a_batch_has_no_bytes_after_its_last_call() {
    let operation = &case(BATCH_OF_ONE)["answer"]["onChain"]["userOperation"];
    let honest = unhex(&operation["callData"].as_str().unwrap()[2..]);
    let (mode, execution) = (honest[4..36].try_into().unwrap(), &honest[100..]);
    for (len, verdict) in [(0, Verdict::AsRequested), (32, Verdict::Unverified)] {
        let execution = [execution, &vec![0; len]].concat();
        let arguments = abi::encode(&[AbiValue::Word(mode), AbiValue::Bytes(execution)]);
        let call_data = [&honest[..4], &arguments].concat();
        let verification = changed(BATCH_OF_ONE, |it| it.operation.call_data = call_data);
        assert_eq!(verification.verdict(), verdict, "{len}");
        assert_eq!(reasons(&verification).contains(&"abi"), len == 32);
    }
}

#[test]
fn validator_data_is_the_owner_and_nothing_else() {
    let owner = Address::parse("0x2029e56B39e87a7a03028AbdE1fF9E90D12162e0").unwrap();
    let version = KernelVersion::V0_3_1;
    let verification = changed(NEW, |it| {
        let root = [&[1], &version.ecdsa_validator().as_bytes()[..]].concat();
        let no_bytes = || AbiValue::Bytes(Vec::new());
        let arguments = abi::encode(&[
            AbiValue::Word(abi::word::left_aligned(&root)),
            U256::ZERO.into(),
            AbiValue::Bytes([owner.as_bytes(), &[1][..]].concat()),
            no_bytes(),
            AbiValue::Array(Vec::new()),
        ]);
        let create_data = [unhex("3c3b752b"), arguments].concat();
        let salt = AbiValue::Word([0; 32]);
        let arguments =
            abi::encode(&[version.factory().into(), AbiValue::Bytes(create_data), salt]);
        let data = [unhex("c5265d5d"), arguments].concat();
        it.operation.deployment.as_mut().unwrap().factory_data = data;
    });
    let expected = ["factory_address", "factory_init", "factory_validator"];
    assert_eq!(reasons(&verification), expected);
}

/// The array lies behind the arguments of `execute`, where the account finds it; a decoy lies inside.
#[test]
fn an_array_outside_of_the_arguments_is_not_read_as_the_decoy() {
    let vector = case(BATCH_OF_ONE);
    let operation = &vector["answer"]["onChain"]["userOperation"];
    let honest = unhex(&operation["callData"].as_str().unwrap()[2..]);
    let paying = encode_execute(&[native(77), native(0)]);
    let offset = honest.len() - 100;
    let mut decoy = [&honest[..], &paying[100..]].concat();
    decoy[100..132].copy_from_slice(&U256::from(u64::try_from(offset).unwrap()).to_be_bytes());
    let verification = changed(BATCH_OF_ONE, |it| it.operation.call_data = decoy);
    assert_finding(&verification, Verdict::Unverified, "abi");
    assert!(verification.content().is_none());
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
