//! `execute_transaction_sync` of the Squads smart account program: section 4.3 of the specification page.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use signer_core::address::solana::Address;

use super::programs::SQUADS;
use super::reader::Reader;
use super::{AccountMeta, Call, Instruction};

/// The discriminator of `execute_transaction_sync`.
pub const EXECUTE_TRANSACTION_SYNC: [u8; 8] = [0x2b, 0x66, 0xf8, 0x59, 0xe7, 0x61, 0x68, 0x86];
/// The discriminator of `execute_settings_transaction_sync`.
pub const EXECUTE_SETTINGS_TRANSACTION_SYNC: [u8; 8] =
    [0x8a, 0xd1, 0x40, 0xa3, 0x4f, 0x43, 0xe9, 0x4c];

/// Other instructions of the program, to name them in findings.
const OTHERS: [([u8; 8], &str); 4] = [
    ([0x5a, 0x51, 0xbb, 0x51, 0x27, 0x46, 0x80, 0x4e], "execute_transaction_sync_v2"),
    ([0xe3, 0xc1, 0x35, 0xef, 0x37, 0x7e, 0x70, 0x69], "create_transaction"),
    ([0x29, 0xb3, 0x46, 0x05, 0xc2, 0x93, 0xef, 0x9e], "use_spending_limit"),
    ([0x50, 0xc6, 0xe4, 0x9a, 0x07, 0xea, 0x63, 0x38], "add_signer_as_authority"),
];

/// The name of an instruction by the discriminator in front of its data.
pub fn instruction_name(data: &[u8]) -> Option<&'static str> {
    let discriminator = data.first_chunk::<8>()?;
    let ours = [
        (EXECUTE_TRANSACTION_SYNC, "execute_transaction_sync"),
        (EXECUTE_SETTINGS_TRANSACTION_SYNC, "execute_settings_transaction_sync"),
    ];
    let found = ours.iter().chain(&OTHERS).find(|(known, _)| known == discriminator)?;
    Some(found.1)
}

/// The cause why the arguments of an instruction of the program cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ArgumentError {
    /// The data starts with another discriminator.
    #[error("discriminator is another one")]
    Discriminator,
    /// The data ends inside an argument.
    #[error("data ends inside {0}")]
    End(&'static str),
    /// Bytes after the last argument.
    #[error("{0} bytes after the arguments")]
    Trailing(usize),
    /// Bytes after the last inner instruction.
    #[error("{0} bytes after the inner instructions")]
    InnerTrailing(usize),
    /// An inner instruction with an index beyond the accounts.
    #[error("inner instruction {0} has an index beyond the accounts")]
    Index(usize),
    /// Permissions with other bits than the lowest three.
    #[error("permissions {0} of the new signer are above 7")]
    Permissions(u8),
    /// An action of another number.
    #[error("settings action {0} is not known")]
    Action(u8),
    /// A flag or period of another value.
    #[error("value {0} is not known")]
    Value(u8),
}

/// The arguments of `execute_transaction_sync`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecuteTransactionSync {
    /// The index of the wallet under its settings.
    pub account_index: u8,
    /// The number of signers in front of the remaining accounts.
    pub num_signers: u8,
    /// The inner instructions.
    pub inner: Vec<InnerInstruction>,
}

/// An inner instruction. Its indices count from the first remaining account, which is account 2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InnerInstruction {
    /// The index of the program.
    pub program: u8,
    /// The indices of the accounts.
    pub accounts: Vec<u8>,
    /// The data.
    pub data: Vec<u8>,
}

impl ExecuteTransactionSync {
    /// Reads the data of the instruction. The inner instructions and the arguments must end where their lengths say.
    ///
    /// # Errors
    /// [`ArgumentError`].
    pub fn parse(data: &[u8]) -> Result<Self, ArgumentError> {
        let mut reader = Reader::new(data);
        if reader.array() != Some(EXECUTE_TRANSACTION_SYNC) {
            return Err(ArgumentError::Discriminator);
        }
        let account_index = reader.byte().ok_or(ArgumentError::End("account_index"))?;
        let num_signers = reader.byte().ok_or(ArgumentError::End("num_signers"))?;
        let inner = read_bytes(&mut reader).ok_or(ArgumentError::End("instructions"))?;
        if !reader.rest().is_empty() {
            return Err(ArgumentError::Trailing(reader.rest().len()));
        }
        let mut reader = Reader::new(inner);
        let end = ArgumentError::End("the inner instructions");
        let count = reader.byte().ok_or(end)?;
        let inner = (0..count).map(|_| read_inner(&mut reader));
        let inner = inner.collect::<Option<_>>().ok_or(end)?;
        if !reader.rest().is_empty() {
            return Err(ArgumentError::InnerTrailing(reader.rest().len()));
        }
        Ok(Self { account_index, num_signers, inner })
    }

