//! EVM bytes for all providers: EIP-712 typed data, the contract ABI, transactions, and calls that are decoded for people.
//!
//! - [`TypedData`] reads the standard JSON of EIP-712 and returns the digest that is signed.
//! - [`abi`] encodes the call of a contract function.
//! - [`Transaction`] reads and signs the transactions of types 0 to 4.
//! - [`calls`] decodes the calls that move tokens or give power over them.

pub mod abi;
pub mod calls;
mod elementary;
mod rlp;
mod transaction;
mod typed_data;

pub use elementary::ValueError;
pub use transaction::{
    AccessListItem, Authorization, Fees, RlpError, SignedAuthorization, Transaction,
    TransactionError, TransactionFields, TransactionType,
};
pub use typed_data::{Domain, Member, TypedData, TypedDataError, TypedDataFault};
