use signer_core::address::evm::Address;

pub use crate::evm::rlp::RlpError;

/// Why bytes are not a transaction, or why it cannot be built or signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TransactionError {
    /// The text is not `0x` and an even number of hex digits.
    #[error("transaction must be 0x and an even number of hex digits")]
    Hex,
    /// The first byte is neither a list nor one of the types 1 to 4.
    #[error("transaction type is not one of 0, 1, 2, 3, 4")]
    Type,
    /// The bytes are not one canonical list.
    #[error("transaction: {0}")]
    Rlp(RlpError),
    /// A transaction of this type does not have this number of fields. Blobs with their proofs are not read.
    #[error("a transaction of this type does not have {found} fields")]
    FieldCount {
        /// The fields found.
        found: usize,
    },
    /// A field is not canonical, or out of range.
    #[error("{field}: {error}")]
    Field {
        /// The name of the field in its EIP.
        field: &'static str,
        /// The rule that was broken.
        error: RlpError,
    },
    /// The `v` of a legacy transaction is not 27, 28, or 35 and more for a chain id that is not 0.
    #[error("v: must be 27, 28, or 35 + 2 * chain id + parity with a chain id other than 0")]
    V,
    /// The parity of a typed transaction is neither 0 nor 1.
    #[error("yParity: must be 0 or 1")]
    Parity,
    /// The field must be present in a transaction of this type.
    #[error("{field}: required in a transaction of this type")]
    Required {
        /// The name of the field.
        field: &'static str,
    },
    /// A transaction of this type does not have the field.
    #[error("{field}: a transaction of this type does not have it")]
    Unused {
        /// The name of the field.
        field: &'static str,
    },
    /// A chain id that a legacy transaction cannot carry: 0, or 2^63 - 18 and more.
    #[error("chainId: a legacy transaction cannot carry it")]
    ChainId,
    /// The transaction is signed already.
    #[error("transaction is signed already")]
    Signed,
    /// The transaction is not signed.
    #[error("transaction is not signed")]
    Unsigned,
    /// The signature is out of range, has a high S (EIP-2), or no key made it.
    #[error("signature is not a low-s signature of any key")]
    Signature,
    /// Another key than expected made the signature.
    #[error("signature was made by {found}, not by the expected address")]
    OtherSender {
        /// The address of the key that made it.
        found: Address,
    },
}

/// Names the field of a fault.
pub(super) fn field<T>(
    field: &'static str,
    result: Result<T, RlpError>,
) -> Result<T, TransactionError> {
    result.map_err(|error| TransactionError::Field { field, error })
}
