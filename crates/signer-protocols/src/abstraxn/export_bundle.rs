use alloc::string::String;
use core::fmt;

use hpke::aead::AesGcm256;
use rand_core::CryptoRng;
use secrecy::{ExposeSecret, SecretString};
use signer_core::encoding::{base58, hex};
use signer_core::p256::{DerSignature, SigningKey, VerifyingKey};
use signer_core::signature::Verifier;
use signer_core::{SecretBytes, ed25519};

use super::ExportError;
use super::access_key::PublicKey;
use crate::hpke::open;
use crate::jcs::Limits;
use crate::json::{self, Object};
use crate::secret_text::secret_text;

const INFO: &[u8] = b"turnkey_hpke";

/// The enclave's quorum key in production, SEC1 uncompressed. It is pinned: the one in a bundle only
/// has to be equal.
const PRODUCTION_QUORUM_KEY: &str = "04cf288fe433cc4e1aa0ce1632feac4ea26bf2f5a09dcfe5a42c398e06898710330f0572882f4dbdf0f5304b8fc8703acd69adca9a4bbf7f5d00d20a5e364b2569";

/// The enclave's quorum key in production.
///
/// # Errors
/// Never in practice: it is a constant.
pub fn production_quorum_key() -> Result<VerifyingKey, ExportError> {
    read_key(PRODUCTION_QUORUM_KEY).ok_or(ExportError::QuorumKey)
}

/// The recipient of a wallet's key: the export is sealed to it. Make one for each export.
pub struct ExportRecipient(SigningKey);

impl ExportRecipient {
    /// Makes a recipient from the caller's generator.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        Self(SigningKey::generate(rng))
    }

    /// The value of `targetPublicKey`: 130 hex digits, uncompressed.
    pub fn target_public_key(&self) -> String {
        PublicKey(self.0.verifying_key()).uncompressed()
    }

    /// Opens an export bundle: first the enclave's signature and the organization are checked,
    /// then the key is decrypted (HPKE base mode, P-256, HKDF-SHA256, AES-256-GCM).
    ///
    /// # Errors
    /// [`ExportError`].
    pub fn open(
        &self,
        bundle: &str,
        organization_id: &str,
        quorum_key: &VerifyingKey,
    ) -> Result<ExportedKey, ExportError> {
        let mut bundle = object(bundle.as_bytes(), "bundle")?;
        let mut member = |field| bundle.take_string(field).ok_or(ExportError::Field { field });
        if member("version")? != "v1.0.0" {
            return Err(ExportError::Field { field: "version" });
        }
        if read_key(&member("enclaveQuorumPublic")?).as_ref() != Some(quorum_key) {
            return Err(ExportError::QuorumKey);
        }
        let data = bytes("data", &member("data")?)?;
        let signature = bytes("dataSignature", &member("dataSignature")?)?;
        let signature = DerSignature::from_bytes(&signature).map_err(|_| ExportError::Signature)?;
        quorum_key.verify(&data, &signature).map_err(|_| ExportError::Signature)?;

        let mut data = object(&data, "data")?;
        let mut member = |field| data.take_string(field).ok_or(ExportError::Field { field });
        if member("organizationId")? != organization_id {
            return Err(ExportError::Organization);
        }
        let encapsulated = bytes("encappedPublic", &member("encappedPublic")?)?;
        let ciphertext = bytes("ciphertext", &member("ciphertext")?)?;
        let recipient = self.0.verifying_key().to_sec1_uncompressed();
        let aad = [encapsulated.as_slice(), &recipient].concat();
        let key = open::<AesGcm256>(&self.0, &encapsulated, INFO, &ciphertext, &aad)
            .ok_or(ExportError::Open)?;
        let key: &[u8; 32] = key.expose_secret().try_into().map_err(|_| ExportError::KeyLength)?;
        Ok(ExportedKey(SecretBytes::init(|out| out.copy_from_slice(key))))
    }
}

impl From<SigningKey> for ExportRecipient {
    fn from(key: SigningKey) -> Self {
        Self(key)
    }
}

impl fmt::Debug for ExportRecipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("abstraxn::ExportRecipient([redacted])")
    }
}

/// The private key of a wallet account.
#[derive(Debug)]
pub struct ExportedKey(SecretBytes<32>);

impl ExportedKey {
    /// The form for EVM wallets: 64 lower-case hex digits without `0x`.
    pub fn to_evm(&self) -> SecretString {
        secret_text::<64>("", |buffer| hex::encode(self.0.expose_secret(), buffer))
    }

    /// The form for Solana wallets: base58 of the seed and its public key.
    pub fn to_solana(&self) -> SecretString {
        const LEN: usize = base58::encoded_len(64);
        let seed = self.0.expose_secret();
        let public_key = ed25519::SigningKey::from_seed(seed).verifying_key().to_bytes();
        let pair = SecretBytes::<64>::init(|pair| {
            pair[..32].copy_from_slice(seed);
            pair[32..].copy_from_slice(&public_key);
        });
        secret_text::<LEN>("", |buffer| base58::encode(pair.expose_secret(), buffer))
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &SecretBytes<32> {
        &self.0
    }
}

fn object<'a>(json: &'a [u8], field: &'static str) -> Result<Object<'a>, ExportError> {
    let value = json::parse(json, Limits::default())?;
    Object::from_value(value).ok_or(ExportError::Field { field })
}

fn bytes(field: &'static str, text: &str) -> Result<alloc::vec::Vec<u8>, ExportError> {
    crate::hex::decode(text).map_err(|_| ExportError::Field { field })
}

fn read_key(text: &str) -> Option<VerifyingKey> {
    VerifyingKey::from_sec1_bytes(&crate::hex::decode(text).ok()?).ok()
}
