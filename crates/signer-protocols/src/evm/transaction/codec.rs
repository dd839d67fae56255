use alloc::vec::Vec;

use super::error::{RlpError, field};
use super::fields::legacy_v;
use super::signature::RawSignature;
use super::{
    AccessListItem, Fees, SignedAuthorization, TransactionError, TransactionFields, TransactionType,
};
use crate::U256;
use crate::evm::rlp::{Reader, Writer};

/// Reads a transaction, signed or not.
pub(super) fn decode(
    bytes: &[u8],
) -> Result<(TransactionFields, Option<RawSignature>), TransactionError> {
    let (kind, list) = match bytes {
        [0xc0..=0xff, ..] => (TransactionType::Legacy, bytes),
        [number @ 1..=4, list @ ..] => {
            (TransactionType::from_u8(*number).ok_or(TransactionError::Type)?, list)
        }
        _ => return Err(TransactionError::Type),
    };
    let mut list = Reader::of_list(list).map_err(TransactionError::Rlp)?;
    let found = list.count().map_err(TransactionError::Rlp)?;
    let unsigned = match kind {
        TransactionType::Legacy => 6,
        TransactionType::AccessList => 8,
        TransactionType::DynamicFee => 9,
        TransactionType::Blob => 11,
        TransactionType::SetCode => 10,
    };
    if found != unsigned && found != unsigned + 3 {
        return Err(TransactionError::FieldCount { found });
    }
    let mut fields = read_fields(kind, &mut list)?;
    if found == unsigned {
        return Ok((fields, None));
    }
    let v = field(if kind == TransactionType::Legacy { "v" } else { "yParity" }, list.u64())?;
    let (r, s) = (field("r", list.u256())?, field("s", list.u256())?);
    let y_parity = match kind {
        TransactionType::Legacy if r == U256::ZERO && s == U256::ZERO => {
            // The form that is signed for a chain (EIP-155): its id, and two zeros.
            if v == 0 || legacy_v(v, 1).is_none() {
                return Err(TransactionError::ChainId);
            }
            fields.chain_id = Some(v);
            return Ok((fields, None));
        }
        TransactionType::Legacy => match v {
            27 => 0,
            28 => 1,
            37.. => {
                fields.chain_id = Some((v - 35) / 2);
                u8::from(v % 2 == 0)
            }
            _ => return Err(TransactionError::V),
        },
        _ => match v {
            0 => 0,
            1 => 1,
            _ => return Err(TransactionError::Parity),
        },
    };
    Ok((fields, Some(RawSignature { y_parity, r, s })))
}

fn read_fields(
    kind: TransactionType,
    list: &mut Reader<'_>,
) -> Result<TransactionFields, TransactionError> {
    let chain_id = match kind {
        TransactionType::Legacy => None,
        _ => Some(field("chainId", list.u64())?),
    };
    let nonce = field("nonce", list.u64())?;
    let fees = if kind.has_gas_price() {
        Fees::Price { gas_price: field("gasPrice", list.u256())? }
    } else {
        let max_priority_fee_per_gas = field("maxPriorityFeePerGas", list.u256())?;
        let max_fee_per_gas = field("maxFeePerGas", list.u256())?;
        Fees::Dynamic { max_fee_per_gas, max_priority_fee_per_gas }
    };
    let gas_limit = field("gasLimit", list.u64())?;
    let to = match field("to", list.bytes())? {
        [] if kind < TransactionType::Blob => None,
        bytes => {
            let error = RlpError::Length { expected: 20, found: bytes.len() };
            let address = <[u8; 20]>::try_from(bytes).map_err(|_| error);
            Some(signer_core::address::evm::Address::from_bytes(field("to", address)?))
        }
    };
    let value = field("value", list.u256())?;
    let data = field("data", list.bytes())?.into();
    let access_list = match kind {
        TransactionType::Legacy => Vec::new(),
        _ => field("accessList", read_access_list(list))?,
    };
    let mut fields = TransactionFields {
        transaction_type: kind,
        chain_id,
        nonce,
        fees,
        gas_limit,
        to,
        value,
        data,
        access_list,
        max_fee_per_blob_gas: None,
        blob_hashes: Vec::new(),
        authorizations: Vec::new(),
    };
    if kind == TransactionType::Blob {
        fields.max_fee_per_blob_gas = Some(field("maxFeePerBlobGas", list.u256())?);
        fields.blob_hashes = field("blobVersionedHashes", read_words(list))?;
    }
    if kind == TransactionType::SetCode {
        let mut entries = field("authorizationList", list.list())?;
        while !entries.is_empty() {
            fields.authorizations.push(SignedAuthorization::read(&mut entries)?);
        }
    }
    Ok(fields)
}

