use alloc::string::String;
use alloc::vec::Vec;

use signer_core::encoding::base58;

use super::compile::write_length;
use super::reader::Reader;
use super::{Message, TransactionError};

/// Longer texts are not read: base58 costs the square of its length.
const MAX_TEXT: usize = 8_192;

/// A transaction in wire form: signatures and the message. Unsigned places are zero.
///
/// ```
/// use signer_protocols::crossmint::solana::{Transaction, TransactionError};
///
/// assert_eq!(Transaction::from_base58("0OIl"), Err(TransactionError::Base58));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// One signature per required signer, in the order of the keys.
    pub signatures: Vec<[u8; 64]>,
    /// The message.
    pub message: Message,
}

impl Transaction {
    /// An unsigned transaction of a message.
    pub fn unsigned(message: Message) -> Self {
        let signatures = message.signers().iter().map(|_| [0; 64]).collect();
        Self { signatures, message }
    }

    /// Reads base58 of the wire form, at most 8192 characters.
    ///
    /// # Errors
    /// [`TransactionError`].
    pub fn from_base58(text: &str) -> Result<Self, TransactionError> {
        if text.len() > MAX_TEXT {
            return Err(TransactionError::Base58);
        }
        let mut wire = alloc::vec![0; text.len()];
        let decoded = base58::decode(text.as_bytes(), &mut wire);
        Self::parse(decoded.map_err(|_| TransactionError::Base58)?)
    }

    /// Reads the wire form: as many signatures as the message requires, then the message, then nothing.
    ///
    /// # Errors
    /// [`TransactionError`].
    pub fn parse(wire: &[u8]) -> Result<Self, TransactionError> {
        let mut reader = Reader::new(wire);
        let found = reader.length("signatures")?;
        let signature = |_| reader.array().ok_or(TransactionError::End("signatures"));
        let signatures = (0..found).map(signature).collect::<Result<Vec<[u8; 64]>, _>>()?;
        let message = Message::parse(reader.rest())?;
        let required = message.header.required_signatures;
        if found != usize::from(required) {
            return Err(TransactionError::Signatures { found, required });
        }
        Ok(Self { signatures, message })
    }

    /// The wire form.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        write_length(self.signatures.len(), &mut bytes);
        self.signatures.iter().for_each(|signature| bytes.extend(signature));
        bytes.extend(self.message.to_bytes());
        bytes
    }

    /// Base58 of the wire form.
    pub fn to_base58(&self) -> String {
        to_base58(&self.to_bytes())
    }
}

/// Base58 of any bytes.
pub(super) fn to_base58(bytes: &[u8]) -> String {
    let mut text = alloc::vec![0; base58::encoded_len(bytes.len())];
    base58::encode(bytes, &mut text).map(Into::into).unwrap_or_default()
}
