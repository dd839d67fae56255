//! Calls of a request, in the three forms of the OpenAPI document, and their ERC-7579 encoding.

use serde_json::{Value, json};
use signer_core::address::evm::Address;
use signer_protocols::evm::Transaction;
use signer_protocols::evm::abi::{self, encode_call, word};
use signer_protocols::{Json, U256};

use super::super::invalid;
use super::encode_function;
use crate::answer::Refusal;
use crate::key::{hex, unhex};

#[derive(Clone)]
pub(in super::super) struct Call {
    pub(in super::super) to: Address,
    pub(in super::super) value: U256,
    pub(in super::super) data: Vec<u8>,
}

impl Call {
    /// As recorded answers echo a call.
    pub(in super::super) fn to_json(&self) -> Value {
        json!({
            "to": self.to.to_string(),
            "value": self.value.to_string(),
            "data": format!("0x{}", hex(&self.data)),
        })
    }

    fn to_abi(&self) -> abi::Value {
        abi::Value::Tuple(vec![
            self.to.into(),
            self.value.into(),
            abi::Value::Bytes(self.data.clone()),
        ])
    }
}

/// Reads `params.calls`.
pub(in super::super) fn calls_of(params: &Value) -> Result<Vec<Call>, Refusal> {
    let calls = params["calls"].as_array().filter(|it| !it.is_empty());
    let calls = calls.ok_or_else(|| invalid("calls must be a list that is not empty"))?;
    calls.iter().map(call).collect()
}

fn call(call: &Value) -> Result<Call, Refusal> {
    let member = |name: &str| call[name].as_str();
    let address = |text: Option<&str>| {
        let address = text.and_then(|it| Address::parse(it).ok());
        address.ok_or_else(|| invalid("the address of a call is not one of EVM"))
    };
    let value = |default: Option<&str>| {
        let value = member("value").or(default);
        let value = value.and_then(|it| U256::from_decimal(it).or_else(|| U256::from_hex(it)));
        value.ok_or_else(|| invalid("the value of a call is a number as text"))
    };
    if let Some(serialized) = member("transaction") {
        let transaction = Transaction::parse_hex(serialized);
        let transaction = transaction.map_err(|error| invalid(error.to_string()))?;
        let to = transaction.to().ok_or_else(|| invalid("a wallet cannot create a contract"))?;
        return Ok(Call { to, value: transaction.value(), data: transaction.data().to_vec() });
    }
    if let Some(function) = member("functionName") {
        let json = |name: &str| serde_json::from_value::<Json>(call[name].clone());
        let abi = json("abi").map_err(|_| invalid("abi must be a list"))?;
        let args = json("args").ok().unwrap_or(Json::Array(Vec::new()));
        let args = args.as_array().ok_or_else(|| invalid("args must be a list"))?;
        let data = encode_call(&abi, function, args).map_err(|error| invalid(error.to_string()))?;
        return Ok(Call { to: address(member("address"))?, value: value(Some("0"))?, data });
    }
    let data = member("data").unwrap_or("0x");
    let data = data.strip_prefix("0x").and_then(unhex);
    let data = data.ok_or_else(|| invalid("the data of a call is hex"))?;
    Ok(Call { to: address(member("to"))?, value: value(None)?, data })
}

/// `execute(mode, executionCalldata)` of ERC-7579: a single call, or a batch.
pub(super) fn execute(calls: &[Call]) -> Vec<u8> {
    match calls {
        [call] => {
            let single = [call.to.as_bytes(), &call.value.to_be_bytes()[..], &call.data].concat();
            execute_with(0, &single)
        }
        _ => execute_with(1, &batch(calls)),
    }
}

pub(super) fn batch(calls: &[Call]) -> Vec<u8> {
    abi::encode(&[abi::Value::Array(calls.iter().map(Call::to_abi).collect())])
}

/// `execute` with this type of call.
pub(super) fn execute_with(call_type: u8, execution: &[u8]) -> Vec<u8> {
    let arguments =
        [abi::Value::Word(word::left_aligned(&[call_type])), abi::Value::Bytes(execution.to_vec())];
    encode_function("execute(bytes32,bytes)", &arguments)
}
