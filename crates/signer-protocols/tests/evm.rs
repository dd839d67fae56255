//! EVM bytes against `ethers`, `viem` and `@metamask/eth-sig-util`, and the EVM part of the vectors of approvals.

use serde_json::Value;
use signer_core::address::evm::Address;
use signer_core::secp256k1::RecoverableSignature;
use signer_protocols::crossmint::rest;
use signer_protocols::evm::calls::{Call, describe};
use signer_protocols::evm::{
    Fees, Transaction, TransactionFields, TransactionType, TypedData, TypedDataError, abi,
};
use signer_protocols::privy::rpc;
use signer_protocols::{Json, U256};

use super::{cases, text, unhex, vectors};

const TYPED_DATA: &str = include_str!("vectors/evm-typed-data.json");
const TRANSACTIONS: &str = include_str!("vectors/evm-transactions.json");
const APPROVALS: &str = include_str!("vectors/crossmint-approvals.json");

fn hex(bytes: &[u8]) -> String {
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("0x{digits}")
}

fn unhex_0x(text: &str) -> Vec<u8> {
    unhex(text.strip_prefix("0x").unwrap())
}

fn json(value: &Value) -> Json {
    serde_json::from_value(value.clone()).unwrap()
}

fn read(document: &Value) -> Result<TypedData, TypedDataError> {
    TypedData::from_json(&json(document))
}

#[test]
fn typed_data_has_the_hashes_of_other_libraries() {
    let vectors = vectors(TYPED_DATA);
    for vector in cases(&vectors, "documents") {
        let document = &vector["typedData"];
        let typed_data = read(document).unwrap_or_else(|error| panic!("{error}: {document}"));
        assert_eq!(hex(&typed_data.domain_separator()), text(vector, "domainSeparator"));
        assert_eq!(typed_data.encoded_type(), text(vector, "encodedType"));
        assert_eq!(hex(&typed_data.type_hash()), text(vector, "typeHash"));
        assert_eq!(hex(&typed_data.message_hash()), text(vector, "messageHash"), "{document}");
        assert_eq!(hex(typed_data.digest().as_bytes()), text(vector, "digest"));
        // Read from text, and from what is sent to a service.
        let sent = serde_json::to_vec(&typed_data).unwrap();
        assert_eq!(TypedData::parse(&sent).unwrap().digest(), typed_data.digest());
        let crossmint = TypedData::try_from(&rest::TypedData::from(&typed_data)).unwrap();
        assert_eq!(crossmint, typed_data);
        let privy = TypedData::try_from(&rpc::TypedData::from(&typed_data)).unwrap();
        assert_eq!(privy.digest(), typed_data.digest());
    }
}

/// A number of 2^53 in a member that is not hashed: it has a digest, but is not sent.
#[test]
fn typed_data_with_a_rounded_number_is_not_written() {
    let vectors = vectors(TYPED_DATA);
    let mut document = cases(&vectors, "documents")[0]["typedData"].clone();
    document["message"]["not hashed"] = (1_u64 << 53).into();
    let typed_data = read(&document).unwrap();
    assert!(serde_json::to_vec(&typed_data).is_err());
}

#[test]
fn hostile_typed_data_is_refused_by_its_member() {
    let vectors = vectors(TYPED_DATA);
    for vector in cases(&vectors, "refused") {
        let error = read(&vector["typedData"]).unwrap_err();
        assert_eq!(error.path(), text(vector, "path"), "{}: {error}", vector["note"]);
    }
}

#[test]
fn typed_data_of_approvals_has_its_digest() {
    let vectors = vectors(APPROVALS);
    let of_group = |case: &&Value| text(case, "group") == "evm-typed-data";
    let (mut accepted, mut refused) = (0, 0);
    for case in cases(&vectors, "cases").iter().filter(of_group) {
        let typed_data = read(&case["request"]["body"]["params"]["typedData"]);
        let expect = &case["expect"];
        if text(expect, "verdict") == "as_requested" {
            let typed_data = typed_data.unwrap();
            assert_eq!(hex(typed_data.digest().as_bytes()), text(&expect["decoded"][0], "digest"));
            assert!(typed_data.domain_type_is_standard());
            accepted += 1;
        } else if expect["reason"] == "typed_data" {
            assert!(typed_data.is_err(), "{}", case["note"]);
            refused += 1;
        }
    }
    assert_eq!((accepted, refused), (47, 5));
}

