mod recipient;
mod requests;
mod signers;

use std::fmt;
use std::sync::Arc;

use reqwest::Method;
use signer_protocols::crossmint::rest::{Transaction, TypedData};
use signer_protocols::crossmint::verify::{Request, Role};
use signer_protocols::crossmint::{ChainId, ServerSigner};

pub(super) use self::signers::Registration;
pub use self::signers::{AddedSigner, NewSigner, PermissionId, PermissionIdError};
use super::Client;
use super::approval::Asked;
use super::completion::{Others, sent, signed};
use super::exchange::Frozen;
use super::operation::{Operation, What};
use crate::error::Error;
use crate::random;
use crate::transport::{Repeat, check_key};

/// A wallet, and our signer of it. Clones are the same wallet.
#[derive(Clone)]
pub struct Wallet(Arc<Inner>);

struct Inner {
    client: Client,
    chain: ChainId,
    address: String,
    signer: ServerSigner,
    role: Role,
}

/// A transaction that succeeded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sent {
    /// The service's id.
    pub id: String,
    /// The transaction's hash on the chain, where the service gives it.
    pub hash: Option<String>,
}

/// A signature of the wallet. `Debug` does not show it: what it permits, it permits whoever has it.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignedMessage {
    /// The service's id.
    pub id: String,
    /// The signature of the smart wallet (ERC-1271), as the service gives it; it is not checked here.
    pub signature: String,
}

