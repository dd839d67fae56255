mod signers;
pub(super) use signers::Registration;

use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde::de::IgnoredAny;
use signer_core::address::{evm, solana, stellar};
use signer_protocols::Json;
use signer_protocols::crossmint::rest::{
    Approvals, ApprovalsState, OnChain, SignMessage, SignTypedData, SignatureResponse, Status,
    Transaction, TransactionRequest, TransactionResponse, Transfer, TypedData,
};
use signer_protocols::crossmint::{ChainId, ChainType, Locator, ServerSigner, SolanaMessage};

use super::Client;
use super::policy::Created;
use super::waiting::{Cancel, Wait};
use crate::error::{Error, Kind};
use crate::random;
use crate::transport::Repeat;

/// A wallet, and our signer of it. Clones are the same wallet.
#[derive(Clone)]
pub struct Wallet(Arc<Inner>);

struct Inner {
    client: Client,
    chain: ChainId,
    address: String,
    signer: ServerSigner,
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

/// Which of the two is waited for.
#[derive(Clone, Copy)]
enum What {
    Transaction,
    Signature,
}

impl What {
    const fn path(self) -> &'static str {
        match self {
            Self::Transaction => "transactions",
            Self::Signature => "signatures",
        }
    }

    const fn routes(self) -> (&'static str, &'static str) {
        match self {
            Self::Transaction => {
                ("/{wallet}/transactions/{id}", "/{wallet}/transactions/{id}/approvals")
            }
            Self::Signature => ("/{wallet}/signatures/{id}", "/{wallet}/signatures/{id}/approvals"),
        }
    }
}

impl Wallet {
    pub(super) fn new(
        client: Client,
        chain: ChainId,
        address: String,
        signer: ServerSigner,
    ) -> Self {
        Self(Arc::new(Inner { client, chain, address, signer }))
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

    /// Makes a transaction, approves it, and waits until it has succeeded.
    ///
    /// # Errors
    /// [`Error`]; `is_outcome_unknown()` from the moment an approval may have left: the error names the transaction,
    /// which can be waited for. Before that, `is_mismatch()` and `is_refused()` say that nothing was signed.
    pub async fn send(&self, transaction: Transaction) -> Result<Sent, Error> {
        self.send_under(transaction, &random::uuid()?).await
    }

    /// The same under an idempotency key: the same transaction under the same key is made once.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn send_under(&self, transaction: Transaction, key: &str) -> Result<Sent, Error> {
        let transaction = self.on_our_chain(transaction)?;
        let requested = match &transaction {
            Transaction::Solana(text) => Some(SolanaMessage::parse(text).map_err(|_| {
                Error::input("the transaction must be base58 of a legacy or version 0 one")
            })?),
            _ => None,
        };
        let body = TransactionRequest::new(transaction, &self.locator());
        let path = [self.address(), "transactions"];
        let created = self.0.client.post(&path, "/{wallet}/transactions", &body, Some(key)).await?;
        let sent = self.complete(created, requested.as_ref(), &self.0.signer).await;
        sent.map_err(|error| error.with_idempotency_key(key))
    }

