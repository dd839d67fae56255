//! Keccak-256 digests as Ethereum uses them.

use core::fmt;

use sha3::{Digest, Keccak256};

/// A Keccak-256 digest that says how it was made: only the functions of this module make one, so a
/// caller cannot have bytes of another origin signed as if they were a digest.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct KeccakDigest([u8; 32]);

impl KeccakDigest {
    /// The digest.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for KeccakDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeccakDigest(0x")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}

/// Keccak-256 of `message` (not SHA3-256: the padding differs).
pub fn keccak256(message: &[u8]) -> KeccakDigest {
    KeccakDigest(Keccak256::digest(message).into())
}

/// The digest of a personal message (EIP-191, version `0x45`): Keccak-256 of
/// `"\x19Ethereum Signed Message:\n"`, the decimal length of `message` in bytes, and `message`.
///
/// ```
/// use signer_core::keccak::eip191_digest;
///
/// let digest = eip191_digest(b"");
/// assert_eq!(digest.as_bytes()[..4], [0x5f, 0x35, 0xdc, 0xe9]);
/// ```
pub fn eip191_digest(message: &[u8]) -> KeccakDigest {
    let mut digits = [0; 20];
    let mut start = digits.len();
    let mut rest = message.len();
    loop {
        start -= 1;
        digits[start] = b"0123456789"[rest % 10];
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    let hasher = Keccak256::new()
        .chain_update(b"\x19Ethereum Signed Message:\n")
        .chain_update(&digits[start..])
        .chain_update(message);
    KeccakDigest(hasher.finalize().into())
}
