use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use signer_core::address::{evm, solana};
use signer_protocols::blink::ValidPayment;

use super::{Ownership, OwnershipError};
use crate::{Caller, CallerId};

/// A fixed list: callers with their addresses.
#[derive(Clone, Debug, Default)]
pub struct ListedOwnership(HashMap<CallerId, HashSet<String>>);

impl ListedOwnership {
    /// Takes the list; entries of the same caller add up.
    pub fn new(list: impl IntoIterator<Item = (CallerId, Vec<String>)>) -> Self {
        let mut owned = Self::default();
        for (caller, addresses) in list {
            let addresses = addresses.iter().map(|address| comparable(address));
            owned.0.entry(caller).or_default().extend(addresses);
        }
        owned
    }

    /// Reads a file of lines, each a caller, white space and an EVM or Solana address; `#` starts a
    /// comment.
    ///
    /// # Errors
    /// The number of the first line that is not of this form.
    pub fn parse(text: &str) -> Result<Self, usize> {
        let mut owned = Self::default();
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.split('#').next().unwrap_or_default();
            let mut words = line.split_whitespace();
            match (words.next(), words.next(), words.next()) {
                (None, ..) => {}
                (Some(caller), Some(address), None) if is_address(address) => {
                    let addresses = owned.0.entry(CallerId::new(caller)).or_default();
                    addresses.insert(comparable(address));
                }
                _ => return Err(number),
            }
        }
        Ok(owned)
    }

    /// Whether the caller has any address.
    pub fn lists(&self, caller: &CallerId) -> bool {
        self.0.contains_key(caller)
    }
}

fn is_address(text: &str) -> bool {
    evm::Address::parse(text).is_ok() || solana::Address::parse(text).is_ok()
}

/// EVM addresses compare without case, Solana's exactly; `0` is no digit of Base58, so `0x` tells them
/// apart.
pub(crate) fn comparable(address: &str) -> String {
    if address.starts_with("0x") { address.to_ascii_lowercase() } else { address.to_owned() }
}

#[async_trait]
impl Ownership for ListedOwnership {
    async fn owns(&self, caller: &Caller, payment: &ValidPayment) -> Result<bool, OwnershipError> {
        let addresses = self.0.get(&caller.id);
        Ok(addresses.is_some_and(|owned| owned.contains(&comparable(payment.address()))))
    }
}
