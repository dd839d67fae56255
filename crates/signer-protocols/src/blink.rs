//! Blink: the merchant's signer endpoint, without the HTTP.
//!
//! A request is parsed strictly, validated against a [`Policy`], turned into a payload with an id
//! and a time that the caller gives, signed, and answered. [`PaymentVerifier`] is the other side.
//!
//! ```
//! use signer_protocols::blink::{IdempotencyKey, MerchantId, Policy, SignerRequest, Timestamp};
//! use signer_protocols::signer_core::p256::SigningKey;
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let request = SignerRequest::parse(br#"{
//!     "amount": 50, "chainId": 8453, "callbackScheme": null, "version": "v1",
//!     "address": "0x1a5FdBc891c5D4E6aD68064Ae45D43146D4F9f3a",
//!     "token": "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"
//! }"#, Default::default())?;
//! let payment = request.validate(&Policy::catalogue())?;
//! let unsigned = payment.into_payload(
//!     IdempotencyKey::parse("f47ac10b-58cc-4372-a567-0e02b2c3d479")?,
//!     Timestamp::parse("2026-03-01T12:00:00.000Z")?,
//! );
//! let key = SigningKey::from_scalar(&[7; 32])?; // a test key
//! let merchant = MerchantId::parse("a1b2c3d4-e5f6-4a7b-8c9d-0e1f2a3b4c5d")?;
//! let response = unsigned.sign(&merchant, &key)?;
//! println!("{}", response.to_json());
//! # Ok(())
//! # }
//! ```

mod address;
mod amount;
mod catalogue;
mod error;
mod ids;
mod merchant_authorization;
mod payload;
mod policy;
mod request;
mod response;
mod timestamp;
mod verify;

pub use amount::{Amount, UsdMicros};
pub use error::{ParseError, PayloadError, Rejection, VerifyError};
pub use ids::{IdempotencyKey, MerchantId};
pub use merchant_authorization::{MERCHANT_AUTHORIZATION_HEADER, MerchantAuthorization};
pub use payload::{Payment, UnsignedPayment};
pub use policy::{Policy, PolicyError, PolicyFile};
pub use request::{MAX_REQUEST_BYTES, SignerRequest, ValidPayment};
pub use response::SignerResponse;
pub use timestamp::Timestamp;
pub use verify::{DEFAULT_MAX_AGE_MS, PaymentVerifier, ReplayStore};
