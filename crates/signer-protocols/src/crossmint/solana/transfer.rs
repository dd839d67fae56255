use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use signer_core::address::solana::Address;

use super::super::verify::{Context, Finding, Token, base_units};
use super::pda::associated_token_account;
use super::programs::{ASSOCIATED_TOKEN, SYSTEM, TOKEN, TOKEN_2022};
use super::{AccountMeta, Call, Instruction, Message, compare};
use crate::Json;

/// A transfer that was requested: section 4.4 of the specification page.
#[derive(Clone, Copy, Debug)]
pub(super) struct Transfer {
    wallet: Address,
    pub(super) recipient: Address,
    amount: u64,
    token: Option<SplToken>,
}

/// A token with the accounts of both sides.
#[derive(Clone, Copy, Debug)]
struct SplToken {
    mint: Address,
    decimals: u8,
    program: Address,
    source: Address,
    destination: Address,
}

impl Transfer {
    /// Reads the body of a transfer. The token comes from the caller's table.
    pub(super) fn read(
        body: &Json,
        context: &Context<'_>,
        chain: &str,
        token: &str,
        wallet: &Address,
    ) -> Result<Self, Vec<Finding>> {
        let mut faults = Vec::new();
        if !chain.eq_ignore_ascii_case(context.chain.as_str()) {
            let detail = format!("the token of the request is on chain {}", short(chain));
            faults.push(Finding::unverified("request_form", detail));
        }
        if let Some(other) = body.member("transactionType").filter(|it| !is_direct(it)) {
            let detail = format!("transaction type {}", short(other.as_str().unwrap_or("?")));
            faults.push(Finding::unverified("transfer_type", detail));
        }
        let locator = format!("{chain}:{token}");
        let asset = match context.tokens.find(&locator) {
            Some(Token::Native { decimals }) => Some((None, *decimals)),
            Some(Token::Spl { mint, decimals, program }) => {
                let program = program.unwrap_or(TOKEN);
                Some((Some((*mint, program)), *decimals))
            }
            _ => None,
        };
        // The path may name a mint; the table must agree with it.
        let named = Address::parse(token).ok();
        let asset = asset.filter(|(spl, _)| match (named, spl) {
            (Some(named), Some((mint, _))) => named == *mint,
            (Some(_), None) => false,
            (None, _) => true,
        });
        let asset = asset.filter(|(spl, _)| {
            spl.is_none_or(|(_, program)| [TOKEN, TOKEN_2022].contains(&program))
        });
        if asset.is_none() {
            let detail = format!("token {} is not in the caller's table", short(&locator));
            faults.push(Finding::unverified("token", detail));
        }
        let recipient = body.member("recipient").and_then(Json::as_str);
        let recipient = recipient.and_then(|it| recipient_address(it, context.chain.as_str()));
        if recipient.is_none() {
            let detail = "the recipient of the request is not an address of this chain";
            faults.push(Finding::unverified("recipient", detail));
        }
        let amount = asset.and_then(|(_, decimals)| match amount(body, decimals) {
            Ok(amount) => Some(amount),
            Err(detail) => {
                faults.push(Finding::unverified("amount", detail));
                None
            }
        });
        let token = asset.zip(recipient).and_then(|((spl, decimals), recipient)| {
            spl.map(|(mint, program)| {
                let account = |owner| associated_token_account(owner, &program, &mint);
                let (source, destination) = account(wallet).zip(account(&recipient))?;
                Some(SplToken { mint, decimals, program, source, destination })
            })
        });
        match (recipient, amount, token) {
            (Some(recipient), Some(amount), Some(Some(token))) if faults.is_empty() => {
                Ok(Self { wallet: *wallet, recipient, amount, token: Some(token) })
            }
            (Some(recipient), Some(amount), None) if faults.is_empty() => {
                Ok(Self { wallet: *wallet, recipient, amount, token: None })
            }
            _ => Err(faults),
        }
    }

    /// The token account of the recipient.
    pub(super) fn destination(&self) -> Option<Address> {
        self.token.map(|token| token.destination)
    }

