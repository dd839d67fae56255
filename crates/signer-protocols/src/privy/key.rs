use alloc::string::String;
use core::fmt;

use secrecy::SecretString;
use signer_core::Error as CoreError;
use signer_core::SecretBytes;
use signer_core::encoding::{base64_decode, base64_encode, base64_len};
use signer_core::p256::{DerSignature, SigningKey, VerifyingKey};
use signer_core::signature::{self, Signer};

use super::KeyError;
use crate::base64;
use crate::secret_text::secret_text;

const PREFIX: &str = "wallet-auth:";
const OLD_PREFIX: &str = "wallet-api:";

/// The longest DER that is read: room for an RSA key, so that it is refused by name.
const MAX_DER: usize = 1_280;

/// An authorization key: a P-256 signing key in the forms that Privy gives out.
pub struct AuthorizationKey(SigningKey);

impl AuthorizationKey {
    /// Reads `wallet-auth:` (or `wallet-api:`, or nothing) and base64 of PKCS#8 or SEC1 DER; or a
    /// PEM document of either. Strict: canonical base64, no white space around it.
    ///
    /// # Errors
    /// [`KeyError`]; it never holds any part of the text.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        match Self::from_encoded_der(text) {
            // A text that is read as it stands is not searched: what is in it is secret.
            Err(KeyError(CoreError::Base64 | CoreError::Length { .. }))
                if text.contains("-----BEGIN ") =>
            {
                Ok(Self(SigningKey::from_pem(text.as_bytes())?))
            }
            read => read,
        }
    }

    fn from_encoded_der(text: &str) -> Result<Self, KeyError> {
        let encoded =
            text.strip_prefix(PREFIX).or_else(|| text.strip_prefix(OLD_PREFIX)).unwrap_or(text);
        let (expected, found) = (base64_len(MAX_DER), encoded.len());
        if found > expected {
            return Err(CoreError::Length { expected, found }.into());
        }
        let mut len = 0;
        let der = SecretBytes::<MAX_DER>::try_init(|buffer| {
            len = base64_decode(encoded.as_bytes(), buffer)?.len();
            Ok::<_, CoreError>(())
        })?;
        Ok(Self(SigningKey::from_der(der.expose_secret().get(..len).unwrap_or_default())?))
    }

    /// The text form that Privy gives out: `wallet-auth:` and base64 of PKCS#8 DER.
    pub fn to_wallet_auth(&self) -> SecretString {
        const LEN: usize = base64_len(SigningKey::PKCS8_LEN);
        let der = self.0.to_pkcs8_der();
        secret_text::<LEN>(PREFIX, |buffer| base64_encode(der.expose_secret(), buffer))
    }

    /// The public key that is registered with Privy.
    pub fn verifying_key(&self) -> VerifyingKey {
        self.0.verifying_key()
    }

    /// The signing key itself.
    pub const fn as_signing_key(&self) -> &SigningKey {
        &self.0
    }
}

impl From<SigningKey> for AuthorizationKey {
    fn from(key: SigningKey) -> Self {
        Self(key)
    }
}

impl Signer<DerSignature> for AuthorizationKey {
    fn try_sign(&self, message: &[u8]) -> signature::Result<DerSignature> {
        self.0.try_sign(message)
    }
}

impl fmt::Debug for AuthorizationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("privy::AuthorizationKey([redacted])")
    }
}

/// The form in which a public key is registered: base64 of SPKI DER.
pub fn encode_public_key(key: &VerifyingKey) -> String {
    base64::encode(&key.to_spki_der())
}

/// Reads base64 of SPKI DER.
///
/// # Errors
/// What is wrong with it.
pub fn decode_public_key(text: &str) -> Result<VerifyingKey, CoreError> {
    VerifyingKey::from_spki_der(&base64::decode(text)?)
}
