//! `execute_settings_transaction_sync` of the Squads smart account program: section 4.4 of the specification page.

use alloc::vec::Vec;

use signer_core::address::solana::Address;

use super::programs::{SQUADS, SYSTEM};
use super::reader::Reader;
use super::squads::{ArgumentError, EXECUTE_SETTINGS_TRANSACTION_SYNC, read_bytes};
use super::{AccountMeta, Instruction};

/// Permissions to initiate, vote and execute.
pub const ALL_PERMISSIONS: u8 = 7;

/// The arguments of `execute_settings_transaction_sync`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecuteSettingsTransactionSync {
    /// The number of signers in front of the remaining accounts.
    pub num_signers: u8,
    /// The actions, in their order.
    pub actions: Vec<SettingsAction>,
    /// A memo, which has no effect.
    pub memo: Option<Vec<u8>>,
}

/// A change of the settings of a wallet.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SettingsAction {
    /// Action 0.
    AddSigner {
        /// The key of the new signer.
        key: Address,
        /// 1 initiate, 2 vote, 4 execute.
        permissions: u8,
    },
    /// Action 1.
    RemoveSigner {
        /// The key of the signer.
        key: Address,
    },
    /// Action 2.
    ChangeThreshold(u16),
    /// Action 3, in seconds.
    SetTimeLock(u32),
    /// Action 4.
    AddSpendingLimit {
        /// The index of the wallet under its settings.
        account_index: u8,
        /// The mint; the default key stands for SOL.
        mint: Address,
        /// The amount per period, in base units.
        amount: u64,
    },
    /// Action 5.
    RemoveSpendingLimit(Address),
    /// Action 6.
    SetArchivalAuthority(Option<Address>),
}

impl SettingsAction {
    /// The name in the program's source.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::AddSigner { .. } => "AddSigner",
            Self::RemoveSigner { .. } => "RemoveSigner",
            Self::ChangeThreshold(_) => "ChangeThreshold",
            Self::SetTimeLock(_) => "SetTimeLock",
            Self::AddSpendingLimit { .. } => "AddSpendingLimit",
            Self::RemoveSpendingLimit(_) => "RemoveSpendingLimit",
            Self::SetArchivalAuthority(_) => "SetArchivalAuthority",
        }
    }
}

impl ExecuteSettingsTransactionSync {
    /// Reads the data of the instruction. No byte may follow the memo.
    ///
    /// # Errors
    /// [`ArgumentError`].
    pub fn parse(data: &[u8]) -> Result<Self, ArgumentError> {
        let (parsed, fault) = Self::parse_actions(data);
        match fault {
            None => parsed.ok_or(ArgumentError::Discriminator),
            Some(fault) => Err(fault),
        }
    }

    /// The arguments as far as they can be read, and the fault that ends them.
    pub(super) fn parse_actions(data: &[u8]) -> (Option<Self>, Option<ArgumentError>) {
        let mut reader = Reader::new(data);
        if reader.array() != Some(EXECUTE_SETTINGS_TRANSACTION_SYNC) {
            return (None, Some(ArgumentError::Discriminator));
        }
        let Some((num_signers, count)) = reader.byte().zip(reader.u32()) else {
            return (None, Some(ArgumentError::End("actions")));
        };
        let mut parsed = Self { num_signers, actions: Vec::new(), memo: None };
        // Each action takes at least three bytes, so the data bounds the loop.
        for _ in 0..count {
            match read_action(&mut reader) {
                Ok(action) => parsed.actions.push(action),
                Err(fault) => return (Some(parsed), Some(fault)),
            }
        }
        let fault = match read_memo(&mut reader) {
            Ok(memo) => {
                parsed.memo = memo;
                let rest = reader.rest().len();
                (rest > 0).then_some(ArgumentError::Trailing(rest))
            }
            Err(fault) => Some(fault),
        };
        (Some(parsed), fault)
    }

