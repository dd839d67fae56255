//! Solana wallets: Squads smart accounts, whose transactions come back wrapped.
//!
//! One recorded answer gives the form: a version 0 message whose fee the service pays (slot 0 is signed), a compute budget,
//! `execute_transaction_sync` with our key as a read-only signer, and a transfer that pays the fee back. `approvals` has the
//! message in base58. Changes of signers are inferred from the program's source.

use serde_json::{Value, json};
use signer_core::address::solana::Address;
use signer_core::ed25519::SigningKey;
use signer_core::signature::Signer as _;
use signer_protocols::crossmint::solana::programs::{COMPUTE_BUDGET, SYSTEM};
use signer_protocols::crossmint::solana::settings::{
    ALL_PERMISSIONS, SettingsAction, execute_settings_transaction_sync,
};
use signer_protocols::crossmint::solana::squads::execute_transaction_sync;
use signer_protocols::crossmint::solana::{
    AccountMeta, Instruction, LookupTable, Message, Transaction, Version, pda, transfer_sol,
};

use super::api_key::encode;
use super::operation::random_bytes;
use super::state::State;
use super::{Tampering, invalid};
use crate::answer::Refusal;

/// Pays back what the service paid, as recorded.
const FEE: u64 = 15_001;
const ATTACKER: Address = Address::from_bytes([0xa7; 32]);
/// Stands for the fee payer in requests of the SDK.
const PLACEHOLDER: &str = "11111111111111111111111111111112";

/// The settings and the address of a new wallet.
pub(super) fn new_wallet() -> Option<(Address, Address)> {
    let settings = pda::smart_account_settings(u128::from_le_bytes(random_bytes()))?;
    Some((settings, pda::smart_account(&settings, 0)?))
}

/// The operation of a wallet and its signer.
pub(super) struct Wrapping<'a> {
    pub(super) settings: Address,
    pub(super) wallet: Address,
    pub(super) signer: Address,
    pub(super) state: &'a State,
}

/// The instructions of a request, without its compute budget, and the further accounts that must sign.
pub(super) fn requested(
    transaction: &str,
    wallet: &Address,
    signer: &Address,
) -> Result<(Vec<Instruction>, Vec<Address>), Refusal> {
    let parsed = Transaction::from_base58(transaction);
    let message = parsed.map_err(|error| invalid(format!("transaction: {error}")))?.message;
    if !message.tables.is_empty() {
        return Err(invalid("transaction: the stand-in knows no lookup table"));
    }
    let payer = message.fee_payer();
    let signs = |key: &Address| {
        message.signers().contains(key) && Some(*key) != payer && key != wallet && key != signer
    };
    let mut instructions = Vec::new();
    for call in message.calls() {
        let program = call.program.ok_or_else(|| invalid("transaction: a program is hidden"))?;
        if program == COMPUTE_BUDGET {
            continue;
        }
        let accounts = call.accounts.into_iter().flatten().map(|key| AccountMeta {
            key,
            is_signer: signs(&key),
            is_writable: message.is_writable(&key),
        });
        instructions.push(Instruction { program, accounts: accounts.collect(), data: call.data });
    }
    let others = message.signers().iter().filter(|key| signs(key)).copied().collect();
    Ok((instructions, others))
}

/// A request's transaction, as the echo of a transfer has it.
pub(super) fn unwrapped(instructions: &[Instruction]) -> Option<String> {
    let payer = Address::parse(PLACEHOLDER).ok()?;
    let message = Message::compile(Version::V0, payer, random_bytes(), instructions)?;
    Some(Transaction::unsigned(message).to_base58())
}

