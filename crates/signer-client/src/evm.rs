//! Whether an EVM signature that came back is one of the wallet, over what was to be signed.

use signer_core::address::evm;
use signer_core::encoding::hex;
use signer_core::secp256k1::{RecoverableSignature, hazmat};

use crate::error::{Error, Kind};

pub(crate) fn mismatch() -> Error {
    Error::new(
        Kind::Mismatch,
        "the signature that came back is not the wallet's over what was sent",
    )
}

/// An EVM signature in `0x` hex, 64 bytes or 65, over a digest.
pub(crate) fn check_digest(address: &str, digest: &[u8; 32], signature: &str) -> Result<(), Error> {
    let address = evm::Address::parse(address).map_err(|_| mismatch())?;
    let digits = signature.strip_prefix("0x").unwrap_or(signature).as_bytes();
    let mut bytes = [0; 65];
    let recoveries: &[u8] = match digits.len() {
        130 => {
            hex::decode_into(digits, &mut bytes).map_err(|_| mismatch())?;
            &[bytes[64] % 27]
        }
        128 => {
            hex::decode_into(digits, &mut bytes[..64]).map_err(|_| mismatch())?;
            &[0, 1]
        }
        _ => return Err(mismatch()),
    };
    for recovery in recoveries {
        bytes[64] = 27 + recovery;
        let signature = RecoverableSignature::from_bytes(&bytes).map_err(|_| mismatch())?;
        let recovered = hazmat::recover(&signature, digest);
        if recovered.is_ok_and(|key| evm::Address::from(&key) == address) {
            return Ok(());
        }
    }
    Err(mismatch())
}
