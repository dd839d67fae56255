use base64ct::{Base64, Encoding};
use serde_json::{Value, json};
use signer_core::address::{evm, solana, stellar};
use signer_core::ed25519;
use signer_core::keccak::keccak256;
use signer_core::secp256k1::RecoverableSignature;
use signer_protocols::crossmint::{Approval, ChainType, SigningInput};

use super::solana::transfer as solana_transfer;
use super::wallet::{invalid, known, remember};
use super::{Effect, Mischief, Operation, State, Wallet, not_found, reference};
use crate::answer::{Answer, Refusal, parse, text};
use crate::emulator::{Incoming, Shared};
use crate::key::{hex, unhex};

/// What an operation has to have approved, and on Solana the transaction.
pub(super) fn message_for(
    wallet: &Wallet,
    signer: &str,
    transaction: Option<String>,
) -> Result<(String, Option<String>), Refusal> {
    let mut seed = [0; 32];
    rand_core::Rng::fill_bytes(&mut crate::key::random(), &mut seed);
    Ok(match wallet.chain_type {
        ChainType::Evm => (format!("0x{}", hex(keccak256(&seed).as_bytes())), None),
        ChainType::Stellar => (Base64::encode_string(&seed), None),
        ChainType::Solana => {
            let payer = signer.split_once(':').map_or(signer, |(_, address)| address);
            let transaction = transaction.or_else(|| solana_transfer(payer, None, 0));
            let transaction =
                transaction.ok_or_else(|| invalid("the signer is no solana address"))?;
            (transaction.clone(), Some(transaction))
        }
    })
}

pub(super) fn begin(
    wallet: &Wallet,
    signer: String,
    message: String,
    transaction: Option<String>,
    params: Value,
) -> Operation {
    Operation {
        wallet: wallet.address.clone(),
        chain_type: wallet.chain_type,
        kind: "transactions",
        signer,
        message,
        transaction,
        effect: Effect::None,
        status: "awaiting-approval",
        signature: None,
        params,
    }
}

impl Operation {
    pub(super) fn to_json(&self, id: &str, now: u64) -> Value {
        let approval =
            |message: &str| json!({"signer": reference(&self.signer), "message": message});
        let waits = self.status == "awaiting-approval";
        let pending = if waits { vec![approval(&self.message)] } else { vec![] };
        let submitted =
            if waits { vec![] } else { vec![json!({"signer": reference(&self.signer)})] };
        let hash = format!("0x{}", hex(keccak256(id.as_bytes()).as_bytes()));
        let tx_id = (self.status == "success").then_some(hash);
        json!({
            "id": id, "status": self.status, "chainType": self.chain_type.as_str(),
            "walletType": "smart", "params": self.params,
            "onChain": {"transaction": self.transaction, "txId": tx_id},
            "approvals": {"pending": pending, "submitted": submitted},
            "outputSignature": self.signature, "createdAt": now,
        })
    }
}

pub(super) fn transaction(
    shared: &Shared,
    state: &mut State,
    request: &Incoming,
    locator: &str,
) -> Result<Answer, Refusal> {
    let body = parse(&request.body)?;
    let params = &body["params"];
    let signer = text(params, "signer")?;
    let transaction = match state.wallet(locator)?.chain_type {
        ChainType::Solana => Some(text(params, "transaction")?.to_owned()),
        _ => None,
    };
    ask(shared, state, request, locator, signer, transaction)
}

pub(super) fn transfer(
    shared: &Shared,
    state: &mut State,
    request: &Incoming,
    locator: &str,
    token: &str,
) -> Result<Answer, Refusal> {
    let body = parse(&request.body)?;
    let (signer, recipient) = (text(&body, "signer")?, text(&body, "recipient")?);
    text(&body, "amount")?;
    if !token.contains(':') {
        return Err(invalid("a token is chain:symbol"));
    }
    let payer = signer.split_once(':').map_or(signer, |(_, address)| address);
    let transaction = match state.wallet(locator)?.chain_type {
        ChainType::Solana => solana_transfer(payer, Some(recipient), 1),
        _ => None,
    };
    ask(shared, state, request, locator, signer, transaction)
}

pub(super) fn signature(
    shared: &Shared,
    state: &mut State,
    request: &Incoming,
    locator: &str,
) -> Result<Answer, Refusal> {
    let body = parse(&request.body)?;
    text(&body, "type")?;
    let signer = text(&body["params"], "signer")?;
    ask(shared, state, request, locator, signer, None)
}

