use signer_core::Error;
use signer_core::address::{evm, solana, stellar};

use super::{lines, text, unhex32};

#[test]
fn eip55_of_ethers() {
    for case in lines(include_str!("vectors/eip55.jsonl")) {
        let (lower, checked) = (text(&case, "lower"), text(&case, "eip55"));
        let address = evm::Address::parse(lower).unwrap();
        assert_eq!(address.to_string(), checked);
        assert_eq!(evm::Address::parse_checksummed(checked), Ok(address));
        assert_eq!(evm::Address::parse_checksummed(lower), Ok(address));
        let flipped = text(&case, "one_case_flip");
        assert_eq!(evm::Address::parse(flipped), Ok(address));
        let verdict = evm::Address::parse_checksummed(flipped);
        assert_eq!(verdict.is_ok(), case["flip_valid"].as_bool().unwrap(), "{flipped}");
    }
}

#[test]
fn evm_forms_that_are_refused() {
    let good = "0x6b9cb6e03786D23b45b1C7Fd0684B8bc10e098F1";
    for bad in [
        "",
        "0x",
        &good[2..],
        &good[..41],
        &format!("{good}0"),
        &good.replace("0x", "0X"),
        &good.replace('6', "g"),
        &format!(" {good}"),
        &format!("{good}\n"),
        &good.replace("6b", "+b"),
    ] {
        assert_eq!(evm::Address::parse(bad), Err(Error::Address), "{bad:?}");
    }
}

#[test]
fn strkeys_of_stellar_base() {
    for case in lines(include_str!("vectors/stellar_strkey.jsonl")) {
        let address = stellar::Address::from_bytes(unhex32(text(&case, "public_key")));
        assert_eq!(address.to_string(), text(&case, "strkey"));
        assert_eq!(stellar::Address::parse(text(&case, "strkey")), Ok(address));
        let mutated = stellar::Address::parse(text(&case, "mutated"));
        assert_eq!(mutated.is_ok(), case["mutated_valid"].as_bool().unwrap());
    }
}

/// The contract of SEP-23's own list.
#[test]
fn a_contract_of_stellar_is_no_account() {
    let text = "CA3D5KRYM6CB7OWQ6TWYRR3Z4T7GNZLKERYNZGGA5SOAOPIFY6YQGAXE";
    let bytes = unhex32("363eaa3867841fbad0f4ed88c779e4fe66e56a2470dc98c0ec9c073d05c7b103");
    let contract = stellar::ContractAddress::parse(text).unwrap();
    assert_eq!((contract.as_bytes(), contract.to_string()), (&bytes, text.to_owned()));
    assert_eq!(contract, stellar::ContractAddress::from_bytes(bytes));
    assert!(stellar::Address::parse(text).is_err());
    let account = stellar::Address::from_bytes(bytes).to_string();
    assert!(stellar::ContractAddress::parse(&account).is_err());
    assert!(stellar::ContractAddress::parse(&text.replace("AXE", "AXF")).is_err());
    assert_eq!(format!("{contract:?}"), format!("stellar::ContractAddress({text})"));
}

#[test]
fn stellar_forms_that_are_refused() {
    let good = "GATI23RKXJWKWOU24HOHQWNV2PHAQSW6G7LP52KQNUWWJF4JVA46VACB";
    assert!(stellar::Address::parse(good).is_ok());
    // Another version byte, lower case, a digit outside of base32, another length.
    let seed = format!("S{}", &good[1..]);
    for bad in
        ["", &good[..55], &format!("{good}A"), &good.to_lowercase(), &seed, &good.replace('2', "1")]
    {
        assert!(stellar::Address::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn solana_forms_that_are_refused() {
    let good = "9r5nFjc8wa4gkAzU6iUNT2SnyBR6rTZmkr1hN2c7vis6";
    assert_eq!(solana::Address::parse(good).unwrap().to_string(), good);
    assert_eq!(solana::Address::parse(&"1".repeat(32)).unwrap().as_bytes(), &[0; 32]);
    for bad in [
        "",
        "1",
        &"1".repeat(31),
        &"1".repeat(33),
        &good[2..],
        &format!("{good}1"),
        &good.replace('9', "0"),
        &"z".repeat(44),
    ] {
        assert_eq!(solana::Address::parse(bad), Err(Error::Address), "{bad}");
    }
}
