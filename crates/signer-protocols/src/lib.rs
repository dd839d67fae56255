#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;

pub mod jcs;
mod json;

#[cfg(any(feature = "crossmint", feature = "privy"))]
mod any_json;
#[cfg(any(feature = "abstraxn", feature = "crossmint"))]
mod hex;
#[cfg(any(feature = "abstraxn", feature = "crossmint", feature = "privy"))]
mod secret_text;

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
#[cfg(feature = "privy")]
pub mod privy;

#[cfg(any(feature = "crossmint", feature = "privy"))]
pub use any_json::Json;
pub use secrecy;
pub use signer_core;
