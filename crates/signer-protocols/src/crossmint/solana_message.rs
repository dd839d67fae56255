//! What a Solana transaction does, as far as its bytes say.

use alloc::vec::Vec;

use signer_core::encoding::base58;

use super::ApprovalError;
use super::solana_transaction::message_of;

/// The program that sets what a transaction may cost; its instructions move nothing else.
const COMPUTE_BUDGET: &str = "ComputeBudget111111111111111111111111111111";
/// No transaction may use more.
const MAX_COMPUTE_UNITS: u64 = 1_400_000;
/// Longer texts are not read: base58 costs the square of its length.
const MAX_TEXT: usize = 8_192;

/// A legacy or version 0 transaction, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SolanaMessage {
    bytes: Vec<u8>,
    accounts: Vec<Account>,
    /// Of each account.
    rights: Vec<Rights>,
    instructions: Vec<Instruction>,
}

/// What the instructions may do with an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Rights {
    signs: bool,
    is_writable: bool,
}

/// An account: its key, or its place in a table of the chain, which cannot be looked up here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Account {
    /// 32 bytes.
    Key([u8; 32]),
    /// The table's key and the place in it.
    Lookup([u8; 32], u8),
}

/// An instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instruction {
    /// The program.
    pub program: Account,
    /// The accounts that it is called with, in their order.
    pub accounts: Vec<Account>,
    /// Its data.
    pub data: Vec<u8>,
}

impl SolanaMessage {
    /// Takes apart the base58 of a full transaction in wire form.
    ///
    /// # Errors
    /// [`ApprovalError::TooLong`], [`ApprovalError::Base58`], [`ApprovalError::SolanaTransaction`].
    pub fn parse(transaction: &str) -> Result<Self, ApprovalError> {
        if transaction.len() > MAX_TEXT {
            return Err(ApprovalError::TooLong { limit: MAX_TEXT });
        }
        let mut wire = alloc::vec![0; transaction.len()];
        let len = base58::decode(transaction.as_bytes(), &mut wire)
            .map_err(|_| ApprovalError::Base58 { what: "transaction" })?
            .len();
        wire.truncate(len);
        let bytes = message_of(&wire).ok_or(ApprovalError::SolanaTransaction)?;
        Self::read(bytes).ok_or(ApprovalError::SolanaTransaction)
    }

    /// The canonical message, which is what is signed.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The instructions, in their order.
    pub fn instructions(&self) -> &[Instruction] {
        &self.instructions
    }

    /// Whether `key` is one of those that must sign.
    pub fn is_signed_by(&self, key: &[u8; 32]) -> bool {
        self.rights_of(Account::Key(*key)).signs
    }

    /// Who pays the fee.
    pub fn fee_payer(&self) -> Option<Account> {
        self.accounts.first().copied()
    }

    /// What its compute budget lets it cost beside the signatures' fee, at most, in lamports.
    pub fn priority_fee_lamports(&self) -> u64 {
        let (mut limit, mut price) = (MAX_COMPUTE_UNITS, 0_u64);
        for instruction in self.instructions.iter().filter(|it| is_compute_budget(it.program)) {
            // As the chain reads them: bytes behind the number change nothing.
            match instruction.data.split_first() {
                Some((2, units)) => {
                    if let Some(units) = units.first_chunk() {
                        limit = u64::from(u32::from_le_bytes(*units));
                    }
                }
                Some((3, micros)) => {
                    if let Some(micros) = micros.first_chunk() {
                        price = price.max(u64::from_le_bytes(*micros));
                    }
                }
                _ => {}
            }
        }
        let micros = u128::from(limit.min(MAX_COMPUTE_UNITS)) * u128::from(price);
        u64::try_from(micros.div_ceil(1_000_000)).unwrap_or(u64::MAX)
    }

    /// Whether it does what `requested` does, and nothing more: the same instructions in the same order, with the
    /// same accounts and data, and of each account the same is signed for and written to. Who pays the fee, the
    /// blockhash, and the limits of the compute budget may differ: see [`fee_payer`](Self::fee_payer) and
    /// [`priority_fee_lamports`](Self::priority_fee_lamports). Who pays signs and is written to, so of the two payers
    /// the rights are not compared.
    pub fn does_the_same_as(&self, requested: &Self) -> bool {
        let payers = [self.fee_payer(), requested.fee_payer()];
        let has_its_rights = |account: &Account| {
            payers.contains(&Some(*account))
                || self.rights_of(*account) == requested.rights_of(*account)
        };
        self.effects().eq(requested.effects())
            && self.effects().all(|effect| effect.accounts.iter().all(has_its_rights))
    }

