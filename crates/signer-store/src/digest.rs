//! The names of stored entries. Each is a SHA-256, so that an entry has one size and shows no caller.

use sha2::{Digest, Sha256};
use signer_protocols::blink::MerchantId;

use crate::CallerId;

pub(crate) type Name = [u8; 32];

/// The scope of an idempotency key and of a daily sum: one caller of one merchant.
pub(crate) fn scope(merchant: &MerchantId, caller: &CallerId) -> Name {
    of_parts("payments", [merchant.as_str(), caller.as_str()])
}

/// One idempotency key in its scope.
pub(crate) fn retry(scope: &Name, key: &str) -> Name {
    Sha256::new().chain_update(scope).chain_update(key).finalize().into()
}

/// The name of a sum.
pub(crate) fn sum<'a>(parts: impl IntoIterator<Item = &'a str>) -> Name {
    of_parts("sums", parts)
}

/// The lengths keep the parts apart.
fn of_parts<'a>(domain: &'a str, parts: impl IntoIterator<Item = &'a str>) -> Name {
    let mut hasher = Sha256::new();
    for part in std::iter::once(domain).chain(parts) {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    hasher.finalize().into()
}

/// The names that version 0.1 gave to Redis keys: without the merchant id.
#[cfg(feature = "redis")]
pub(crate) mod version_0_1 {
    use sha2::{Digest, Sha256};

    use super::Name;
    use crate::CallerId;

    pub(crate) fn scope(caller: &CallerId) -> Name {
        Sha256::digest(caller.as_str()).into()
    }

    pub(crate) fn retry(caller: &CallerId, key: &str) -> Name {
        let length = caller.as_str().len().to_be_bytes();
        let hasher = Sha256::new().chain_update(length).chain_update(caller.as_str());
        hasher.chain_update(key).finalize().into()
    }
}
