use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use signer_core::address::solana::Address;

use super::TransactionError;
use super::reader::Reader;

/// The most accounts that an index of one byte can name.
const MAX_KEYS: usize = 256;

/// The message of a transaction: the bytes that are signed.
///
/// [`parse`](Self::parse) reads one form only, so that [`to_bytes`](Self::to_bytes) returns the bytes that were read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The version.
    pub version: Version,
    /// The number of signers and of read-only accounts.
    pub header: Header,
    /// The account keys: writable signers, read-only signers, other writable accounts, other read-only accounts. The first
    /// pays the fee.
    pub keys: Vec<Address>,
    /// The recent blockhash.
    pub blockhash: [u8; 32],
    /// The instructions, in their order.
    pub instructions: Vec<CompiledInstruction>,
    /// The lookup tables of a version 0 message.
    pub tables: Vec<LookupTable>,
}

/// The version of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// Without a version byte.
    Legacy,
    /// `0x80`
    V0,
}

impl Version {
    /// `legacy` or `0`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Legacy => "legacy",
            Self::V0 => "0",
        }
    }
}

/// The header of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The number of keys, from the first on, that must sign.
    pub required_signatures: u8,
    /// The last of those that are read-only.
    pub readonly_signed: u8,
    /// The last of the other keys that are read-only.
    pub readonly_unsigned: u8,
}

/// An instruction of a message, with indices into the accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompiledInstruction {
    /// The index of the program.
    pub program: u8,
    /// The indices of the accounts.
    pub accounts: Vec<u8>,
    /// The data.
    pub data: Vec<u8>,
}

/// A lookup table of a version 0 message. Its accounts cannot be known without the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookupTable {
    /// The account of the table.
    pub table: Address,
    /// The indices of writable accounts.
    pub writable: Vec<u8>,
    /// The indices of read-only accounts.
    pub readonly: Vec<u8>,
}

/// An instruction with its keys. A key is `None` if it is in a lookup table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The program.
    pub program: Option<Address>,
    /// The accounts, in their order.
    pub accounts: Vec<Option<Address>>,
    /// The data.
    pub data: Vec<u8>,
}

