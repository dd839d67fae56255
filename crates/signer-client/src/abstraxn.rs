//! Abstraxn: idempotent sign-in from an access key, and calls that are stamped with it.
//!
//! What is known of the wire was partly inferred, and was never run against the vendor's service: see
//! [`wire`](signer_protocols::abstraxn::wire).
//!
//! ```no_run
//! use std::sync::Arc;
//! use signer_client::abstraxn::{Client, Identity};
//! use signer_client::{BaseUrl, MemoryAccessKeyStore, MemoryTokenStore};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let base = BaseUrl::parse("http://127.0.0.1:4010/abstraxn")?; // an emulator's
//! let client = Client::builder(base, "test-api-key".into())
//!     .token_store(Arc::new(MemoryTokenStore::new())) // for production: files, or Redis
//!     .access_key_store(Arc::new(MemoryAccessKeyStore::new()))
//!     .build()?;
//! let session = client.authenticate(&Identity::new("merchant-backend-user-001")).await?;
//! println!("{:?} {:?}", session.wallet_address(), session.whoami().await?.user_id);
//! # Ok(())
//! # }
//! ```

mod account;
mod calls;
mod client;
mod session;

pub use self::calls::{SignedTransaction, TransactionType};
pub use self::client::{Client, ClientBuilder, Identity};
pub use self::session::Session;
