//! A project with an API key that is signed as the service signs them.

use signer_core::ed25519::SigningKey;
use signer_core::encoding::base58;
use signer_core::signature::Signer;

use crate::key::random;

/// The project of the stand-in.
const PROJECT: &str = "5ff1e5a1-0000-4000-8000-656d756c6174";

pub(super) struct Project {
    key: SigningKey,
    pub(super) api_key: String,
}

impl Project {
    pub(super) fn new() -> Self {
        let key = SigningKey::generate(&mut random());
        let data = format!("{PROJECT}.emulator");
        let signature = key
            .try_sign(format!("sk_staging.{data}").as_bytes())
            .map(|signature| encode(&signature.to_bytes()))
            .unwrap_or_default();
        let payload = encode(format!("{data}:{signature}").as_bytes());
        Self { key, api_key: format!("sk_staging_{payload}") }
    }

    pub(super) fn trusted_key(&self) -> String {
        encode(&self.key.verifying_key().to_bytes())
    }
}

pub(super) fn encode(bytes: &[u8]) -> String {
    let mut text = vec![0; base58::encoded_len(bytes.len())];
    base58::encode(bytes, &mut text).map(Into::into).unwrap_or_default()
}
