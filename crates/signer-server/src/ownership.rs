//! Whose address it is.

use async_trait::async_trait;
use signer_protocols::blink::ValidPayment;

use crate::Caller;

mod claimed;
#[cfg(feature = "http")]
mod http;
mod listed;
#[cfg(feature = "http")]
mod privy;

pub use claimed::ClaimedOwnership;
#[cfg(feature = "http")]
pub use http::HttpOwnership;
pub use listed::ListedOwnership;
#[cfg(feature = "http")]
pub use privy::PrivyOwnership;

pub(crate) use listed::comparable;

/// Why ownership could not be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("ownership cannot be told now")]
pub struct OwnershipError;

/// Tells whether a destination belongs to a caller.
#[async_trait]
pub trait Ownership: Send + Sync {
    /// Whether the destination of `payment` is the caller's. Compare with
    /// [`ValidPayment::is_destination`]: EVM addresses without case, Solana's exactly. It must not
    /// block.
    ///
    /// # Errors
    /// [`OwnershipError`] when it cannot be told; the answer is then 503.
    async fn owns(&self, caller: &Caller, payment: &ValidPayment) -> Result<bool, OwnershipError>;
}

/// The addresses of the wallets among Privy's linked accounts; `None` when they are no list of accounts.
#[cfg(any(feature = "http", feature = "jwt"))]
pub(crate) fn wallets(accounts: &serde_json::Value) -> Option<Vec<String>> {
    let text = |account: &serde_json::Value, name: &str| account[name].as_str().map(str::to_owned);
    let wallet = |account: &serde_json::Value| {
        let kind = text(account, "type")?;
        if kind == "wallet" || kind == "smart_wallet" { text(account, "address") } else { None }
    };
    Some(accounts.as_array()?.iter().filter_map(wallet).collect())
}
