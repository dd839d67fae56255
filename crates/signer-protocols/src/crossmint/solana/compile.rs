use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cmp::{Ordering, Reverse};

use signer_core::address::solana::Address;

use super::{CompiledInstruction, Header, Message, Version};

/// An instruction with its keys and their rights, as a sender builds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instruction {
    /// The program.
    pub program: Address,
    /// The accounts, in their order.
    pub accounts: Vec<AccountMeta>,
    /// The data.
    pub data: Vec<u8>,
}

/// An account of an instruction, with its rights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountMeta {
    /// The account.
    pub key: Address,
    /// Whether it must sign.
    pub is_signer: bool,
    /// Whether it may be written to.
    pub is_writable: bool,
}

impl AccountMeta {
    /// An account that is read and does not sign.
    pub const fn readonly(key: Address) -> Self {
        Self { key, is_signer: false, is_writable: false }
    }

    /// An account that is written to and does not sign.
    pub const fn writable(key: Address) -> Self {
        Self { key, is_signer: false, is_writable: true }
    }

    /// The same account as a signer.
    #[must_use]
    pub const fn signer(self) -> Self {
        Self { is_signer: true, ..self }
    }
}

impl Message {
    /// Lays out a message as `@solana/kit` does: the payer first, then writable signers, read-only signers, writable
    /// and read-only accounts, each group in the order of its base58 texts by the collation of English. `None` if there are
    /// more than 256 keys.
    pub fn compile(
        version: Version,
        payer: Address,
        blockhash: [u8; 32],
        instructions: &[Instruction],
    ) -> Option<Self> {
        let mut rights = BTreeMap::<Address, (bool, bool)>::new();
        for instruction in instructions {
            rights.entry(instruction.program).or_default();
            for meta in &instruction.accounts {
                let (signs, writable) = rights.entry(meta.key).or_default();
                *signs |= meta.is_signer;
                *writable |= meta.is_writable;
            }
        }
        rights.insert(payer, (true, true));
        let mut sorted: Vec<_> =
            rights.into_iter().map(|(key, it)| (key, it, key.to_string())).collect();
        let role = |(key, rights, _): &(Address, _, String)| (*key != payer, Reverse(*rights));
        sorted.sort_by(|a, b| role(a).cmp(&role(b)).then_with(|| collate(&a.2, &b.2)));
        let count = |wanted| u8::try_from(sorted.iter().filter(|it| it.1 == wanted).count()).ok();
        let readonly_signed = count((true, false))?;
        let header = Header {
            required_signatures: count((true, true))?.checked_add(readonly_signed)?,
            readonly_signed,
            readonly_unsigned: count((false, false))?,
        };
        let keys: Vec<_> = sorted.iter().map(|(key, _, _)| *key).collect();
        let index = |key: &Address| u8::try_from(keys.iter().position(|it| it == key)?).ok();
        let compiled = instructions.iter().map(|it| {
            let accounts =
                it.accounts.iter().map(|meta| index(&meta.key)).collect::<Option<_>>()?;
            Some(CompiledInstruction {
                program: index(&it.program)?,
                accounts,
                data: it.data.clone(),
            })
        });
        let instructions = compiled.collect::<Option<_>>()?;
        Some(Self { version, header, keys, blockhash, instructions, tables: Vec::new() })
    }

    /// The bytes that are signed.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        if self.version == Version::V0 {
            bytes.push(0x80);
        }
        let Header { required_signatures, readonly_signed, readonly_unsigned } = self.header;
        bytes.extend([required_signatures, readonly_signed, readonly_unsigned]);
        write_length(self.keys.len(), &mut bytes);
        self.keys.iter().for_each(|key| bytes.extend(key.as_bytes()));
        bytes.extend(self.blockhash);
        write_length(self.instructions.len(), &mut bytes);
        for instruction in &self.instructions {
            bytes.push(instruction.program);
            write_bytes(&instruction.accounts, &mut bytes);
            write_bytes(&instruction.data, &mut bytes);
        }
        if self.version == Version::V0 {
            write_length(self.tables.len(), &mut bytes);
            for table in &self.tables {
                bytes.extend(table.table.as_bytes());
                write_bytes(&table.writable, &mut bytes);
                write_bytes(&table.readonly, &mut bytes);
            }
        }
        bytes
    }
}

/// Writes a length as compact-u16 in its shortest form.
pub(super) fn write_length(length: usize, bytes: &mut Vec<u8>) {
    let mut rest = length;
    loop {
        let [low, ..] = rest.to_le_bytes();
        rest >>= 7;
        bytes.push(if rest == 0 { low & 0x7f } else { low | 0x80 });
        if rest == 0 {
            break;
        }
    }
}

fn write_bytes(data: &[u8], bytes: &mut Vec<u8>) {
    write_length(data.len(), bytes);
    bytes.extend(data);
}

/// Digits before letters, letters without case; of two texts that differ in case only, the one with the lower-case letter
/// at the first difference comes first.
fn collate(a: &str, b: &str) -> Ordering {
    let without_case =
        |text: &str| text.bytes().map(|byte| byte.to_ascii_lowercase()).collect::<Vec<_>>();
    without_case(a).cmp(&without_case(b)).then_with(|| b.cmp(a))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `new Intl.Collator("en", { caseFirst: "lower" }).compare` sorts them.
    #[test]
    fn texts_are_collated_without_case_first() {
        let sorted = ["1b", "9", "a1", "aZ", "Az", "AZ", "b", "B", "DpN", "z"];
        let mut shuffled = ["B", "z", "AZ", "9", "aZ", "DpN", "Az", "1b", "b", "a1"];
        shuffled.sort_by(|a, b| collate(a, b));
        assert_eq!(shuffled, sorted);
    }
}
