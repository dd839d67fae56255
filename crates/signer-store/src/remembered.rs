//! The record under an idempotency key, and the result of a retry.

use signer_protocols::blink::{IdempotencyKey, Timestamp};

use crate::payment::{MAX_SKEW_MS, SAME_PAYLOAD_MS};
use crate::{KeyId, Reservation, StoreError};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Remembered {
    pub(crate) hash: [u8; 32],
    pub(crate) idempotency_key: IdempotencyKey,
    pub(crate) signed_at: Timestamp,
    pub(crate) key: KeyId,
}

impl Remembered {
    /// The first payload again, or `None` if the retry needs a new time. A stored time in the future is not
    /// used: the clock was set back.
    pub(crate) fn same_payload(
        &self,
        hash: &[u8; 32],
        now: Timestamp,
        key: KeyId,
    ) -> Result<Option<Reservation>, StoreError> {
        if self.hash != *hash {
            return Err(StoreError::Conflict);
        }
        let age = (now.unix_ms() + MAX_SKEW_MS).checked_sub(self.signed_at.unix_ms());
        let same = key == self.key && age.is_some_and(|age| age <= SAME_PAYLOAD_MS + MAX_SKEW_MS);
        Ok(same.then(|| self.reservation()))
    }

    /// The same id with a new time.
    pub(crate) fn renew(&mut self, now: Timestamp, key: KeyId) -> Reservation {
        (self.signed_at, self.key) = (now, key);
        self.reservation()
    }

    fn reservation(&self) -> Reservation {
        let (idempotency_key, signed_at) = (self.idempotency_key.clone(), self.signed_at);
        Reservation { idempotency_key, signed_at, remembered: true }
    }
}
