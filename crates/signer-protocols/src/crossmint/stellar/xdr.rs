//! The part of Stellar's XDR (`Stellar-contract.x`, `Stellar-transaction.x`) that an authorization needs.
//!
//! Decoding is strict: padding is zero, flags are 0 or 1, nothing follows, and counts, lengths and depth are bounded. So
//! one value has one encoding, and encoding a decoded value gives the same bytes.

mod address;
mod authorization;
mod reader;
pub(super) mod skipped;
mod value;
pub(super) mod writer;

pub use address::ScAddress;
pub use authorization::{
    AuthorizationEntry, AuthorizedFunction, Credentials, Invocation, InvocationTree,
};
pub(super) use reader::Reader;
pub use reader::XdrError;
pub use value::ScVal;
