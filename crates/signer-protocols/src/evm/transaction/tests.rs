use alloc::format;
use alloc::string::ToString;
use alloc::vec;

use signer_core::secp256k1::SigningKey;

use super::*;
use crate::evm::rlp::Writer;

/// The example of EIP-155: its signing data, its hash, and the signed transaction.
const UNSIGNED: &str =
    "0xec098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a764000080018080";
const SIGNED: &str = "0xf86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400008025a028ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276a067cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83";
const SENDER: &str = "0x9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F";

fn key() -> SigningKey {
    SigningKey::from_scalar(&[0x46; 32]).unwrap()
}

fn fields(transaction_type: TransactionType) -> TransactionFields {
    let word = U256::from(7_u64);
    let fees = if transaction_type.has_gas_price() {
        Fees::Price { gas_price: word }
    } else {
        Fees::Dynamic { max_fee_per_gas: word, max_priority_fee_per_gas: U256::ZERO }
    };
    TransactionFields {
        transaction_type,
        chain_id: Some(1),
        nonce: 0,
        fees,
        gas_limit: 21_000,
        to: Some(Address::from_bytes([7; 20])),
        value: U256::MAX,
        data: vec![1],
        access_list: Vec::new(),
        max_fee_per_blob_gas: None,
        blob_hashes: Vec::new(),
        authorizations: Vec::new(),
    }
}

#[test]
fn the_example_of_eip_155_is_signed() {
    let unsigned = Transaction::parse_hex(UNSIGNED).unwrap();
    assert_eq!(unsigned.chain_id(), Some(1));
    assert_eq!(unsigned.nonce(), 9);
    assert_eq!(unsigned.hash(), None);
    assert_eq!(unsigned.sender(), Err(TransactionError::Unsigned));
    assert_eq!(
        hex::encode(unsigned.signing_hash().as_bytes()),
        "daf5a779ae972f972197303d7b574746c7ef83eadac0f2791ad23db92e4c8e53"
    );
    let sender = Address::parse(SENDER).unwrap();
    let signature = key().sign_digest(&unsigned.signing_hash());
    let signed = unsigned.attach(&signature, &sender).unwrap();
    assert_eq!(signed.raw_hex(), SIGNED);
    assert_eq!(signed, Transaction::parse_hex(SIGNED).unwrap());
    assert_eq!(signed.sender(), Ok(sender));
    assert_eq!(signed.clone().attach(&signature, &sender), Err(TransactionError::Signed));
    assert!(signed.is_signed() && signed.hash().is_some());
}

#[test]
fn the_signature_of_another_key_is_refused() {
    let unsigned = Transaction::parse_hex(UNSIGNED).unwrap();
    let signature = key().sign_digest(&unsigned.signing_hash());
    let other = Address::from_bytes([1; 20]);
    let found = Address::parse(SENDER).unwrap();
    assert_eq!(unsigned.attach(&signature, &other), Err(TransactionError::OtherSender { found }));
    let authorization = Authorization { chain_id: U256::ZERO, address: other, nonce: 1 };
    let signature = key().sign_digest(&authorization.hash());
    assert!(authorization.attach(&signature, &other).is_err());
    let signed = authorization.attach(&signature, &found).unwrap();
    assert_eq!(signed.account(), Ok(found));
    assert_eq!(signed.authorization(), &authorization);
}

/// The order of the curve less s: the same signature with a high S.
#[test]
fn a_high_s_has_no_sender() {
    let low = "67cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83";
    let high = "98341627668089e51348fccfb4c7ff31c55912f2d2e47ef09652acf665fad3be";
    let text = SIGNED.replace(low, high).replace("8025a0", "8026a0");
    let transaction = Transaction::parse_hex(&text).unwrap();
    assert_eq!(transaction.sender(), Err(TransactionError::Signature));
}

