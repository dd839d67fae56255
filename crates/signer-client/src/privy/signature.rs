//! Whether a Solana signature that came back is one of the wallet, over what was to be signed.

use signer_core::address::solana;
use signer_core::ed25519;

use crate::error::Error;
use crate::evm::mismatch;

/// A Solana signature in base64 over a message.
pub(super) fn check_message(address: &str, message: &[u8], signature: &str) -> Result<(), Error> {
    use base64ct::{Base64, Encoding};
    let address = solana::Address::parse(address).map_err(|_| mismatch())?;
    let key = ed25519::VerifyingKey::from_bytes(address.as_bytes()).map_err(|_| mismatch())?;
    let bytes = Base64::decode_vec(signature).map_err(|_| mismatch())?;
    key.accept(message, &bytes).map(|_| ()).map_err(|_| mismatch())
}