impl fmt::Debug for SignedMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedMessage").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Wallet {
    pub(super) fn new(
        client: Client,
        chain: ChainId,
        address: String,
        signer: ServerSigner,
        role: Role,
    ) -> Self {
        Self(Arc::new(Inner { client, chain, address, signer, role }))
    }

    /// Its address.
    pub fn address(&self) -> &str {
        &self.0.address
    }

    /// Its chain, as the environment has it.
    pub fn chain(&self) -> ChainId {
        self.0.chain
    }

    /// Our signer of it.
    pub fn signer(&self) -> &ServerSigner {
        &self.0.signer
    }

    /// The role of our signer, as the service recorded it when the wallet was opened.
    pub fn role(&self) -> Role {
        self.0.role
    }

    pub(super) fn client(&self) -> &Client {
        &self.0.client
    }

    /// Makes a transaction, approves it, and waits until it has succeeded.
    ///
    /// # Errors
    /// [`Error`]. `is_refused()`: the answer is not as requested, or a policy refused it, and nothing was signed
    /// ([`Error::findings`] has the reasons). `is_awaiting_others()`: only other signers can move it.
    /// `is_outcome_unknown()` from the moment an approval may have left: the error names the transaction, which can be
    /// waited for.
    pub async fn send(&self, transaction: Transaction) -> Result<Sent, Error> {
        self.send_under(transaction, &random::uuid()?).await
    }

    /// The same under an idempotency key: the same transaction under the same key is made once.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn send_under(&self, transaction: Transaction, key: &str) -> Result<Sent, Error> {
        let frozen = self.transaction(transaction)?;
        let route = "/{wallet}/transactions";
        self.create(What::Transaction, &frozen, route, key).await.map(sent)
    }

    /// Sends `amount` (decimal, in whole tokens) of a token to an address of the chain. The token is a symbol, such as
    /// `usdc` or `usdc.e`, or an address; the client must know it ([`Client::tokens`]) for the transfer to be verified.
    ///
    /// A recipient that is not an address (`email:…`, `phoneNumber:…`, `x:…`, `userId:…`) is the service's to find: it
    /// needs [`Client::allow_unverified`].
    ///
    /// # Errors
    /// As [`send`](Self::send); an input error when the recipient or the amount is not one.
    pub async fn transfer(
        &self,
        token: &str,
        recipient: &str,
        amount: &str,
    ) -> Result<Sent, Error> {
        self.transfer_under(token, recipient, amount, &random::uuid()?).await
    }

    /// The same under an idempotency key: the same transfer under the same key is made once.
    ///
    /// # Errors
    /// As [`transfer`](Self::transfer).
    pub async fn transfer_under(
        &self,
        token: &str,
        recipient: &str,
        amount: &str,
        key: &str,
    ) -> Result<Sent, Error> {
        let frozen = self.token_transfer(token, recipient, amount)?;
        let route = "/{wallet}/tokens/{token}/transfers";
        self.create(What::Transaction, &frozen, route, key).await.map(sent)
    }

    /// Has the wallet sign a text (EVM). The hash to approve must be that of the text, for this wallet and chain.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn sign_message(&self, message: &str) -> Result<SignedMessage, Error> {
        self.sign_message_under(message, &random::uuid()?).await
    }

    /// The same under an idempotency key: the same text under the same key is signed once.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn sign_message_under(
        &self,
        message: &str,
        key: &str,
    ) -> Result<SignedMessage, Error> {
        let frozen = self.message(message)?;
        self.create(What::Signature, &frozen, "/{wallet}/signatures", key).await.and_then(signed)
    }

    /// Has the wallet sign EIP-712 typed data (EVM). The hash to approve must be that of the typed data, for this wallet
    /// and chain.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn sign_typed_data(&self, typed_data: TypedData) -> Result<SignedMessage, Error> {
        self.sign_typed_data_under(typed_data, &random::uuid()?).await
    }

    /// The same under an idempotency key: the same typed data under the same key is signed once.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn sign_typed_data_under(
        &self,
        typed_data: TypedData,
        key: &str,
    ) -> Result<SignedMessage, Error> {
        let frozen = self.typed_data(typed_data)?;
        self.create(What::Signature, &frozen, "/{wallet}/signatures", key).await.and_then(signed)
    }

    /// Sends a frozen request under a key, approves what comes of it, and waits for its end.
    async fn create(
        &self,
        what: What,
        frozen: &Frozen,
        route: &'static str,
        key: &str,
    ) -> Result<Operation, Error> {
        check_key(key)?;
        let request = frozen.request()?;
        let answer = self.client().ask(frozen, route, Repeat::Under(key)).await?;
        let completed = self.complete(&Asked::new(what, request, answer)).await;
        completed.map(|(ended, _)| ended).map_err(|error| error.with_idempotency_key(key))
    }

    /// Waits for a transaction of the wallet by its id. Nothing is approved.
    ///
    /// # Errors
    /// [`Error`]; `is_awaiting_others()` if only other signers could move it at the deadline.
    pub async fn wait_for_transaction(&self, id: &str) -> Result<Sent, Error> {
        self.wait_for(What::Transaction, id, Others::AreWaitedFor).await.map(sent)
    }

    /// Waits for a signature of the wallet by its id. Nothing is approved.
    ///
    /// # Errors
    /// As [`wait_for_transaction`](Self::wait_for_transaction).
    pub async fn wait_for_signature(&self, id: &str) -> Result<SignedMessage, Error> {
        self.wait_for(What::Signature, id, Others::AreWaitedFor).await.and_then(signed)
    }

    /// Approves a transaction that somebody else created, and waits for its end. The transaction is read from the
    /// service and compared with `request`, as one of our own would be.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn approve_transaction(&self, id: &str, request: Request) -> Result<Sent, Error> {
        self.approve_by_id(What::Transaction, id, request).await.map(sent)
    }

    /// Approves a signature that somebody else created, and waits for it.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn approve_signature(
        &self,
        id: &str,
        request: Request,
    ) -> Result<SignedMessage, Error> {
        self.approve_by_id(What::Signature, id, request).await.and_then(signed)
    }

    /// Approves a transaction that somebody else created and whose request is not known, if the client's limits allow every
    /// effect of it. It is decoded, and every rule that needs no request holds.
    ///
    /// # Errors
    /// As [`send`](Self::send); an input error for a client without limits.
    pub async fn approve_transaction_within_limits(&self, id: &str) -> Result<Sent, Error> {
        self.approve_within_limits(What::Transaction, id).await.map(sent)
    }

    /// Approves a signature that somebody else created and whose request is not known. A hash of 32 bytes shows no content,
    /// so no limits allow it: it is refused, unless [`Client::allow_unverified`] names its kind.
    ///
    /// # Errors
    /// As [`send`](Self::send); an input error for a client without limits.
    pub async fn approve_signature_within_limits(&self, id: &str) -> Result<SignedMessage, Error> {
        self.approve_within_limits(What::Signature, id).await.and_then(signed)
    }

    async fn approve_within_limits(&self, what: What, id: &str) -> Result<Operation, Error> {
        if !self.client().settings().has_limits() {
            return Err(Error::input(
                "without a request, limits must decide: give the client some",
            ));
        }
        self.approve_by_id(what, id, Request::unknown(self.address())).await
    }

    async fn approve_by_id(
        &self,
        what: What,
        id: &str,
        request: Request,
    ) -> Result<Operation, Error> {
        let answer = self.operation(what, id).await?;
        let named = Operation::read(&answer).map(|operation| operation.id);
        if named.as_deref() != Some(id) {
            let rule = "the service answered for another id; nothing was signed";
            return Err(Error::new(crate::error::Kind::Answer, rule).about(id));
        }
        self.complete(&Asked::new(what, request, answer)).await.map(|(ended, _)| ended)
    }

    fn freeze<B: serde::Serialize>(&self, tail: &[&str], body: &B) -> Result<Frozen, Error> {
        let path: Vec<&str> = std::iter::once(self.address()).chain(tail.iter().copied()).collect();
        self.client().freeze(Method::POST, &path, &[], Some(body))
    }
}

impl fmt::Debug for Wallet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { chain, address, signer, .. } = &*self.0;
        write!(f, "crossmint::Wallet({address}, {chain}, {signer:?})")
    }
}
