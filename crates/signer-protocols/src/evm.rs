//! EVM bytes for all providers: EIP-712 typed data, the contract ABI, transactions, and calls that are decoded for people.
//!
//! - [`TypedData`] reads the standard JSON of EIP-712 and returns the digest that is signed.
//! - [`abi`] encodes the call of a contract function.

pub mod abi;
mod elementary;
mod typed_data;

pub use elementary::ValueError;
pub use typed_data::{Domain, Member, TypedData, TypedDataError, TypedDataFault};
