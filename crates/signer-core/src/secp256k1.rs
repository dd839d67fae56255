//! Recoverable ECDSA on secp256k1 over Keccak-256 digests: RFC 6979 nonces (HMAC-SHA256), low S.
//!
//! [`SigningKey::sign_digest`] takes a [`KeccakDigest`]. Other digests go through
//! [`signature::hazmat::PrehashSigner`], whose name says what it is.

use core::fmt;

use ecdsa::RecoveryId;
use ecdsa::hazmat::sign_prehashed_rfc6979;
use k256::elliptic_curve::sec1::ToSec1Point;
use k256::{Secp256k1, SecretKey};
use rand_core::CryptoRng;
use sha2::Sha256;
use signature::hazmat::{PrehashSigner, PrehashVerifier};
use zeroize::Zeroizing;

use crate::keccak::KeccakDigest;
#[cfg(feature = "keyfiles")]
use crate::keyfile::{KeyAlgorithm, KeyParts, with_private_key_pem};
use crate::{Error, SecretBytes};

/// A secp256k1 private key. The scalar is in 1..n; it is wiped on drop and never printed.
///
/// ```
/// use signer_core::keccak::eip191_digest;
/// use signer_core::secp256k1::SigningKey;
/// # fn main() -> Result<(), signer_core::Error> {
/// let key = SigningKey::from_scalar(&[7; 32])?; // a test key
/// let digest = eip191_digest(b"message");
/// let signature = key.sign_digest(&digest);
/// assert_eq!(signature.recover(&digest)?, key.verifying_key());
/// # Ok(())
/// # }
/// ```
pub struct SigningKey(SecretKey);

impl SigningKey {
    /// Takes the private scalar, 32 bytes big-endian.
    ///
    /// # Errors
    /// [`Error::Scalar`] when it is zero or not below the order of the curve.
    pub fn from_scalar(scalar: &[u8; 32]) -> Result<Self, Error> {
        SecretKey::from_bytes(scalar.into()).map(Self).map_err(|_| Error::Scalar)
    }

    /// Makes a key from the caller's generator, which is asked until it gives a scalar: one that is stuck at zero
    /// is asked forever.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        loop {
            let scalar = SecretBytes::<32>::init(|bytes| rng.fill_bytes(bytes));
            if let Ok(key) = Self::from_scalar(scalar.expose_secret()) {
                return key;
            }
        }
    }

    /// The public key; one scalar multiplication.
    pub fn verifying_key(&self) -> VerifyingKey {
        VerifyingKey(self.0.public_key().into())
    }

    /// The private scalar, 32 bytes big-endian.
    pub fn to_scalar(&self) -> SecretBytes<32> {
        let bytes = Zeroizing::new(self.0.to_bytes());
        SecretBytes::init(|out| out.copy_from_slice(bytes.as_slice()))
    }

    /// Signs a Keccak-256 digest.
    pub fn sign_digest(&self, digest: &KeccakDigest) -> RecoverableSignature {
        self.sign_32(digest.as_bytes())
    }

    fn sign_32(&self, digest: &[u8; 32]) -> RecoverableSignature {
        let scalar = Zeroizing::new(self.0.to_nonzero_scalar());
        let (signature, recovery_id) =
            sign_prehashed_rfc6979::<Secp256k1, Sha256>(&scalar, digest, &[]);
        RecoverableSignature { signature, recovery_id }
    }
}

#[cfg(feature = "keyfiles")]
impl SigningKey {
    /// Reads PKCS#8 or SEC1 DER. A public key in it must belong to the scalar.
    ///
    /// # Errors
    /// [`Error::Der`], [`Error::Algorithm`] (told by the object identifiers), [`Error::Scalar`],
    /// [`Error::Length`] of the scalar, [`Error::Encrypted`], [`Error::PublicKeyMismatch`].
    pub fn from_der(der: &[u8]) -> Result<Self, Error> {
        Self::from_parts(&KeyParts::from_der(der, KeyAlgorithm::SECP256K1)?)
    }