    fn rights_of(&self, account: Account) -> Rights {
        let here = self.accounts.iter().zip(&self.rights).filter(|(it, _)| **it == account);
        here.fold(Rights::default(), |all, (_, rights)| Rights {
            signs: all.signs || rights.signs,
            is_writable: all.is_writable || rights.is_writable,
        })
    }

    fn effects(&self) -> impl Iterator<Item = &Instruction> {
        self.instructions.iter().filter(|instruction| !is_limit(instruction))
    }

    fn read(bytes: Vec<u8>) -> Option<Self> {
        let mut rest = Reader(&bytes);
        let versioned = *bytes.first()? & 0x80 != 0;
        if versioned {
            rest.take(1)?;
        }
        let header: [u8; 3] = rest.take(3)?.try_into().ok()?;
        let [signing, signing_read_only, other_read_only] = header.map(usize::from);
        let keys = rest.length()?;
        let mut accounts = Vec::with_capacity(keys.min(256));
        let mut rights = Vec::with_capacity(keys.min(256));
        for at in 0..keys {
            accounts.push(Account::Key(rest.key()?));
            let signs = at < signing;
            let (end, read_only) =
                if signs { (signing, signing_read_only) } else { (keys, other_read_only) };
            rights.push(Rights { signs, is_writable: at + read_only < end });
        }
        rest.take(32)?;
        let count = rest.length()?;
        let mut raw = Vec::with_capacity(count.min(256));
        for _ in 0..count {
            let program = *rest.take(1)?.first()?;
            let places = rest.length()?;
            let places = rest.take(places)?;
            let data = rest.length()?;
            raw.push((program, places, rest.take(data)?));
        }
        if versioned {
            // All writable ones of all tables come before all that are read only.
            let mut read_only = Vec::new();
            for _ in 0..rest.length()? {
                let table = rest.key()?;
                let places = rest.length()?;
                accounts.extend(rest.take(places)?.iter().map(|at| Account::Lookup(table, *at)));
                let places = rest.length()?;
                read_only.extend(rest.take(places)?.iter().map(|at| Account::Lookup(table, *at)));
            }
            rights.resize(accounts.len(), Rights { signs: false, is_writable: true });
            accounts.extend(read_only);
            rights.resize(accounts.len(), Rights::default());
        }
        let account = |at: &u8| accounts.get(usize::from(*at)).copied();
        let instructions = raw
            .into_iter()
            .map(|(program, places, data)| {
                Some(Instruction {
                    program: account(&program)?,
                    accounts: places.iter().map(account).collect::<Option<_>>()?,
                    data: data.to_vec(),
                })
            })
            .collect::<Option<_>>()?;
        Some(Self { bytes, accounts, rights, instructions })
    }
}

/// Whether it sets a limit of the compute budget, in the form that every tool writes. Another form is not passed over.
fn is_limit(instruction: &Instruction) -> bool {
    let Instruction { program, accounts, data } = instruction;
    let is_plain = matches!((data.first(), data.len()), (Some(1 | 2 | 4), 5) | (Some(3), 9));
    is_compute_budget(*program) && accounts.is_empty() && is_plain
}

fn is_compute_budget(program: Account) -> bool {
    let mut key = [0; 32];
    base58::decode(COMPUTE_BUDGET.as_bytes(), &mut key).is_ok() && program == Account::Key(key)
}