fn quantity(value: &Value) -> U256 {
    value.as_str().map_or_else(
        || U256::from(value.as_u64().unwrap()),
        |text| U256::from_decimal(text).unwrap(),
    )
}

fn address(value: &Value) -> Address {
    Address::parse_checksummed(value.as_str().unwrap()).unwrap()
}

fn words(value: &Value) -> Vec<[u8; 32]> {
    let words = value.as_array().map(Vec::as_slice).unwrap_or_default().iter();
    words.map(|word| unhex_0x(word.as_str().unwrap()).try_into().unwrap()).collect()
}

/// Compares the fields of a transaction with those of a vector.
fn compare(transaction: &Transaction, vector: &Value) {
    let fields = transaction.fields();
    assert_eq!(u64::from(fields.transaction_type.as_u8()), vector["type"].as_u64().unwrap());
    assert_eq!(transaction.chain_id(), vector["chainId"].as_u64());
    assert_eq!(Some(transaction.nonce()), vector["nonce"].as_u64());
    assert_eq!(U256::from(fields.gas_limit), quantity(&vector["gasLimit"]));
    assert_eq!(transaction.to(), (!vector["to"].is_null()).then(|| address(&vector["to"])));
    assert_eq!(transaction.value(), quantity(&vector["value"]));
    assert_eq!(hex(transaction.data()), text(vector, "data"));
    match fields.fees {
        Fees::Price { gas_price } => assert_eq!(gas_price, quantity(&vector["gasPrice"])),
        Fees::Dynamic { max_fee_per_gas, max_priority_fee_per_gas } => {
            assert_eq!(max_fee_per_gas, quantity(&vector["maxFeePerGas"]));
            assert_eq!(max_priority_fee_per_gas, quantity(&vector["maxPriorityFeePerGas"]));
        }
    }
    let access_list = vector["accessList"].as_array().map(Vec::as_slice).unwrap_or_default();
    assert_eq!(fields.access_list.len(), access_list.len());
    for (item, expected) in fields.access_list.iter().zip(access_list) {
        assert_eq!(item.address, address(&expected["address"]));
        assert_eq!(item.storage_keys, words(&expected["storageKeys"]));
    }
    let blob_fee = &vector["maxFeePerBlobGas"];
    assert_eq!(fields.max_fee_per_blob_gas, (!blob_fee.is_null()).then(|| quantity(blob_fee)));
    assert_eq!(fields.blob_hashes, words(&vector["blobVersionedHashes"]));
    let authorizations = vector["authorizations"].as_array().map(Vec::as_slice).unwrap_or_default();
    assert_eq!(fields.authorizations.len(), authorizations.len());
    for (signed, expected) in fields.authorizations.iter().zip(authorizations) {
        let authorization = signed.authorization();
        assert_eq!(authorization.chain_id, quantity(&expected["chainId"]));
        assert_eq!(authorization.address, address(&expected["address"]));
        assert_eq!(Some(authorization.nonce), expected["nonce"].as_u64());
        assert_eq!(hex(authorization.hash().as_bytes()), text(expected, "hash"));
        assert_eq!(signed.account(), Ok(address(&expected["account"])));
        assert_eq!(Some(u64::from(signed.signature().0)), expected["yParity"].as_u64());
    }
}

#[test]
fn transactions_are_those_of_other_libraries() {
    let vectors = vectors(TRANSACTIONS);
    let mut types = [0; 5];
    for vector in cases(&vectors, "transactions") {
        let unsigned = Transaction::parse_hex(text(vector, "unsigned")).unwrap();
        compare(&unsigned, vector);
        assert!(!unsigned.is_signed());
        assert_eq!(hex(unsigned.signing_hash().as_bytes()), text(vector, "signingHash"));
        assert_eq!(Transaction::new(unsigned.fields().clone()).as_ref(), Ok(&unsigned));

        let sender = address(&vector["sender"]);
        let signature = unhex_0x(text(vector, "signature")).try_into().unwrap();
        let signature = RecoverableSignature::from_bytes(&signature).unwrap();
        let signed = unsigned.attach(&signature, &sender).unwrap();
        assert_eq!(signed.raw_hex(), text(vector, "signed"));
        assert_eq!(hex(signed.hash().unwrap().as_bytes()), text(vector, "hash"));

        let signed = Transaction::parse_hex(text(vector, "signed")).unwrap();
        compare(&signed, vector);
        assert_eq!(signed.sender(), Ok(sender));
        assert_eq!(hex(signed.signing_hash().as_bytes()), text(vector, "signingHash"));
        types[usize::from(signed.transaction_type().as_u8())] += 1;
    }
    assert!(types.iter().all(|count| *count >= 20), "{types:?}");
}

