//! Addresses: parsed strictly, written into fixed buffers.

#[cfg(feature = "keccak")]
pub mod evm;
pub mod solana;
pub mod stellar;
