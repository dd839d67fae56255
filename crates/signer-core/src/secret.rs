use core::fmt;

use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroize;

/// `N` secret bytes: wiped on drop, redacted in `Debug`, and neither `Clone`, `Display` nor
/// serialisable. The value is filled in place so that no other copy is made of it.
///
/// A move copies the bytes on the stack, as every Rust move does; keep a `SecretBytes` where it was
/// made, or behind a reference.
///
/// ```
/// use signer_core::SecretBytes;
///
/// let secret = SecretBytes::<32>::init(|bytes| bytes.fill(7));
/// assert_eq!(secret.expose_secret(), &[7; 32]);
/// assert_eq!(format!("{secret:?}"), "SecretBytes<32>([redacted])");
/// ```
pub struct SecretBytes<const N: usize>([u8; N]);

impl<const N: usize> SecretBytes<N> {
    /// Fills `N` zero bytes in place.
    pub fn init(fill: impl FnOnce(&mut [u8; N])) -> Self {
        let mut secret = Self([0; N]);
        fill(&mut secret.0);
        secret
    }

    /// Fills `N` zero bytes in place; on an error what was written so far is wiped.
    ///
    /// # Errors
    /// Whatever `fill` returns.
    pub fn try_init<E>(fill: impl FnOnce(&mut [u8; N]) -> Result<(), E>) -> Result<Self, E> {
        let mut secret = Self([0; N]);
        fill(&mut secret.0)?;
        Ok(secret)
    }

    /// The bytes. Each use of this name is a place to audit.
    pub const fn expose_secret(&self) -> &[u8; N] {
        &self.0
    }

    pub(crate) const fn expose_secret_mut(&mut self) -> &mut [u8; N] {
        &mut self.0
    }
}

impl<const N: usize> Drop for SecretBytes<N> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<const N: usize> fmt::Debug for SecretBytes<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretBytes<{N}>([redacted])")
    }
}

/// Compared without a branch on the bytes.
impl<const N: usize> ConstantTimeEq for SecretBytes<N> {
    fn ct_eq(&self, other: &Self) -> Choice {
        self.0.as_slice().ct_eq(other.0.as_slice())
    }
}
