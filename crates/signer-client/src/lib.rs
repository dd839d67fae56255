#![doc = include_str!("../README.md")]
#![cfg_attr(
    not(all(feature = "abstraxn", feature = "crossmint", feature = "file", feature = "privy")),
    allow(dead_code, unused_imports, reason = "no one provider needs all that they share")
)]

#[cfg(feature = "abstraxn")]
pub mod abstraxn;
#[cfg(feature = "tokens")]
mod access_key;
#[cfg(feature = "blink")]
pub mod blink;
#[cfg(feature = "tokens")]
mod cache;
mod clock;
#[cfg(feature = "crossmint")]
pub mod crossmint;
mod error;
#[cfg(any(feature = "abstraxn", feature = "privy"))]
mod evm;
#[cfg(feature = "file")]
mod folder;
#[cfg(feature = "privy")]
pub mod privy;
mod random;
#[cfg(any(feature = "abstraxn", feature = "privy"))]
mod signer;
#[cfg(feature = "tokens")]
mod store;
#[cfg(feature = "tokens")]
mod token;
mod transport;

#[cfg(feature = "file")]
pub use access_key::FileAccessKeyStore;
#[cfg(feature = "tokens")]
pub use access_key::{AccessKeyStore, IdentityId, MemoryAccessKeyStore};
pub use error::Error;
#[cfg(any(feature = "abstraxn", feature = "privy"))]
pub use signer::Signer;
#[cfg(feature = "file")]
pub use store::FileTokenStore;
#[cfg(feature = "redis")]
pub use store::RedisTokenStore;
#[cfg(feature = "tokens")]
pub use store::{Lease, MemoryTokenStore, StoreError, TokenStore};
#[cfg(feature = "tokens")]
pub use token::{ServedToken, Token, TokenCache, TokenKey, TokenSource};
pub use transport::{BaseUrl, TransportOptions};

/// The pages of the providers begin with code that works; here it is run.
#[cfg(all(
    doctest,
    feature = "abstraxn",
    feature = "blink",
    feature = "crossmint",
    feature = "file",
    feature = "privy"
))]
mod pages {
    #[doc = include_str!("../../../docs/abstraxn.md")]
    mod abstraxn {}
    #[doc = include_str!("../../../docs/blink.md")]
    mod blink {}
    #[doc = include_str!("../../../docs/crossmint.md")]
    mod crossmint {}
    #[doc = include_str!("../../../docs/privy.md")]
    mod privy {}
}
