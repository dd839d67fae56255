//! Parts of an envelope that no signature of a wallet covers. They are checked for their form and not kept.

use super::{Reader, ScAddress, ScVal, XdrError, address};

const MAX_LEDGER_KEYS: usize = 256;

/// `MuxedAccount`
pub(crate) fn muxed_account(reader: &mut Reader<'_>) -> Result<(), XdrError> {
    match reader.u32()? {
        0 => reader.take(32).map(drop),
        0x100 => reader.take(8 + 32).map(drop),
        tag => Err(XdrError::Unsupported { part: "source account", tag }),
    }
}

/// `Preconditions`
pub(crate) fn preconditions(reader: &mut Reader<'_>) -> Result<(), XdrError> {
    match reader.u32()? {
        0 => Ok(()),
        1 => reader.take(16).map(drop),
        2 => {
            // Time bounds, ledger bounds, minimum sequence number.
            for (part, len) in [("time bounds", 16), ("ledger bounds", 8), ("sequence bound", 8)] {
                if reader.flag(part)? {
                    reader.take(len)?;
                }
            }
            reader.take(8 + 4)?; // minimum sequence age and ledger gap
            for _ in 0..reader.count("extra signers", 2)? {
                signer_key(reader)?;
            }
            Ok(())
        }
        tag => Err(XdrError::Unsupported { part: "preconditions", tag }),
    }
}

/// `SignerKey`
fn signer_key(reader: &mut Reader<'_>) -> Result<(), XdrError> {
    match reader.u32()? {
        0..=2 => reader.take(32).map(drop),
        3 => {
            reader.take(32)?;
            reader.opaque("signed payload", 64).map(drop)
        }
        tag => Err(XdrError::Unsupported { part: "signer key", tag }),
    }
}

/// `Memo`
pub(crate) fn memo(reader: &mut Reader<'_>) -> Result<(), XdrError> {
    match reader.u32()? {
        0 => Ok(()),
        1 => reader.opaque("memo", 28).map(drop),
        2 => reader.take(8).map(drop),
        3 | 4 => reader.take(32).map(drop),
        tag => Err(XdrError::Unsupported { part: "memo", tag }),
    }
}

/// The extension of a transaction: none, or `SorobanTransactionData`, which a simulation adds.
pub(crate) fn transaction_extension(reader: &mut Reader<'_>) -> Result<(), XdrError> {
    match reader.u32()? {
        0 => Ok(()),
        1 => soroban_data(reader),
        tag => Err(XdrError::Unsupported { part: "transaction extension", tag }),
    }
}

fn soroban_data(reader: &mut Reader<'_>) -> Result<(), XdrError> {
    match reader.u32()? {
        0 => {}
        1 => {
            let archived = reader.count("archived entries", MAX_LEDGER_KEYS)?;
            reader.take(archived * 4)?;
        }
        tag => return Err(XdrError::Unsupported { part: "resource extension", tag }),
    }
    // The keys that are read, and those that are written.
    for part in ["read-only footprint", "read-write footprint"] {
        for _ in 0..reader.count(part, MAX_LEDGER_KEYS)? {
            ledger_key(reader)?;
        }
    }
    reader.take(3 * 4 + 8).map(drop) // instructions, bytes read and written, fee
}

fn ledger_key(reader: &mut Reader<'_>) -> Result<(), XdrError> {
    match reader.u32()? {
        0 => address::account(reader).map(drop),
        1 => {
            address::account(reader)?;
            asset(reader)
        }
        6 => {
            ScAddress::read(reader)?;
            ScVal::read(reader)?;
            reader.flag("durability").map(drop)
        }
        7 | 9 => reader.take(32).map(drop),
        tag => Err(XdrError::Unsupported { part: "ledger key", tag }),
    }
}

fn asset(reader: &mut Reader<'_>) -> Result<(), XdrError> {
    let code = match reader.u32()? {
        0 => return Ok(()),
        1 => 4,
        2 => 12,
        tag => return Err(XdrError::Unsupported { part: "asset", tag }),
    };
    reader.take(code)?;
    address::account(reader).map(drop)
}

/// `DecoratedSignature` of a transaction, at most 20.
pub(crate) fn signatures(reader: &mut Reader<'_>) -> Result<(), XdrError> {
    for _ in 0..reader.count("signatures", 20)? {
        reader.take(4)?;
        reader.opaque("signature", 64)?;
    }
    Ok(())
}

/// `CreateContractArgs` (type 1), and with the arguments of the constructor (type 2).
pub(crate) fn create_contract(reader: &mut Reader<'_>, tag: u32) -> Result<(), XdrError> {
    match reader.u32()? {
        0 => {
            ScAddress::read(reader)?;
            reader.take(32)?;
        }
        1 => asset(reader)?,
        tag => return Err(XdrError::Unsupported { part: "contract id", tag }),
    }
    match reader.u32()? {
        0 => drop(reader.take(32)?),
        1 => {}
        tag => return Err(XdrError::Unsupported { part: "executable", tag }),
    }
    if tag == 2 {
        for _ in 0..reader.count("constructor arguments", 64)? {
            ScVal::read(reader)?;
        }
    }
    Ok(())
}
