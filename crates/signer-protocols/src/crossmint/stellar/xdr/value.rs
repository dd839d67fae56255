use alloc::string::String;
use alloc::vec::Vec;

use super::writer::{put_count, put_opaque, put_u32};
use super::{Reader, ScAddress, XdrError};

const MAX_DEPTH: usize = 32;
const MAX_ELEMENTS: usize = 1_024;
const MAX_BYTES: usize = 1 << 16;

/// `SCVal`: a value of a Soroban contract. Errors and contract instances are not decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScVal {
    /// `SCV_BOOL`
    Bool(bool),
    /// `SCV_VOID`
    Void,
    /// `SCV_U32`
    U32(u32),
    /// `SCV_I32`
    I32(i32),
    /// `SCV_U64`
    U64(u64),
    /// `SCV_I64`
    I64(i64),
    /// `SCV_TIMEPOINT`, in seconds since 1970.
    Timepoint(u64),
    /// `SCV_DURATION`, in seconds.
    Duration(u64),
    /// `SCV_U128`
    U128(u128),
    /// `SCV_I128`
    I128(i128),
    /// `SCV_U256`, most significant byte first.
    U256([u8; 32]),
    /// `SCV_I256` in two's complement, most significant byte first.
    I256([u8; 32]),
    /// `SCV_BYTES`
    Bytes(Vec<u8>),
    /// `SCV_STRING`: bytes that need not be UTF-8.
    String(Vec<u8>),
    /// `SCV_SYMBOL`: at most 32 letters, digits and underscores.
    Symbol(String),
    /// `SCV_VEC`
    Vec(Vec<ScVal>),
    /// `SCV_MAP`, in the order of its encoding.
    Map(Vec<(ScVal, ScVal)>),
    /// `SCV_ADDRESS`
    Address(ScAddress),
    /// `SCV_LEDGER_KEY_CONTRACT_INSTANCE`
    LedgerKeyContractInstance,
    /// `SCV_LEDGER_KEY_NONCE`
    LedgerKeyNonce(i64),
}

impl ScVal {
    /// A symbol.
    pub fn symbol(text: &str) -> Self {
        Self::Symbol(text.into())
    }

    /// Decodes exactly one value.
    ///
    /// # Errors
    /// [`XdrError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, XdrError> {
        let mut reader = Reader::new(bytes);
        let value = Self::read(&mut reader)?;
        reader.finish()?;
        Ok(value)
    }

    /// Encodes the value.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out);
        out
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, XdrError> {
        Self::read_at(reader, 0)
    }

    fn read_at(reader: &mut Reader<'_>, depth: usize) -> Result<Self, XdrError> {
        if depth > MAX_DEPTH {
            return Err(XdrError::Limit { part: "nested values" });
        }
        reader.count_value()?;
        Ok(match reader.u32()? {
            0 => Self::Bool(reader.flag("bool")?),
            1 => Self::Void,
            3 => Self::U32(reader.u32()?),
            4 => Self::I32(i32::from_be_bytes(reader.array()?)),
            5 => Self::U64(reader.u64()?),
            6 => Self::I64(reader.i64()?),
            7 => Self::Timepoint(reader.u64()?),
            8 => Self::Duration(reader.u64()?),
            9 => Self::U128(u128::from_be_bytes(reader.array()?)),
            10 => Self::I128(i128::from_be_bytes(reader.array()?)),
            11 => Self::U256(reader.array()?),
            12 => Self::I256(reader.array()?),
            13 => Self::Bytes(reader.opaque("bytes", MAX_BYTES)?.into()),
            14 => Self::String(reader.opaque("string", MAX_BYTES)?.into()),
            15 => Self::Symbol(reader.symbol()?.into()),
            16 => {
                reader.expect("vec", 1)?;
                let count = reader.count("vec", MAX_ELEMENTS)?;
                let items = (0..count).map(|_| Self::read_at(reader, depth + 1));
                Self::Vec(items.collect::<Result<_, _>>()?)
            }
            17 => {
                reader.expect("map", 1)?;
                let count = reader.count("map", MAX_ELEMENTS)?;
                let entries = (0..count).map(|_| {
                    Ok((Self::read_at(reader, depth + 1)?, Self::read_at(reader, depth + 1)?))
                });
                Self::Map(entries.collect::<Result<_, _>>()?)
            }
            18 => Self::Address(ScAddress::read(reader)?),
            20 => Self::LedgerKeyContractInstance,
            21 => Self::LedgerKeyNonce(reader.i64()?),
            tag => return Err(XdrError::Unsupported { part: "value", tag }),
        })
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        put_u32(out, self.tag());
        match self {
            Self::Bool(value) => put_u32(out, u32::from(*value)),
            Self::Void | Self::LedgerKeyContractInstance => {}
            Self::U32(value) => put_u32(out, *value),
            Self::I32(value) => out.extend_from_slice(&value.to_be_bytes()),
            Self::U64(value) | Self::Timepoint(value) | Self::Duration(value) => {
                out.extend_from_slice(&value.to_be_bytes());
            }
            Self::I64(value) | Self::LedgerKeyNonce(value) => {
                out.extend_from_slice(&value.to_be_bytes());
            }
            Self::U128(value) => out.extend_from_slice(&value.to_be_bytes()),
            Self::I128(value) => out.extend_from_slice(&value.to_be_bytes()),
            Self::U256(value) | Self::I256(value) => out.extend_from_slice(value),
            Self::Bytes(value) | Self::String(value) => put_opaque(out, value),
            Self::Symbol(value) => put_opaque(out, value.as_bytes()),
            Self::Vec(items) => {
                put_u32(out, 1);
                put_count(out, items.len());
                items.iter().for_each(|item| item.write(out));
            }
            Self::Map(entries) => {
                put_u32(out, 1);
                put_count(out, entries.len());
                for (key, value) in entries {
                    key.write(out);
                    value.write(out);
                }
            }
            Self::Address(address) => address.write(out),
        }
    }

    const fn tag(&self) -> u32 {
        match self {
            Self::Bool(_) => 0,
            Self::Void => 1,
            Self::U32(_) => 3,
            Self::I32(_) => 4,
            Self::U64(_) => 5,
            Self::I64(_) => 6,
            Self::Timepoint(_) => 7,
            Self::Duration(_) => 8,
            Self::U128(_) => 9,
            Self::I128(_) => 10,
            Self::U256(_) => 11,
            Self::I256(_) => 12,
            Self::Bytes(_) => 13,
            Self::String(_) => 14,
            Self::Symbol(_) => 15,
            Self::Vec(_) => 16,
            Self::Map(_) => 17,
            Self::Address(_) => 18,
            Self::LedgerKeyContractInstance => 20,
            Self::LedgerKeyNonce(_) => 21,
        }
    }
}
