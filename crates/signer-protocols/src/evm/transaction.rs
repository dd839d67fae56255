//! Transactions of types 0 to 4 in their canonical RLP.

mod authorization;
mod codec;
mod error;
mod fields;
mod signature;

use alloc::string::String;
use alloc::vec::Vec;

use signer_core::address::evm::Address;
use signer_core::keccak::{KeccakDigest, keccak256};
use signer_core::secp256k1::RecoverableSignature;

pub use self::authorization::{Authorization, SignedAuthorization};
pub use self::error::{RlpError, TransactionError};
pub use self::fields::{AccessListItem, Fees, TransactionFields, TransactionType};
use self::signature::RawSignature;
use crate::{U256, hex};

/// A transaction, signed or not, whose bytes are canonical.
///
/// Types 0 (legacy, with or without a chain id), 1 (EIP-2930), 2 (EIP-1559), 4 (EIP-7702), and 3 (EIP-4844) without its
/// blobs. Parsing demands shortest lengths, integers without leading zeros, exact field counts and no bytes after the
/// end. It does not check what the chain requires beyond the encoding: nonces, balances, prices, an empty list of blobs.
///
/// ```
/// use signer_protocols::evm::{Transaction, TransactionType};
///
/// let transaction = Transaction::parse_hex(
///     "0x02ec83aa36a781bd8405f5e100843b9aca00830186a0944b526bed7799f2e9dab7486713ad1e378bb0c5038080c0",
/// )?;
/// assert_eq!(transaction.transaction_type(), TransactionType::DynamicFee);
/// assert_eq!(transaction.chain_id(), Some(11_155_111));
/// let digest = transaction.signing_hash(); // to be signed, then `transaction.attach(…)`
/// # Ok::<(), signer_protocols::evm::TransactionError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    fields: TransactionFields,
    signature: Option<RawSignature>,
    raw: Vec<u8>,
}

impl Transaction {
    /// Builds an unsigned transaction.
    ///
    /// # Errors
    /// [`TransactionError::Required`], [`TransactionError::Unused`] or [`TransactionError::ChainId`] if the fields are
    /// not those of the type.
    pub fn new(fields: TransactionFields) -> Result<Self, TransactionError> {
        fields.check()?;
        Ok(Self { raw: codec::encode(&fields, None), fields, signature: None })
    }

    /// Reads the bytes of a transaction, signed or not.
    ///
    /// # Errors
    /// [`TransactionError`] that names the field and the rule.
    pub fn parse(bytes: &[u8]) -> Result<Self, TransactionError> {
        let (fields, signature) = codec::decode(bytes)?;
        fields.check()?;
        let raw = codec::encode(&fields, signature.as_ref());
        if raw != bytes {
            return Err(TransactionError::Rlp(RlpError::NotCanonical));
        }
        Ok(Self { fields, signature, raw })
    }

    /// Reads `0x` and hex digits of either case.
    ///
    /// # Errors
    /// [`TransactionError`].
    pub fn parse_hex(text: &str) -> Result<Self, TransactionError> {
        Self::parse(&hex::decode_0x(text).map_err(|_| TransactionError::Hex)?)
    }

    /// All fields but the signature.
    pub const fn fields(&self) -> &TransactionFields {
        &self.fields
    }

    /// The type.
    pub const fn transaction_type(&self) -> TransactionType {
        self.fields.transaction_type
    }

    /// The chain. `None` for a legacy transaction that is valid on every chain, or that is unsigned in its six-field form.
    pub const fn chain_id(&self) -> Option<u64> {
        self.fields.chain_id
    }

    /// The nonce of the sender.
    pub const fn nonce(&self) -> u64 {
        self.fields.nonce
    }

    /// The recipient. `None` if the transaction creates a contract.
    pub const fn to(&self) -> Option<Address> {
        self.fields.to
    }

    /// The wei that the recipient gets.
    pub const fn value(&self) -> U256 {
        self.fields.value
    }

    /// The call, or the code that creates a contract.
    pub fn data(&self) -> &[u8] {
        &self.fields.data
    }

    /// The bytes: of the signed transaction, or of the unsigned one whose hash is signed.
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// The bytes as `0x` and lower-case hex, as `eth_sendRawTransaction` takes those of a signed transaction.
    pub fn raw_hex(&self) -> String {
        hex::encode_0x(&self.raw)
    }

    /// Whether the transaction has a signature. It may be one that no key made; see [`sender`](Self::sender).
    pub const fn is_signed(&self) -> bool {
        self.signature.is_some()
    }

    /// The digest that is signed, or was signed.
    pub fn signing_hash(&self) -> KeccakDigest {
        keccak256(&codec::encode(&self.fields, None))
    }

    /// Adds the signature over [`signing_hash`](Self::signing_hash). A curve operation checks that the key of `sender`
    /// made it.
    ///
    /// # Errors
    /// [`TransactionError::Signed`] if there is one already, [`TransactionError::Signature`] or
    /// [`TransactionError::OtherSender`] if the key of `sender` did not make it.
    pub fn attach(
        self,
        signature: &RecoverableSignature,
        sender: &Address,
    ) -> Result<Self, TransactionError> {
        if self.is_signed() {
            return Err(TransactionError::Signed);
        }
        let signature = RawSignature::accept(signature, &self.signing_hash(), sender)?;
        let raw = codec::encode(&self.fields, Some(&signature));
        Ok(Self { fields: self.fields, signature: Some(signature), raw })
    }

    /// The hash by which a signed transaction is found on the chain: Keccak-256 of its bytes. `None` if it is not signed.
    pub fn hash(&self) -> Option<KeccakDigest> {
        self.is_signed().then(|| keccak256(&self.raw))
    }

    /// Recovers the address that signed. Costs a curve operation.
    ///
    /// # Errors
    /// [`TransactionError::Unsigned`], or [`TransactionError::Signature`] if no key made the signature or its S is high,
    /// which the chain refuses (EIP-2).
    pub fn sender(&self) -> Result<Address, TransactionError> {
        let signature = self.signature.ok_or(TransactionError::Unsigned)?;
        signature.signer(&self.signing_hash())
    }
}

#[cfg(test)]
mod tests;
