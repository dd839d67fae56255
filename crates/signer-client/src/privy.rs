//! Privy: wallets, rpc, key quorums, policies, transactions; requests signed by whom they need.
//!
//! ```no_run
//! use std::sync::Arc;
//! use signer_client::BaseUrl;
//! use signer_client::privy::{Authorization, ChainType, Client, CreateWallet, Owner};
//! use signer_protocols::privy::AuthorizationKey;
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let base = BaseUrl::parse("http://127.0.0.1:4010/privy")?; // an emulator's
//! let client = Client::new(base, "test-app-id", "test-app-secret".into())?;
//! let key = Arc::new(AuthorizationKey::parse("wallet-auth:…")?);
//! let owner = Owner::public_key(&key.verifying_key());
//! let wallet = client
//!     .create_wallet(&CreateWallet::new(ChainType::ETHEREUM).owner(owner))
//!     .send()
//!     .await?;
//! let signature = client
//!     .personal_sign(&wallet, "hello")
//!     .authorization(Authorization::key(key))
//!     .send()
//!     .await?;
//! # Ok(())
//! # }
//! ```

mod authorization;
mod client;
mod request;
mod rest;
mod send;
mod session;
mod signature;
mod signer;

pub use self::authorization::{Authorization, AuthorizationSigner};
pub use self::client::{Client, DEFAULT_BASE_URL, Deleted, Exported};
pub use self::request::{Expiry, Request};
pub use self::rest::{
    AdditionalSigner, ChainType, CreatePolicy, CreateWallet, KeyQuorum, KeyQuorumChange,
    NewKeyQuorum, Owner, Policy, PolicyChange, RpcResponse, Transaction, TransactionStatus, Update,
    Wallet, WalletChange,
};
pub use self::session::UserSession;
pub use self::signer::WalletSigner;
