//! Call data of a Kernel account: ERC-7579 `execute` and the account's own functions (section 1.4).

mod batch;
mod functions;
mod mode;
mod reader;

use alloc::vec::Vec;

use signer_core::address::evm::Address;

use crate::U256;
use crate::evm::abi::word;

use self::functions::EXECUTE_USER_OP;
pub(super) use self::functions::{
    EXECUTE, Function, GRANT_ACCESS, INSTALL_VALIDATIONS, UNINSTALL_VALIDATION,
};
pub(super) use self::mode::{CallType, Mode};
pub(super) use self::reader::Reader;

/// The most calls of one batch that are read.
const MAX_CALLS: usize = 1_024;

/// One call of a wallet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The contract or the recipient.
    pub to: Address,
    /// The value in wei.
    pub value: U256,
    /// The call data.
    pub data: Vec<u8>,
}

impl Call {
    /// The first four bytes of the data, if there are four.
    pub fn selector(&self) -> Option<[u8; 4]> {
        self.data.first_chunk().copied()
    }
}

/// The call data of an operation, as far as it can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum CallData {
    /// ERC-7579 `execute`. The calls are `None` if the encoding is not canonical, or the call type has no calls.
    Execute { mode: Mode, calls: Option<Vec<Call>> },
    /// The entry point itself calls a function that changes the account. The call is the one that `execute` would make.
    Own { function: &'static Function, call: Call },
    /// Another function, or less than four bytes.
    Other { selector: Option<[u8; 4]> },
    /// `execute` whose arguments are not canonical.
    NotCanonical,
}

impl CallData {
    /// Reads the call data of an operation of `wallet`. The prefix `executeUserOp` is stripped once: the account
    /// delegate-calls the rest on itself, with the same effect.
    pub(super) fn read(wallet: Address, call_data: &[u8]) -> Self {
        let call_data = call_data.strip_prefix(&EXECUTE_USER_OP).unwrap_or(call_data);
        let Some((selector, arguments)) = call_data.split_first_chunk::<4>() else {
            return Self::Other { selector: None };
        };
        if *selector == EXECUTE {
            return execute(arguments).unwrap_or(Self::NotCanonical);
        }
        match functions::find(*selector) {
            Some(function) => {
                let call = Call { to: wallet, value: U256::ZERO, data: call_data.into() };
                Self::Own { function, call }
            }
            None => Self::Other { selector: Some(*selector) },
        }
    }
}

/// The arguments of `execute(bytes32 mode, bytes executionCalldata)`. `None` if they are not canonical.
fn execute(arguments: &[u8]) -> Option<CallData> {
    let mut reader = Reader::new(arguments);
    let mode = Mode::read(reader.word()?);
    let execution = reader.bytes_at(64)?;
    reader.end()?;
    let calls = match mode.call_type {
        CallType::Single => {
            let call = single(execution)?;
            (encode_single(mode, &call).get(4..)? == arguments).then(|| alloc::vec![call])
        }
        CallType::Batch => {
            let calls = batch::decode(execution, MAX_CALLS)?;
            (encode_batch(mode, &calls).get(4..)? == arguments).then_some(calls)
        }
        CallType::DelegateCall | CallType::Other(_) => {
            return Some(CallData::Execute { mode, calls: None });
        }
    };
    Some(CallData::Execute { mode, calls: Some(calls?) })
}

/// `to(20) ‖ value(32) ‖ data`
fn single(execution: &[u8]) -> Option<Call> {
    let (to, rest) = execution.split_first_chunk::<20>()?;
    let (value, data) = rest.split_first_chunk::<32>()?;
    let (to, value) = (Address::from_bytes(*to), U256::from_be_bytes(*value));
    Some(Call { to, value, data: data.into() })
}

/// The call data that executes these calls in their order: a single call for one, else a batch. A call that fails
/// reverts all.
pub fn encode_execute(calls: &[Call]) -> Vec<u8> {
    match calls {
        [call] => encode_single(Mode::SINGLE, call),
        calls => encode_batch(Mode::BATCH, calls),
    }
}

fn encode_single(mode: Mode, call: &Call) -> Vec<u8> {
    encode_mode(mode, [call.to.as_bytes(), &call.value.to_be_bytes(), &call.data])
}

fn encode_batch(mode: Mode, calls: &[Call]) -> Vec<u8> {
    encode_mode(mode, [&batch::encode_calls(calls), &[], &[]])
}

/// `execute(bytes32,bytes)` with the bytes in three parts. They may be long: they are copied once.
fn encode_mode(mode: Mode, execution: [&[u8]; 3]) -> Vec<u8> {
    let len = execution.iter().map(|part| part.len()).sum();
    let head = [mode.word(), word::from_usize(2 * word::SIZE), word::from_usize(len)];
    let end = EXECUTE.len() + head.as_flattened().len() + word::padded_len(len);
    let mut call_data = Vec::with_capacity(end);
    call_data.extend_from_slice(&EXECUTE);
    call_data.extend_from_slice(head.as_flattened());
    execution.iter().for_each(|part| call_data.extend_from_slice(part));
    call_data.resize(end, 0);
    call_data
}