#[test]
fn every_type_is_written_and_read() {
    let sender = Address::parse(SENDER).unwrap();
    for number in 0..=4 {
        let mut fields = fields(TransactionType::from_u8(number).unwrap());
        let kind = fields.transaction_type;
        assert_eq!(kind.as_u8(), number);
        if number > 0 {
            let storage_keys = vec![[1; 32], [2; 32]];
            let address = Address::from_bytes([9; 20]);
            fields.access_list = vec![AccessListItem { address, storage_keys }];
        }
        if kind == TransactionType::Blob {
            fields.max_fee_per_blob_gas = Some(U256::from(3_u64));
            fields.blob_hashes = vec![[1; 32]];
        }
        if kind == TransactionType::SetCode {
            let address = Address::from_bytes([8; 20]);
            let entry = Authorization { chain_id: U256::MAX, address, nonce: u64::MAX };
            let signature = key().sign_digest(&entry.hash());
            fields.authorizations = vec![entry.attach(&signature, &sender).unwrap()];
        }
        let unsigned = Transaction::new(fields.clone()).unwrap();
        assert_eq!(Transaction::parse(unsigned.raw()).unwrap(), unsigned);
        assert_eq!(unsigned.fields(), &fields);
        let signature = key().sign_digest(&unsigned.signing_hash());
        let signed = unsigned.clone().attach(&signature, &sender).unwrap();
        let read = Transaction::parse(signed.raw()).unwrap();
        assert_eq!(read, signed);
        assert_eq!((read.sender(), read.fields()), (Ok(sender), &fields));
        assert_eq!(read.signing_hash(), unsigned.signing_hash());
        // A byte more, a byte less, and every shorter form.
        assert!(Transaction::parse(&[signed.raw(), &[0x80]].concat()).is_err());
        for len in 0..signed.raw().len() {
            assert!(Transaction::parse(&signed.raw()[..len]).is_err(), "{number} {len}");
        }
    }
}

#[test]
fn fields_of_another_type_are_refused() {
    let refused = |change: &dyn Fn(&mut TransactionFields), number| {
        let mut fields = fields(TransactionType::from_u8(number).unwrap());
        if number == 3 {
            fields.max_fee_per_blob_gas = Some(U256::ZERO);
        }
        change(&mut fields);
        Transaction::new(fields).unwrap_err()
    };
    let required = |field| TransactionError::Required { field };
    let unused = |field| TransactionError::Unused { field };
    let price = Fees::Price { gas_price: U256::ZERO };
    assert_eq!(refused(&|it| it.fees = price, 2), required("maxFeePerGas"));
    assert_eq!(refused(&|it| it.chain_id = None, 2), required("chainId"));
    assert_eq!(refused(&|it| it.to = None, 3), required("to"));
    assert_eq!(refused(&|it| it.to = None, 4), required("to"));
    assert_eq!(refused(&|it| it.max_fee_per_blob_gas = None, 3), required("maxFeePerBlobGas"));
    assert_eq!(
        refused(&|it| it.max_fee_per_blob_gas = Some(U256::ZERO), 2),
        unused("maxFeePerBlobGas")
    );
    assert_eq!(refused(&|it| it.blob_hashes = vec![[1; 32]], 2), unused("blobVersionedHashes"));
    let address = Address::from_bytes([9; 20]);
    let item = AccessListItem { address, storage_keys: Vec::new() };
    assert_eq!(refused(&|it| it.access_list = vec![item.clone()], 0), unused("accessList"));
    for id in [0, (1 << 63) - 18, u64::MAX] {
        assert_eq!(refused(&|it| it.chain_id = Some(id), 0), TransactionError::ChainId);
    }
}

#[test]
fn other_bytes_are_refused() {
    let refused = |bytes: &[u8]| Transaction::parse(bytes).unwrap_err();
    for bytes in [&[][..], &[0], &[5, 0xc0], &[0x7f, 0xc0], &[0x80], &[0xbf]] {
        assert_eq!(refused(bytes), TransactionError::Type, "{bytes:02x?}");
    }
    assert_eq!(refused(&[1]), TransactionError::Rlp(RlpError::End));
    assert_eq!(refused(&[1, 0x80]), TransactionError::Rlp(RlpError::NoList));
    assert_eq!(refused(&[0xc0, 0]), TransactionError::Rlp(RlpError::Trailing));
    for (kind, count) in [(0, 7), (0, 8), (0, 10), (1, 9), (2, 8), (2, 10), (3, 4), (4, 9)] {
        let list = [&[0xc0 + count][..], &vec![1; usize::from(count)]].concat();
        let bytes = if kind == 0 { list } else { [&[kind][..], &list].concat() };
        let found = usize::from(count);
        assert_eq!(refused(&bytes), TransactionError::FieldCount { found });
    }
    for text in ["", "f86c", "0x0", "0xzz"] {
        assert_eq!(Transaction::parse_hex(text), Err(TransactionError::Hex), "{text}");
    }
}

