//! Elementary types of Solidity and the 32-byte words of their values, for typed data and for the ABI.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use signer_core::address::evm::Address;

use super::abi::word::{self, Word};
use crate::{Json, U256, hex};

/// The longest text of an integer: `0x` and 64 digits, or a sign and 78 digits, fit.
const MAX_INTEGER_TEXT: usize = 80;

/// Why a JSON value is not a value of its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ValueError {
    /// Another JSON type than the one required.
    #[error("{expected} is expected")]
    Kind {
        /// The values that are read.
        expected: &'static str,
    },
    /// A JSON number with a fraction.
    #[error("a number with a fraction is not an integer")]
    Fraction,
    /// A JSON number of 2^53 or more, which may have been rounded.
    #[error("an integer of 2^53 or more must be a text")]
    Inexact,
    /// A text that is not an integer.
    #[error("text must be decimal digits, or 0x and hex digits, of an integer of at most 256 bits")]
    Integer,
    /// An integer that the type cannot hold.
    #[error("value is out of range of the type")]
    Range,
    /// A text that is not `0x` and 40 hex digits.
    #[error("address must be 0x and 40 hex digits")]
    Address,
    /// An address in mixed case whose checksum is wrong.
    #[error("address checksum does not match (EIP-55)")]
    Checksum,
    /// A text that is not `0x` and an even number of hex digits.
    #[error("bytes must be 0x and an even number of hex digits")]
    Hex,
    /// Another number of bytes than the type has.
    #[error("expected {expected} bytes, found {found}")]
    Length {
        /// The bytes of the type.
        expected: usize,
        /// The bytes found.
        found: usize,
    },
}

/// An elementary type, by its canonical name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Elementary {
    Address,
    Bool,
    Bytes,
    /// `bytes1` to `bytes32`.
    FixedBytes(u8),
    /// `int8` to `int256`, by bits.
    Int(u16),
    String,
    /// `uint8` to `uint256`, by bits.
    Uint(u16),
}

/// A value in the form that its type asks for.
#[derive(Debug)]
pub(crate) enum Scalar {
    Word(Word),
    /// `bytes`, and `string` as UTF-8.
    Dynamic(Vec<u8>),
}

impl Elementary {
    /// The type of a canonical name: `uint256`, not its alias `uint`.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        match name {
            "address" => return Some(Self::Address),
            "bool" => return Some(Self::Bool),
            "bytes" => return Some(Self::Bytes),
            "string" => return Some(Self::String),
            _ => {}
        }
        if let Some(digits) = name.strip_prefix("bytes") {
            let size = size(digits)?;
            return matches!(size, 1..=32)
                .then(|| u8::try_from(size).ok().map(Self::FixedBytes))?;
        }
        let bits = |digits| size(digits).filter(|it| matches!(it, 8..=256) && it % 8 == 0);
        match name.strip_prefix("uint") {
            Some(digits) => bits(digits).map(Self::Uint),
            None => bits(name.strip_prefix("int")?).map(Self::Int),
        }
    }

    /// Whether a struct of this name could be taken for an elementary type, now or in another library.
    pub(crate) fn is_reserved(name: &str) -> bool {
        let sized = |prefix| {
            name.strip_prefix(prefix).is_some_and(|rest: &str| {
                rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b'x')
            })
        };
        matches!(name, "address" | "bool" | "byte" | "function" | "string")
            || ["bytes", "int", "uint", "fixed", "ufixed"].into_iter().any(sized)
    }

    /// Reads a value, and its text for a person.
    pub(crate) fn read(self, json: &Json) -> Result<(Scalar, String), ValueError> {
        Ok(match self {
            Self::Address => {
                let address = address(json)?;
                (Scalar::Word(word::from_address(&address)), address.to_string())
            }
            Self::Bool => match json {
                Json::Bool(value) => (Scalar::Word(word::from_bool(*value)), value.to_string()),
                _ => return Err(ValueError::Kind { expected: "true or false" }),
            },
            Self::Bytes => {
                let bytes = bytes(json)?;
                let text = hex::encode_0x(&bytes);
                (Scalar::Dynamic(bytes), text)
            }
            Self::FixedBytes(size) => {
                let bytes = bytes(json)?;
                let (expected, found) = (usize::from(size), bytes.len());
                if expected != found {
                    return Err(ValueError::Length { expected, found });
                }
                (Scalar::Word(word::left_aligned(&bytes)), hex::encode_0x(&bytes))
            }
            Self::String => {
                let text = json.as_str().ok_or(ValueError::Kind { expected: "a text" })?;
                (Scalar::Dynamic(text.into()), text.into())
            }
            Self::Uint(bits) => {
                let integer = Integer::read(json)?;
                let word = integer.unsigned(bits).ok_or(ValueError::Range)?;
                (Scalar::Word(word), integer.to_string())
            }
            Self::Int(bits) => {
                let integer = Integer::read(json)?;
                let word = integer.signed(bits).ok_or(ValueError::Range)?;
                (Scalar::Word(word), integer.to_string())
            }
        })
    }
}

