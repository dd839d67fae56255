use secrecy::SecretString;
use signer_core::encoding::hex;
use signer_core::{Error as CoreError, SecretBytes};

use super::SecretError;
use crate::secret_text::secret_text;

const PREFIX: &str = "xmsk1_";

/// The signer secret: 32 bytes from which every key of a project is derived.
#[derive(Debug)]
pub struct SignerSecret(SecretBytes<32>);

impl SignerSecret {
    /// Reads 64 hex digits of any case, with or without one `xmsk1_` before them. No white space.
    ///
    /// # Errors
    /// [`SecretError`], with the length found and never the text.
    pub fn parse(text: &str) -> Result<Self, SecretError> {
        let digits = text.strip_prefix(PREFIX).unwrap_or(text);
        if digits.len() != 64 {
            return Err(SecretError::Length { found: digits.chars().count() });
        }
        let bytes = SecretBytes::try_init(|bytes| {
            hex::decode_into(digits.as_bytes(), bytes.as_mut_slice())
        });
        bytes.map(Self).map_err(|_: CoreError| SecretError::Hex)
    }

    /// Takes 32 bytes of the caller's random source.
    pub const fn from_bytes(bytes: SecretBytes<32>) -> Self {
        Self(bytes)
    }

    /// The text form: `xmsk1_` and 64 lower-case hex digits.
    pub fn to_text(&self) -> SecretString {
        secret_text::<64>(PREFIX, |buffer| hex::encode(self.0.expose_secret(), buffer))
    }

    pub(super) const fn expose_secret(&self) -> &[u8; 32] {
        self.0.expose_secret()
    }
}