    /// Reads PKCS#8 (`PRIVATE KEY`) or SEC1 (`EC PRIVATE KEY`) PEM.
    ///
    /// # Errors
    /// As [`SigningKey::from_der`], and [`Error::Pem`] or [`Error::PemLabel`].
    pub fn from_pem(pem: &[u8]) -> Result<Self, Error> {
        with_private_key_pem(pem, KeyAlgorithm::SECP256K1, |parts| Self::from_parts(&parts))
    }

    fn from_parts(parts: &KeyParts<'_>) -> Result<Self, Error> {
        let key = Self::from_scalar(parts.secret)?;
        for public in parts.public_key.into_iter().flatten() {
            if VerifyingKey::from_sec1_bytes(public)? != key.verifying_key() {
                return Err(Error::PublicKeyMismatch);
            }
        }
        Ok(key)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("secp256k1::SigningKey([redacted])")
    }
}

/// For digests made elsewhere: exactly 32 bytes, or it fails.
impl PrehashSigner<RecoverableSignature> for SigningKey {
    fn sign_prehash(&self, prehash: &[u8]) -> signature::Result<RecoverableSignature> {
        Ok(self.sign_32(prehash.try_into().map_err(|_| signature::Error::new())?))
    }
}

/// A secp256k1 public key: a point of the curve, never the identity.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct VerifyingKey(k256::ecdsa::VerifyingKey);

impl VerifyingKey {
    /// Reads a SEC1 point, compressed (33 bytes) or uncompressed (65).
    ///
    /// # Errors
    /// [`Error::PublicKey`].
    pub fn from_sec1_bytes(point: &[u8]) -> Result<Self, Error> {
        if !matches!(point, [2..=4, ..]) {
            return Err(Error::PublicKey);
        }
        k256::ecdsa::VerifyingKey::from_sec1_bytes(point).map(Self).map_err(|_| Error::PublicKey)
    }

    /// The point as SEC1, `04 ‖ x ‖ y`.
    pub fn to_sec1_uncompressed(&self) -> [u8; 65] {
        let point = self.0.to_sec1_point(false);
        let mut out = [0; 65];
        out.copy_from_slice(point.as_bytes());
        out
    }

    /// The point as SEC1, `02|03 ‖ x`.
    pub fn to_sec1_compressed(&self) -> [u8; 33] {
        let point = self.0.as_affine().to_sec1_point(true);
        let mut out = [0; 33];
        out.copy_from_slice(point.as_bytes());
        out
    }

    /// Checks a signature over a Keccak-256 digest. A high S is refused.
    ///
    /// # Errors
    /// [`Error::SignatureMismatch`].
    pub fn verify_digest(
        &self,
        digest: &KeccakDigest,
        signature: &RecoverableSignature,
    ) -> Result<(), Error> {
        self.verify_32(digest.as_bytes(), &signature.signature)
    }

    /// Checks a signature given as DER or as 64 bytes r ‖ s, as a key service returns it, and
    /// completes it: S is made low and the recovery id found by recovering this very key.
    ///
    /// # Errors
    /// [`Error::SignatureFormat`] when it is neither form, [`Error::SignatureMismatch`].
    pub fn accept(
        &self,
        digest: &KeccakDigest,
        signature: &[u8],
    ) -> Result<RecoverableSignature, Error> {
        // 64 bytes can be both: each reading is tried, and only one that verifies counts.
        let readings = [Signature::from_der(signature), Signature::from_bytes(signature)];
        let mut fault = Error::SignatureFormat;
        for reading in readings.into_iter().flatten() {
            let signature = reading.0.normalize_s();
            if self.verify_32(digest.as_bytes(), &signature).is_ok() {
                let recovery_id =
                    RecoveryId::trial_recovery_from_prehash(&self.0, digest.as_bytes(), &signature);
                if let Ok(recovery_id) = recovery_id {
                    return Ok(RecoverableSignature { signature, recovery_id });
                }
            }
            fault = Error::SignatureMismatch;
        }
        Err(fault)
    }

