//! Privy: authorization signatures, user sessions and webhooks.
//!
//! A request that changes something is signed: [`AuthorizationRequest`] freezes the exact bytes
//! (RFC 8785 JSON), one or more P-256 keys sign them, and the headers to send come out. The body to
//! send is the one inside the signed bytes.
//!
//! ```
//! use signer_protocols::privy::{AuthorizationKey, AuthorizationRequest, Method};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let key = AuthorizationKey::parse(concat!( // a test key
//!     "wallet-auth:MEECAQAwEwYHKoZIzj0CAQYIKoZIzj0DAQcEJzAlAgEBBCCzu5yEB+OtF2/aZgy3nS4FJh6sS/ACAxY+",
//!     "LP2P1s3C2w==",
//! ))?;
//! let request = AuthorizationRequest::builder(Method::Post, "https://api.privy.io/v1/wallets", "app")
//!     .body(&serde_json::json!({"chain_type": "ethereum"}))?
//!     .expiry_unix_ms(1_773_679_531_000)?
//!     .build()?;
//! let signed = request.sign(&[&key])?;
//! for (name, value) in signed.headers() {
//!     println!("{name}: {value}");
//! }
//! # Ok(())
//! # }
//! ```

mod authorization;
mod error;
mod key;
pub mod rpc;
mod session;
mod webhook;

pub use authorization::{
    APP_ID_HEADER, AuthorizationRequest, AuthorizationRequestBuilder, DEFAULT_EXPIRY_MS,
    IDEMPOTENCY_KEY_HEADER, Method, REQUEST_EXPIRY_HEADER, SIGNATURE_HEADER, SignedRequest,
};
pub use error::{AuthorizationError, KeyError, SessionError, WebhookError};
pub use key::{AuthorizationKey, decode_public_key, encode_public_key};
pub use session::SessionRecipient;
pub use webhook::{WEBHOOK_TOLERANCE_S, WebhookSecret};
