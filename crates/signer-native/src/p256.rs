use std::fmt;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use signer_core::Error;
use signer_core::p256::{DerSignature, SigningKey, VerifyingKey};
use signer_core::signature::{self, Signer};

/// A P-256 private key for signing on a server.
pub struct P256SigningKey {
    pair: EcdsaKeyPair,
    verifying_key: VerifyingKey,
}

impl P256SigningKey {
    /// Takes the private scalar, 32 bytes big-endian.
    ///
    /// # Errors
    /// [`Error::Scalar`].
    pub fn from_scalar(scalar: &[u8; 32]) -> Result<Self, Error> {
        Self::try_from(&SigningKey::from_scalar(scalar)?)
    }

    /// Reads PKCS#8 or SEC1 DER, as [`SigningKey::from_der`] does.
    ///
    /// # Errors
    /// Those of [`SigningKey::from_der`].
    pub fn from_der(der: &[u8]) -> Result<Self, Error> {
        Self::try_from(&SigningKey::from_der(der)?)
    }

    /// Reads PKCS#8 or SEC1 PEM, as [`SigningKey::from_pem`] does.
    ///
    /// # Errors
    /// Those of [`SigningKey::from_pem`].
    pub fn from_pem(pem: &[u8]) -> Result<Self, Error> {
        Self::try_from(&SigningKey::from_pem(pem)?)
    }

    /// The public key.
    pub const fn verifying_key(&self) -> &VerifyingKey {
        &self.verifying_key
    }
}

impl TryFrom<&SigningKey> for P256SigningKey {
    type Error = Error;

    fn try_from(key: &SigningKey) -> Result<Self, Error> {
        let der = key.to_pkcs8_der();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, der.expose_secret())
            .map_err(|_| Error::Der)?;
        Ok(Self { pair, verifying_key: key.verifying_key() })
    }
}

impl Signer<DerSignature> for P256SigningKey {
    fn try_sign(&self, message: &[u8]) -> signature::Result<DerSignature> {
        let fault = |_| signature::Error::new();
        let signature = self.pair.sign(&SystemRandom::new(), message).map_err(fault)?;
        DerSignature::from_bytes(signature.as_ref()).map_err(|_| signature::Error::new())
    }
}

impl fmt::Debug for P256SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "P256SigningKey({:?}, [redacted])", self.verifying_key)
    }
}
