//! The keys of wallets: real ones, made for the emulator and forgotten with it.

use getrandom::SysRng;
use rand_core::UnwrapErr;
use signer_core::address::{evm, solana};
use signer_core::keccak::eip191_digest;
use signer_core::signature::Signer;
use signer_core::signature::hazmat::PrehashSigner;
use signer_core::{ed25519, secp256k1};

pub(crate) enum WalletKey {
    Ethereum(secp256k1::SigningKey),
    Solana(ed25519::SigningKey),
}

impl WalletKey {
    pub(crate) fn ethereum() -> Self {
        Self::Ethereum(secp256k1::SigningKey::generate(&mut random()))
    }

    pub(crate) fn solana() -> Self {
        Self::Solana(ed25519::SigningKey::generate(&mut random()))
    }

    pub(crate) fn address(&self) -> String {
        match self {
            Self::Ethereum(key) => evm::Address::from(&key.verifying_key()).to_string(),
            Self::Solana(key) => solana::Address::from(&key.verifying_key()).to_string(),
        }
    }

    /// `0x` r ‖ s ‖ v of a digest.
    pub(crate) fn sign_digest(&self, digest: &[u8]) -> Option<String> {
        let Self::Ethereum(key) = self else { return None };
        let signature = key.sign_prehash(digest).ok()?;
        Some(format!("0x{}", hex(&signature.to_bytes())))
    }

    /// The same of a personal message (EIP-191).
    pub(crate) fn sign_personal(&self, message: &[u8]) -> Option<String> {
        self.sign_digest(eip191_digest(message).as_bytes())
    }

    /// 64 bytes of Ed25519.
    pub(crate) fn sign_message(&self, message: &[u8]) -> Option<[u8; 64]> {
        let Self::Solana(key) = self else { return None };
        let signature: ed25519::Signature = key.try_sign(message).ok()?;
        Some(signature.to_bytes())
    }

    /// What an export gives: 32 bytes.
    pub(crate) fn secret(&self) -> [u8; 32] {
        match self {
            Self::Ethereum(key) => *key.to_scalar().expose_secret(),
            Self::Solana(key) => *key.to_seed().expose_secret(),
        }
    }
}

/// The system's random source. A machine without one runs no tests.
pub(crate) const fn random() -> UnwrapErr<SysRng> {
    UnwrapErr(SysRng)
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}

/// Hex with or without `0x`.
pub(crate) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    if !digits.len().is_multiple_of(2) || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let pairs = digits.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}