    /// Sends `amount` (decimal, in whole tokens) of a token, by its symbol or address, to an address of the chain.
    ///
    /// On Solana the service writes the transaction, and a policy must allow that: see
    /// [`ServiceWritten`](super::ServiceWritten).
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
        check_address(self.0.chain, recipient)?;
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(Error::input("token must be a symbol as usdc, or an address"));
        }
        let digits =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let (whole, part) = amount.split_once('.').unwrap_or((amount, "0"));
        let is_nought = amount.bytes().all(|byte| matches!(byte, b'0' | b'.'));
        if !digits(whole) || !digits(part) || is_nought || amount.len() > 80 {
            return Err(Error::input("amount must be a positive decimal as 1.5"));
        }
        let token = format!("{}:{token}", self.0.chain);
        let body = Transfer::new(recipient, amount, &self.locator());
        let path = [self.address(), "tokens", &token, "transfers"];
        let route = "/{wallet}/tokens/{token}/transfers";
        let created = self.0.client.post(&path, route, &body, Some(key)).await?;
        let sent = self.complete(created, None, &self.0.signer).await;
        sent.map_err(|error| error.with_idempotency_key(key))
    }

    /// Has the wallet sign a text (EVM).
    ///
    /// # Errors
    /// [`Error`].
    pub async fn sign_message(&self, message: &str) -> Result<SignedMessage, Error> {
        self.sign_message_under(message, &random::uuid()?).await
    }

    /// The same under an idempotency key: the same text under the same key is signed once.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn sign_message_under(
        &self,
        message: &str,
        key: &str,
    ) -> Result<SignedMessage, Error> {
        let body = SignMessage::new(message, &self.locator(), self.0.chain);
        self.sign_under(&body, key).await
    }

    /// Has the wallet sign EIP-712 typed data (EVM).
    ///
    /// # Errors
    /// [`Error`].
    pub async fn sign_typed_data(&self, typed_data: TypedData) -> Result<SignedMessage, Error> {
        self.sign_typed_data_under(typed_data, &random::uuid()?).await
    }

    /// The same under an idempotency key: the same typed data under the same key is signed once.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn sign_typed_data_under(
        &self,
        typed_data: TypedData,
        key: &str,
    ) -> Result<SignedMessage, Error> {
        let body = SignTypedData::new(typed_data, &self.locator(), self.0.chain);
        self.sign_under(&body, key).await
    }

    async fn sign_under<B: Serialize>(&self, body: &B, key: &str) -> Result<SignedMessage, Error> {
        self.only_evm()?;
        let path = [self.address(), "signatures"];
        let created = self.0.client.post(&path, "/{wallet}/signatures", body, Some(key)).await?;
        let signed = self.complete_signature(created, &self.0.signer).await;
        signed.map_err(|error| error.with_idempotency_key(key))
    }

    /// Waits for a transaction of the wallet by its id. Nothing is approved.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn wait_for_transaction(&self, id: &str) -> Result<Sent, Error> {
        self.await_transaction(id).await
    }

    /// Waits for a signature of the wallet by its id. Nothing is approved.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn wait_for_signature(&self, id: &str) -> Result<SignedMessage, Error> {
        self.await_signature(id).await.and_then(signed)
    }

    /// Approves what was just created, where it is ours to approve, and waits for its end.
    async fn complete(
        &self,
        created: TransactionResponse,
        requested: Option<&SolanaMessage>,
        approver: &ServerSigner,
    ) -> Result<Sent, Error> {
        if created.chain_type.as_deref().is_some_and(|it| it != self.0.chain.chain_type().as_str())
        {
            return Err(Error::new(Kind::Mismatch, "the transaction is of another type of chain"));
        }
        let on_chain = created.on_chain.as_ref();
        let what = Created {
            wallet: self.address(),
            chain: self.0.chain,
            id: &created.id,
            pending: &created.approvals.pending,
            transaction: on_chain.and_then(OnChain::solana_transaction),
            requested,
        };
        if created.status == Status::AwaitingApproval {
            self.approve(What::Transaction, &what, approver).await?;
        } else if let Some(ended) = ended(&created) {
            return ended;
        }
        self.await_transaction(&created.id).await
    }

    async fn complete_signature(
        &self,
        created: SignatureResponse,
        approver: &ServerSigner,
    ) -> Result<SignedMessage, Error> {
        let SignatureResponse { id, status, approvals, .. } = &created;
        self.settle_signature(id, status, approvals, approver).await.and_then(signed)
    }

    async fn settle_signature(
        &self,
        id: &str,
        status: &Status,
        approvals: &ApprovalsState,
        approver: &ServerSigner,
    ) -> Result<SignatureResponse, Error> {
        let what = Created {
            wallet: self.address(),
            chain: self.0.chain,
            id,
            pending: &approvals.pending,
            transaction: None,
            requested: None,
        };
        if *status == Status::AwaitingApproval {
            self.approve(What::Signature, &what, approver).await?;
        }
        self.await_signature(id).await
    }

    async fn await_signature(&self, id: &str) -> Result<SignatureResponse, Error> {
        let mut wait = Wait::begin(self.0.client.wait());
        loop {
            let (route, _) = What::Signature.routes();
            let path = [self.address(), What::Signature.path(), id];
            let look = self.0.client.get::<SignatureResponse>(&path, &[], route);
            let Some(state) = wait.look(id, look).await? else { continue };
            if state.id != id {
                return Err(other_id(id));
            }
            wait.tell(&state.id, &state.status);
            match state.status {
                Status::Success => return Ok(state),
                Status::Failed => return Err(failed(&state.id, None)),
                _ => wait.pause(id).await?,
            }
        }
    }

    /// Signs what is ours to sign, and hands it in. That it is there already, or that there are enough, is as good.
    async fn approve(
        &self,
        what: What,
        created: &Created<'_>,
        approver: &ServerSigner,
    ) -> Result<(), Error> {
        let locator = approver.locator();
        let Some(approval) = created.approval(&locator, self.0.client.policy())? else {
            return Ok(());
        };
        if self.0.client.wait().cancel.as_ref().is_some_and(Cancel::is_cancelled) {
            let what = "it was cancelled before anything was signed";
            return Err(Error::new(Kind::Refused, what).about(created.id));
        }
        let signature = approver
            .approve(&approval)
            .map_err(|_| Error::new(Kind::Local, "the approval could not be signed"))?;
        let body = Approvals::one(signature, &locator);
        let path = [self.address(), what.path(), created.id, "approvals"];
        let (_, route) = what.routes();
        // The same approval twice is one approval. A cancel ends the pauses between attempts, too.
        let said = self.0.client.say(&path, route, Repeat::Safely, &body);
        match self.0.client.wait().unless_cancelled(said).await {
            Err(error) if matches!(error.status(), Some(409 | 422)) => Ok(()),
            // A plain no, and no earlier attempt that may have been taken.
            Err(error)
                if matches!(error.status(), Some(400..500)) && !error.is_outcome_unknown() =>
            {
                Err(error.about(created.id))
            }
            // It may have been taken.
            Err(error) => Err(error.about(created.id).with_unknown_outcome()),
            Ok(IgnoredAny) => Ok(()),
        }
    }

    async fn await_transaction(&self, id: &str) -> Result<Sent, Error> {
        let mut wait = Wait::begin(self.0.client.wait());
        loop {
            let (route, _) = What::Transaction.routes();
            let path = [self.address(), What::Transaction.path(), id];
            let look = self.0.client.get::<TransactionResponse>(&path, &[], route);
            let Some(state) = wait.look(id, look).await? else { continue };
            if state.id != id {
                return Err(other_id(id));
            }
            wait.tell(id, &state.status);
            if let Some(ended) = ended(&state) {
                return ended;
            }
            wait.pause(id).await?;
        }
    }

    /// The chain of a transaction, as the environment has it, is the wallet's.
    fn on_our_chain(&self, transaction: Transaction) -> Result<Transaction, Error> {
        let ours = self.0.chain;
        let fits = match &transaction {
            Transaction::Evm(chain, _) => self.0.client.chain(*chain)? == ours,
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
        if self.0.chain.chain_type() == ChainType::Evm {
            return Ok(());
        }
        Err(Error::input("messages and typed data are signed on evm chains"))
    }

    fn locator(&self) -> Locator {
        self.0.signer.locator()
    }
}

