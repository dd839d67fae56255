use signer_core::address::evm::Address;
use signer_core::keccak::{KeccakDigest, keccak256};
use signer_core::secp256k1::RecoverableSignature;

use super::TransactionError;
use super::error::{RlpError, field};
use super::signature::RawSignature;
use crate::U256;
use crate::evm::rlp::{Reader, Writer};

/// An authorization of [EIP-7702](https://eips.ethereum.org/EIPS/eip-7702): an account lets the code of a contract run
/// as its own. It gives that contract full power over the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Authorization {
    /// The chain for which it is valid; 0 is every chain.
    pub chain_id: U256,
    /// The contract whose code runs. Address 0 takes the code of the account away.
    pub address: Address,
    /// The nonce of the account.
    pub nonce: u64,
}

/// An authorization with its signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedAuthorization {
    authorization: Authorization,
    signature: RawSignature,
}

impl Authorization {
    /// The digest to sign: Keccak-256 of `05 ‖ rlp([chain_id, address, nonce])`.
    pub fn hash(&self) -> KeccakDigest {
        let mut writer = Writer::default();
        writer.list(|list| self.write(list));
        keccak256(&[&[5], writer.finish().as_slice()].concat())
    }

    /// Adds the signature of the account.
    ///
    /// # Errors
    /// [`TransactionError::Signature`] or [`TransactionError::OtherSender`] if the key of `account` did not make it.
    pub fn attach(
        self,
        signature: &RecoverableSignature,
        account: &Address,
    ) -> Result<SignedAuthorization, TransactionError> {
        let signature = RawSignature::accept(signature, &self.hash(), account)?;
        Ok(SignedAuthorization { authorization: self, signature })
    }

    fn write(&self, list: &mut Writer) {
        list.u256(self.chain_id).bytes(self.address.as_bytes()).u64(self.nonce);
    }
}

impl SignedAuthorization {
    /// The authorization.
    pub const fn authorization(&self) -> &Authorization {
        &self.authorization
    }

    /// The account that signed it.
    ///
    /// # Errors
    /// [`TransactionError::Signature`] if no key made the signature, or its S is high. The chain skips such an entry.
    pub fn account(&self) -> Result<Address, TransactionError> {
        self.signature.signer(&self.authorization.hash())
    }

    /// The parity, r and s as they stand in the list. They may be out of range.
    pub const fn signature(&self) -> (u8, U256, U256) {
        (self.signature.y_parity, self.signature.r, self.signature.s)
    }

    pub(super) fn read(list: &mut Reader<'_>) -> Result<Self, TransactionError> {
        const FIELD: &str = "authorizationList";
        let mut entry = field(FIELD, list.list())?;
        let mut read = || {
            let chain_id = entry.u256()?;
            let address = entry.address()?;
            let nonce = entry.u64()?;
            let parity = u8::try_from(entry.u64()?).map_err(|_| RlpError::Range { bits: 8 })?;
            let signature = RawSignature { y_parity: parity, r: entry.u256()?, s: entry.u256()? };
            entry.end()?;
            Ok(Self { authorization: Authorization { chain_id, address, nonce }, signature })
        };
        field(FIELD, read())
    }

    pub(super) fn write(&self, list: &mut Writer) {
        let RawSignature { y_parity, r, s } = self.signature;
        list.list(|entry| {
            self.authorization.write(entry);
            entry.u64(y_parity.into()).u256(r).u256(s);
        });
    }
}
