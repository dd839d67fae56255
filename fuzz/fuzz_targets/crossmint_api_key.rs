#![no_main]
//! API keys, secrets, chains: no text makes them panic, and no key is trusted that the vendor did not sign.

use libfuzzer_sys::fuzz_target;
use signer_protocols::crossmint::{ApiKey, ChainId, Environment, ProjectId, SignerSecret, TrustedKeys};

fuzz_target!(|text: &str| {
    let none = TrustedKeys::any_environment([]).unwrap();
    assert!(ApiKey::parse(text, &none, Default::default()).is_err());
    let _ = ApiKey::parse(text, &TrustedKeys::vendor().unwrap(), Default::default());
    if SignerSecret::parse(text).is_ok() {
        assert!(matches!(text.len(), 64 | 70));
    }
    if let Ok(chain) = ChainId::parse(text) {
        assert_eq!(chain.as_str(), text);
        let _ = chain.in_environment(Environment::Staging);
    }
    let _ = ProjectId::parse(text);
});