fn ask(
    shared: &Shared,
    state: &mut State,
    request: &Incoming,
    locator: &str,
    signer: &str,
    transaction: Option<String>,
) -> Result<Answer, Refusal> {
    let now = shared.clock.now_ms();
    let made = |json| Ok(Answer { status: 201, ..Answer::ok(json) });
    if let Some(id) = known(state, request)? {
        let operation = state.operations.get(&id).ok_or_else(|| not_found("transaction"))?;
        return made(operation.to_json(&id, now));
    }
    let wallet = state.wallet(locator)?;
    if !wallet.signers().any(|known| known.eq_ignore_ascii_case(signer)) {
        return Err(invalid("the signer is none of the wallet's"));
    }
    let (message, transaction) = message_for(wallet, signer, transaction)?;
    let params = parse(&request.body)?;
    let signatures = request.segments.last().is_some_and(|last| last == "signatures");
    let operation = Operation {
        kind: if signatures { "signatures" } else { "transactions" },
        ..begin(wallet, signer.into(), message, transaction, params)
    };
    let id = shared.id("operation");
    let mut json = operation.to_json(&id, now);
    remember(state, request, &id);
    match state.mischief {
        Some(Mischief::OtherTransaction) => {
            let payer = signer.split_once(':').map_or(signer, |(_, address)| address);
            json["onChain"]["transaction"] = json!(solana_transfer(payer, None, u64::MAX));
        }
        Some(Mischief::OtherShape) => {
            json["approvals"]["pending"][0]["message"] = json!("0x00");
            json["onChain"]["transaction"] = json!("1111");
        }
        Some(Mischief::TwoApprovals) => {
            let mut second = json["approvals"]["pending"][0].clone();
            second["message"] = json!(format!("0x{}", "11".repeat(32)));
            if let Some(pending) = json["approvals"]["pending"].as_array_mut() {
                pending.push(second);
            }
        }
        Some(Mischief::OtherChain) => json["chainType"] = json!("another"),
        Some(Mischief::OtherId | Mischief::FewerSigners) | None => {}
    }
    state.operations.insert(id, operation);
    made(json)
}

/// An operation; what was approved succeeds at the second look.
pub(super) fn look(
    shared: &Shared,
    state: &mut State,
    address: &str,
    id: &str,
) -> Result<Answer, Refusal> {
    let now = shared.clock.now_ms();
    let operation = state.operations.get_mut(id).filter(|it| it.wallet == address);
    let operation = operation.ok_or_else(|| not_found("transaction"))?;
    let mut json = operation.to_json(id, now);
    if state.mischief == Some(Mischief::OtherId) {
        json["id"] = json!("another");
        json["status"] = json!("success");
    }
    if operation.status == "pending" {
        operation.status = "success";
        let effect = operation.effect.clone();
        let wallet = state.wallets.get_mut(address).ok_or_else(|| not_found("wallet"))?;
        match effect {
            Effect::AddSigner(signer, chain) => {
                wallet.delegated.entry(signer).or_default().extend(chain);
            }
            Effect::RemoveSigner(signer, chain) => wallet.delegated.retain(|known, chains| {
                if known.eq_ignore_ascii_case(&signer) {
                    chain.as_ref().map(|chain| chains.remove(chain));
                    return !chains.is_empty();
                }
                true
            }),
            Effect::None => {}
        }
    }
    Ok(Answer::ok(json))
}

pub(super) fn approve(
    shared: &Shared,
    state: &mut State,
    request: &Incoming,
    address: &str,
    id: &str,
) -> Result<Answer, Refusal> {
    let body = parse(&request.body)?;
    let operation = state.operations.get_mut(id).filter(|it| it.wallet == address);
    let operation = operation.ok_or_else(|| not_found("transaction"))?;
    if operation.status != "awaiting-approval" {
        return Err(Refusal::new(409, "already_submitted", "the approval is there already"));
    }
    let approval = &body["approvals"][0];
    let (signature, signer) = (text(approval, "signature")?, text(approval, "signer")?);
    if !operation.signer.eq_ignore_ascii_case(signer) {
        return Err(Refusal::new(400, "unexpected_signer", "the approval is of another signer"));
    }
    if !verifies(operation, signature) {
        return Err(Refusal::new(400, "invalid_signature", "the signature does not verify"));
    }
    operation.status = "pending";
    operation.signature = Some(signature.into());
    Ok(Answer::ok(operation.to_json(id, shared.clock.now_ms())))
}

/// Whether `signature` is the signer's, over what was to be approved.
fn verifies(operation: &Operation, signature: &str) -> bool {
    let message = &operation.message;
    let approval = match operation.chain_type {
        ChainType::Evm => Approval::evm(message),
        ChainType::Solana => Approval::solana_transaction(message),
        ChainType::Stellar => Approval::stellar(message),
    };
    let Ok(approval) = approval else { return false };
    let address = operation.signer.split_once(':').map_or("", |(_, address)| address);
    let key = match approval.signing_input() {
        SigningInput::Digest(digest) => {
            let digits = signature.strip_prefix("0x");
            let bytes = digits.and_then(unhex).and_then(|bytes| bytes.try_into().ok());
            let recovered = bytes
                .and_then(|bytes: [u8; 65]| RecoverableSignature::from_bytes(&bytes).ok())
                .and_then(|signature| signature.recover(digest).ok());
            let Some(key) = recovered else { return false };
            return evm::Address::parse(address) == Ok(evm::Address::from(&key));
        }
        SigningInput::Message(_) if operation.chain_type == ChainType::Solana => {
            solana::Address::parse(address).map(|address| *address.as_bytes())
        }
        SigningInput::Message(_) => {
            stellar::Address::parse(address).map(|address| *address.as_bytes())
        }
    };
    let key = key.and_then(|key| ed25519::VerifyingKey::from_bytes(&key));
    key.is_ok_and(|key| approval.verify_ed25519(&key, signature).is_ok())
}
