use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use signer_core::ed25519;
use signer_core::encoding::{base58, hex};
use signer_core::keccak::{KeccakDigest, eip191_digest};
use signer_core::secp256k1::{self, RecoverableSignature};
use signer_core::signature::Signer;
use signer_core::signature::hazmat::PrehashSigner;

use super::solana_transaction::message_of;
use super::{ApprovalError, ChainType};
use crate::base64;

/// The longest text that is read. Base58 costs the square of its length.
const MAX_SOLANA_TEXT: usize = 8_192;
const MAX_TEXT: usize = 1 << 20;

/// What an approval is signed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApprovalAlgorithm {
    /// Recoverable ECDSA over a Keccak-256 digest.
    Secp256k1,
    /// Ed25519 over a message.
    Ed25519,
}

/// What a key elsewhere has to sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SigningInput<'a> {
    /// A Keccak-256 digest, to be signed as it is with secp256k1.
    Digest(&'a KeccakDigest),
    /// A message, to be signed with Ed25519.
    Message(&'a [u8]),
}

/// A pending approval, decoded: what is signed is fixed.
#[derive(Clone, PartialEq, Eq)]
pub struct Approval {
    chain_type: ChainType,
    input: Input,
}

#[derive(Clone, PartialEq, Eq)]
enum Input {
    Digest(KeccakDigest),
    Message(Vec<u8>),
}

impl Approval {
    /// An EVM approval: `0x` hex, signed as a personal message (EIP-191) of its bytes.
    ///
    /// # Errors
    /// [`ApprovalError::EvmHex`] on an odd number of digits or anything else than hex.
    pub fn evm(message: &str) -> Result<Self, ApprovalError> {
        let digits = message.strip_prefix("0x").ok_or(ApprovalError::EvmHex)?;
        let digits = bounded(digits, MAX_TEXT)?;
        let mut bytes = alloc::vec![0; digits.len() / 2];
        hex::decode_into(digits.as_bytes(), &mut bytes).map_err(|_| ApprovalError::EvmHex)?;
        Ok(Self { chain_type: ChainType::Evm, input: Input::Digest(eip191_digest(&bytes)) })
    }

    /// A Solana message: base58, signed as its bytes. A challenge that is the base58 of a bare
    /// transaction message is one.
    ///
    /// # Errors
    /// [`ApprovalError::Base58`].
    pub fn solana_message(message: &str) -> Result<Self, ApprovalError> {
        Ok(Self::message(ChainType::Solana, decode_base58(message, "message")?))
    }

    /// A full Solana transaction: base58 of the wire form; its message is signed.
    ///
    /// # Errors
    /// [`ApprovalError::Base58`], [`ApprovalError::SolanaTransaction`].
    pub fn solana_transaction(transaction: &str) -> Result<Self, ApprovalError> {
        let wire = decode_base58(transaction, "transaction")?;
        let message = message_of(&wire).ok_or(ApprovalError::SolanaTransaction)?;
        Ok(Self::message(ChainType::Solana, message))
    }

    /// A Stellar approval: canonical base64 with padding, signed as its bytes.
    ///
    /// # Errors
    /// [`ApprovalError::StellarBase64`].
    pub fn stellar(message: &str) -> Result<Self, ApprovalError> {
        let message = bounded(message, MAX_TEXT)?;
        let bytes = base64::decode(message).map_err(|_| ApprovalError::StellarBase64)?;
        Ok(Self::message(ChainType::Stellar, bytes))
    }

    const fn message(chain_type: ChainType, bytes: Vec<u8>) -> Self {
        Self { chain_type, input: Input::Message(bytes) }
    }

    /// The chain type whose signer signs it.
    pub const fn chain_type(&self) -> ChainType {
        self.chain_type
    }

    /// What it is signed with.
    pub const fn algorithm(&self) -> ApprovalAlgorithm {
        match self.input {
            Input::Digest(_) => ApprovalAlgorithm::Secp256k1,
            Input::Message(_) => ApprovalAlgorithm::Ed25519,
        }
    }

    /// What a key elsewhere has to sign.
    pub fn signing_input(&self) -> SigningInput<'_> {
        match &self.input {
            Input::Digest(digest) => SigningInput::Digest(digest),
            Input::Message(message) => SigningInput::Message(message),
        }
    }

    /// Signs with a secp256k1 key: `0x` and hex of r ‖ s ‖ v, v = 27 or 28.
    ///
    /// # Errors
    /// [`ApprovalError::ChainType`], [`ApprovalError::Signer`].
    pub fn sign_evm(
        &self,
        signer: &dyn PrehashSigner<RecoverableSignature>,
    ) -> Result<String, ApprovalError> {
        let Input::Digest(digest) = &self.input else { return Err(ApprovalError::ChainType) };
        let signature =
            signer.sign_prehash(digest.as_bytes()).map_err(|_| ApprovalError::Signer)?;
        Ok(evm_text(&signature))
    }

    /// Signs with an Ed25519 key: base58 on Solana, base64 on Stellar.
    ///
    /// # Errors
    /// [`ApprovalError::ChainType`], [`ApprovalError::Signer`].
    pub fn sign_ed25519(
        &self,
        signer: &dyn Signer<ed25519::Signature>,
    ) -> Result<String, ApprovalError> {
        let Input::Message(message) = &self.input else { return Err(ApprovalError::ChainType) };
        let signature = signer.try_sign(message).map_err(|_| ApprovalError::Signer)?;
        Ok(self.ed25519_text(&signature))
    }

    /// Takes an EVM signature that was made elsewhere by `key` over the digest: DER or 64 bytes
    /// r ‖ s, S high or low, without a recovery id. It is verified and completed.
    ///
    /// # Errors
    /// [`ApprovalError::ChainType`], [`ApprovalError::Signature`].
    pub fn attach_evm(
        &self,
        key: &secp256k1::VerifyingKey,
        signature: &[u8],
    ) -> Result<String, ApprovalError> {
        let Input::Digest(digest) = &self.input else { return Err(ApprovalError::ChainType) };
        Ok(evm_text(&key.accept(digest, signature)?))
    }

    /// Takes 64 bytes that were made elsewhere by `key` over the message, and verifies them.
    ///
    /// # Errors
    /// [`ApprovalError::ChainType`], [`ApprovalError::Signature`].
    pub fn attach_ed25519(
        &self,
        key: &ed25519::VerifyingKey,
        signature: &[u8],
    ) -> Result<String, ApprovalError> {
        let Input::Message(message) = &self.input else { return Err(ApprovalError::ChainType) };
        Ok(self.ed25519_text(&key.accept(message, signature)?))
    }

    /// The receiving side: checks the text of an EVM approval against the signer's key.
    ///
    /// # Errors
    /// [`ApprovalError::ChainType`], [`ApprovalError::Signature`].
    pub fn verify_evm(
        &self,
        key: &secp256k1::VerifyingKey,
        signature: &str,
    ) -> Result<(), ApprovalError> {
        let Input::Digest(digest) = &self.input else { return Err(ApprovalError::ChainType) };
        let format = ApprovalError::Signature(signer_core::Error::SignatureFormat);
        let mut bytes = [0; 65];
        let digits = signature.strip_prefix("0x").ok_or(format)?;
        hex::decode_into(digits.as_bytes(), &mut bytes).map_err(|_| format)?;
        let signature = RecoverableSignature::from_bytes(&bytes)?;
        if signature.recover(digest)? != *key {
            return Err(signer_core::Error::SignatureMismatch.into());
        }
        Ok(key.verify_digest(digest, &signature)?)
    }

    /// The receiving side: checks the text of a Solana or Stellar approval.
    ///
    /// # Errors
    /// [`ApprovalError::ChainType`], [`ApprovalError::Signature`].
    pub fn verify_ed25519(
        &self,
        key: &ed25519::VerifyingKey,
        signature: &str,
    ) -> Result<(), ApprovalError> {
        let Input::Message(message) = &self.input else { return Err(ApprovalError::ChainType) };
        let bytes = match self.chain_type {
            ChainType::Stellar => base64::decode(signature)?,
            _ => {
                let mut bytes = alloc::vec![0; 64];
                let len = base58::decode(signature.as_bytes(), &mut bytes)?.len();
                bytes.truncate(len);
                bytes
            }
        };
        key.accept(message, &bytes)?;
        Ok(())
    }

    fn ed25519_text(&self, signature: &ed25519::Signature) -> String {
        let bytes = signature.to_bytes();
        match self.chain_type {
            ChainType::Stellar => base64::encode(&bytes),
            _ => {
                let mut text = [0; base58::encoded_len(64)];
                base58::encode(&bytes, &mut text).map(Into::into).unwrap_or_default()
            }
        }
    }
}

impl fmt::Debug for Approval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "crossmint::Approval({})", self.chain_type.as_str())
    }
}

fn evm_text(signature: &RecoverableSignature) -> String {
    let mut digits = [0; 130];
    let mut text = String::with_capacity(132);
    text.push_str("0x");
    text.push_str(hex::encode(&signature.to_bytes(), &mut digits).unwrap_or_default());
    text
}

fn decode_base58(text: &str, what: &'static str) -> Result<Vec<u8>, ApprovalError> {
    let text = bounded(text, MAX_SOLANA_TEXT)?;
    let mut bytes = alloc::vec![0; text.len()];
    let len = base58::decode(text.as_bytes(), &mut bytes)
        .map_err(|_| ApprovalError::Base58 { what })?
        .len();
    bytes.truncate(len);
    Ok(bytes)
}

fn bounded(text: &str, limit: usize) -> Result<&str, ApprovalError> {
    if text.len() > limit { Err(ApprovalError::TooLong { limit }) } else { Ok(text) }
}
