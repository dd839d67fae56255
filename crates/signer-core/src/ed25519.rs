//! Ed25519 (RFC 8032). Verifying is strict: low-order keys and non-canonical encodings are refused.

use core::fmt;

use rand_core::CryptoRng;
use signature::{Signer, Verifier};

#[cfg(feature = "keyfiles")]
use crate::keyfile::{KeyAlgorithm, KeyParts, with_private_key_pem};
use crate::{Error, SecretBytes};

/// An Ed25519 private key. Its public key is always computed from the seed, never taken from
/// outside: signing with a foreign one would leak the seed.
///
/// ```
/// use signer_core::ed25519::{Signature, SigningKey};
/// use signer_core::signature::{Signer, Verifier};
/// # fn main() -> Result<(), signer_core::signature::Error> {
/// let key = SigningKey::from_seed(&[7; 32]); // a test key
/// let signature: Signature = key.try_sign(b"message")?;
/// key.verifying_key().verify(b"message", &signature)?;
/// # Ok(())
/// # }
/// ```
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    /// Takes the 32-byte seed. Every value is a key.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(seed))
    }

    /// Makes a key from the caller's generator.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let seed = SecretBytes::<32>::init(|bytes| rng.fill_bytes(bytes));
        Self::from_seed(seed.expose_secret())
    }

    /// The public key.
    pub fn verifying_key(&self) -> VerifyingKey {
        VerifyingKey(self.0.verifying_key())
    }

    /// The 32-byte seed.
    pub fn to_seed(&self) -> SecretBytes<32> {
        SecretBytes::init(|out| out.copy_from_slice(self.0.as_bytes()))
    }
}

#[cfg(feature = "keyfiles")]
impl SigningKey {
    /// Reads PKCS#8 DER (RFC 8410). A public key in it must belong to the seed.
    ///
    /// # Errors
    /// [`Error::Der`], [`Error::Algorithm`], [`Error::PublicKeyMismatch`].
    pub fn from_der(der: &[u8]) -> Result<Self, Error> {
        Self::from_parts(&KeyParts::from_der(der, KeyAlgorithm::Ed25519)?)
    }

    /// Reads PKCS#8 PEM (`PRIVATE KEY`).
    ///
    /// # Errors
    /// As [`SigningKey::from_der`], and [`Error::Pem`] or [`Error::PemLabel`].
    pub fn from_pem(pem: &[u8]) -> Result<Self, Error> {
        with_private_key_pem(pem, KeyAlgorithm::Ed25519, |parts| Self::from_parts(&parts))
    }

    fn from_parts(parts: &KeyParts<'_>) -> Result<Self, Error> {
        let key = Self::from_seed(parts.secret);
        for public in parts.public_key.into_iter().flatten() {
            if public != key.verifying_key().to_bytes() {
                return Err(Error::PublicKeyMismatch);
            }
        }
        Ok(key)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ed25519::SigningKey([redacted])")
    }
}

impl Signer<Signature> for SigningKey {
    fn try_sign(&self, message: &[u8]) -> signature::Result<Signature> {
        self.0.try_sign(message).map(Signature)
    }
}

/// An Ed25519 public key that is not of low order.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct VerifyingKey(ed25519_dalek::VerifyingKey);

impl VerifyingKey {
    /// Reads the 32-byte encoding.
    ///
    /// # Errors
    /// [`Error::PublicKey`] when it is no point, one of low order, or not the canonical encoding.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, Error> {
        if !is_canonical_y(bytes) {
            return Err(Error::PublicKey);
        }
        match ed25519_dalek::VerifyingKey::from_bytes(bytes) {
            Ok(key) if !key.is_weak() => Ok(Self(key)),
            _ => Err(Error::PublicKey),
        }
    }

    /// The 32-byte encoding.
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0.to_bytes()
    }

    /// Checks 64 bytes as a key service returns them.
    ///
    /// # Errors
    /// [`Error::SignatureFormat`] when it is not 64 bytes, [`Error::SignatureMismatch`].
    pub fn accept(&self, message: &[u8], signature: &[u8]) -> Result<Signature, Error> {
        let signature =
            Signature::from_bytes(signature.try_into().map_err(|_| Error::SignatureFormat)?);
        self.verify(message, &signature).map_err(|_| Error::SignatureMismatch)?;
        Ok(signature)
    }
}

/// Whether 32 bytes decompress to a point of the curve, whatever its order and encoding. Solana accepts a program-derived
/// address only if this is false.
///
/// ```
/// assert!(signer_core::ed25519::is_on_curve(&[0; 32]));
/// ```
pub fn is_on_curve(bytes: &[u8; 32]) -> bool {
    ed25519_dalek::VerifyingKey::from_bytes(bytes).is_ok()
}

/// Whether y, the encoding without its sign bit, is below p = 2^255 - 19.
fn is_canonical_y(bytes: &[u8; 32]) -> bool {
    let [low, middle @ .., high] = bytes;
    high & 0x7f != 0x7f || middle.iter().any(|byte| *byte != 0xff) || *low < 0xed
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ed25519::VerifyingKey(0x")?;
        self.to_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}

impl Verifier<Signature> for VerifyingKey {
    fn verify(&self, message: &[u8], signature: &Signature) -> signature::Result<()> {
        self.0.verify_strict(message, &signature.0)
    }
}

/// An Ed25519 signature, 64 bytes R ‖ S. Its form is checked when it is verified.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature(ed25519_dalek::Signature);

impl Signature {
    /// Takes R ‖ S.
    pub fn from_bytes(bytes: &[u8; 64]) -> Self {
        Self(ed25519_dalek::Signature::from_bytes(bytes))
    }

    /// R ‖ S.
    pub fn to_bytes(&self) -> [u8; 64] {
        self.0.to_bytes()
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ed25519::Signature(0x")?;
        self.to_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}

#[cfg(test)]
mod tests {
    use super::is_canonical_y;

    /// Around p = 2^255 - 19, with and without the sign bit, and where one byte of p is less.
    #[test]
    fn y_is_canonical_below_p() {
        for high in [0x7f, 0xff] {
            let y = |low: u8| {
                let mut bytes = [0xff; 32];
                (bytes[0], bytes[31]) = (low, high);
                bytes
            };
            assert!(is_canonical_y(&y(0x00)) && is_canonical_y(&y(0xec)));
            assert!(
                !is_canonical_y(&y(0xed)) && !is_canonical_y(&y(0xee)) && !is_canonical_y(&y(0xff))
            );
            for at in 1..31 {
                let mut less = y(0xff);
                less[at] = 0xfe;
                assert!(is_canonical_y(&less), "{at}");
            }
            let mut less = y(0xff);
            less[31] -= 1;
            assert!(is_canonical_y(&less));
        }
    }
}
