//! User operations of entry point 0.7, in the unpacked form of the recorded answers, and their hash. Section 1.1 to 1.4 of
//! the specification page.

use serde_json::{Map, Value, json};
use signer_core::address::evm::Address;
use signer_protocols::U256;
use signer_protocols::evm::abi::word;

use super::super::operation::random_bytes;
use super::super::tampering::Tampering;
use super::account::{META_FACTORY, address};
use super::call::execute;
use super::{Account, Call, Nonce, keccak, tampered};
use crate::key::hex;

const ENTRY_POINT: &str = "0x0000000071727De22E5E9d8BAf0edAc6f37da032";
/// The paymasters of the recorded answers.
const PAYMASTERS: [&str; 2] =
    ["0x777777777777AeC03fd955926DbF81597e66834C", "0x0000000000000039cd5e8aE05257CE51C473ddd1"];
/// The signature that recorded answers have before approval. It is not hashed.
const DUMMY_SIGNATURE: &str = "0xfffffffffffffffffffffffffffffff0000000000000000000000000000000007aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1c";

pub(super) struct UserOperation {
    sender: Address,
    nonce: [u8; 32],
    call_data: Vec<u8>,
    factory: Option<Vec<u8>>,
    call_gas: u128,
    verification_gas: u128,
    pre_verification_gas: u128,
    max_fee: u128,
    max_priority_fee: u128,
    paymaster: Option<Paymaster>,
}

struct Paymaster {
    address: Address,
    verification_gas: u128,
    post_operation_gas: u128,
    data: [u8; 85],
}

/// `onChain` of a new operation, and the message to approve.
pub(in super::super) fn build(
    account: &Account,
    (chain, chain_id): (&str, u64),
    nonce: Nonce,
    calls: &[Call],
    tampering: Option<Tampering>,
) -> (Value, String) {
    let calls = tampered::calls(account, calls, tampering);
    let another = tampered::account(account, tampering);
    let deployer = another.as_ref().unwrap_or(account);
    let is_new = !account.is_deployed(chain) || tampering == Some(Tampering::OtherOwner);
    let sender = match tampering {
        Some(Tampering::OtherWallet) => deployer.address(),
        _ => account.address(),
    };
    let [a, b, c, d, fee, payer, ..] = random_bytes::<8>();
    let gas = |base: u128, random: u8| base + u128::from(random) * 257;
    let [cheap, paid] = PAYMASTERS;
    let operation = UserOperation {
        sender,
        nonce: account.nonce(nonce),
        call_data: tampered::call_data(&calls, tampering).unwrap_or_else(|| execute(&calls)),
        factory: is_new.then(|| deployer.factory_data()),
        call_gas: gas(50_000 + 30_000 * calls.len() as u128, a),
        verification_gas: gas(300_000, b),
        pre_verification_gas: gas(60_000, c),
        max_fee: match tampering {
            Some(Tampering::NoPaymaster) => 1_000_000_000_000,
            _ => gas(9_000_000, fee),
        },
        max_priority_fee: 900_000,
        paymaster: (tampering != Some(Tampering::NoPaymaster)).then(|| Paymaster {
            address: address(if payer % 2 == 0 { cheap } else { paid }),
            verification_gas: gas(37_000, d),
            post_operation_gas: 1,
            data: random_bytes(),
        }),
    };
    let chain_id = if tampering == Some(Tampering::ChainZero) { 0 } else { chain_id };
    let hash = format!("0x{}", hex(&operation.hash(chain_id)));
    (json!({"userOperation": operation.to_json(), "userOperationHash": hash}), hash)
}

impl UserOperation {
    fn hash(&self, chain_id: u64) -> [u8; 32] {
        let mut init_code = Vec::new();
        if let Some(data) = &self.factory {
            init_code.extend(address(META_FACTORY).as_bytes());
            init_code.extend(data);
        }
        let mut paymaster = Vec::new();
        if let Some(it) = &self.paymaster {
            paymaster.extend(it.address.as_bytes());
            paymaster.extend(it.verification_gas.to_be_bytes());
            paymaster.extend(it.post_operation_gas.to_be_bytes());
            paymaster.extend(it.data);
        }
        let inner = keccak(&[
            &word::from_address(&self.sender),
            &self.nonce,
            &keccak(&[&init_code]),
            &keccak(&[&self.call_data]),
            &self.verification_gas.to_be_bytes(),
            &self.call_gas.to_be_bytes(),
            &word::from_uint(U256::from(self.pre_verification_gas)),
            &self.max_priority_fee.to_be_bytes(),
            &self.max_fee.to_be_bytes(),
            &keccak(&[&paymaster]),
        ]);
        keccak(&[
            &inner,
            &word::from_address(&address(ENTRY_POINT)),
            &word::from_uint(U256::from(chain_id)),
        ])
    }

    fn to_json(&self) -> Value {
        let mut json = Map::new();
        let mut put = |name: &str, value: String| {
            json.insert(name.into(), Value::String(value));
        };
        put("sender", self.sender.to_string());
        put("nonce", quantity(&self.nonce));
        put("callData", format!("0x{}", hex(&self.call_data)));
        for (name, value) in [
            ("callGasLimit", self.call_gas),
            ("verificationGasLimit", self.verification_gas),
            ("preVerificationGas", self.pre_verification_gas),
            ("maxFeePerGas", self.max_fee),
            ("maxPriorityFeePerGas", self.max_priority_fee),
        ] {
            put(name, format!("0x{value:x}"));
        }
        if let Some(it) = &self.paymaster {
            put("paymaster", it.address.to_string());
            put("paymasterVerificationGasLimit", format!("0x{:x}", it.verification_gas));
            put("paymasterPostOpGasLimit", format!("0x{:x}", it.post_operation_gas));
            put("paymasterData", format!("0x{}", hex(&it.data)));
        }
        if let Some(data) = &self.factory {
            put("factory", META_FACTORY.into());
            put("factoryData", format!("0x{}", hex(data)));
        }
        put("signature", DUMMY_SIGNATURE.into());
        Value::Object(json)
    }
}

/// Hex without leading zeros.
fn quantity(bytes: &[u8; 32]) -> String {
    let digits = hex(bytes);
    match digits.trim_start_matches('0') {
        "" => "0x0".into(),
        digits => format!("0x{digits}"),
    }
}
