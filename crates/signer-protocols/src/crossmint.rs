//! Crossmint: keys derived from one secret, and the approvals they sign.
//!
//! ```
//! use signer_protocols::crossmint::{
//!     Approval, ChainId, Environment, ProjectId, Scheme, ServerSigner, SignerSecret,
//! };
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // The secret of the vendor's documentation: a test key.
//! let secret = SignerSecret::parse(
//!     "b62b473b3ba7d3d72bf7c3a397f1eb61c305a4193ce670dd056686c13d95bbaa",
//! )?;
//! let project = ProjectId::parse("dfb06708-a46f-4615-bd34-f614ae284e7b")?;
//! let chain = ChainId::parse("base-sepolia")?.in_environment(Environment::Staging)?;
//! let signer =
//!     ServerSigner::derive(&secret, &project, Environment::Staging, chain, Scheme::Current)?;
//! assert_eq!(signer.locator().to_string(), "server:0x6b9cb6e03786D23b45b1C7Fd0684B8bc10e098F1");
//!
//! let approval = Approval::evm("0xdeadbeef")?;
//! println!("{}", signer.approve(&approval)?);
//! # Ok(())
//! # }
//! ```

mod api_key;
mod approval;
mod chain;
mod derivation;
mod error;
#[cfg(feature = "crossmint-evm")]
pub mod evm;
mod locator;
pub mod rest;
mod secret;
#[cfg(feature = "crossmint-solana")]
pub mod solana;
mod solana_message;
mod solana_transaction;
#[cfg(feature = "crossmint-stellar")]
pub mod stellar;
pub mod verify;

pub use api_key::{ApiKey, ApiKeyExpectation, TrustedKeys, Usage};
pub use approval::{Approval, ApprovalAlgorithm, SigningInput};
pub use chain::{ChainId, ChainType, Environment, ProjectId};
pub use derivation::{DerivationInfo, Scheme, ServerSigner};
pub use error::{ApiKeyError, ApprovalError, ChainError, DerivationError, SecretError};
pub use locator::{Address, Locator, SignerResolution, resolve_signer};
pub use secret::SignerSecret;
pub use solana_message::{Account, Instruction, SolanaMessage};
