#![no_main]
//! Answers on EVM: user operations and signatures of smart accounts.

#[path = "../crossmint_case.rs"]
mod crossmint_case;

use libfuzzer_sys::fuzz_target;
use signer_protocols::crossmint::ChainType;

fuzz_target!(|bytes: &[u8]| {
    let _ = crossmint_case::run(bytes, ChainType::Evm);
});