impl Message {
    /// Reads a legacy or version 0 message. Every length must have its shortest form, keys must be distinct, indices must
    /// exist, and no byte may follow.
    ///
    /// # Errors
    /// [`TransactionError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, TransactionError> {
        let mut reader = Reader::new(bytes);
        let version = read_version(&mut reader)?;
        let header = reader.array().ok_or(TransactionError::End("header"))?;
        let [required_signatures, readonly_signed, readonly_unsigned] = header;
        let header = Header { required_signatures, readonly_signed, readonly_unsigned };
        let keys = read_keys(&mut reader)?;
        let blockhash = reader.array().ok_or(TransactionError::End("blockhash"))?;
        let count = reader.length("instructions")?;
        let instructions = (0..count).map(|_| read_instruction(&mut reader));
        let instructions = instructions.collect::<Result<Vec<_>, _>>()?;
        let tables = match version {
            Version::Legacy => Vec::new(),
            Version::V0 => {
                let count = reader.length("lookup tables")?;
                (0..count).map(|_| read_table(&mut reader)).collect::<Result<_, _>>()?
            }
        };
        if !reader.rest().is_empty() {
            return Err(TransactionError::Trailing(reader.rest().len()));
        }
        let message = Self { version, header, keys, blockhash, instructions, tables };
        message.check()?;
        Ok(message)
    }

    /// The rules by which a validator refuses a message before it runs it.
    fn check(&self) -> Result<(), TransactionError> {
        let Header { required_signatures, readonly_signed, readonly_unsigned } = self.header;
        let named = usize::from(required_signatures) + usize::from(readonly_unsigned);
        if readonly_signed >= required_signatures || named > self.keys.len() {
            return Err(TransactionError::Header);
        }
        let looked_up = self.tables.iter().map(|it| it.writable.len() + it.readonly.len());
        let accounts = self.keys.len() + looked_up.sum::<usize>();
        let distinct: BTreeSet<_> = self.keys.iter().collect();
        if distinct.len() != self.keys.len() || accounts > MAX_KEYS {
            return Err(TransactionError::Keys);
        }
        if let Some(empty) =
            self.tables.iter().find(|it| it.writable.is_empty() && it.readonly.is_empty())
        {
            return Err(TransactionError::Table(empty.table));
        }
        for (at, instruction) in self.instructions.iter().enumerate() {
            let program = usize::from(instruction.program);
            let exist = instruction.accounts.iter().all(|it| usize::from(*it) < accounts);
            // The fee payer is never a program, and a program is never in a table.
            if program == 0 || program >= self.keys.len() || !exist {
                return Err(TransactionError::Index(at));
            }
        }
        Ok(())
    }

    /// The account that pays the fee.
    pub fn fee_payer(&self) -> Option<Address> {
        self.keys.first().copied()
    }

    /// The keys that must sign.
    pub fn signers(&self) -> &[Address] {
        self.keys.get(..usize::from(self.header.required_signatures)).unwrap_or(&self.keys)
    }

    /// Whether a key may be written to.
    pub fn is_writable(&self, key: &Address) -> bool {
        let (signing, all) = (usize::from(self.header.required_signatures), self.keys.len());
        let readonly_signed = usize::from(self.header.readonly_signed);
        let readonly_unsigned = usize::from(self.header.readonly_unsigned);
        self.keys.iter().position(|it| it == key).is_some_and(|at| {
            if at < signing { at + readonly_signed < signing } else { at + readonly_unsigned < all }
        })
    }

    /// The instructions with their keys.
    pub fn calls(&self) -> Vec<Call> {
        let key = |at: &u8| self.keys.get(usize::from(*at)).copied();
        let call = |it: &CompiledInstruction| Call {
            program: key(&it.program),
            accounts: it.accounts.iter().map(key).collect(),
            data: it.data.clone(),
        };
        self.instructions.iter().map(call).collect()
    }
}

fn read_version(reader: &mut Reader<'_>) -> Result<Version, TransactionError> {
    match reader.rest().first() {
        Some(byte) if byte & 0x80 == 0 => Ok(Version::Legacy),
        Some(_) => match reader.byte() {
            Some(0x80) => Ok(Version::V0),
            other => Err(TransactionError::Version(other.unwrap_or_default() & 0x7f)),
        },
        None => Err(TransactionError::End("message")),
    }
}

fn read_keys(reader: &mut Reader<'_>) -> Result<Vec<Address>, TransactionError> {
    let what = "account keys";
    let count = reader.length(what)?;
    (0..count).map(|_| reader.address().ok_or(TransactionError::End(what))).collect()
}

fn read_instruction(reader: &mut Reader<'_>) -> Result<CompiledInstruction, TransactionError> {
    let program = reader.byte().ok_or(TransactionError::End("instructions"))?;
    let accounts = read_bytes(reader, "accounts of an instruction")?;
    let data = read_bytes(reader, "data of an instruction")?;
    Ok(CompiledInstruction { program, accounts, data })
}

fn read_table(reader: &mut Reader<'_>) -> Result<LookupTable, TransactionError> {
    let table = reader.address().ok_or(TransactionError::End("lookup tables"))?;
    let writable = read_bytes(reader, "writable indices of a lookup table")?;
    let readonly = read_bytes(reader, "read-only indices of a lookup table")?;
    Ok(LookupTable { table, writable, readonly })
}

fn read_bytes(reader: &mut Reader<'_>, of: &'static str) -> Result<Vec<u8>, TransactionError> {
    let len = reader.length(of)?;
    Ok(reader.take(len).ok_or(TransactionError::End(of))?.to_vec())
}
