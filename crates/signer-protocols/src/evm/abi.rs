//! Encoding by the contract ABI of Solidity: [`encode_call`] from the JSON description of a contract, [`encode`] from
//! values, and [`word`] for code that reads or writes single words.

mod error;
mod function;
mod parameter;
mod value;
pub mod word;

pub use error::{AbiError, AbiFault};
pub use function::{encode_call, selector};
pub(crate) use parameter::split_dimensions;
pub use value::{Value, encode};
