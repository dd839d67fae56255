//! `POST /wallets/{w}/tokens/{token}/transfers`, after recorded answers: `sendParams` with the address of the recipient, and
//! the transfer as the call or instruction that it stands for. The address of a recipient such as `email:…`,
//! `userId:…`, `x:…` or `phoneNumber:…` is made up, and so is the encoding of SPL transfers.

use serde_json::{Value, json};
use signer_core::address::evm::Address;
use signer_protocols::U256;
use signer_protocols::crossmint::ChainType;
use signer_protocols::crossmint::solana::programs::TOKEN;
use signer_protocols::crossmint::solana::{
    Instruction, create_token_account, pda, transfer_checked, transfer_sol,
};
use signer_protocols::crossmint::verify::{Token, base_units};
use signer_protocols::evm::abi::{Value as Abi, encode, selector};

use super::evm::Call;
use super::operation::{Draft, answer_created, begin};
use super::signer::{checked_address, derived_address};
use super::solana::unwrapped;
use super::state::{State, Wallet};
use super::token::Named;
use super::{invalid, stellar, transaction};
use crate::answer::{Answer, Refusal, parse, text};
use crate::emulator::{Incoming, Shared};

/// A transfer, as lists of transfers have it.
#[derive(Clone)]
pub(super) struct Transfer {
    pub(super) token: Named,
    pub(super) locator: String,
    pub(super) amount: String,
    pub(super) units: U256,
    pub(super) recipient: String,
}

impl Transfer {
    pub(super) fn base_units(&self) -> u128 {
        u128::try_from(self.units).unwrap_or(u128::MAX)
    }
}

pub(super) fn create(
    shared: &Shared,
    state: &mut State,
    request: &Incoming,
    locator: &str,
    token: &str,
) -> Result<Answer, Refusal> {
    if let Some(id) = state.known(request)? {
        return answer_created(state, &id);
    }
    let body = parse(&request.body)?;
    let wallet = state.wallet(locator)?;
    let token = state.tokens.find(token).ok_or_else(|| invalid("the token is not known"))?;
    let amount = text(&body, "amount")?;
    let units = base_units(amount, token.decimals()).map_err(|it| invalid(it.to_string()))?;
    let (recipient, named) = recipient(text(&body, "recipient")?, &token, wallet.chain_type)?;
    let transfer = Transfer {
        locator: token.locator(),
        token,
        amount: amount.into(),
        units,
        recipient: recipient.clone(),
    };
    let draft = draft(state, wallet, &body, &transfer)?;
    let draft = Draft {
        send_params: Some(json!({
            "token": transfer.locator,
            "params": {"amount": amount, "recipient": named, "recipientAddress": recipient},
        })),
        transfer: Some(transfer),
        ..draft
    };
    let address = wallet.address.clone();
    let id = begin(shared, state, request, &address, draft)?;
    answer_created(state, &id)
}

/// The address of the recipient, and its locator in the form of answers.
fn recipient(
    text: &str,
    token: &Named,
    chain_type: ChainType,
) -> Result<(String, String), Refusal> {
    let plain = match text.strip_prefix("address:") {
        Some(rest) => Some(rest.split_once(':').map_or(rest, |(address, _)| address)),
        None => (!text.contains(':')).then_some(text),
    };
    match plain {
        Some(address) => {
            let address = checked_address(address, chain_type);
            let address =
                address.ok_or_else(|| invalid("recipient is not an address of the chain"))?;
            let named = format!("address:{address}:{}", token.chain);
            Ok((address, named))
        }
        None => {
            let (kind, _) = text.split_once(':').unwrap_or_default();
            if !["email", "phoneNumber", "twitter", "userId", "x"].contains(&kind) {
                return Err(invalid("recipient has a form that is not known"));
            }
            Ok((derived_address(text, chain_type), text.into()))
        }
    }
}

fn draft(
    state: &State,
    wallet: &Wallet,
    body: &Value,
    transfer: &Transfer,
) -> Result<Draft, Refusal> {
    let other_chain = || invalid("the token is of another chain");
    let too_much = || invalid("amount has too many digits");
    match (wallet.chain_type, transfer.token.token) {
        (ChainType::Evm, Token::Native { .. } | Token::Erc20 { .. }) => {
            let chain = transfer.token.chain.as_str();
            let signer = wallet.approver(body, Some(chain))?;
            let to = Address::parse(&transfer.recipient).map_err(|_| other_chain())?;
            let call = match transfer.token.token {
                Token::Erc20 { address, .. } => {
                    let mut data = selector("transfer(address,uint256)").to_vec();
                    data.extend(encode(&[Abi::from(to), Abi::from(transfer.units)]));
                    Call { to: address, value: U256::ZERO, data }
                }
                _ => Call { to, value: transfer.units, data: Vec::new() },
            };
            transaction::evm(state, wallet, &signer, chain, &[call])
        }
        (ChainType::Solana, Token::Native { .. } | Token::Spl { .. }) => {
            let signer = wallet.approver(body, None)?;
            let amount = u128::try_from(transfer.units).map_err(|_| too_much())?;
            let amount = u64::try_from(amount).map_err(|_| too_much())?;
            let instructions = solana(state, wallet, transfer, amount)?;
            let echo = unwrapped(&instructions).unwrap_or_default();
            transaction::solana(state, wallet, &signer, &instructions, &[], &echo)
        }
        (ChainType::Stellar, Token::Sep41 { contract, .. }) => {
            let signer = wallet.approver(body, None)?;
            let amount = u128::try_from(transfer.units).map_err(|_| too_much())?;
            let amount = i128::try_from(amount).map_err(|_| too_much())?;
            let from = transaction::contract(wallet)?;
            let call = stellar::transfer(contract, from, &transfer.recipient, amount);
            let call = call.ok_or_else(other_chain)?;
            let echo = json!({
                "type": "contract-call",
                "contractId": contract.to_string(),
                "method": "transfer",
                "args": {
                    "from": wallet.address,
                    "to": transfer.recipient,
                    "amount": amount.to_string(),
                },
            });
            transaction::stellar(state, wallet, &signer, &call, &echo)
        }
        _ => Err(other_chain()),
    }
}

/// `System.transfer`, or the recipient's token account and `TransferChecked`.
fn solana(
    state: &State,
    wallet: &Wallet,
    transfer: &Transfer,
    amount: u64,
) -> Result<Vec<Instruction>, Refusal> {
    let from = transaction::solana_address(&wallet.address)?;
    let to = transaction::solana_address(&transfer.recipient)?;
    let Token::Spl { mint, decimals, program } = transfer.token.token else {
        return Ok(vec![transfer_sol(from, to, amount)]);
    };
    let program = program.unwrap_or(TOKEN);
    let funder = super::solana::address(&state.payer);
    let instructions = || {
        let source = pda::associated_token_account(&from, &program, &mint)?;
        let destination = pda::associated_token_account(&to, &program, &mint)?;
        Some(vec![
            create_token_account(funder, to, mint, program)?,
            transfer_checked(program, [source, mint, destination, from], amount, decimals),
        ])
    };
    instructions().ok_or_else(|| invalid("the token has no account"))
}
