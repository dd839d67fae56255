#![doc = include_str!("../README.md")]
#![no_std]

pub mod address;
pub mod encoding;
mod error;
mod hkdf;
mod secret;

#[cfg(feature = "ed25519")]
pub mod ed25519;
#[cfg(feature = "keccak")]
pub mod keccak;
#[cfg(all(
    feature = "keyfiles",
    any(feature = "ed25519", feature = "p256", feature = "secp256k1")
))]
mod keyfile;
#[cfg(feature = "p256")]
pub mod p256;
#[cfg(feature = "secp256k1")]
pub mod secp256k1;

pub use error::Error;
pub use hkdf::hkdf_sha256_into;
pub use secret::SecretBytes;
pub use signature;