fn read_access_list(list: &mut Reader<'_>) -> Result<Vec<AccessListItem>, RlpError> {
    let mut items = list.list()?;
    let mut access_list = Vec::new();
    while !items.is_empty() {
        let mut item = items.list()?;
        let address = item.address()?;
        let storage_keys = read_words(&mut item)?;
        item.end()?;
        access_list.push(AccessListItem { address, storage_keys });
    }
    Ok(access_list)
}

fn read_words(list: &mut Reader<'_>) -> Result<Vec<[u8; 32]>, RlpError> {
    let mut items = list.list()?;
    let mut words = Vec::new();
    while !items.is_empty() {
        words.push(items.fixed()?);
    }
    Ok(words)
}

/// The canonical bytes of a transaction. Without a signature they are those whose hash is signed.
pub(super) fn encode(fields: &TransactionFields, signature: Option<&RawSignature>) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.list(|list| {
        write_fields(fields, list);
        let legacy = fields.transaction_type == TransactionType::Legacy;
        match (signature, fields.chain_id) {
            (Some(RawSignature { y_parity, r, s }), chain_id) => {
                let v = match chain_id.filter(|_| legacy) {
                    // The fields were checked: v fits.
                    Some(id) => legacy_v(id, *y_parity).unwrap_or_default(),
                    None => u64::from(*y_parity) + if legacy { 27 } else { 0 },
                };
                list.u64(v).u256(*r).u256(*s);
            }
            (None, Some(chain_id)) if legacy => {
                list.u64(chain_id).u64(0).u64(0);
            }
            (None, _) => {}
        }
    });
    let list = writer.finish();
    match fields.transaction_type {
        TransactionType::Legacy => list,
        kind => [&[kind.as_u8()], list.as_slice()].concat(),
    }
}

fn write_fields(fields: &TransactionFields, list: &mut Writer) {
    let kind = fields.transaction_type;
    if kind != TransactionType::Legacy {
        list.u64(fields.chain_id.unwrap_or_default());
    }
    list.u64(fields.nonce);
    match fields.fees {
        Fees::Price { gas_price } => list.u256(gas_price),
        Fees::Dynamic { max_fee_per_gas, max_priority_fee_per_gas } => {
            list.u256(max_priority_fee_per_gas).u256(max_fee_per_gas)
        }
    };
    list.u64(fields.gas_limit);
    list.bytes(fields.to.as_ref().map_or(&[], |address| address.as_bytes()));
    list.u256(fields.value).bytes(&fields.data);
    if kind == TransactionType::Legacy {
        return;
    }
    list.list(|items| {
        for item in &fields.access_list {
            items.list(|entry| {
                entry.bytes(item.address.as_bytes());
                write_words(&item.storage_keys, entry);
            });
        }
    });
    if kind == TransactionType::Blob {
        list.u256(fields.max_fee_per_blob_gas.unwrap_or_default());
        write_words(&fields.blob_hashes, list);
    }
    if kind == TransactionType::SetCode {
        list.list(|entries| fields.authorizations.iter().for_each(|entry| entry.write(entries)));
    }
}

fn write_words(words: &[[u8; 32]], list: &mut Writer) {
    list.list(|items| {
        for word in words {
            items.bytes(word);
        }
    });
}