    /// The data of the instruction. `None` if a count or a length exceeds its field.
    pub fn to_bytes(&self) -> Option<Vec<u8>> {
        let mut inner = alloc::vec![u8::try_from(self.inner.len()).ok()?];
        for instruction in &self.inner {
            inner.push(instruction.program);
            inner.push(u8::try_from(instruction.accounts.len()).ok()?);
            inner.extend(&instruction.accounts);
            inner.extend(u16::try_from(instruction.data.len()).ok()?.to_le_bytes());
            inner.extend(&instruction.data);
        }
        let mut data = EXECUTE_TRANSACTION_SYNC.to_vec();
        data.extend([self.account_index, self.num_signers]);
        data.extend(u32::try_from(inner.len()).ok()?.to_le_bytes());
        data.extend(inner);
        Some(data)
    }

    /// The inner instructions with their keys, which `remaining` holds in order.
    ///
    /// # Errors
    /// [`ArgumentError::Index`].
    pub fn calls(&self, remaining: &[Option<Address>]) -> Result<Vec<Call>, ArgumentError> {
        let key = |at: &u8| remaining.get(usize::from(*at)).copied();
        let call = |(number, inner): (usize, &InnerInstruction)| {
            let accounts = inner.accounts.iter().map(key).collect::<Option<_>>();
            let (program, accounts) =
                key(&inner.program).zip(accounts).ok_or(ArgumentError::Index(number))?;
            Ok(Call { program, accounts, data: inner.data.clone() })
        };
        self.inner.iter().enumerate().map(call).collect()
    }
}

fn read_inner(reader: &mut Reader<'_>) -> Option<InnerInstruction> {
    let program = reader.byte()?;
    let accounts = usize::from(reader.byte()?);
    let accounts = reader.take(accounts)?.to_vec();
    let data = usize::from(reader.u16()?);
    Some(InnerInstruction { program, accounts, data: reader.take(data)?.to_vec() })
}

/// Bytes with a length of 32 bits in front.
pub(super) fn read_bytes<'a>(reader: &mut Reader<'a>) -> Option<&'a [u8]> {
    let len = usize::try_from(reader.u32()?).ok()?;
    reader.take(len)
}

/// Wraps instructions of a wallet as recorded answers do: settings, program, signers, then the accounts and the program
/// of each instruction in their order, each once. `None` if there are more than 256 accounts, or a length exceeds its field.
pub fn execute_transaction_sync(
    settings: Address,
    account_index: u8,
    signers: &[Address],
    wallet: Address,
    instructions: &[Instruction],
) -> Option<Instruction> {
    let signer = |key: &Address| AccountMeta::readonly(*key).signer();
    let mut remaining: Vec<AccountMeta> = signers.iter().map(signer).collect();
    let mut inner = Vec::new();
    for instruction in instructions {
        let mut index = |meta: AccountMeta| {
            let at = remaining.iter().position(|it| it.key == meta.key);
            let at = at.unwrap_or_else(|| {
                remaining.push(AccountMeta { is_signer: false, is_writable: false, ..meta });
                remaining.len() - 1
            });
            let known = remaining.get_mut(at)?;
            known.is_signer |= meta.is_signer && meta.key != wallet;
            known.is_writable |= meta.is_writable;
            u8::try_from(at).ok()
        };
        let accounts =
            instruction.accounts.iter().map(|meta| index(*meta)).collect::<Option<_>>()?;
        let program = index(AccountMeta::readonly(instruction.program))?;
        inner.push(InnerInstruction { program, accounts, data: instruction.data.clone() });
    }
    let num_signers = u8::try_from(signers.len()).ok()?;
    let data = ExecuteTransactionSync { account_index, num_signers, inner }.to_bytes()?;
    let head = [settings, SQUADS].map(AccountMeta::readonly);
    let accounts = head.into_iter().chain(remaining).collect();
    Some(Instruction { program: SQUADS, accounts, data })
}

/// The settings signers at the start of the remaining accounts. `None` unless there is at least one, all are distinct, each
/// is a required signer of the message, and ours is one of them.
pub(super) fn settings_signers(
    remaining: &[Option<Address>],
    num_signers: u8,
    required: &[Address],
    ours: &Address,
) -> Option<Vec<Address>> {
    let signers = remaining.get(..usize::from(num_signers))?;
    let signers = signers.iter().copied().collect::<Option<Vec<_>>>()?;
    let distinct: BTreeSet<_> = signers.iter().collect();
    let is_good = distinct.len() == signers.len()
        && signers.iter().all(|it| required.contains(it))
        && signers.contains(ours);
    is_good.then_some(signers)
}