/// A transaction that is read is written as the same bytes, whatever they are.
#[test]
fn only_canonical_transactions_are_read() {
    let vectors = vectors(TRANSACTIONS);
    let (mut read, mut refused) = (0, 0);
    for vector in cases(&vectors, "transactions").iter().take(25) {
        let bytes = unhex_0x(text(vector, "signed"));
        let places = 0..bytes.len().min(160);
        for (at, change) in places.flat_map(|at| [1, 0x40, 0x80, 0xff].map(|it| (at, it))) {
            let mut changed = bytes.clone();
            changed[at] ^= change;
            match Transaction::parse(&changed) {
                Ok(transaction) => {
                    let fields: &TransactionFields = transaction.fields();
                    assert_eq!(transaction.raw(), changed);
                    assert!(Transaction::new(fields.clone()).is_ok());
                    read += 1;
                }
                Err(_) => refused += 1,
            }
        }
    }
    assert!(read > 1_000 && refused > 1_000, "{read} read, {refused} refused");
}

#[test]
fn calls_are_encoded_as_by_other_libraries() {
    let vectors = vectors(TRANSACTIONS);
    for vector in cases(&vectors, "calls") {
        let args: Vec<_> = vector["args"].as_array().unwrap().iter().map(json).collect();
        let data = abi::encode_call(&json(&vector["abi"]), text(vector, "functionName"), &args);
        let data = data.unwrap_or_else(|error| panic!("{error}: {vector}"));
        assert_eq!(hex(&data), text(vector, "data"), "{vector}");
    }
}

#[test]
fn calls_of_approvals_are_described() {
    let vectors = vectors(APPROVALS);
    let mut described = 0;
    for case in cases(&vectors, "cases").iter().filter(|case| text(case, "chainType") == "evm") {
        for decoded in case["expect"]["decoded"].as_array().into_iter().flatten() {
            let Some(summary) = decoded["summary"].as_str() else { continue };
            let to = Address::parse(text(decoded, "to")).unwrap();
            let call = describe(Some(&to), &unhex_0x(text(decoded, "data")));
            let shown = call.to_string();
            match call {
                // The vectors name these by their selectors alone.
                Call::Approve { .. } | Call::SafeTransferFrom { .. } => {
                    assert!(summary.starts_with("call 0x") && !shown.starts_with("call 0x"));
                }
                _ => assert_eq!(shown, summary),
            }
            described += 1;
        }
    }
    assert!(described > 250, "{described}");
}

#[test]
fn transactions_of_approvals_are_read() {
    let vectors = vectors(APPROVALS);
    let of_group = |case: &&Value| text(case, "group") == "evm-serialized";
    let mut types = std::collections::BTreeSet::new();
    for case in cases(&vectors, "cases").iter().filter(of_group) {
        let raw = text(&case["request"]["body"]["params"]["calls"][0], "transaction");
        let transaction = Transaction::parse_hex(raw);
        if case["expect"]["verdict"] != "as_requested" {
            continue;
        }
        let transaction = transaction.unwrap();
        let decoded = &case["expect"]["decoded"][0];
        assert_eq!(transaction.to(), Some(address(&decoded["to"])));
        assert_eq!(transaction.value(), quantity(&decoded["value"]));
        assert_eq!(hex(transaction.data()), text(decoded, "data"));
        let chain_id = case["chainId"].as_u64();
        assert!(transaction.chain_id().is_none_or(|found| Some(found) == chain_id));
        types.insert(transaction.transaction_type());
    }
    let expected =
        [TransactionType::Legacy, TransactionType::AccessList, TransactionType::DynamicFee];
    assert_eq!(types, expected.into());
}
