use signer_core::address::evm::Address;
use signer_core::keccak::KeccakDigest;
use signer_core::secp256k1::RecoverableSignature;

use super::TransactionError;
use crate::U256;

/// A signature as it stands in a transaction. Its numbers may be out of range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RawSignature {
    pub(super) y_parity: u8,
    pub(super) r: U256,
    pub(super) s: U256,
}

impl RawSignature {
    pub(super) fn of(signature: &RecoverableSignature) -> Self {
        let bytes = signature.to_bytes();
        let (r, rest) = bytes.split_at(32);
        let (s, v) = rest.split_at(32);
        let number = |bytes| U256::from_be_slice(bytes).unwrap_or_default();
        Self { y_parity: u8::from(v == [28]), r: number(r), s: number(s) }
    }

    /// The address whose key made the signature. A high S is refused.
    pub(super) fn signer(&self, digest: &KeccakDigest) -> Result<Address, TransactionError> {
        let v = match self.y_parity {
            parity @ 0..=1 => 27 + parity,
            _ => return Err(TransactionError::Signature),
        };
        let mut bytes = [v; 65];
        let numbers = self.r.to_be_bytes().into_iter().chain(self.s.to_be_bytes());
        for (to, from) in bytes.iter_mut().zip(numbers) {
            *to = from;
        }
        let signature = RecoverableSignature::from_bytes(&bytes);
        let key = signature.and_then(|signature| signature.recover(digest));
        key.map(|key| Address::from(&key)).map_err(|_| TransactionError::Signature)
    }

    /// Takes a signature that the key of this address made over the digest.
    pub(super) fn accept(
        signature: &RecoverableSignature,
        digest: &KeccakDigest,
        expected: &Address,
    ) -> Result<Self, TransactionError> {
        let raw = Self::of(signature);
        match raw.signer(digest)? {
            found if found == *expected => Ok(raw),
            found => Err(TransactionError::OtherSender { found }),
        }
    }
}