fn ended(state: &TransactionResponse) -> Option<Result<Sent, Error>> {
    match state.status {
        Status::Success => {
            let hash = state.on_chain.as_ref().and_then(OnChain::hash).map(Into::into);
            Some(Ok(Sent { id: state.id.clone(), hash }))
        }
        Status::Failed => Some(Err(failed(&state.id, state.error.as_ref()))),
        _ => None,
    }
}

fn signed(ended: SignatureResponse) -> Result<SignedMessage, Error> {
    let SignatureResponse { id, output_signature, .. } = ended;
    match output_signature {
        Some(signature) => Ok(SignedMessage { id, signature }),
        None => Err(Error::new(Kind::Answer, "the service gives no signature").about(id)),
    }
}

fn failed(id: &str, error: Option<&Json>) -> Error {
    let reason = match error {
        Some(Json::Object(members)) => members.get("reason").or_else(|| members.get("code")),
        other => other,
    };
    let code = match reason {
        Some(Json::String(code)) => Some(code.as_str()),
        _ => None,
    };
    Error::new(Kind::Failed, "it ended in failure").about(id).with_code(code)
}

fn other_id(id: &str) -> Error {
    Error::new(Kind::Answer, "the service answered for another id").about(id).with_unknown_outcome()
}

/// An address of the chain; on EVM not the zero address, and with a right checksum where it has one.
fn check_address(chain: ChainId, address: &str) -> Result<(), Error> {
    let fits = match chain.chain_type() {
        ChainType::Evm => {
            let digits = address.strip_prefix("0x").unwrap_or(address);
            let mixed = digits.bytes().any(|byte| byte.is_ascii_lowercase())
                && digits.bytes().any(|byte| byte.is_ascii_uppercase());
            let parsed = if mixed {
                evm::Address::parse_checksummed(address)
            } else {
                evm::Address::parse(address)
            };
            parsed.is_ok_and(|address| *address.as_bytes() != [0; 20])
        }
        ChainType::Solana => {
            solana::Address::parse(address).is_ok_and(|address| *address.as_bytes() != [0; 32])
        }
        ChainType::Stellar => {
            stellar::Address::parse(address).is_ok_and(|address| *address.as_bytes() != [0; 32])
                || stellar::ContractAddress::parse(address)
                    .is_ok_and(|address| *address.as_bytes() != [0; 32])
        }
    };
    let rule =
        "recipient must be an address of the wallet's chain, with a right checksum and not zero";
    if fits { Ok(()) } else { Err(Error::input(rule)) }
}

impl fmt::Debug for Wallet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { chain, address, signer, .. } = &*self.0;
        write!(f, "crossmint::Wallet({address}, {chain}, {signer:?})")
    }
}
