//! Derives the keys of three chains, writes their addresses into buffers, and signs golden inputs of
//! all four providers. Each byte is compared with what the vendors' own code made; the program ends
//! with status 0 only when all of them agree.
#![no_std]
#![no_main]

use board::cortex_m_rt::entry;
use board::{Clock, INSTRUCTIONS_PER_TICK, deepest_stack};
use cortex_m_semihosting::{debug, hprintln};
use panic_semihosting as _;
use signer_core::signature::{Signer, Verifier};
use signer_core::{
    Error, SecretBytes, address, ed25519, hkdf_sha256_into, keccak, p256, secp256k1,
};

/// Made from the golden vectors by `build.rs`.
mod golden {
    include!(concat!(env!("OUT_DIR"), "/golden.rs"));
}

#[entry]
fn main() -> ! {
    let clock = Clock::start();
    let checks: [(&str, fn() -> Result<bool, Error>); 10] = [
        ("derive-evm", derive_evm),
        ("derive-solana", derive_solana),
        ("derive-stellar", derive_stellar),
        ("sign-crossmint-evm", sign_evm),
        ("sign-crossmint-solana", sign_solana),
        ("sign-crossmint-stellar", sign_stellar),
        ("sign-privy", || {
            sign_p256(&golden::PRIVY_KEY, &golden::PRIVY_INPUT, &golden::PRIVY_SIGNATURE)
        }),
        ("sign-blink", || {
            sign_p256(&golden::BLINK_KEY, &golden::BLINK_INPUT, &golden::BLINK_SIGNATURE)
        }),
        ("sign-abstraxn", sign_abstraxn),
        ("verify-p256", verify_p256),
    ];
    let mut failed = 0;
    for (name, check) in checks {
        let (result, ticks) = clock.time(check);
        let verdict = if result == Ok(true) { "ok" } else { "FAILED" };
        failed += usize::from(result != Ok(true));
        let instructions = u64::from(ticks) * u64::from(INSTRUCTIONS_PER_TICK);
        hprintln!("check {} {} {}", name, verdict, instructions);
    }
    hprintln!("stack {}", deepest_stack());
    hprintln!("failed {}", failed);
    debug::exit(if failed == 0 { debug::EXIT_SUCCESS } else { debug::EXIT_FAILURE });
    loop {}
}

/// Derives from the parts of `info` as they are known to a caller, without a buffer for the whole.
fn derive(secret: &[u8; 32], info: &str) -> SecretBytes<32> {
    let mut parts = info.split(':').map(str::as_bytes);
    let mut part = || parts.next().unwrap_or_default();
    let mut key = SecretBytes::init(|_| {});
    hkdf_sha256_into(secret, b"crossmint", &[part(), b":", part(), b":", part()], &mut key);
    key
}

fn derive_evm() -> Result<bool, Error> {
    let key = derive(&golden::EVM_SECRET, golden::EVM_INFO);
    let signing_key = secp256k1::SigningKey::from_scalar(key.expose_secret())?;
    let address = address::evm::Address::from(&signing_key.verifying_key());
    let mut text = [0; address::evm::TEXT_LEN];
    Ok(key.expose_secret() == &golden::EVM_KEY && address.encode(&mut text) == golden::EVM_ADDRESS)
}

fn derive_solana() -> Result<bool, Error> {
    let key = derive(&golden::SOLANA_SECRET, golden::SOLANA_INFO);
    let signing_key = ed25519::SigningKey::from_seed(key.expose_secret());
    let address = address::solana::Address::from(&signing_key.verifying_key());
    let mut text = [0; address::solana::TEXT_LEN];
    Ok(key.expose_secret() == &golden::SOLANA_KEY
        && address.encode(&mut text) == golden::SOLANA_ADDRESS)
}

fn derive_stellar() -> Result<bool, Error> {
    let key = derive(&golden::STELLAR_SECRET, golden::STELLAR_INFO);
    let signing_key = ed25519::SigningKey::from_seed(key.expose_secret());
    let address = address::stellar::Address::from(&signing_key.verifying_key());
    let mut text = [0; address::stellar::TEXT_LEN];
    Ok(key.expose_secret() == &golden::STELLAR_KEY
        && address.encode(&mut text) == golden::STELLAR_ADDRESS)
}

fn sign_evm() -> Result<bool, Error> {
    let key = secp256k1::SigningKey::from_scalar(&golden::EVM_KEY)?;
    let signature = key.sign_digest(&keccak::eip191_digest(&golden::EVM_MESSAGE));
    Ok(signature.to_bytes() == golden::EVM_SIGNATURE)
}

fn sign_solana() -> Result<bool, Error> {
    sign_ed25519(&golden::SOLANA_KEY, &golden::SOLANA_MESSAGE, &golden::SOLANA_SIGNATURE)
}

fn sign_stellar() -> Result<bool, Error> {
    sign_ed25519(&golden::STELLAR_KEY, &golden::STELLAR_MESSAGE, &golden::STELLAR_SIGNATURE)
}

fn sign_ed25519(seed: &[u8; 32], message: &[u8], expected: &[u8; 64]) -> Result<bool, Error> {
    let signature = ed25519::SigningKey::from_seed(seed).try_sign(message);
    Ok(signature.is_ok_and(|signature| signature.to_bytes() == *expected))
}

/// The golden signatures of Privy and Blink are those of RFC 6979, with S as it came.
fn sign_p256(key: &[u8; 32], input: &[u8], expected: &[u8]) -> Result<bool, Error> {
    let signature: Result<p256::DerSignature, _> =
        p256::SigningKey::from_scalar(key)?.try_sign(input);
    Ok(signature.is_ok_and(|signature| signature.as_bytes() == expected))
}

fn sign_abstraxn() -> Result<bool, Error> {
    sign_p256(&golden::ABSTRAXN_KEY, &golden::ABSTRAXN_INPUT, &golden::ABSTRAXN_SIGNATURE)
}

/// A golden signature verifies, and does not with one bit turned.
fn verify_p256() -> Result<bool, Error> {
    let key = p256::SigningKey::from_scalar(&golden::PRIVY_KEY)?.verifying_key();
    let signature = p256::DerSignature::from_bytes(&golden::PRIVY_SIGNATURE)?;
    let mut other = golden::PRIVY_INPUT;
    other[0] ^= 1;
    Ok(key.verify(&golden::PRIVY_INPUT, &signature).is_ok()
        && key.verify(&other, &signature).is_err())
}
