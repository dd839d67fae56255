#![no_main]
//! Answers on Solana: transactions that are wrapped in the wallet's program.

#[path = "../crossmint_case.rs"]
mod crossmint_case;

use libfuzzer_sys::fuzz_target;
use signer_protocols::crossmint::ChainType;

fuzz_target!(|bytes: &[u8]| {
    let _ = crossmint_case::run(bytes, ChainType::Solana);
});
