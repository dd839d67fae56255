//! Our own JSON: what is signed never passes through a lenient parser.
//!
//! [`reader`] turns text into a [`Value`] and [`writer`] prints the one canonical form of it;
//! [`serializer`] writes typed bodies straight into that form.

mod error;
mod reader;
mod serializer;
mod value;
mod writer;

pub use error::{JsonError, JsonErrorKind};
pub use reader::Limits;
pub(crate) use reader::parse;
#[cfg(feature = "blink")]
pub(crate) use reader::{Overflow, parse_with};
#[cfg(any(feature = "crossmint", feature = "evm", feature = "privy"))]
pub(crate) use serializer::PRIVATE_NUMBER;
pub(crate) use serializer::write_typed;
#[cfg(any(feature = "blink", feature = "abstraxn"))]
pub(crate) use value::Object;
#[cfg(any(feature = "blink", feature = "crossmint", feature = "evm", feature = "privy"))]
pub(crate) use value::Value;
#[cfg(any(feature = "crossmint", feature = "evm", feature = "privy"))]
pub(crate) use value::{Number, Text};
pub(crate) use writer::canonicalize_value;
#[cfg(feature = "blink")]
pub(crate) use writer::number_text;
#[cfg(any(feature = "blink", feature = "abstraxn", feature = "privy"))]
pub(crate) use writer::write_string;

/// From here on, doubles leave integers out.
pub(crate) const TWO_TO_53: u64 = 1 << 53;
