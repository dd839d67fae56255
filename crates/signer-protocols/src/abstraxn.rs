//! Abstraxn server wallets: access keys, stamped requests, export bundles.
//!
//! What is known of the wire, and how sure, differs by part. The shapes that were inferred stand
//! alone in [`wire`].
//!
//! ```
//! use signer_protocols::abstraxn::AccessKey;
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let key = AccessKey::parse( // a test key
//!     "44ea2542dab591d13bb69f39d967d91a713212a6168b5d9f9ba58d5a72203f23",
//! )?;
//! println!("{}", key.public_key().compressed());
//! let stamp = key.stamp(br#"{"organizationId":"fdbbad46-047f-4ff7-a13c-9e14bca69857"}"#.to_vec())?;
//! println!("{}: {}", stamp.header_name(), stamp.header_value());
//! # Ok(())
//! # }
//! ```

mod access_key;
mod error;
mod export_bundle;
mod stamp;
pub mod wire;

pub use access_key::{AccessKey, PublicKey};
pub use error::{AccessKeyError, ExportError, StampError};
pub use export_bundle::{ExportRecipient, ExportedKey, production_quorum_key};
pub use stamp::{STAMP_HEADER, STAMP_SCHEME, Stamp, UnsignedStamp};
