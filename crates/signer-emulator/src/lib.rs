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
mod traffic;

pub use crossmint::{KernelVersion, KernelVersionError, Tampering, TamperingError};
pub use emulator::{Emulator, Seen};
pub use fault::{Fault, FaultError, FaultRule, RetryAfter};
