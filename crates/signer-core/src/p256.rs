//! ECDSA on NIST P-256 with SHA-256: RFC 6979 nonces, S as it comes (not normalised).
//!
//! [`SigningKey`] implements [`signature::Signer`] for [`DerSignature`] and for the fixed-width
//! [`Signature`], over messages; prehashes only through [`signature::hazmat::PrehashSigner`].

use core::fmt;

use ecdsa::hazmat::sign_prehashed_rfc6979;
use p256::elliptic_curve::sec1::ToSec1Point;
use p256::{NistP256, SecretKey};
use pkcs8::der::Decode;
use rand_core::CryptoRng;
use sha2::{Digest, Sha256};
use signature::hazmat::{PrehashSigner, PrehashVerifier};
use signature::{Signer, Verifier};
use zeroize::Zeroizing;

use crate::keyfile::{KeyAlgorithm, KeyParts, with_pem, with_private_key_pem};
use crate::{Error, SecretBytes};

mod signature_types;
pub use signature_types::{DerSignature, Signature};

/// A P-256 private key. The scalar is in 1..n; it is wiped on drop and never printed.
///
/// Loading costs no curve operation. [`SigningKey::verifying_key`] costs one: call it once.
///
/// ```
/// use signer_core::p256::{DerSignature, SigningKey};
/// use signer_core::signature::{Signer, Verifier};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let key = SigningKey::from_scalar(&[7; 32])?; // a test key
/// let signature: DerSignature = key.try_sign(b"message")?;
/// key.verifying_key().verify(b"message", &signature)?;
/// # Ok(())
/// # }
/// ```
pub struct SigningKey(SecretKey);

impl SigningKey {
    /// Length of the PKCS#8 DER form that [`SigningKey::to_pkcs8_der`] writes, in bytes.
    pub const PKCS8_LEN: usize = 138;

    /// Takes the private scalar, 32 bytes big-endian.
    ///
    /// # Errors
    /// [`Error::Scalar`] when it is zero or not below the order of the curve.
    pub fn from_scalar(scalar: &[u8; 32]) -> Result<Self, Error> {
        SecretKey::from_bytes(scalar.into()).map(Self).map_err(|_| Error::Scalar)
    }

    /// Reads PKCS#8 or SEC1 DER. A public key in it must belong to the scalar.
    ///
    /// # Errors
    /// [`Error::Der`], [`Error::Algorithm`] (told by the object identifiers), [`Error::Scalar`],
    /// [`Error::Length`] of the scalar, [`Error::Encrypted`], [`Error::PublicKeyMismatch`].
    pub fn from_der(der: &[u8]) -> Result<Self, Error> {
        Self::from_parts(&KeyParts::from_der(der, KeyAlgorithm::P256)?)
    }

    /// Reads PKCS#8 (`PRIVATE KEY`) or SEC1 (`EC PRIVATE KEY`) PEM; CRLF, white space around it, a
    /// missing final line end, `\n` escapes and a leading `EC PARAMETERS` block are accepted.
    ///
    /// # Errors
    /// As [`SigningKey::from_der`], and [`Error::Pem`] or [`Error::PemLabel`].
    pub fn from_pem(pem: &[u8]) -> Result<Self, Error> {
        with_private_key_pem(pem, KeyAlgorithm::P256, |parts| Self::from_parts(&parts))
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

    /// PKCS#8 DER with the public key, as OpenSSL and Node write it.
    pub fn to_pkcs8_der(&self) -> SecretBytes<{ Self::PKCS8_LEN }> {
        // PrivateKeyInfo v1 { id-ecPublicKey, prime256v1, ECPrivateKey v1 { scalar, [1] point } }
        const HEAD: [u8; 36] = [
            0x30, 0x81, 0x87, 0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce,
            0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x04,
            0x6d, 0x30, 0x6b, 0x02, 0x01, 0x01, 0x04, 0x20,
        ];
        const MIDDLE: [u8; 5] = [0xa1, 0x44, 0x03, 0x42, 0x00];
        let scalar = Zeroizing::new(self.0.to_bytes());
        SecretBytes::init(|der| {
            der[..36].copy_from_slice(&HEAD);
            der[36..68].copy_from_slice(scalar.as_slice());
            der[68..73].copy_from_slice(&MIDDLE);
            der[73..].copy_from_slice(&self.verifying_key().to_sec1_uncompressed());
        })
    }

    /// PKCS#8 PEM with the public key and a final line end, as OpenSSL writes it.
    pub fn to_pkcs8_pem(&self) -> SecretBytes<241> {
        let der = self.to_pkcs8_der();
        SecretBytes::init(|pem| write_pem("PRIVATE KEY", der.expose_secret(), pem))
    }

    fn sign_digest(&self, digest: &[u8]) -> Signature {
        let scalar = Zeroizing::new(self.0.to_nonzero_scalar());
        Signature(sign_prehashed_rfc6979::<NistP256, Sha256>(&scalar, digest, &[]).0)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("p256::SigningKey([redacted])")
    }
}

impl Signer<Signature> for SigningKey {
    fn try_sign(&self, message: &[u8]) -> signature::Result<Signature> {
        Ok(self.sign_digest(&Sha256::digest(message)))
    }
}

impl Signer<DerSignature> for SigningKey {
    fn try_sign(&self, message: &[u8]) -> signature::Result<DerSignature> {
        Ok(self.sign_digest(&Sha256::digest(message)).to_der())
    }
}

/// For digests made elsewhere: exactly 32 bytes, or it fails.
impl PrehashSigner<Signature> for SigningKey {
    fn sign_prehash(&self, prehash: &[u8]) -> signature::Result<Signature> {
        if prehash.len() != 32 {
            return Err(signature::Error::new());
        }
        Ok(self.sign_digest(prehash))
    }
}

/// A P-256 public key: a point of the curve, never the identity.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct VerifyingKey(p256::ecdsa::VerifyingKey);

impl VerifyingKey {
    /// Length of the SPKI DER form in bytes.
    pub const SPKI_LEN: usize = 91;

