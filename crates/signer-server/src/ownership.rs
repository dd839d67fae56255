//! Whose address it is.

use std::collections::BTreeMap;

use async_trait::async_trait;
use signer_protocols::blink::ValidPayment;

use crate::{Caller, CallerId};

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

/// A fixed list: callers with their addresses.
#[derive(Clone, Debug, Default)]
pub struct ListedOwnership(BTreeMap<CallerId, Vec<String>>);

impl ListedOwnership {
    /// Takes the list.
    pub fn new(list: impl IntoIterator<Item = (CallerId, Vec<String>)>) -> Self {
        Self(list.into_iter().collect())
    }

    /// Reads a file of lines, each a caller, white space and an address; `#` starts a comment.
    ///
    /// # Errors
    /// The number of the first line that is not of this form.
    pub fn parse(text: &str) -> Result<Self, usize> {
        let mut list: BTreeMap<CallerId, Vec<String>> = BTreeMap::new();
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.split('#').next().unwrap_or_default();
            let mut words = line.split_whitespace();
            match (words.next(), words.next(), words.next()) {
                (None, ..) => {}
                (Some(caller), Some(address), None) => {
                    list.entry(CallerId::new(caller)).or_default().push(address.into());
                }
                _ => return Err(number),
            }
        }
        Ok(Self(list))
    }
}

#[async_trait]
impl Ownership for ListedOwnership {
    async fn owns(&self, caller: &Caller, payment: &ValidPayment) -> Result<bool, OwnershipError> {
        let addresses = self.0.get(&caller.id).map_or(&[][..], Vec::as_slice);
        Ok(addresses.iter().any(|address| payment.is_destination(address)))
    }
}