/// The canonical name.
impl fmt::Display for Elementary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address => f.write_str("address"),
            Self::Bool => f.write_str("bool"),
            Self::Bytes => f.write_str("bytes"),
            Self::FixedBytes(size) => write!(f, "bytes{size}"),
            Self::Int(bits) => write!(f, "int{bits}"),
            Self::String => f.write_str("string"),
            Self::Uint(bits) => write!(f, "uint{bits}"),
        }
    }
}

/// A size without leading zeros.
fn size(digits: &str) -> Option<u16> {
    let plain = !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| digits.parse().ok())?
}

/// Reads an address. If letters of both cases occur, EIP-55 must hold.
pub(crate) fn address(json: &Json) -> Result<Address, ValueError> {
    let text = json.as_str().ok_or(ValueError::Address)?;
    Address::parse_checksummed(text).map_err(|error| match error {
        signer_core::Error::Checksum => ValueError::Checksum,
        _ => ValueError::Address,
    })
}

/// Reads `0x` and hex digits of either case.
pub(crate) fn bytes(json: &Json) -> Result<Vec<u8>, ValueError> {
    hex::decode_0x(json.as_str().ok_or(ValueError::Hex)?).map_err(|_| ValueError::Hex)
}

/// An integer of 257 bits: a sign and a magnitude.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Integer {
    negative: bool,
    magnitude: U256,
}

impl Integer {
    /// Reads a JSON number below 2^53, or a text: decimal digits with an optional minus sign, or `0x` and hex digits.
    pub(crate) fn read(json: &Json) -> Result<Self, ValueError> {
        let small = |negative, magnitude: u64| {
            let exact = magnitude < crate::json::TWO_TO_53;
            let magnitude = U256::from(magnitude);
            exact.then_some(Self { negative, magnitude }).ok_or(ValueError::Inexact)
        };
        match json {
            Json::Unsigned(number) => small(false, *number),
            Json::Signed(number) => small(*number < 0, number.unsigned_abs()),
            Json::Number(number) if !number.is_finite() => Err(ValueError::Inexact),
            Json::Number(number) if number.abs() >= crate::json::TWO_TO_53 as f64 => {
                Err(ValueError::Inexact)
            }
            Json::Number(number) => {
                let mut buffer = ryu_js::Buffer::new();
                Self::from_decimal(buffer.format_finite(*number)).ok_or(ValueError::Fraction)
            }
            Json::String(text) => Self::from_text(text).ok_or(ValueError::Integer),
            _ => Err(ValueError::Kind { expected: "an integer, as number or text," }),
        }
    }

    fn from_text(text: &str) -> Option<Self> {
        if text.len() > MAX_INTEGER_TEXT {
            return None;
        }
        match U256::from_hex(text) {
            Some(magnitude) => Some(Self { negative: false, magnitude }),
            None => Self::from_decimal(text),
        }
    }

    fn from_decimal(text: &str) -> Option<Self> {
        let (negative, digits) = text.strip_prefix('-').map_or((false, text), |it| (true, it));
        let magnitude = U256::from_decimal(digits)?;
        Some(Self { negative: negative && magnitude != U256::ZERO, magnitude })
    }

    /// The word of a `uint`. `None` if the type cannot hold the value.
    pub(crate) fn unsigned(self, bits: u16) -> Option<Word> {
        let fits = !self.negative && bit_length(self.magnitude) <= bits;
        fits.then(|| self.magnitude.to_be_bytes())
    }

    /// The word of an `int` in two's complement. `None` if the type cannot hold the value.
    pub(crate) fn signed(self, bits: u16) -> Option<Word> {
        let below = bits.checked_sub(1)?;
        if !self.negative {
            return (bit_length(self.magnitude) <= below).then(|| self.magnitude.to_be_bytes());
        }
        // -n is the complement of n - 1, which has to fit into the bits below the sign.
        let mut word = self.magnitude.to_be_bytes();
        for byte in word.iter_mut().rev() {
            let borrow = *byte == 0;
            *byte = byte.wrapping_sub(1);
            if !borrow {
                break;
            }
        }
        let fits = bit_length(U256::from_be_bytes(word)) <= below;
        fits.then(|| word.map(|byte| !byte))
    }
}

/// Decimal digits, after a minus sign if the value is negative.
impl fmt::Display for Integer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.negative { "-" } else { "" };
        write!(f, "{sign}{}", self.magnitude)
    }
}

fn bit_length(value: U256) -> u16 {
    let bytes = value.to_be_bytes();
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let lead = bytes.get(zeros).map_or(0, |byte| byte.leading_zeros());
    let zeros = u16::try_from(8 * zeros).unwrap_or(256);
    256 - zeros - u16::try_from(lead).unwrap_or_default()
}

#[cfg(test)]
mod tests;
