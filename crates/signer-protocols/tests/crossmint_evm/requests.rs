//! Requests that cannot be compared, transfers, changes of signers, and signatures.

use serde_json::{Value, json};
use signer_core::address::evm::Address;
use signer_protocols::U256;
use signer_protocols::crossmint::evm::{
    Call, KernelVersion, encode_execute, encode_installation, encode_removal, wrap,
};
use signer_protocols::crossmint::verify::Verdict;
use signer_protocols::evm::abi;

use super::{
    PLAIN, assert_finding, case, changed, hex, native, reasons, run, run_with, stranger, text,
};

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
    let differs: [ChangeCalls; 9] = [
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

type ChangeCalls = fn(&mut Vec<Call>);

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
    let content = case("evm-message-001")["request"]["body"]["params"]["message"].clone();
    let body = |params: Value| json!({"type": "message", "params": params});
    assert_eq!(message(body(json!({"message": content})), None).verdict(), AsRequested);
    for wrong in [
        json!({}),
        json!({"type": "auth-entries", "params": {}}),
        body(json!({"message": 1})),
        body(json!({"message": content, "isSmartWalletSignature": "false"})),
        body(json!({"message": content, "chain": "base"})).clone(),
    ] {
        let is_chain = wrong["params"]["chain"] == "base";
        let verification = message(wrong, None);
        if is_chain {
            assert_eq!(verification.verdict(), AsRequested, "base stands for its testnet");
        } else {
            assert_finding(&verification, Unverified, "request_form");
        }
    }
    let plain = body(json!({"message": content, "isSmartWalletSignature": false}));
    assert_finding(&message(plain.clone(), None), Differs, "digest_mismatch");
    let digest = signer_core::keccak::eip191_digest(content.as_str().unwrap().as_bytes());
    assert_eq!(message(plain, Some(*digest.as_bytes())).verdict(), AsRequested);
    let asked = body(json!({"message": content}));
    assert_finding(&message(asked.clone(), Some(*digest.as_bytes())), Unverified, "unwrapped");
    let wallet = Address::parse(text(case("evm-message-001"), "wallet")).unwrap();
    for version in KernelVersion::ALL {
        let on = |chain_id| wrap(version, chain_id, &wallet, digest.as_bytes());
        assert_eq!(message(asked.clone(), Some(on(84_532))).verdict(), AsRequested);
        assert_finding(&message(asked.clone(), Some(on(0))), Differs, "replayable");
        assert_finding(&message(asked.clone(), Some(on(1))), Differs, "digest_mismatch");
    }
}
