#![doc = include_str!("../README.md")]

mod ed25519;
mod p256;

pub use ed25519::Ed25519SigningKey;
pub use p256::P256SigningKey;
