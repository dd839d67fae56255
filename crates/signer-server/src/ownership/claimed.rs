use async_trait::async_trait;
use signer_protocols::blink::ValidPayment;

use super::{Ownership, OwnershipError};
use crate::Caller;

/// The addresses that the caller's own credential lists: a claim of its token, or Privy's linked accounts.
/// A credential that lists none owns none.
#[derive(Clone, Copy, Debug, Default)]
pub struct ClaimedOwnership;

#[async_trait]
impl Ownership for ClaimedOwnership {
    async fn owns(&self, caller: &Caller, payment: &ValidPayment) -> Result<bool, OwnershipError> {
        let claimed = caller.addresses.as_deref().unwrap_or_default();
        Ok(claimed.iter().any(|address| payment.is_destination(address)))
    }
}
