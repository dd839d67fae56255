use std::fmt;
use std::sync::Arc;

use signer_protocols::Json;
use signer_protocols::crossmint::rest::{
    AddSigner, Approvals, SignMessage, SignTypedData, SignatureResponse, SignerChange, Status,
    Transaction, TransactionRequest, TransactionResponse, Transfer, TypedData,
};
use signer_protocols::crossmint::{Address, ChainId, ChainType, Locator, ServerSigner};

use super::Client;
use super::policy::Created;
use super::rotation::Signers;
use super::waiting::Wait;
use crate::error::{Error, Kind};
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

/// A signature of the wallet.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignedMessage {
    /// The service's id.
    pub id: String,
    /// The signature of the smart wallet (ERC-1271), as the service gives it; it is not checked here.
    pub signature: String,
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
    /// [`Error`]; `is_mismatch()` and `is_refused()` when nothing was signed.
    pub async fn send(&self, transaction: Transaction) -> Result<Sent, Error> {
        let requested = match &transaction {
            Transaction::Solana(text) => Some(text.clone()),
            _ => None,
        };
        let body = TransactionRequest::new(transaction, &self.locator());
        let path = [self.address(), "transactions"];
        let answer = self.0.client.post(&path, "/{wallet}/transactions", &body, None).await?;
        self.complete(answer.json()?, requested.as_deref(), &self.0.signer).await
    }

    /// Sends `amount` (decimal, in whole tokens) of a token, by its symbol or address, to an address of the chain.
    ///
    /// # Errors
    /// [`Error`]; an input error when the recipient or the amount is not one.
    pub async fn transfer(
        &self,
        token: &str,
        recipient: &str,
        amount: &str,
    ) -> Result<Sent, Error> {
        check_address(self.0.chain, recipient)?;
        let digits =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let (whole, part) = amount.split_once('.').unwrap_or((amount, "0"));
        let is_nought = amount.bytes().all(|byte| matches!(byte, b'0' | b'.'));
        if !digits(whole) || !digits(part) || is_nought || amount.len() > 80 {
            return Err(Error::input("amount is a positive decimal as 1.5"));
        }
        let token = format!("{}:{token}", self.0.chain);
        let body = Transfer::new(recipient, amount, &self.locator());
        let path = [self.address(), "tokens", &token, "transfers"];
        let route = "/{wallet}/tokens/{token}/transfers";
        let answer = self.0.client.post(&path, route, &body, None).await?;
        self.complete(answer.json()?, None, &self.0.signer).await
    }

    /// Has the wallet sign a text (EVM).
    ///
    /// # Errors
    /// [`Error`].
    pub async fn sign_message(&self, message: &str) -> Result<SignedMessage, Error> {
        self.only_evm()?;
        let body = SignMessage::new(message, &self.locator(), self.0.chain);
        let path = [self.address(), "signatures"];
        let answer = self.0.client.post(&path, "/{wallet}/signatures", &body, None).await?;
        self.complete_signature(answer.json()?, &self.0.signer).await
    }

    /// Has the wallet sign EIP-712 typed data (EVM).
    ///
    /// # Errors
    /// [`Error`].
    pub async fn sign_typed_data(&self, typed_data: TypedData) -> Result<SignedMessage, Error> {
        self.only_evm()?;
        let body = SignTypedData::new(typed_data, &self.locator(), self.0.chain);
        let path = [self.address(), "signatures"];
        let answer = self.0.client.post(&path, "/{wallet}/signatures", &body, None).await?;
        self.complete_signature(answer.json()?, &self.0.signer).await
    }

    /// Waits for a transaction of the wallet by its id. Nothing is approved: only what this process created is.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn wait_for_transaction(&self, id: &str) -> Result<Sent, Error> {
        self.await_transaction(id).await
    }

    /// Adds a server signer, approved by ours.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn add_signer(&self, signer: &Locator) -> Result<(), Error> {
        self.add_signer_as(signer, &self.0.signer, None).await
    }

    /// Removes a server signer, approved by ours.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn remove_signer(&self, signer: &Locator) -> Result<(), Error> {
        self.remove_signer_as(signer, &self.0.signer).await
    }

    /// Who can sign for the wallet, as the service says now.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn signers(&self) -> Result<Signers, Error> {
        self.0.client.record(self.address()).await.map(|record| Signers::of(&record))
    }

    pub(super) async fn add_signer_as(
        &self,
        signer: &Locator,
        approver: &ServerSigner,
        key: Option<String>,
    ) -> Result<(), Error> {
        let body = AddSigner::new(signer, self.0.chain);
        let path = [self.address(), "signers"];
        let answer = self.0.client.post(&path, "/{wallet}/signers", &body, key).await?;
        let mut change: SignerChange = answer.json()?;
        if let Some(transaction) = change.transaction {
            self.complete(transaction, None, approver).await?;
        } else if let Some(signature) = change.chains.remove(self.0.chain.as_str()) {
            self.settle_signature(&signature, approver).await?;
        } else if change.id.is_some() {
            self.complete(answer.json()?, None, approver).await?;
        }
        Ok(())
    }

    pub(super) async fn remove_signer_as(
        &self,
        signer: &Locator,
        approver: &ServerSigner,
    ) -> Result<(), Error> {
        let locator = signer.to_string();
        let chain = [("chain", self.0.chain.as_str())];
        let query = if self.0.chain.chain_type() == ChainType::Evm { &chain[..] } else { &[] };
        let path = [self.address(), "signers", &locator];
        let answer = self.0.client.delete(&path, query, "/{wallet}/signers/{signer}").await?;
        self.complete(answer.json()?, None, approver).await.map(|_| ())
    }

    /// Approves what was just created, where it is ours to approve, and waits for its end.
    async fn complete(
        &self,
        created: TransactionResponse,
        requested: Option<&str>,
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
            transaction: on_chain.and_then(|on_chain| on_chain.transaction.as_deref()),
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
        let ended = self.settle_signature(&created, approver).await?;
        let missing =
            || Error::new(Kind::Answer, "the service gives no signature").about(&ended.id);
        let signature = ended.output_signature.clone().ok_or_else(missing)?;
        Ok(SignedMessage { id: ended.id, signature })
    }

    async fn settle_signature(
        &self,
        created: &SignatureResponse,
        approver: &ServerSigner,
    ) -> Result<SignatureResponse, Error> {
        let what = Created {
            wallet: self.address(),
            chain: self.0.chain,
            id: &created.id,
            pending: &created.approvals.pending,
            transaction: None,
            requested: None,
        };
        if created.status == Status::AwaitingApproval {
            self.approve(What::Signature, &what, approver).await?;
        }
        let mut wait = Wait::begin(self.0.client.wait());
        loop {
            let (route, _) = What::Signature.routes();
            let path = [self.address(), What::Signature.path(), &created.id];
            let state: SignatureResponse = self.0.client.get(&path, route).await?.json()?;
            if state.id != created.id {
                return Err(other_id(&created.id));
            }
            wait.tell(&state.id, &state.status);
            match state.status {
                Status::Success => return Ok(state),
                Status::Failed => return Err(failed(&state.id, None)),
                _ => wait.pause(&created.id).await?,
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
        let signature = approver
            .approve(&approval)
            .map_err(|_| Error::new(Kind::Local, "the approval could not be signed"))?;
        let body = Approvals::one(signature, &locator);
        let path = [self.address(), what.path(), created.id, "approvals"];
        let (_, route) = what.routes();
        // The same approval twice is one approval.
        match self.0.client.say(&path, route, Repeat::Freely, &body).await {
            Err(error) if matches!(error.status(), Some(409 | 422)) => Ok(()),
            answer => answer.map(|_| ()),
        }
    }

    async fn await_transaction(&self, id: &str) -> Result<Sent, Error> {
        let mut wait = Wait::begin(self.0.client.wait());
        loop {
            let (route, _) = What::Transaction.routes();
            let path = [self.address(), What::Transaction.path(), id];
            let answer = self.0.client.get(&path, route).await;
            let state: TransactionResponse = answer.and_then(|answer| answer.json())?;
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
            let hash = state.on_chain.as_ref().and_then(|on_chain| on_chain.tx_id.clone());
            Some(Ok(Sent { id: state.id.clone(), hash }))
        }
        Status::Failed => Some(Err(failed(&state.id, state.error.as_ref()))),
        _ => None,
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
    Error::new(Kind::Mismatch, "the service answered for another id").about(id)
}

fn check_address(chain: ChainId, address: &str) -> Result<(), Error> {
    let fits = match chain.chain_type() {
        ChainType::Evm => signer_core::address::evm::Address::parse(address).map(Address::Evm),
        ChainType::Solana => {
            signer_core::address::solana::Address::parse(address).map(Address::Solana)
        }
        ChainType::Stellar => {
            signer_core::address::stellar::Address::parse(address).map(Address::Stellar)
        }
    };
    fits.map(|_| ()).map_err(|_| Error::input("recipient is an address of the wallet's chain"))
}

impl fmt::Debug for Wallet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { chain, address, signer, .. } = &*self.0;
        write!(f, "crossmint::Wallet({address}, {chain}, {signer:?})")
    }
}
