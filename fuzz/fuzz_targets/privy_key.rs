#![no_main]
//! Authorization keys: parse, print, parse.

use libfuzzer_sys::fuzz_target;
use signer_protocols::privy::{AuthorizationKey, decode_public_key, encode_public_key};
use signer_protocols::secrecy::ExposeSecret;

fuzz_target!(|text: &str| {
    if let Ok(key) = AuthorizationKey::parse(text) {
        let printed = key.to_wallet_auth();
        let again = AuthorizationKey::parse(printed.expose_secret()).unwrap();
        assert_eq!(again.verifying_key(), key.verifying_key());
    }
    if let Ok(key) = decode_public_key(text) {
        assert_eq!(encode_public_key(&key), text);
    }
});
