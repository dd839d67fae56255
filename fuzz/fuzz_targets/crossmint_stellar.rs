#![no_main]
//! Answers on Stellar, and bare envelopes: what is decoded has one encoding.

#[path = "../crossmint_case.rs"]
mod crossmint_case;

use libfuzzer_sys::fuzz_target;
use signer_protocols::crossmint::ChainType;
use signer_protocols::crossmint::stellar::Envelope;
use signer_protocols::crossmint::stellar::xdr::ScVal;

fuzz_target!(|bytes: &[u8]| {
    let _ = crossmint_case::run(bytes, ChainType::Stellar);
    if let Ok(envelope) = Envelope::decode(bytes) {
        assert_eq!(envelope.encode(), bytes);
    }
    if let Ok(value) = ScVal::decode(bytes) {
        assert_eq!(value.encode(), bytes);
    }
});
