//! Approvals on Solana: sections 0 and 4 of the specification page of Crossmint approvals.
//!
//! A wallet is an account of the Squads smart account program. An answer holds a transaction whose only instruction that
//! concerns the wallet is a call of that program; the requested instructions are packed into the data of that call.
//! [`verify()`] takes the transaction apart and compares the packed instructions with the request.
//!
//! [`Transaction`], [`Message`], [`squads`], [`settings`] and [`pda`] also encode: a server side builds its answers with
//! them.

mod compare;
mod compile;
mod content;
mod details;
mod message;
mod outer;
mod parties;
pub mod pda;
pub mod programs;
mod reader;
pub mod settings;
mod signer_change;
pub mod squads;
mod transaction;
mod transfer;
mod verify;
mod wanted;
mod wrapper;

pub use compile::{AccountMeta, Instruction};
pub use message::{Call, CompiledInstruction, Header, LookupTable, Message, Version};
pub use reader::TransactionError;
pub use transaction::Transaction;
pub use transfer::{create_token_account, transfer_checked, transfer_sol};
pub use verify::verify;
