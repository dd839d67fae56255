#![no_main]
//! Access keys, stamps and export bundles: only what was made for us opens.

use libfuzzer_sys::fuzz_target;
use signer_core::p256::SigningKey;
use signer_protocols::abstraxn::{AccessKey, ExportRecipient, Stamp};
use signer_protocols::secrecy::ExposeSecret;

fuzz_target!(|text: &str| {
    if let Ok(key) = AccessKey::parse(text) {
        assert!(key.to_text().expose_secret().eq_ignore_ascii_case(text));
    }
    let key = SigningKey::from_scalar(&[7; 32]).unwrap().verifying_key();
    assert!(Stamp::verify(text, b"body", &key).is_err());
    let recipient = ExportRecipient::from(SigningKey::from_scalar(&[8; 32]).unwrap());
    assert!(recipient.open(text, "organization", &key).is_err());
});