    fn verify_32(
        &self,
        digest: &[u8; 32],
        signature: &k256::ecdsa::Signature,
    ) -> Result<(), Error> {
        self.0.verify_prehash(digest, signature).map_err(|_| Error::SignatureMismatch)
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("secp256k1::VerifyingKey(0x")?;
        self.to_sec1_compressed().iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}

/// A secp256k1 signature as 64 bytes, r ‖ s big-endian; neither is zero or reaches the order. S may
/// be high here; verifying refuses that.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature(k256::ecdsa::Signature);

impl Signature {
    /// Reads r ‖ s.
    ///
    /// # Errors
    /// [`Error::SignatureFormat`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        k256::ecdsa::Signature::from_slice(bytes).map(Self).map_err(|_| Error::SignatureFormat)
    }

    /// Reads strict DER.
    ///
    /// # Errors
    /// [`Error::SignatureFormat`].
    pub fn from_der(der: &[u8]) -> Result<Self, Error> {
        k256::ecdsa::Signature::from_der(der).map(Self).map_err(|_| Error::SignatureFormat)
    }

    /// r ‖ s.
    pub fn to_bytes(&self) -> [u8; 64] {
        self.0.to_bytes().into()
    }
}

/// For digests made elsewhere: exactly 32 bytes. A high S is refused.
impl PrehashVerifier<Signature> for VerifyingKey {
    fn verify_prehash(&self, prehash: &[u8], signature: &Signature) -> signature::Result<()> {
        let digest = prehash.try_into().map_err(|_| signature::Error::new())?;
        self.verify_32(digest, &signature.0).map_err(|_| signature::Error::new())
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("secp256k1::Signature(0x")?;
        self.to_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}

/// A low-S secp256k1 signature with its recovery id.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RecoverableSignature {
    signature: k256::ecdsa::Signature,
    recovery_id: RecoveryId,
}

impl RecoverableSignature {
    /// Reads r ‖ s ‖ v with v = 27 or 28, as Ethereum writes it.
    ///
    /// # Errors
    /// [`Error::SignatureFormat`] when r or s is out of range, S is high, or v is another value.
    pub fn from_bytes(bytes: &[u8; 65]) -> Result<Self, Error> {
        let [fixed @ .., v] = bytes;
        let signature =
            k256::ecdsa::Signature::from_slice(fixed).map_err(|_| Error::SignatureFormat)?;
        if !matches!(v, 27 | 28) || signature.normalize_s() != signature {
            return Err(Error::SignatureFormat);
        }
        Ok(Self { signature, recovery_id: RecoveryId::new(*v == 28, false) })
    }

    /// r ‖ s ‖ v with v = 27 or 28. A signature whose r was reduced (2^-128) would need 29 or 30,
    /// which no chain accepts; its v is that of the parity alone.
    pub fn to_bytes(&self) -> [u8; 65] {
        let mut out = [0; 65];
        out[..64].copy_from_slice(&self.signature.to_bytes());
        out[64] = 27 + u8::from(self.recovery_id.is_y_odd());
        out
    }

    /// The key that made this signature over `digest`.
    ///
    /// # Errors
    /// [`Error::SignatureMismatch`] when no key did.
    pub fn recover(&self, digest: &KeccakDigest) -> Result<VerifyingKey, Error> {
        hazmat::recover(self, digest.as_bytes())
    }
}

/// What takes digests that were made elsewhere. A digest that an attacker chose has signatures that nobody made:
/// use it where the digest is yours.
pub mod hazmat {
    use super::{Error, RecoverableSignature, VerifyingKey};

    /// The key that made `signature` over `digest`.
    ///
    /// # Errors
    /// [`Error::SignatureMismatch`] when no key did.
    pub fn recover(
        signature: &RecoverableSignature,
        digest: &[u8; 32],
    ) -> Result<VerifyingKey, Error> {
        k256::ecdsa::VerifyingKey::recover_from_prehash(
            digest,
            &signature.signature,
            signature.recovery_id,
        )
        .map(VerifyingKey)
        .map_err(|_| Error::SignatureMismatch)
    }
}

impl fmt::Debug for RecoverableSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("secp256k1::RecoverableSignature(0x")?;
        self.to_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}