/// Reads what was written canonically before.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    fn key(&mut self) -> Option<[u8; 32]> {
        self.take(32)?.try_into().ok()
    }

    fn length(&mut self) -> Option<usize> {
        let mut length = 0;
        for shift in [0, 7, 14] {
            let byte = *self.take(1)?.first()?;
            length |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(length);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use super::*;

    /// A legacy transaction of one signature: keys, and instructions as program, accounts, data.
    fn transaction(
        keys: &[[u8; 32]],
        blockhash: u8,
        instructions: &[(u8, &[u8], &[u8])],
    ) -> String {
        with_header([1, 0, 1], keys, blockhash, instructions)
    }

    /// The same with a header: how many sign, how many of those are read only, and how many of the others.
    fn with_header(
        header: [u8; 3],
        keys: &[[u8; 32]],
        blockhash: u8,
        instructions: &[(u8, &[u8], &[u8])],
    ) -> String {
        let len = |len: usize| u8::try_from(len).unwrap();
        let mut wire = alloc::vec![header[0]];
        wire.extend(alloc::vec![0; 64 * usize::from(header[0])]);
        wire.extend(header);
        wire.push(len(keys.len()));
        keys.iter().for_each(|key| wire.extend(key));
        wire.extend([blockhash; 32]);
        wire.push(len(instructions.len()));
        for (program, accounts, data) in instructions {
            wire.extend([*program, len(accounts.len())]);
            wire.extend(*accounts);
            wire.push(len(data.len()));
            wire.extend(*data);
        }
        let mut text = alloc::vec![0; base58::encoded_len(wire.len())];
        base58::encode(&wire, &mut text).unwrap().into()
    }

    fn message(
        keys: &[[u8; 32]],
        blockhash: u8,
        instructions: &[(u8, &[u8], &[u8])],
    ) -> SolanaMessage {
        SolanaMessage::parse(&transaction(keys, blockhash, instructions)).unwrap()
    }

    #[test]
    fn the_same_effect_is_known_whoever_pays_and_whatever_it_may_cost() {
        let mut budget = [0; 32];
        base58::decode(COMPUTE_BUDGET.as_bytes(), &mut budget).unwrap();
        let (payer, other, to, program) = ([1; 32], [2; 32], [3; 32], [4; 32]);
        let asked = message(&[payer, to, program], 7, &[(2, &[0, 1], b"5")]);
        // Another blockhash, another order of the keys, another payer in front, a budget.
        let same = message(
            &[other, payer, to, budget, program],
            8,
            &[(3, &[], &[2, 9, 0, 0, 0]), (4, &[1, 2], b"5")],
        );
        assert!(same.does_the_same_as(&asked) && asked.does_the_same_as(&same));
        for other in [
            message(&[payer, to, program], 7, &[(2, &[0, 1], b"6")]),
            message(&[payer, other, program], 7, &[(2, &[0, 1], b"5")]),
            message(&[payer, to, program], 7, &[(2, &[1, 0], b"5")]),
            message(&[payer, to, other], 7, &[(2, &[0, 1], b"5")]),
            message(&[payer, to, program], 7, &[(2, &[0, 1], b"5"), (2, &[0, 1], b"5")]),
            message(&[payer, to, program], 7, &[]),
            // What a budget does not look like is not passed over.
            message(&[payer, to, program, budget], 7, &[(3, &[], b"x"), (2, &[0, 1], b"5")]),
            message(&[payer, to, program, budget], 7, &[(3, &[], &[3; 10]), (2, &[0, 1], b"5")]),
            message(&[payer, to, program, budget], 7, &[(3, &[0], &[3; 9]), (2, &[0, 1], b"5")]),
        ] {
            assert!(!other.does_the_same_as(&asked));
        }
        assert!(asked.is_signed_by(&payer) && !asked.is_signed_by(&to));
        assert_eq!(asked.fee_payer(), Some(Account::Key(payer)));
    }

    #[test]
    fn nobody_signs_and_nothing_is_written_to_that_was_not_asked_to() {
        let (payer, one, two, program) = ([1; 32], [2; 32], [3; 32], [4; 32]);
        let with = |header: [u8; 3], keys: &[[u8; 32]], program: u8, accounts: &[u8]| {
            let text = with_header(header, keys, 7, &[(program, accounts, b"5")]);
            SolanaMessage::parse(&text).unwrap()
        };
        // `one` signs and is read only, `two` is written to.
        let asked = with([2, 1, 1], &[payer, one, two, program], 3, &[0, 1, 2]);
        assert!(asked.does_the_same_as(&asked));
        let one_is_written_to = with([2, 0, 1], &[payer, one, two, program], 3, &[0, 1, 2]);
        let two_is_read_only = with([2, 1, 2], &[payer, one, two, program], 3, &[0, 1, 2]);
        let two_signs = with([3, 1, 1], &[payer, two, one, program], 3, &[0, 2, 1]);
        let one_does_not_sign = with([1, 0, 2], &[payer, two, one, program], 3, &[0, 2, 1]);
        for other in [one_is_written_to, two_is_read_only, two_signs, one_does_not_sign] {
            assert!(!other.does_the_same_as(&asked) && !asked.does_the_same_as(&other));
        }
        // Another pays: who was to pay need not be written to any more.
        let other_pays = with([3, 2, 1], &[[9; 32], payer, one, two, program], 4, &[1, 2, 3]);
        assert!(other_pays.does_the_same_as(&asked));
        assert!(asked.is_signed_by(&one) && !asked.is_signed_by(&two));
    }

    #[test]
    fn what_it_may_cost_is_known() {
        let mut budget = [0; 32];
        base58::decode(COMPUTE_BUDGET.as_bytes(), &mut budget).unwrap();
        let price = |micros: u64| [&[3][..], &micros.to_le_bytes()].concat();
        let limit = [2, 0x40, 0x0d, 0x03, 0]; // 200,000
        let fee = |instructions: &[(u8, &[u8], &[u8])]| {
            message(&[[1; 32], budget], 7, instructions).priority_fee_lamports()
        };
        assert_eq!(fee(&[]), 0);
        assert_eq!(fee(&[(1, &[], &limit), (1, &[], &price(5_000_000))]), 1_000_000);
        assert_eq!(fee(&[(1, &[], &price(1))]), 2);
        // The chain reads a number with bytes behind it, and so does this.
        let behind = [&price(5_000_000)[..], &[0]].concat();
        assert_eq!(fee(&[(1, &[], &limit), (1, &[], &behind)]), 1_000_000);
        assert_eq!(
            fee(&[(1, &[], &[&limit[..], &[7]].concat()), (1, &[], &price(5_000_000))]),
            1_000_000
        );
        // A heap frame costs nothing, and what has no form of its own changes nothing.
        assert_eq!(fee(&[(1, &[], &[1, 0, 0, 4, 0]), (1, &[], &[]), (1, &[], &[3, 1])]), 0);
        assert_eq!(
            fee(&[(1, &[], &price(u64::MAX))]),
            25_825_441_703_193_372_262_u128.try_into().unwrap_or(u64::MAX)
        );
    }

    /// A version 0 message as the documents of Solana lay it out: all writable accounts of all tables come before
    /// all that are read only.
    #[test]
    fn accounts_of_lookup_tables_have_their_place() {
        let (payer, program, one, two) = ([1; 32], [2; 32], [3; 32], [4; 32]);
        let mut wire = alloc::vec![1];
        wire.extend([0; 64]);
        let mut expected = alloc::vec![0x80, 1, 0, 1, 2];
        expected.extend([payer, program].concat());
        expected.extend([7; 32]);
        expected.extend([1, 1, 4, 2, 3, 4, 5, 1, b'x']);
        expected.push(2);
        expected.extend([&one[..], &[1, 10, 1, 11], &two, &[1, 20, 1, 21]].concat());
        wire.extend(&expected);
        let mut text = alloc::vec![0; base58::encoded_len(wire.len())];
        let message = SolanaMessage::parse(base58::encode(&wire, &mut text).unwrap()).unwrap();
        assert_eq!(message.as_bytes(), expected);
        let accounts = [(one, 10), (two, 20), (one, 11), (two, 21)];
        assert_eq!(
            message.instructions(),
            [Instruction {
                program: Account::Key(program),
                accounts: accounts.map(|(table, at)| Account::Lookup(table, at)).into(),
                data: b"x".into(),
            }]
        );
        let is_writable = accounts
            .map(|(table, at)| message.rights_of(Account::Lookup(table, at)))
            .map(|rights| rights.is_writable);
        assert_eq!(is_writable, [true, true, false, false]);
    }

    #[test]
    fn a_long_instruction_and_a_text_that_is_too_long() {
        let mut wire = alloc::vec![1];
        wire.extend([0; 64]);
        wire.extend([1, 0, 1, 1]);
        wire.extend([1; 32]);
        wire.extend([7; 32]);
        // 300 bytes of data: 0xac 0x02.
        wire.extend([1, 0, 0, 0xac, 0x02]);
        wire.extend([9; 300]);
        let mut text = alloc::vec![0; base58::encoded_len(wire.len())];
        let message = SolanaMessage::parse(base58::encode(&wire, &mut text).unwrap()).unwrap();
        assert_eq!(message.instructions()[0].data, [9; 300]);

        let long = "1".repeat(MAX_TEXT + 1);
        assert_eq!(SolanaMessage::parse(&long), Err(ApprovalError::TooLong { limit: MAX_TEXT }));
        let fault = ApprovalError::Base58 { what: "transaction" };
        assert_eq!(SolanaMessage::parse("0OIl"), Err(fault));
    }

    #[test]
    fn an_account_that_is_not_there_is_refused() {
        let text = transaction(&[[1; 32]], 7, &[(9, &[], b"")]);
        assert_eq!(SolanaMessage::parse(&text), Err(ApprovalError::SolanaTransaction));
        let text = transaction(&[[1; 32]], 7, &[(0, &[3], b"")]);
        assert_eq!(SolanaMessage::parse(&text), Err(ApprovalError::SolanaTransaction));
    }
}
