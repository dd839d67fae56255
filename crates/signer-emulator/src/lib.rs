#![doc = include_str!("../README.md")]

mod abstraxn;
mod answer;
mod blink;
mod crossmint;
mod emulator;
mod fault;
mod hpke_seal;
mod key;
mod privy;
mod stream;

pub use crossmint::Mischief;
pub use emulator::{Emulator, Seen};
pub use fault::{Fault, FaultError, FaultRule, RetryAfter};
