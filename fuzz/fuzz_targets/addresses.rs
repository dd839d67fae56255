#![no_main]
//! Addresses and base58: parse, print, parse.

use libfuzzer_sys::fuzz_target;
use signer_core::address::{evm, solana, stellar};
use signer_core::encoding::base58;

fuzz_target!(|text: &str| {
    if let Ok(address) = evm::Address::parse(text) {
        assert!(address.to_string().eq_ignore_ascii_case(text));
        assert_eq!(evm::Address::parse_checksummed(&address.to_string()), Ok(address));
    }
    if let Ok(address) = solana::Address::parse(text) {
        assert_eq!(address.to_string(), text);
    }
    if let Ok(address) = stellar::Address::parse(text) {
        assert_eq!(address.to_string(), text);
    }
    if text.len() <= 512 {
        let mut bytes = vec![0; text.len()];
        if let Ok(decoded) = base58::decode(text.as_bytes(), &mut bytes) {
            let mut printed = vec![0; base58::encoded_len(decoded.len())];
            assert_eq!(base58::encode(decoded, &mut printed), Ok(text));
        }
    }
});
