//! Blink: asking a merchant's signer endpoint, the payment link, and a merchant's own calls.
//!
//! ```no_run
//! use signer_client::BaseUrl;
//! use signer_client::blink::{PaymentRequest, SignerEndpoint, payment_link};
//! use signer_core::p256::VerifyingKey;
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let key = VerifyingKey::from_spki_pem(&std::fs::read("public.pem")?)?;
//! let endpoint = BaseUrl::parse("http://127.0.0.1:3001/api/sign-payment")?;
//! let endpoint = SignerEndpoint::new(endpoint, key)?.bearer("a token of the caller".into())?;
//! let request = PaymentRequest::new(50.0, 8453, "0x1111111111111111111111111111111111111111",
//!     "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913");
//! let signed = endpoint.sign(&request).await?;
//! println!("{}", payment_link(&BaseUrl::parse("https://pay.blink.cash")?, &signed)?);
//! # Ok(())
//! # }
//! ```

mod endpoint;
mod merchant;

pub use self::endpoint::{PaymentRequest, SignedPayment, SignerEndpoint, payment_link, verify};
pub use self::merchant::{MerchantAuthorizer, merchant_authorization};