    /// Compares the inner instructions with the transfer: for a token optionally the creation of the recipient's account,
    /// then exactly one transfer.
    pub(super) fn compare(
        &self,
        answer: &Message,
        signer: &Address,
        inner: &[Call],
    ) -> Vec<Finding> {
        let (create, rest) = match (self.token, inner) {
            (Some(_), [first, rest @ ..]) if first.program == Some(ASSOCIATED_TOKEN) => {
                (Some(first), rest)
            }
            _ => (None, inner),
        };
        let funder = create.and_then(|it| it.accounts.first().copied().flatten());
        let mut findings = Vec::new();
        if let (Some(create), Some(token)) = (create, self.token) {
            findings.extend(self.check_create(create, &token, answer, signer));
        }
        findings.extend(compare::instructions(&[self.call()], rest));
        if findings.is_empty() {
            let mut may_be_written: Vec<_> = [self.wallet, self.recipient].into();
            may_be_written.extend(self.token.iter().flat_map(|it| [it.source, it.destination]));
            may_be_written.extend(funder);
            findings = compare::writable(answer, inner, |key| may_be_written.contains(key));
        }
        findings
    }

    /// The funder may be the wallet, or another signer of the transaction that is not ours.
    fn check_create(
        &self,
        create: &Call,
        token: &SplToken,
        answer: &Message,
        signer: &Address,
    ) -> Option<Finding> {
        let expected =
            [token.destination, self.recipient, token.mint, SYSTEM, token.program].map(Some);
        let is_good = match create.accounts.as_slice() {
            [Some(funder), rest @ ..] => {
                let pays =
                    *funder == self.wallet || answer.signers().contains(funder) && funder != signer;
                pays && rest == expected && matches!(create.data.as_slice(), [] | [0 | 1])
            }
            _ => false,
        };
        let detail = "the token account that is created is not the recipient's";
        (!is_good).then(|| Finding::differs("instructions", detail))
    }

    fn call(&self) -> Call {
        let Instruction { program, accounts, data } = match self.token {
            None => transfer_sol(self.wallet, self.recipient, self.amount),
            Some(it) => transfer_checked(
                it.program,
                [it.source, it.mint, it.destination, self.wallet],
                self.amount,
                it.decimals,
            ),
        };
        let accounts = accounts.into_iter().map(|it| Some(it.key)).collect();
        Call { program: Some(program), accounts, data }
    }
}

/// `System.transfer`.
pub fn transfer_sol(from: Address, to: Address, lamports: u64) -> Instruction {
    let mut data = [2, 0, 0, 0].to_vec();
    data.extend(lamports.to_le_bytes());
    let accounts = [AccountMeta::writable(from).signer(), AccountMeta::writable(to)].into();
    Instruction { program: SYSTEM, accounts, data }
}

/// `TransferChecked` of a token program. The accounts are source, mint, destination, and the owner of the source.
pub fn transfer_checked(
    program: Address,
    [source, mint, destination, owner]: [Address; 4],
    amount: u64,
    decimals: u8,
) -> Instruction {
    let mut data = [12].to_vec();
    data.extend(amount.to_le_bytes());
    data.push(decimals);
    let accounts = [
        AccountMeta::writable(source),
        AccountMeta::readonly(mint),
        AccountMeta::writable(destination),
        AccountMeta::readonly(owner).signer(),
    ];
    Instruction { program, accounts: accounts.into(), data }
}

/// `CreateIdempotent` of the associated token account of an owner. `None` if there is no such address.
pub fn create_token_account(
    funder: Address,
    owner: Address,
    mint: Address,
    token_program: Address,
) -> Option<Instruction> {
    let account = associated_token_account(&owner, &token_program, &mint)?;
    let accounts = [
        AccountMeta::writable(funder).signer(),
        AccountMeta::writable(account),
        AccountMeta::readonly(owner),
        AccountMeta::readonly(mint),
        AccountMeta::readonly(SYSTEM),
        AccountMeta::readonly(token_program),
    ];
    Some(Instruction { program: ASSOCIATED_TOKEN, accounts: accounts.into(), data: [1].into() })
}

fn is_direct(value: &Json) -> bool {
    *value == Json::Null || value.as_str() == Some("direct")
}

/// A plain address, or `address:<a>` with or without the chain.
fn recipient_address(text: &str, chain: &str) -> Option<Address> {
    let address = match text.strip_prefix("address:") {
        None => text,
        Some(rest) => match rest.split_once(':') {
            None => rest,
            Some((address, named)) => (named == chain).then_some(address)?,
        },
    };
    Address::parse(address).ok()
}

fn amount(body: &Json, decimals: u8) -> Result<u64, String> {
    let text = body.member("amount").and_then(Json::as_str);
    let text = text.ok_or("the request has no amount as text")?;
    let units = base_units(text, decimals).map_err(|error| format!("{error}"))?;
    u64::try_from(units).map_err(|_| "amount is above 2^64 - 1 base units".into())
}

/// The start of a text of the request, for a finding.
fn short(text: &str) -> String {
    text.chars().take(64).collect()
}
