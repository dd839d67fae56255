use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use rand_core::CryptoRng;
use secrecy::SecretString;
use signer_core::SecretBytes;
use signer_core::encoding::hex;
use signer_core::p256::{DerSignature, SigningKey, VerifyingKey};
use signer_core::signature::{self, Signer};

use super::{AccessKeyError, Stamp, StampError, UnsignedStamp};
use crate::secret_text::secret_text;

/// The access key of an identity: a P-256 scalar. Whoever loses it loses the wallet; it is written
/// to its store before its first use.
pub struct AccessKey {
    key: SigningKey,
    public_key: PublicKey,
}

impl AccessKey {
    /// Reads 64 hex digits of either case.
    ///
    /// # Errors
    /// [`AccessKeyError`]; it never holds any part of the text.
    pub fn parse(text: &str) -> Result<Self, AccessKeyError> {
        let scalar = SecretBytes::<32>::try_init(|bytes| {
            hex::decode_into(text.as_bytes(), bytes.as_mut_slice())
        })?;
        Ok(SigningKey::from_scalar(scalar.expose_secret())?.into())
    }

    /// Makes a key from the caller's generator.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        SigningKey::generate(rng).into()
    }

    /// The text form: 64 lower-case hex digits.
    pub fn to_text(&self) -> SecretString {
        let scalar = self.key.to_scalar();
        secret_text::<64>("", |buffer| hex::encode(scalar.expose_secret(), buffer))
    }

    /// The public key that is registered.
    pub const fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// Stamps a body.
    ///
    /// # Errors
    /// [`StampError::Signer`].
    pub fn stamp(&self, body: Vec<u8>) -> Result<Stamp, StampError> {
        // The key pair is one: nothing to verify.
        let signature = self.key.try_sign(&body).map_err(|_| StampError::Signer)?;
        Ok(UnsignedStamp::new(self.public_key.0, body).with_signature(&signature))
    }
}

impl From<SigningKey> for AccessKey {
    fn from(key: SigningKey) -> Self {
        let public_key = PublicKey(key.verifying_key());
        Self { key, public_key }
    }
}

impl Signer<DerSignature> for AccessKey {
    fn try_sign(&self, message: &[u8]) -> signature::Result<DerSignature> {
        self.key.try_sign(message)
    }
}

impl fmt::Debug for AccessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "abstraxn::AccessKey({:?}, [redacted])", self.public_key)
    }
}

/// The public key of an access key, in the two encodings that are in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKey(pub(super) VerifyingKey);

impl PublicKey {
    /// 66 hex digits, `02…` or `03…`.
    pub fn compressed(&self) -> String {
        crate::hex::encode(&self.0.to_sec1_compressed())
    }

    /// 130 hex digits, `04…`.
    pub fn uncompressed(&self) -> String {
        crate::hex::encode(&self.0.to_sec1_uncompressed())
    }

    /// The key itself.
    pub const fn as_verifying_key(&self) -> &VerifyingKey {
        &self.0
    }
}