impl Wrapping<'_> {
    /// `onChain` and the message to approve of instructions of the wallet.
    pub(super) fn execute(&self, instructions: &[Instruction]) -> Option<(Value, String)> {
        let mut inner = instructions.to_vec();
        let attacker = |lamports| transfer_sol(self.wallet, ATTACKER, lamports);
        match self.state.tampering {
            Some(Tampering::OtherTransaction) => inner = vec![attacker(1_000_000_000)],
            Some(Tampering::ExtraCall) => inner.push(attacker(1)),
            Some(Tampering::OtherRecipient) => replace_recipient(inner.first_mut()?),
            Some(Tampering::OtherAmount) => increase_amount(inner.first_mut()?)?,
            Some(Tampering::Unwrapped) => return self.finish(&inner),
            _ => {}
        }
        let mut outer = vec![self.wrap(self.settings, self.wallet, &inner)?];
        match self.state.tampering {
            Some(Tampering::OtherWallet) => {
                let (settings, wallet) = new_wallet()?;
                for account in inner.iter_mut().flat_map(|it| &mut it.accounts) {
                    if account.key == self.wallet {
                        account.key = wallet;
                    }
                }
                outer = vec![self.wrap(settings, wallet, &inner)?];
            }
            Some(Tampering::MorePower) => {
                let actions =
                    vec![SettingsAction::AddSigner { key: ATTACKER, permissions: ALL_PERMISSIONS }];
                outer.push(self.settings_change(self.settings, actions)?);
            }
            _ => outer.extend(self.beside()?),
        }
        self.finish(&outer)
    }

    fn wrap(
        &self,
        settings: Address,
        wallet: Address,
        inner: &[Instruction],
    ) -> Option<Instruction> {
        execute_transaction_sync(settings, 0, &[self.signer], wallet, inner)
    }

    /// Outer instructions beside the one that was asked for.
    fn beside(&self) -> Option<Vec<Instruction>> {
        Some(match self.state.tampering {
            Some(Tampering::SecondInstruction) => {
                let (settings, wallet) = new_wallet()?;
                let drain = [transfer_sol(wallet, ATTACKER, 1_000_000_000)];
                vec![self.wrap(settings, wallet, &drain)?]
            }
            Some(Tampering::SignerSpends) => vec![transfer_sol(self.signer, ATTACKER, 1)],
            _ => Vec::new(),
        })
    }

    /// The same of a change of the settings.
    pub(super) fn change(&self, action: SettingsAction) -> Option<(Value, String)> {
        let mut actions = vec![match (self.state.tampering, action) {
            (Some(Tampering::OtherSigner), SettingsAction::AddSigner { permissions, .. }) => {
                SettingsAction::AddSigner { key: ATTACKER, permissions }
            }
            (Some(Tampering::OtherSigner), _) => SettingsAction::RemoveSigner { key: ATTACKER },
            (_, action) => action,
        }];
        if self.state.is(Tampering::MorePower) {
            actions.push(SettingsAction::ChangeThreshold(1));
        }
        let settings = match self.state.tampering {
            Some(Tampering::OtherTransaction) => {
                let drain = [transfer_sol(self.wallet, ATTACKER, 1_000_000_000)];
                return self.finish(&[self.wrap(self.settings, self.wallet, &drain)?]);
            }
            Some(Tampering::OtherWallet) => new_wallet()?.0,
            _ => self.settings,
        };
        let mut outer = vec![self.settings_change(settings, actions)?];
        outer.extend(self.beside()?);
        self.finish(&outer)
    }

    /// The instruction of a request that adds or removes a signer, which is echoed.
    pub(super) fn settings_change(
        &self,
        settings: Address,
        actions: Vec<SettingsAction>,
    ) -> Option<Instruction> {
        let rent_payer = Some(address(&self.state.payer));
        execute_settings_transaction_sync(settings, rent_payer, &[self.signer], actions)
    }

    fn finish(&self, instructions: &[Instruction]) -> Option<(Value, String)> {
        let payer = match self.state.tampering {
            Some(Tampering::SignerPays) => self.signer,
            _ => address(&self.state.payer),
        };
        let mut all = vec![compute_unit_limit(29_902), compute_unit_price(0)];
        all.extend_from_slice(instructions);
        all.push(transfer_sol(address(&self.state.funder), payer, FEE));
        let mut message = Message::compile(Version::V0, payer, random_bytes(), &all)?;
        if self.state.is(Tampering::LookupTable) {
            let table = Address::from_bytes(random_bytes());
            message.tables = vec![LookupTable { table, writable: vec![0], readonly: Vec::new() }];
        }
        let bytes = message.to_bytes();
        let mut transaction = Transaction::unsigned(message);
        if let Some(slot) = transaction.signatures.first_mut() {
            *slot = self.state.payer.try_sign(&bytes).ok()?.to_bytes();
        }
        let on_chain = json!({
            "transaction": transaction.to_base58(),
            "lastValidBlockHeight": 380_000_000 + u32::from(random_bytes::<1>()[0]),
        });
        Some((on_chain, encode(&bytes)))
    }
}

/// `feeConfig` of the echo.
pub(super) fn fee_config() -> Value {
    json!({"feePayer": "crossmint", "amount": FEE.to_string()})
}

pub(super) fn address(key: &SigningKey) -> Address {
    Address::from(&key.verifying_key())
}

fn compute_unit_limit(units: u32) -> Instruction {
    let data = [&[2][..], &units.to_le_bytes()].concat();
    Instruction { program: COMPUTE_BUDGET, accounts: Vec::new(), data }
}

fn compute_unit_price(micro_lamports: u64) -> Instruction {
    let data = [&[3][..], &micro_lamports.to_le_bytes()].concat();
    Instruction { program: COMPUTE_BUDGET, accounts: Vec::new(), data }
}

/// The destination is the second account of System transfers, the third of `TransferChecked`.
fn replace_recipient(instruction: &mut Instruction) {
    let at = if instruction.program == SYSTEM { 1 } else { 2 };
    let last = instruction.accounts.len().saturating_sub(1);
    if let Some(account) = instruction.accounts.get_mut(at.min(last)) {
        account.key = ATTACKER;
    }
}

/// The amount begins at byte 4 of System transfers and at byte 1 of `TransferChecked`.
fn increase_amount(instruction: &mut Instruction) -> Option<()> {
    let at = if instruction.program == SYSTEM { 4 } else { 1 };
    let last = instruction.data.len().checked_sub(1)?;
    let byte = instruction.data.get_mut(at.min(last))?;
    *byte = byte.wrapping_add(1);
    Some(())
}
