use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;

use super::*;
use crate::Json;
use crate::evm::abi::{Value, encode, selector};

const OWNER: Address = Address::from_bytes([1; 20]);
const SPENDER: Address = Address::from_bytes([2; 20]);
const TOKEN: Address = Address::from_bytes([3; 20]);

fn call(signature: &str, arguments: &[Value]) -> Vec<u8> {
    [selector(signature).as_slice(), &encode(arguments)].concat()
}

fn text(data: &[u8]) -> String {
    describe(Some(&TOKEN), data).to_string()
}

fn uint(value: u64) -> Value {
    U256::from(value).into()
}

/// Every known call: its signature, its arguments, its text.
fn known_calls() -> Vec<(&'static str, Vec<Value>, String)> {
    let (a, b, t) = (OWNER, SPENDER, TOKEN);
    let signature = || Value::Bytes(vec![9; 65]);
    let word = || Value::Word([9; 32]);
    let pair = |amount| vec![b.into(), uint(amount)];
    let from = || vec![a.into(), b.into(), uint(7)];
    let authorized = |mut rest: Vec<Value>| {
        let mut arguments = vec![a.into(), b.into(), uint(7), uint(1), uint(2), word()];
        arguments.append(&mut rest);
        arguments
    };
    let vrs = || vec![uint(27), word(), word()];
    let paid = format!("payment of 7 base units from {a} to {b} by authorization until 2");
    let details = Value::Tuple(vec![t.into(), uint(7), uint(8), uint(0)]);
    let single = Value::Tuple(vec![details, b.into(), uint(9)]);
    let permitted = Value::Tuple(vec![t.into(), uint(8)]);
    let permit = Value::Tuple(vec![permitted, uint(0), uint(9)]);
    vec![
        ("transfer(address,uint256)", pair(7), format!("erc20 transfer of 7 base units to {b}")),
        (
            "transferFrom(address,address,uint256)",
            from(),
            format!("transfer of 7 base units, or of token 7, from {a} to {b}"),
        ),
        (
            "approve(address,uint256)",
            vec![b.into(), U256::MAX.into()],
            format!("approval of unlimited base units, or of token {}, for {b}", U256::MAX),
        ),
        (
            "increaseAllowance(address,uint256)",
            pair(7),
            format!("allowance of 7 more base units for {b}"),
        ),
        (
            "decreaseAllowance(address,uint256)",
            pair(7),
            format!("allowance of 7 fewer base units for {b}"),
        ),
        (
            "safeTransferFrom(address,address,uint256)",
            from(),
            format!("erc721 transfer of token 7 from {a} to {b}"),
        ),
        (
            "safeTransferFrom(address,address,uint256,bytes)",
            vec![a.into(), b.into(), uint(7), Value::Bytes(vec![1; 33])],
            format!("erc721 transfer of token 7 from {a} to {b} with 33 bytes"),
        ),
        (
            "setApprovalForAll(address,bool)",
            vec![b.into(), true.into()],
            format!("approval of all tokens of the contract for {b}"),
        ),
        (
            "permit(address,address,uint256,uint256,uint8,bytes32,bytes32)",
            vec![a.into(), b.into(), uint(7), uint(9), uint(27), word(), word()],
            format!("permit of 7 base units of {a} for {b} until 9"),
        ),
        (
            "permit(address,address,uint256,uint256,bytes)",
            vec![a.into(), b.into(), uint(7), uint(9), signature()],
            format!("permit of 7 base units of {a} for {b} until 9"),
        ),
        (
            "approve(address,address,uint160,uint48)",
            vec![t.into(), b.into(), uint(7), uint(9)],
            format!("permit2 approval of 7 base units of token {t} for {b} until 9"),
        ),
        (
            "transferFrom(address,address,uint160,address)",
            vec![a.into(), b.into(), uint(7), t.into()],
            format!("permit2 payment of 7 base units of token {t} from {a} to {b}"),
        ),
        (
            "permit(address,((address,uint160,uint48,uint48),address,uint256),bytes)",
            vec![a.into(), single, signature()],
            format!("permit2 permit of 7 base units of token {t} of {a} for {b} until 8"),
        ),
        (
            "permitTransferFrom(((address,uint256),uint256,uint256),(address,uint256),address,bytes)",
            vec![permit, Value::Tuple(vec![b.into(), uint(7)]), a.into(), signature()],
            format!("permit2 payment of 7 base units of token {t} from {a} to {b} by signature"),
        ),
        (
            "transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32,uint8,bytes32,bytes32)",
            authorized(vrs()),
            paid.clone(),
        ),
        (
            "receiveWithAuthorization(address,address,uint256,uint256,uint256,bytes32,uint8,bytes32,bytes32)",
            authorized(vrs()),
            paid.clone(),
        ),
        (
            "transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32,bytes)",
            authorized(vec![signature()]),
            paid.clone(),
        ),
        (
            "receiveWithAuthorization(address,address,uint256,uint256,uint256,bytes32,bytes)",
            authorized(vec![signature()]),
            paid,
        ),
    ]
}

