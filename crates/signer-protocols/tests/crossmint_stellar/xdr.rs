use proptest::prelude::*;
use signer_core::address::stellar::{Address, ContractAddress};
use signer_protocols::crossmint::Environment;
use signer_protocols::crossmint::stellar::xdr::{AuthorizationEntry, ScAddress, ScVal, XdrError};
use signer_protocols::crossmint::stellar::{
    Envelope, PUBLIC_NETWORK, TEST_NETWORK, authorization_payload, network_passphrase,
};

use super::super::{cases, text, unbase64, vectors};
use super::{XDR, base64, envelope};

#[test]
fn values_are_those_of_the_sdk() {
    let seven = signer_core::ed25519::SigningKey::from_seed(&[7; 32]).verifying_key();
    let mut wide = [0; 32];
    wide[6] = 1; // 2^200
    wide[31] = 5;
    let expected = |name: &str| match name {
        "bool" => ScVal::Bool(true),
        "void" => ScVal::Void,
        "u32" => ScVal::U32(u32::MAX),
        "i32" => ScVal::I32(-5),
        "u64" => ScVal::U64(u64::MAX),
        "i64" => ScVal::I64(i64::MIN),
        "timepoint" => ScVal::Timepoint(7),
        "duration" => ScVal::Duration(8),
        "u128" => ScVal::U128(u128::MAX),
        "i128" => ScVal::I128(i128::MIN),
        "i128_small" => ScVal::I128(-2),
        "u256" => ScVal::U256(wide),
        "i256" => ScVal::I256([0xff; 32]),
        "bytes" => ScVal::Bytes(vec![1, 2, 3, 4, 5]),
        "string" => ScVal::String("hé".into()),
        "symbol" => ScVal::symbol("add_signer"),
        "vec" => ScVal::Vec(vec![ScVal::U32(1), ScVal::Vec(Vec::new())]),
        "map" => ScVal::Map(vec![(ScVal::symbol("a"), ScVal::Void)]),
        "account" => ScVal::Address(ScAddress::Account(Address::from(&seven))),
        "contract" => ScVal::Address(ScAddress::Contract(ContractAddress::from_bytes([9; 32]))),
        "instance" => ScVal::LedgerKeyContractInstance,
        "nonce" => ScVal::LedgerKeyNonce(-3),
        other => panic!("{other}"),
    };
    let vectors = vectors(XDR);
    for case in cases(&vectors, "values") {
        let (bytes, value) = (unbase64(text(case, "xdr")), expected(text(case, "name")));
        assert_eq!(ScVal::decode(&bytes), Ok(value.clone()), "{case}");
        assert_eq!(value.encode(), bytes, "{case}");
        assert_eq!(ScVal::decode(&bytes[..bytes.len() - 1]), Err(XdrError::End), "{case}");
        assert_eq!(ScVal::decode(&[bytes, vec![0]].concat()), Err(XdrError::Trailing), "{case}");
    }
    // "bytes" of five: the first of three padding bytes is not zero.
    let padded = [0, 0, 0, 13, 0, 0, 0, 5, 1, 2, 3, 4, 5, 1, 0, 0];
    assert_eq!(ScVal::decode(&padded), Err(XdrError::Padding));
    assert_eq!(ScVal::decode(&[0, 0, 0, 15, 0, 0, 0, 1, b'-', 0, 0, 0]), Err(XdrError::Symbol));
    let flag = Err(XdrError::Unsupported { part: "bool", tag: 2 });
    assert_eq!(ScVal::decode(&[0, 0, 0, 0, 0, 0, 0, 2]), flag);
    // A vector of 2^32 - 1 elements.
    let long = [0, 0, 0, 16, 0, 0, 0, 1, 255, 255, 255, 255];
    assert_eq!(ScVal::decode(&long), Err(XdrError::Limit { part: "vec" }));
}

#[test]
fn envelopes_of_the_sdk_are_read_and_written_the_same() {
    let vectors = vectors(XDR);
    for case in cases(&vectors, "envelopes") {
        let envelope = Envelope::parse(text(case, "xdr"));
        let envelope = envelope.unwrap_or_else(|error| panic!("{}: {error}", case["name"]));
        assert_eq!(envelope.to_base64(), text(case, "xdr"));
        assert_eq!(envelope.call().function, "transfer");
        let [entry] = envelope.authorizations() else { panic!("{case}") };
        assert_eq!(AuthorizationEntry::decode(&entry.encode()).as_ref(), Ok(entry));
    }
    for case in cases(&vectors, "refused") {
        let part = text(case, "part");
        match Envelope::parse(text(case, "xdr")).unwrap_err() {
            XdrError::Unsupported { part: found, .. } | XdrError::Limit { part: found } => {
                assert_eq!(found, part, "{case}");
            }
            other => panic!("{}: {other}", case["name"]),
        }
    }
}

#[test]
fn the_payload_is_that_of_the_sdk() {
    let vectors = vectors(XDR);
    let plain = envelope("plain");
    let root = &plain.authorizations()[0].root;
    let payload = authorization_payload(PUBLIC_NETWORK, -77, 123_456, root);
    assert_eq!(base64(&payload), text(&vectors["payload"], "message"));
    assert_eq!(text(&vectors["payload"], "network"), PUBLIC_NETWORK);
    assert_eq!(network_passphrase(Environment::Development), TEST_NETWORK);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_the_decoder_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(envelope) = Envelope::decode(&bytes) {
            prop_assert_eq!(envelope.encode(), bytes.clone());
        }
        if let Ok(value) = ScVal::decode(&bytes) {
            prop_assert_eq!(value.encode(), bytes);
        }
    }
}
