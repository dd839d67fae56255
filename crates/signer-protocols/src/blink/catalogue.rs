//! The vendor's catalogue of chains and tokens, the start of every allow-list.

use super::address::SOLANA;

/// Chain id and token.
pub(super) const CATALOGUE: &[(u64, &str)] = &[
    (1, "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"),
    (8_453, "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"),
    (42_161, "0xaf88d065e77c8cC2239327C5EDb3A432268e5831"),
    (137, "0x3c499c542cEF5E3811e1192ce70d8cC03d5c3359"),
    (56, "0x8AC76a51cc950d9822D68b83fE1Ad97B32Cd580d"),
    (SOLANA, "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"),
    (SOLANA, "11111111111111111111111111111111"),
    (1_337, "0x00000000000000000000000000000000"),
    (1_337, "0x6d1e7cde53ba9467b783cb7c530ce054"),
    // The sandbox.
    (84_532, "0x036CbD53842c5426634e7929541eC2318f3dCF7e"),
    (11_155_111, "0x1c7D4B196Cb0C7B01d743Fbc6116a902379C7238"),
];

/// Where the vendor's web view lives.
pub(super) const URL_ORIGINS: [&str; 2] =
    ["https://pay.blink.cash", "https://pay-sandbox.blink.cash"];
