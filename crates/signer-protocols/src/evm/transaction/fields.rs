use alloc::vec::Vec;

use signer_core::address::evm::Address;

use super::{SignedAuthorization, TransactionError};
use crate::U256;

/// The type of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TransactionType {
    /// Type 0, without a type byte; EIP-155 if it carries a chain id.
    Legacy,
    /// Type 1, with an access list (EIP-2930).
    AccessList,
    /// Type 2, with a priority fee (EIP-1559).
    DynamicFee,
    /// Type 3, with hashes of blobs (EIP-4844). The blobs themselves are not read.
    Blob,
    /// Type 4, with authorizations (EIP-7702).
    SetCode,
}

impl TransactionType {
    /// The number of the type, 0 to 4.
    pub const fn as_u8(self) -> u8 {
        match self {
            Self::Legacy => 0,
            Self::AccessList => 1,
            Self::DynamicFee => 2,
            Self::Blob => 3,
            Self::SetCode => 4,
        }
    }

    /// The type with this number.
    pub const fn from_u8(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::Legacy),
            1 => Some(Self::AccessList),
            2 => Some(Self::DynamicFee),
            3 => Some(Self::Blob),
            4 => Some(Self::SetCode),
            _ => None,
        }
    }

    pub(super) const fn has_gas_price(self) -> bool {
        matches!(self, Self::Legacy | Self::AccessList)
    }
}

/// The highest price of a unit of gas, in wei.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fees {
    /// Types 0 and 1.
    Price {
        /// `gasPrice`
        gas_price: U256,
    },
    /// Types 2, 3 and 4.
    Dynamic {
        /// `maxFeePerGas`
        max_fee_per_gas: U256,
        /// `maxPriorityFeePerGas`
        max_priority_fee_per_gas: U256,
    },
}

/// An address and the storage slots of it that a transaction names in advance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessListItem {
    /// The contract.
    pub address: Address,
    /// Its storage slots.
    pub storage_keys: Vec<[u8; 32]>,
}

/// The fields of a transaction without its signature. Numbers of wei and gas are in base units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransactionFields {
    /// The type.
    pub transaction_type: TransactionType,
    /// The chain. Only a legacy transaction may lack it, and is then valid on every chain.
    pub chain_id: Option<u64>,
    /// The nonce of the sender.
    pub nonce: u64,
    /// The prices of gas.
    pub fees: Fees,
    /// The most gas that the transaction may use.
    pub gas_limit: u64,
    /// The recipient. `None` creates a contract, which types 3 and 4 cannot.
    pub to: Option<Address>,
    /// The wei that the recipient gets.
    pub value: U256,
    /// The call, or the code that creates a contract.
    pub data: Vec<u8>,
    /// Addresses and slots that are named in advance (types 1 to 4).
    pub access_list: Vec<AccessListItem>,
    /// `maxFeePerBlobGas` in wei (type 3).
    pub max_fee_per_blob_gas: Option<U256>,
    /// `blobVersionedHashes` (type 3).
    pub blob_hashes: Vec<[u8; 32]>,
    /// Authorizations of accounts (type 4).
    pub authorizations: Vec<SignedAuthorization>,
}

impl TransactionFields {
    /// Checks that the type has these fields, and those that it needs.
    pub(super) fn check(&self) -> Result<(), TransactionError> {
        let kind = self.transaction_type;
        let required = |present, field| {
            if present { Ok(()) } else { Err(TransactionError::Required { field }) }
        };
        let unused =
            |absent, field| if absent { Ok(()) } else { Err(TransactionError::Unused { field }) };
        match self.fees {
            Fees::Price { .. } => required(kind.has_gas_price(), "maxFeePerGas")?,
            Fees::Dynamic { .. } => required(!kind.has_gas_price(), "gasPrice")?,
        }
        if kind == TransactionType::Legacy {
            unused(self.access_list.is_empty(), "accessList")?;
            let fits = self.chain_id.is_none_or(|id| id > 0 && legacy_v(id, 1).is_some());
            if !fits {
                return Err(TransactionError::ChainId);
            }
        } else {
            required(self.chain_id.is_some(), "chainId")?;
        }
        if kind == TransactionType::Blob {
            required(self.max_fee_per_blob_gas.is_some(), "maxFeePerBlobGas")?;
        } else {
            unused(self.max_fee_per_blob_gas.is_none(), "maxFeePerBlobGas")?;
            unused(self.blob_hashes.is_empty(), "blobVersionedHashes")?;
        }
        if kind != TransactionType::SetCode {
            unused(self.authorizations.is_empty(), "authorizationList")?;
        }
        if kind >= TransactionType::Blob {
            required(self.to.is_some(), "to")?;
        }
        Ok(())
    }
}

/// The `v` of a legacy transaction for a chain (EIP-155).
pub(super) fn legacy_v(chain_id: u64, y_parity: u8) -> Option<u64> {
    chain_id.checked_mul(2)?.checked_add(35 + u64::from(y_parity))
}
