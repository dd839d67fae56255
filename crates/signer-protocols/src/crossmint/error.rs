use alloc::string::String;

use signer_core::Error as CoreError;

/// Why a signer secret was refused. Never any part of its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// Not 64 characters after the prefix.
    #[error(
        "signer secret must be 64 hex digits after an optional xmsk1_, found {found} characters"
    )]
    Length {
        /// The characters found.
        found: usize,
    },
    /// A character that is no hex digit.
    #[error("signer secret must be 64 hex digits after an optional xmsk1_")]
    Hex,
}

/// Why an API key was refused, in the order in which the rules are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ApiKeyError {
    /// `sk_live` or `sk_test`.
    #[error("api key has the old format: make a new one in the console")]
    OldFormat,
    /// Neither `ck_` nor `sk_`.
    #[error("api key must start with ck_ or sk_")]
    Prefix,
    /// Another usage than expected.
    #[error("api key is not of the expected usage")]
    Usage,
    /// Another environment than expected.
    #[error("api key is not of the expected environment")]
    Environment,
    /// No known environment.
    #[error("api key environment must be development, staging or production")]
    UnknownEnvironment,
    /// What follows the prefix is not base58.
    #[error("api key payload is not base58")]
    Base58,
    /// The vendor did not sign it.
    #[error("api key signature does not verify under a trusted key")]
    Signature,
    /// The project id cannot be used in a derivation.
    #[error("api key holds no usable project id")]
    ProjectId,
    /// Longer than any key.
    #[error("api key is longer than 1024 characters")]
    TooLong,
    /// A trusted key is not base58 of an Ed25519 key.
    #[error("trusted key must be base58 of an ed25519 public key")]
    TrustedKey,
}

/// Why a chain, environment or project was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChainError {
    /// No chain of the vendor.
    #[error("chain {0:?} is not known: use a name as base-sepolia, polygon, solana or stellar")]
    Unknown(String),
    /// A testnet in production.
    #[error("chain {0} is a testnet and cannot be used in production")]
    TestnetInProduction(&'static str),
    /// No environment of the vendor.
    #[error("environment must be development, staging or production")]
    Environment,
    /// Not the locator of a server signer.
    #[error("locator must be server: and an address of the chain")]
    Locator,
    /// It would make the derivation ambiguous.
    #[error("project id must not be empty and must not hold a colon")]
    ProjectId,
}

/// Why a key was not derived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DerivationError {
    /// The derived scalar is zero or not below the order, with a chance of 2^-128.
    #[error("derived key is not a secp256k1 scalar")]
    Scalar,
}

/// Why an approval was not signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ApprovalError {
    /// An EVM message that is not `0x` and whole bytes of hex.
    #[error("evm message must be 0x and an even number of hex digits")]
    EvmHex,
    /// A Solana text that is not base58.
    #[error("solana {what} must be base58")]
    Base58 {
        /// `message` or `transaction`.
        what: &'static str,
    },
    /// Bytes that are no full Solana transaction.
    #[error("solana transaction is not a full legacy or version 0 transaction")]
    SolanaTransaction,
    /// A Stellar text that is not canonical padded base64.
    #[error("stellar message must be canonical base64 with padding")]
    StellarBase64,
    /// Longer than is read.
    #[error("message is longer than {limit} characters")]
    TooLong {
        /// The limit.
        limit: usize,
    },
    /// The approval is for another kind of key.
    #[error("approval is for another chain type than the signer's")]
    ChainType,
    /// The signer failed.
    #[error("signer failed")]
    Signer,
    /// A signature made elsewhere is not one of this approval under its key.
    #[error("attached signature: {0}")]
    Signature(#[from] CoreError),
}