/// A legacy transaction with these last three fields.
fn legacy(v: u64, r: u64, s: u64) -> Result<Transaction, TransactionError> {
    let mut writer = Writer::default();
    writer.list(|list| {
        list.u64(0).u64(1).u64(21_000).bytes(&[7; 20]).u64(1).bytes(&[]);
        list.u64(v).u64(r).u64(s);
    });
    Transaction::parse(&writer.finish())
}

#[test]
fn the_v_of_a_legacy_transaction_names_its_chain() {
    assert_eq!(legacy(27, 1, 1).unwrap().chain_id(), None);
    assert_eq!(legacy(28, 1, 1).unwrap().chain_id(), None);
    assert_eq!(legacy(37, 1, 1).unwrap().chain_id(), Some(1));
    assert_eq!(legacy(38, 1, 1).unwrap().chain_id(), Some(1));
    assert_eq!(legacy(309, 1, 1).unwrap().chain_id(), Some(137));
    assert_eq!(legacy(27, 0, 0).unwrap().chain_id(), Some(27));
    for v in [0, 1, 26, 29, 35, 36] {
        assert_eq!(legacy(v, 1, 1), Err(TransactionError::V), "{v}");
    }
    assert_eq!(legacy(0, 0, 0), Err(TransactionError::ChainId));
    assert_eq!(legacy(u64::MAX, 1, 1), Err(TransactionError::ChainId));
    assert_eq!(legacy(u64::MAX, 0, 0), Err(TransactionError::ChainId));
    assert_eq!(legacy(27, 0, 1).unwrap().sender(), Err(TransactionError::Signature));
}

#[test]
fn fields_that_are_not_canonical_are_named() {
    let fault = |at: usize, field: &[u8]| {
        let mut fields: [&[u8]; 9] =
            [&[1], &[0x80], &[1], &[1], &[1], &[0x80], &[0x80], &[0x80], &[0xc0]];
        fields[at] = field;
        let payload = fields.concat();
        let list = [&[0xc0 + u8::try_from(payload.len()).unwrap()], payload.as_slice()].concat();
        Transaction::parse(&[&[2], list.as_slice()].concat()).unwrap_err().to_string()
    };
    assert_eq!(fault(0, &[0]), "chainId: integer has leading zeros");
    assert_eq!(fault(1, &[0x82, 0, 1]), "nonce: integer has leading zeros");
    assert_eq!(fault(2, &[0xc0]), "maxPriorityFeePerGas: bytes are expected, found a list");
    assert_eq!(
        fault(4, &[0x89, 1, 0, 0, 0, 0, 0, 0, 0, 0]),
        "gasLimit: integer has more than 64 bits"
    );
    assert_eq!(fault(5, &[0x82, 1, 1]), "to: expected 20 bytes, found 2");
    assert_eq!(fault(7, &[0x81, 1]), "transaction: item is not in its shortest form");
    assert_eq!(fault(8, &[0x80]), "accessList: a list is expected, found bytes");
    assert_eq!(fault(8, &[0xc1, 0x80]), "accessList: a list is expected, found bytes");
    let two = [&[0xd8, 0xd7, 0x94][..], &[1; 20], &[0xc0, 0xc0]].concat();
    assert_eq!(fault(8, &two), "accessList: bytes follow the last item");
    let parity = [&[2, 0xcc, 1, 0x80, 1, 1, 1, 0x80, 0x80, 0x80, 0xc0], &[2, 1, 1][..]].concat();
    assert_eq!(Transaction::parse(&parity), Err(TransactionError::Parity));
    assert_eq!(format!("{}", TransactionError::Parity), "yParity: must be 0 or 1");
}