    /// The data of the instruction. `None` if a length exceeds 32 bits, or for an action that adds a spending limit, which
    /// is read but not written.
    pub fn to_bytes(&self) -> Option<Vec<u8>> {
        let mut data = EXECUTE_SETTINGS_TRANSACTION_SYNC.to_vec();
        data.push(self.num_signers);
        data.extend(u32::try_from(self.actions.len()).ok()?.to_le_bytes());
        for action in &self.actions {
            match action {
                SettingsAction::AddSigner { key, permissions } => {
                    data.push(0);
                    data.extend(key.as_bytes());
                    data.push(*permissions);
                }
                SettingsAction::RemoveSigner { key } => {
                    data.push(1);
                    data.extend(key.as_bytes());
                }
                SettingsAction::ChangeThreshold(threshold) => {
                    data.push(2);
                    data.extend(threshold.to_le_bytes());
                }
                SettingsAction::SetTimeLock(seconds) => {
                    data.push(3);
                    data.extend(seconds.to_le_bytes());
                }
                SettingsAction::AddSpendingLimit { .. } => return None,
                SettingsAction::RemoveSpendingLimit(limit) => {
                    data.push(5);
                    data.extend(limit.as_bytes());
                }
                SettingsAction::SetArchivalAuthority(authority) => {
                    data.extend([6, u8::from(authority.is_some())]);
                    authority.iter().for_each(|it| data.extend(it.as_bytes()));
                }
            }
        }
        data.push(u8::from(self.memo.is_some()));
        if let Some(memo) = &self.memo {
            data.extend(u32::try_from(memo.len()).ok()?.to_le_bytes());
            data.extend(memo);
        }
        Some(data)
    }
}

/// Builds the instruction. Without a rent payer the program's address stands in its place. `None` as for
/// [`ExecuteSettingsTransactionSync::to_bytes`].
pub fn execute_settings_transaction_sync(
    settings: Address,
    rent_payer: Option<Address>,
    signers: &[Address],
    actions: Vec<SettingsAction>,
) -> Option<Instruction> {
    let num_signers = u8::try_from(signers.len()).ok()?;
    let data = ExecuteSettingsTransactionSync { num_signers, actions, memo: None }.to_bytes()?;
    let payer = rent_payer.map(|payer| AccountMeta::writable(payer).signer());
    let mut accounts = alloc::vec![
        AccountMeta::writable(settings),
        payer.unwrap_or(AccountMeta::readonly(SQUADS)),
        AccountMeta::readonly(SYSTEM),
        AccountMeta::readonly(SQUADS),
    ];
    accounts.extend(signers.iter().map(|key| AccountMeta::readonly(*key).signer()));
    Some(Instruction { program: SQUADS, accounts, data })
}

fn read_action(reader: &mut Reader<'_>) -> Result<SettingsAction, ArgumentError> {
    let number = reader.byte().ok_or(ArgumentError::End("actions"))?;
    let action = match number {
        0 => reader
            .address()
            .zip(reader.byte())
            .map(|(key, permissions)| SettingsAction::AddSigner { key, permissions }),
        1 => reader.address().map(|key| SettingsAction::RemoveSigner { key }),
        2 => reader.u16().map(SettingsAction::ChangeThreshold),
        3 => reader.u32().map(SettingsAction::SetTimeLock),
        4 => return read_spending_limit(reader),
        5 => reader.address().map(SettingsAction::RemoveSpendingLimit),
        6 => match reader.byte() {
            Some(0) => Some(SettingsAction::SetArchivalAuthority(None)),
            Some(1) => reader.address().map(|it| SettingsAction::SetArchivalAuthority(Some(it))),
            Some(other) => return Err(ArgumentError::Value(other)),
            None => None,
        },
        other => return Err(ArgumentError::Action(other)),
    };
    match action.ok_or(ArgumentError::End("actions"))? {
        SettingsAction::AddSigner { permissions, .. } if permissions > ALL_PERMISSIONS => {
            Err(ArgumentError::Permissions(permissions))
        }
        action => Ok(action),
    }
}

/// Seed, account index, mint, amount, period, signers, destinations, expiration.
fn read_spending_limit(reader: &mut Reader<'_>) -> Result<SettingsAction, ArgumentError> {
    let end = ArgumentError::End("a spending limit");
    let _seed = reader.address().ok_or(end)?;
    let account_index = reader.byte().ok_or(end)?;
    let mint = reader.address().ok_or(end)?;
    let amount = u64::from_le_bytes(reader.array().ok_or(end)?);
    match reader.byte().ok_or(end)? {
        0..=3 => {}
        other => return Err(ArgumentError::Value(other)),
    }
    for _ in ["signers", "destinations"] {
        let len = usize::try_from(reader.u32().ok_or(end)?).ok().and_then(|it| it.checked_mul(32));
        len.and_then(|len| reader.take(len)).ok_or(end)?;
    }
    let _expiration: [u8; 8] = reader.array().ok_or(end)?;
    Ok(SettingsAction::AddSpendingLimit { account_index, mint, amount })
}

fn read_memo(reader: &mut Reader<'_>) -> Result<Option<Vec<u8>>, ArgumentError> {
    let end = ArgumentError::End("the memo");
    match reader.byte().ok_or(end)? {
        0 => Ok(None),
        1 => read_bytes(reader).map(|memo| Some(memo.to_vec())).ok_or(end),
        other => Err(ArgumentError::Value(other)),
    }
}
