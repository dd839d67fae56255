/// Chain ids by the vendor's names, as its SDK maps them, and as viem has them for the rest. Uncertain ones are missing.
const CHAINS: [(&str, u64); 35] = [
    ("abstract", 2_741),
    ("abstract-testnet", 11_124),
    ("apechain", 33_139),
    ("arbitrum", 42_161),
    ("arbitrum-sepolia", 421_614),
    ("arbitrumnova", 42_170),
    ("arc-testnet", 5_042_002),
    ("base", 8_453),
    ("base-sepolia", 84_532),
    ("bsc", 56),
    ("curtis", 33_111),
    ("ethereum", 1),
    ("ethereum-sepolia", 11_155_111),
    ("flow", 747),
    ("flow-testnet", 545),
    ("mantle", 5_000),
    ("mantle-sepolia", 5_003),
    ("mode", 34_443),
    ("mode-sepolia", 919),
    ("optimism", 10),
    ("optimism-sepolia", 11_155_420),
    ("polygon", 137),
    ("polygon-amoy", 80_002),
    ("scroll", 534_352),
    ("scroll-sepolia", 534_351),
    ("sei-atlantic-2-testnet", 1_328),
    ("sei-pacific-1", 1_329),
    ("shape", 360),
    ("story", 1_514),
    ("tempo", 4_217),
    ("tempo-testnet", 42_431),
    ("world-chain", 480),
    ("world-chain-sepolia", 4_801),
    ("zora", 7_777_777),
    ("zora-sepolia", 999_999_999),
];

/// The id of a chain with this name.
pub(in super::super) fn chain_id(name: &str) -> Option<u64> {
    CHAINS.into_iter().find(|(known, _)| *known == name).map(|(_, id)| id)
}