    const SPKI_HEAD: [u8; 26] = [
        0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08,
        0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
    ];

    /// Reads a SEC1 point, compressed (33 bytes) or uncompressed (65).
    ///
    /// # Errors
    /// [`Error::PublicKey`].
    pub fn from_sec1_bytes(point: &[u8]) -> Result<Self, Error> {
        if !matches!(point, [2..=4, ..]) {
            return Err(Error::PublicKey);
        }
        p256::ecdsa::VerifyingKey::from_sec1_bytes(point).map(Self).map_err(|_| Error::PublicKey)
    }

    /// Reads a `SubjectPublicKeyInfo` (RFC 5480) in DER.
    ///
    /// # Errors
    /// [`Error::Der`], [`Error::Algorithm`], [`Error::PublicKey`].
    pub fn from_spki_der(der: &[u8]) -> Result<Self, Error> {
        let info = pkcs8::spki::SubjectPublicKeyInfoRef::from_der(der).map_err(|_| Error::Der)?;
        let [outer, curve] =
            ["1.2.840.10045.2.1", "1.2.840.10045.3.1.7"].map(pkcs8::ObjectIdentifier::new_unwrap);
        info.algorithm.assert_oids(outer, curve).map_err(|_| Error::Algorithm)?;
        Self::from_sec1_bytes(info.subject_public_key.as_bytes().ok_or(Error::PublicKey)?)
    }

    /// Reads a `PUBLIC KEY` PEM document.
    ///
    /// # Errors
    /// As [`VerifyingKey::from_spki_der`], and [`Error::Pem`] or [`Error::PemLabel`].
    pub fn from_spki_pem(pem: &[u8]) -> Result<Self, Error> {
        with_pem(pem, |label, der| {
            if label == "PUBLIC KEY" { Self::from_spki_der(der) } else { Err(Error::PemLabel) }
        })
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

    /// The key as `SubjectPublicKeyInfo` DER.
    pub fn to_spki_der(&self) -> [u8; Self::SPKI_LEN] {
        let mut out = [0; Self::SPKI_LEN];
        out[..26].copy_from_slice(&Self::SPKI_HEAD);
        out[26..].copy_from_slice(&self.to_sec1_uncompressed());
        out
    }

    /// The key as a `PUBLIC KEY` PEM document with a final line end.
    pub fn to_spki_pem(&self) -> [u8; 178] {
        let mut pem = [0; 178];
        write_pem("PUBLIC KEY", &self.to_spki_der(), &mut pem);
        pem
    }

    /// Checks a signature given as DER or as 64 bytes r ‖ s, as a key service returns it, and
    /// hands it on in DER.
    ///
    /// # Errors
    /// [`Error::SignatureFormat`] when it is neither, [`Error::SignatureMismatch`].
    pub fn accept(&self, message: &[u8], signature: &[u8]) -> Result<DerSignature, Error> {
        // 64 bytes can be both: each reading is tried, and only one that verifies counts.
        let readings = [
            DerSignature::from_bytes(signature).map(|der| der.to_fixed()),
            Signature::from_bytes(signature),
        ];
        let mut fault = Error::SignatureFormat;
        for reading in readings.into_iter().flatten() {
            match self.verify(message, &reading) {
                Ok(()) => return Ok(reading.to_der()),
                Err(_) => fault = Error::SignatureMismatch,
            }
        }
        Err(fault)
    }
}

fn write_pem(label: &str, der: &[u8], pem: &mut [u8]) {
    let written = pem_rfc7468::encode(label, pem_rfc7468::LineEnding::LF, der, pem).map(str::len);
    debug_assert_eq!(written, Ok(pem.len()), "the buffers have the length of the result");
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("p256::VerifyingKey(0x")?;
        self.to_sec1_compressed().iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}

impl Verifier<Signature> for VerifyingKey {
    fn verify(&self, message: &[u8], signature: &Signature) -> signature::Result<()> {
        self.0.verify_prehash(&Sha256::digest(message), &signature.0)
    }
}

impl Verifier<DerSignature> for VerifyingKey {
    fn verify(&self, message: &[u8], signature: &DerSignature) -> signature::Result<()> {
        self.verify(message, &signature.to_fixed())
    }
}
