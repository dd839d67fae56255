#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;

pub mod jcs;
mod json;

#[cfg(any(feature = "crossmint", feature = "evm", feature = "privy"))]
mod any_json;
#[cfg(any(feature = "abstraxn", feature = "crossmint", feature = "evm"))]
mod hex;
#[cfg(any(feature = "abstraxn", feature = "crossmint", feature = "privy"))]
mod secret_text;
#[cfg(any(feature = "crossmint", feature = "evm"))]
mod uint;

#[cfg(any(feature = "abstraxn", feature = "blink", feature = "crossmint", feature = "privy"))]
mod base64;
#[cfg(any(feature = "abstraxn", feature = "privy"))]
mod hpke;

#[cfg(feature = "abstraxn")]
pub mod abstraxn;
#[cfg(feature = "blink")]
pub mod blink;
#[cfg(feature = "crossmint")]
pub mod crossmint;
#[cfg(feature = "evm")]
pub mod evm;
#[cfg(feature = "privy")]
pub mod privy;

#[cfg(any(feature = "crossmint", feature = "evm", feature = "privy"))]
pub use any_json::Json;
pub use secrecy;
pub use signer_core;
#[cfg(any(feature = "crossmint", feature = "evm"))]
pub use uint::U256;