#[test]
fn known_calls_are_described() {
    for (signature, arguments, expected) in known_calls() {
        assert_eq!(text(&call(signature, &arguments)), expected, "{signature}");
    }
    let withdrawn = call("setApprovalForAll(address,bool)", &[SPENDER.into(), false.into()]);
    let withdrawn = describe(Some(&TOKEN), &withdrawn);
    assert!(!withdrawn.is_allowance() && !withdrawn.is_payment());
    assert_eq!(describe(None, &[1]).to_string(), "contract creation with 1 bytes");
    assert!(describe(Some(&TOKEN), &[]).is_payment());
}

#[test]
fn payments_and_allowances_are_told_apart() {
    let (mut payments, mut allowances) = (0, 0);
    for (signature, arguments, _) in known_calls() {
        let call = describe(Some(&TOKEN), &call(signature, &arguments));
        assert!(!(call.is_payment() && call.is_allowance()), "{signature}");
        payments += usize::from(call.is_payment());
        allowances += usize::from(call.is_allowance());
    }
    assert_eq!((payments, allowances), (10, 7));
}

#[test]
fn calls_that_are_not_canonical_are_not_described() {
    for (signature, arguments, _) in known_calls() {
        let data = call(signature, &arguments);
        let other = |data: &[u8]| text(data).starts_with("call 0x");
        assert!(other(&[data.as_slice(), &[0]].concat()), "{signature}: a byte more");
        assert!(other(&[data.as_slice(), &[0; 32]].concat()), "{signature}: a word more");
        assert!(other(&data[..data.len() - 1]), "{signature}: a byte less");
        assert!(other(&data[..data.len() - 32]), "{signature}: a word less");
        let mut dirty = data.clone();
        dirty[4] = 1;
        assert!(other(&dirty), "{signature}: dirty padding");
    }
    let mut dirty = call("setApprovalForAll(address,bool)", &[SPENDER.into(), true.into()]);
    *dirty.last_mut().unwrap() = 2;
    assert_eq!(text(&dirty), "call 0xa22cb465 with 68 bytes");
    let wide = [TOKEN.into(), SPENDER.into(), U256::MAX.into(), uint(9)];
    let wide = call("approve(address,address,uint160,uint48)", &wide);
    assert_eq!(text(&wide), "call 0x87517c45 with 132 bytes");
    // The bytes of a transfer with data: another offset, a dirty end.
    let arguments = [OWNER.into(), SPENDER.into(), uint(7), Value::Bytes(vec![1; 33])];
    let data = call("safeTransferFrom(address,address,uint256,bytes)", &arguments);
    for at in [4 + 4 * 32 - 1, data.len() - 1] {
        let mut dirty = data.clone();
        dirty[at] ^= 0x20;
        assert_eq!(text(&dirty), format!("call 0xb88d4fde with {} bytes", data.len()), "{at}");
    }
    assert_eq!(text(&[0xeb]), "call 0xeb with 1 bytes");
}

#[test]
fn selectors_follow_from_the_abi() {
    let input =
        |name: &str| [("type", name)].map(|(k, v)| (k, Json::from(v))).into_iter().collect();
    let inputs = Json::Array(vec![input("address"), input("uint256")]);
    let function = [("name", Json::from("transfer")), ("inputs", inputs)].into_iter().collect();
    let arguments = [Json::from(SPENDER.to_string()), Json::from("7")];
    let data = crate::evm::abi::encode_call(&Json::Array(vec![function]), "transfer", &arguments);
    assert_eq!(text(&data.unwrap()), format!("erc20 transfer of 7 base units to {SPENDER}"));
}
