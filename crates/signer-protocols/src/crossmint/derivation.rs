use alloc::string::String;
use core::fmt;

use signer_core::address::{evm, solana, stellar};
use signer_core::{SecretBytes, ed25519, hkdf_sha256_into, secp256k1};

use super::{
    Address, Approval, ApprovalAlgorithm, ApprovalError, ChainId, ChainType, DerivationError,
    Environment, Locator, ProjectId, SignerSecret,
};

/// Which name of the chain goes into a derivation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// SDK 1.3 and later: one EVM key for all EVM chains.
    Current,
    /// SDK 0.21 to 1.2, and the fallback since: a key for each EVM chain.
    Legacy,
}

/// What keeps derived keys apart: `<projectId>:<environment>:<chainToken>-<algorithm>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DerivationInfo<'a> {
    project: &'a ProjectId,
    environment: Environment,
    chain: ChainId,
    scheme: Scheme,
}

impl<'a> DerivationInfo<'a> {
    /// Takes the parts; `chain` is used as it stands, so convert it for the environment first
    /// ([`ChainId::in_environment`]).
    pub const fn new(
        project: &'a ProjectId,
        environment: Environment,
        chain: ChainId,
        scheme: Scheme,
    ) -> Self {
        Self { project, environment, chain, scheme }
    }

    fn parts(&self) -> [&str; 7] {
        let chain_type = self.chain.chain_type();
        let token = match self.scheme {
            Scheme::Current => chain_type.as_str(),
            Scheme::Legacy => self.chain.as_str(),
        };
        let environment = self.environment.as_str();
        [self.project.as_str(), ":", environment, ":", token, "-", chain_type.algorithm()]
    }

    /// The 32-byte key: HKDF-SHA256 with the salt `crossmint`.
    pub fn derive_key(&self, secret: &SignerSecret) -> SecretBytes<32> {
        let mut key = SecretBytes::init(|_| {});
        let parts = self.parts().map(str::as_bytes);
        hkdf_sha256_into(secret.expose_secret(), b"crossmint", &parts, &mut key);
        key
    }
}

impl fmt::Display for DerivationInfo<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts().iter().try_for_each(|part| f.write_str(part))
    }
}

/// A derived key, its address, and the approvals it signs.
pub struct ServerSigner {
    key: Key,
    address: Address,
}

enum Key {
    Evm(secp256k1::SigningKey),
    Solana(ed25519::SigningKey),
    Stellar(ed25519::SigningKey),
}

impl ServerSigner {
    /// Derives the key of a chain. `chain` is used as it stands: convert it for the environment
    /// first ([`ChainId::in_environment`]).
    ///
    /// # Errors
    /// [`DerivationError::Scalar`].
    pub fn derive(
        secret: &SignerSecret,
        project: &ProjectId,
        environment: Environment,
        chain: ChainId,
        scheme: Scheme,
    ) -> Result<Self, DerivationError> {
        let key = DerivationInfo::new(project, environment, chain, scheme).derive_key(secret);
        Self::from_key(&key, chain.chain_type())
    }

    /// Takes a key that was derived before.
    ///
    /// # Errors
    /// [`DerivationError::Scalar`].
    pub fn from_key(key: &SecretBytes<32>, chain_type: ChainType) -> Result<Self, DerivationError> {
        let key = key.expose_secret();
        let (key, address) = match chain_type {
            ChainType::Evm => {
                let key =
                    secp256k1::SigningKey::from_scalar(key).map_err(|_| DerivationError::Scalar)?;
                let address = Address::Evm(evm::Address::from(&key.verifying_key()));
                (Key::Evm(key), address)
            }
            ChainType::Solana => {
                let key = ed25519::SigningKey::from_seed(key);
                let address = Address::Solana(solana::Address::from(&key.verifying_key()));
                (Key::Solana(key), address)
            }
            ChainType::Stellar => {
                let key = ed25519::SigningKey::from_seed(key);
                let address = Address::Stellar(stellar::Address::from(&key.verifying_key()));
                (Key::Stellar(key), address)
            }
        };
        Ok(Self { key, address })
    }

    /// What it signs.
    pub const fn chain_type(&self) -> ChainType {
        match self.key {
            Key::Evm(_) => ChainType::Evm,
            Key::Solana(_) => ChainType::Solana,
            Key::Stellar(_) => ChainType::Stellar,
        }
    }

    /// The public address.
    pub const fn address(&self) -> &Address {
        &self.address
    }

    /// `server:<address>`.
    pub const fn locator(&self) -> Locator {
        Locator::server(self.address)
    }

    /// The public key: 65 bytes uncompressed on EVM, else 32; lower-case hex.
    pub fn public_key_hex(&self) -> String {
        match &self.key {
            Key::Evm(key) => crate::hex::encode(&key.verifying_key().to_sec1_uncompressed()),
            Key::Solana(key) | Key::Stellar(key) => {
                crate::hex::encode(&key.verifying_key().to_bytes())
            }
        }
    }

    /// Signs an approval; the text goes into `approvals[].signature`.
    ///
    /// # Errors
    /// [`ApprovalError::ChainType`].
    pub fn approve(&self, approval: &Approval) -> Result<String, ApprovalError> {
        match (&self.key, approval.algorithm()) {
            (Key::Evm(key), ApprovalAlgorithm::Secp256k1) => approval.sign_evm(key),
            (Key::Solana(key), ApprovalAlgorithm::Ed25519)
                if approval.chain_type() == ChainType::Solana =>
            {
                approval.sign_ed25519(key)
            }
            (Key::Stellar(key), ApprovalAlgorithm::Ed25519)
                if approval.chain_type() == ChainType::Stellar =>
            {
                approval.sign_ed25519(key)
            }
            _ => Err(ApprovalError::ChainType),
        }
    }
}

impl fmt::Debug for ServerSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "crossmint::ServerSigner({})", self.address)
    }
}
