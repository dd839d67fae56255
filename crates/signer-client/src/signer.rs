use async_trait::async_trait;

use crate::Error;

/// Something elsewhere that signs a message as it is, and hands back the signature.
///
/// It is for what truly signs. What rewrites a transaction, or sends it to a chain, is no signer, and has calls of
/// its own.
#[async_trait]
pub trait Signer: Send + Sync {
    /// The address that signs.
    fn address(&self) -> &str;

    /// Signs a message: on EVM as a personal message (EIP-191), 65 bytes r ‖ s ‖ v with v = 27 or 28; on Solana as
    /// it is, 64 bytes of Ed25519. The signature was verified under [`address`](Self::address).
    ///
    /// # Errors
    /// [`Error`].
    async fn sign_message(&self, message: &[u8]) -> Result<Vec<u8>, Error>;
}

/// It can be used behind a reference.
const _: Option<&dyn Signer> = None;
