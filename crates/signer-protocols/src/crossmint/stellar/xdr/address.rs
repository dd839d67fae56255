use alloc::vec::Vec;
use core::fmt;

use signer_core::Error;
use signer_core::address::stellar::{Address, ContractAddress};

use super::writer::put_u32;
use super::{Reader, XdrError};

/// `SCAddress`: an account or a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScAddress {
    /// An account, `G…`.
    Account(Address),
    /// A contract, `C…`.
    Contract(ContractAddress),
}

impl ScAddress {
    /// Reads a `G…` or `C…` strkey.
    ///
    /// # Errors
    /// [`Error::Address`] on its form, [`Error::Checksum`] on its CRC-16.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.starts_with('C') {
            ContractAddress::parse(text).map(Self::Contract)
        } else {
            Address::parse(text).map(Self::Account)
        }
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, XdrError> {
        match reader.u32()? {
            0 => account(reader).map(Self::Account),
            1 => reader.array().map(ContractAddress::from_bytes).map(Self::Contract),
            tag => Err(XdrError::Unsupported { part: "address", tag }),
        }
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Account(address) => {
                put_u32(out, 0);
                put_u32(out, 0);
                out.extend_from_slice(address.as_bytes());
            }
            Self::Contract(contract) => {
                put_u32(out, 1);
                out.extend_from_slice(contract.as_bytes());
            }
        }
    }
}

/// `AccountID`.
pub(super) fn account(reader: &mut Reader<'_>) -> Result<Address, XdrError> {
    reader.expect("account key", 0)?;
    reader.array().map(Address::from_bytes)
}

impl fmt::Display for ScAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(address) => address.fmt(f),
            Self::Contract(contract) => contract.fmt(f),
        }
    }
}
