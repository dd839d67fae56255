//! `abi.encode((address,uint256,bytes)[])`, in its canonical form only: the account adds offsets without bounds, so an
//! array may lie outside of the arguments (section 1.4).

use alloc::vec::Vec;

use super::{Call, Reader};
use crate::evm::abi::{Value, encode};

/// The array starts after the one offset to it.
const ARRAY: usize = 32;
/// The data of a call starts after its three words.
const DATA: usize = 96;

pub(super) fn encode_calls(calls: &[Call]) -> Vec<u8> {
    let call = |call: &Call| {
        Value::Tuple([call.to.into(), call.value.into(), Value::Bytes(call.data.clone())].into())
    };
    encode(&[Value::Array(calls.iter().map(call).collect())])
}

/// `None` if offsets, lengths or padding are not canonical, or if there are more calls than `max`. Bytes after the last
/// call are passed over: the caller encodes the calls again and compares all bytes.
pub(super) fn decode(bytes: &[u8], max: usize) -> Option<Vec<Call>> {
    let mut reader = Reader::new(bytes);
    let mut array = reader.tail(ARRAY)?;
    let count = array.length()?;
    if count > max {
        return None;
    }
    let mut elements = array.rest();
    let mut next = count.checked_mul(32)?;
    let mut calls = Vec::new();
    for _ in 0..count {
        let mut element = elements.tail(next)?;
        let (to, value) = (element.address()?, element.uint()?);
        let data = element.bytes_at(DATA)?;
        next = next.checked_add(element.position())?;
        calls.push(Call { to, value, data: data.into() });
    }
    Some(calls)
}
