use alloc::string::String;
use core::fmt;
use core::str;

use hpke::aead::ChaCha20Poly1305;
use rand_core::CryptoRng;
use secrecy::{ExposeSecret, SecretSlice};
use signer_core::p256::SigningKey;

use super::{AuthorizationKey, KeyError, SessionError, encode_public_key};
use crate::{base64, hpke::open};

/// The recipient of a user's authorization key: `POST /v1/wallets/authenticate` seals the key to
/// it, and it opens the answer (HPKE base mode, P-256, HKDF-SHA256, ChaCha20-Poly1305).
///
/// Make one for each exchange, and keep the opened key until shortly before `expires_at`, which
/// is in milliseconds.
pub struct SessionRecipient(SigningKey);

impl SessionRecipient {
    /// Makes a recipient from the caller's generator.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        Self(SigningKey::generate(rng))
    }

    /// The value of `recipient_public_key`: base64 of SPKI DER.
    pub fn public_key(&self) -> String {
        encode_public_key(&self.0.verifying_key())
    }

    /// Opens the authorization key in `encapsulated_key` and `ciphertext` of the answer, both
    /// standard base64.
    ///
    /// # Errors
    /// [`SessionError`].
    pub fn open(
        &self,
        encapsulated_key: &str,
        ciphertext: &str,
    ) -> Result<AuthorizationKey, SessionError> {
        let plaintext = self.open_bytes(encapsulated_key, ciphertext)?;
        let text = str::from_utf8(plaintext.expose_secret())
            .map_err(|_| KeyError(signer_core::Error::Base64))?;
        Ok(AuthorizationKey::parse(text)?)
    }

    /// Opens any message that was sealed to this recipient, as the export of a wallet's key is.
    ///
    /// # Errors
    /// [`SessionError::Encoding`], [`SessionError::Open`].
    pub fn open_bytes(
        &self,
        encapsulated_key: &str,
        ciphertext: &str,
    ) -> Result<SecretSlice<u8>, SessionError> {
        let decode =
            |text, field| base64::decode(text).map_err(|_| SessionError::Encoding { field });
        let encapsulated_key = decode(encapsulated_key, "encapsulated_key")?;
        let ciphertext = decode(ciphertext, "ciphertext")?;
        open::<ChaCha20Poly1305>(&self.0, &encapsulated_key, b"", &ciphertext, b"")
            .ok_or(SessionError::Open)
    }
}

impl From<SigningKey> for SessionRecipient {
    fn from(key: SigningKey) -> Self {
        Self(key)
    }
}

impl fmt::Debug for SessionRecipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("privy::SessionRecipient([redacted])")
    }
}
