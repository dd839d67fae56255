//! The requests of a wallet: their rules are checked before anything is sent, and their bytes are frozen.

use signer_protocols::crossmint::rest::{
    SignMessage, SignTypedData, Transaction, TransactionRequest, Transfer, TypedData,
};
use signer_protocols::crossmint::verify::Request;
use signer_protocols::crossmint::{ChainType, SolanaMessage};

use super::super::exchange::Frozen;
use super::Wallet;
use super::recipient::{check_amount, check_recipient, token_locator};
use crate::error::Error;

impl Wallet {
    /// The request that [`send`](Self::send) would send, for [`approve_transaction`](Self::approve_transaction).
    ///
    /// # Errors
    /// An input error for a transaction that is not of the wallet's chain.
    pub fn transaction_request(&self, transaction: Transaction) -> Result<Request, Error> {
        self.transaction(transaction)?.request()
    }

    /// The request that [`transfer`](Self::transfer) would send, for
    /// [`approve_transaction`](Self::approve_transaction).
    ///
    /// # Errors
    /// An input error for a token, a recipient or an amount that is not one.
    pub fn transfer_request(
        &self,
        token: &str,
        recipient: &str,
        amount: &str,
    ) -> Result<Request, Error> {
        self.token_transfer(token, recipient, amount)?.request()
    }

    /// The request that [`sign_message`](Self::sign_message) would send, for
    /// [`approve_signature`](Self::approve_signature).
    ///
    /// # Errors
    /// An input error for a chain other than EVM.
    pub fn message_request(&self, message: &str) -> Result<Request, Error> {
        self.message(message)?.request()
    }

    /// The request that [`sign_typed_data`](Self::sign_typed_data) would send, for
    /// [`approve_signature`](Self::approve_signature).
    ///
    /// # Errors
    /// An input error for a chain other than EVM, or an integer from 2^53 on that is not a text.
    pub fn typed_data_request(&self, typed_data: TypedData) -> Result<Request, Error> {
        self.typed_data(typed_data)?.request()
    }

    pub(super) fn transaction(&self, transaction: Transaction) -> Result<Frozen, Error> {
        let transaction = self.on_our_chain(transaction)?;
        if let Transaction::Solana(text) = &transaction {
            SolanaMessage::parse(text).map_err(|_| {
                Error::input("the transaction must be base58 of a legacy or version 0 one")
            })?;
        }
        let body = TransactionRequest::new(transaction, &self.signer().locator());
        self.freeze(&["transactions"], &body)
    }

    pub(super) fn token_transfer(
        &self,
        token: &str,
        recipient: &str,
        amount: &str,
    ) -> Result<Frozen, Error> {
        check_recipient(self.chain(), recipient, &self.client().settings().unverified)?;
        check_amount(amount)?;
        let token = token_locator(self.chain(), token)?;
        let body = Transfer::new(recipient, amount, &self.signer().locator());
        self.freeze(&["tokens", &token, "transfers"], &body)
    }

    pub(super) fn message(&self, message: &str) -> Result<Frozen, Error> {
        self.only_evm()?;
        let body = SignMessage::new(message, &self.signer().locator(), self.chain());
        self.freeze(&["signatures"], &body)
    }

    pub(super) fn typed_data(&self, typed_data: TypedData) -> Result<Frozen, Error> {
        self.only_evm()?;
        let body = SignTypedData::new(typed_data, &self.signer().locator(), self.chain());
        self.freeze(&["signatures"], &body)
    }

    /// The chain of a transaction, as the environment has it, is the wallet's.
    fn on_our_chain(&self, transaction: Transaction) -> Result<Transaction, Error> {
        let ours = self.chain();
        let fits = match &transaction {
            Transaction::Evm(chain, _) => self.client().chain(*chain)? == ours,
            Transaction::Solana(_) => ours.chain_type() == ChainType::Solana,
            Transaction::Stellar(_) => ours.chain_type() == ChainType::Stellar,
            _ => false,
        };
        match transaction {
            _ if !fits => Err(Error::input("the transaction must be of the wallet's chain")),
            Transaction::Evm(_, calls) => Ok(Transaction::Evm(ours, calls)),
            other => Ok(other),
        }
    }

    fn only_evm(&self) -> Result<(), Error> {
        if self.chain().chain_type() == ChainType::Evm {
            return Ok(());
        }
        Err(Error::input("messages and typed data are signed on evm chains"))
    }
}
