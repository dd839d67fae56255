use alloc::vec::Vec;

use signer_core::address::evm::Address;

use super::word::{self, SIZE, Word};
use crate::U256;

/// A value in the form in which the ABI encodes it.
///
/// ```
/// use signer_protocols::U256;
/// use signer_protocols::evm::abi::{Value, encode};
/// use signer_protocols::signer_core::address::evm::Address;
///
/// // abi.encode((address,uint256,bytes)[]) with one call
/// let to = Address::from_bytes([7; 20]);
/// let call = Value::Tuple(vec![to.into(), U256::ZERO.into(), Value::Bytes(vec![0xa9])]);
/// assert_eq!(encode(&[Value::Array(vec![call])]).len(), 8 * 32);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// One word: an integer, an address, a boolean or `bytesN`.
    Word(Word),
    /// `bytes`, or the UTF-8 of a `string`.
    Bytes(Vec<u8>),
    /// A tuple, or an array of a fixed length, which is encoded in the same way.
    Tuple(Vec<Self>),
    /// An array of any length.
    Array(Vec<Self>),
}

impl Value {
    fn is_dynamic(&self) -> bool {
        match self {
            Self::Word(_) => false,
            Self::Bytes(_) | Self::Array(_) => true,
            Self::Tuple(members) => members.iter().any(Self::is_dynamic),
        }
    }

    /// The bytes of the value itself, without an offset to it.
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Word(word) => out.extend_from_slice(word),
            Self::Bytes(bytes) => {
                out.extend_from_slice(&word::from_usize(bytes.len()));
                let end = out.len() + word::padded_len(bytes.len());
                out.extend_from_slice(bytes);
                out.resize(end, 0);
            }
            Self::Tuple(members) => write_sequence(members, out),
            Self::Array(items) => {
                out.extend_from_slice(&word::from_usize(items.len()));
                write_sequence(items, out);
            }
        }
    }

    fn head_len(&self) -> usize {
        match self {
            Self::Tuple(members) if !self.is_dynamic() => members.iter().map(Self::head_len).sum(),
            _ => SIZE,
        }
    }
}

impl From<Address> for Value {
    fn from(address: Address) -> Self {
        Self::Word(word::from_address(&address))
    }
}

impl From<U256> for Value {
    fn from(value: U256) -> Self {
        Self::Word(word::from_uint(value))
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Word(word::from_bool(value))
    }
}

/// Encodes values as the arguments of a function, or as `abi.encode` does: heads, then tails in order and without gaps.
pub fn encode(values: &[Value]) -> Vec<u8> {
    let mut out = Vec::new();
    write_sequence(values, &mut out);
    out
}

fn write_sequence(values: &[Value], out: &mut Vec<u8>) {
    let mut tails = Vec::new();
    let head_len: usize = values.iter().map(Value::head_len).sum();
    for value in values {
        if value.is_dynamic() {
            out.extend_from_slice(&word::from_usize(head_len + tails.len()));
            value.write(&mut tails);
        } else {
            value.write(out);
        }
    }
    out.append(&mut tails);
}
