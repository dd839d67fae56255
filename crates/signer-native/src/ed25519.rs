use std::fmt;

use aws_lc_rs::signature::Ed25519KeyPair;
use signer_core::Error;
use signer_core::ed25519::{Signature, SigningKey, VerifyingKey};
use signer_core::signature::{self, Signer};

/// An Ed25519 private key for signing on a server.
pub struct Ed25519SigningKey {
    pair: Ed25519KeyPair,
    verifying_key: VerifyingKey,
}

impl Ed25519SigningKey {
    /// Takes the 32-byte seed.
    ///
    /// # Errors
    /// Never for 32 bytes; the library's refusal is handed on as [`Error::Der`].
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self, Error> {
        Self::try_from(&SigningKey::from_seed(seed))
    }

    /// Reads PKCS#8 PEM, as [`SigningKey::from_pem`] does.
    ///
    /// # Errors
    /// Those of [`SigningKey::from_pem`].
    pub fn from_pem(pem: &[u8]) -> Result<Self, Error> {
        Self::try_from(&SigningKey::from_pem(pem)?)
    }

    /// Reads PKCS#8 DER, as [`SigningKey::from_der`] does.
    ///
    /// # Errors
    /// Those of [`SigningKey::from_der`].
    pub fn from_der(der: &[u8]) -> Result<Self, Error> {
        Self::try_from(&SigningKey::from_der(der)?)
    }

    /// The public key.
    pub const fn verifying_key(&self) -> &VerifyingKey {
        &self.verifying_key
    }
}

impl TryFrom<&SigningKey> for Ed25519SigningKey {
    type Error = Error;

    fn try_from(key: &SigningKey) -> Result<Self, Error> {
        let verifying_key = key.verifying_key();
        let seed = key.to_seed();
        // The public key is our own computation from this seed, and checked against it once more.
        let pair = Ed25519KeyPair::from_seed_and_public_key(
            seed.expose_secret(),
            &verifying_key.to_bytes(),
        )
        .map_err(|_| Error::Der)?;
        Ok(Self { pair, verifying_key })
    }
}

impl Signer<Signature> for Ed25519SigningKey {
    fn try_sign(&self, message: &[u8]) -> signature::Result<Signature> {
        let signature = self.pair.try_sign(message).map_err(|_| signature::Error::new())?;
        let bytes = signature.as_ref().try_into().map_err(|_| signature::Error::new())?;
        Ok(Signature::from_bytes(bytes))
    }
}

impl fmt::Debug for Ed25519SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ed25519SigningKey({:?}, [redacted])", self.verifying_key)
    }
}
