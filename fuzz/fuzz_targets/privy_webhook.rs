#![no_main]
//! Webhooks: no header makes the check panic, and only the right one passes.

use libfuzzer_sys::fuzz_target;
use signer_protocols::privy::WebhookSecret;

fuzz_target!(|input: (&str, &str, &str, &str, &[u8])| {
    let (secret, id, timestamp, signature, body) = input;
    let _ = WebhookSecret::parse(secret);
    let known = WebhookSecret::parse("whsec_cHJpdnktd2ViaG9vay10ZXN0LXNlY3JldC0wMDAwMDE=").unwrap();
    assert!(known.verify(id, timestamp, signature, body, 1_795_175_718).is_err());
});
