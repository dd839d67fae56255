//! Test keys, known to all who read this. A product reads its keys from where the chip keeps them: one-time
//! memory, a protected page of flash, a secure element.

pub(crate) const P256: [u8; 32] = *b"a test key of the signer on P256";
pub(crate) const ED25519: [u8; 32] = *b"a test key of the signer Ed25519";
pub(crate) const SECP256K1: [u8; 32] = *b"a test key of this for secp256k1";
