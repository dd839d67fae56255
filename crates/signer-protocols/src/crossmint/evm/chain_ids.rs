//! EIP-155 ids of the chains that the service names (section 1.2).

use super::super::ChainId;

/// The ids of viem, as the vendor's SDK maps the names. Names that stand for two networks are left out: `plume`,
/// `plume-testnet` and `story-testnet`.
const CHAIN_IDS: [(&str, u64); 35] = [
    ("base-sepolia", 84_532),
    ("base", 8_453),
    ("polygon-amoy", 80_002),
    ("polygon", 137),
    ("optimism-sepolia", 11_155_420),
    ("optimism", 10),
    ("arbitrum-sepolia", 421_614),
    ("arbitrum", 42_161),
    ("arbitrumnova", 42_170),
    ("mode-sepolia", 919),
    ("mode", 34_443),
    ("bsc", 56),
    ("shape", 360),
    ("zora", 7_777_777),
    ("zora-sepolia", 999_999_999),
    ("ethereum-sepolia", 11_155_111),
    ("ethereum", 1),
    ("flow", 747),
    ("flow-testnet", 545),
    ("story", 1_514),
    ("tempo", 4_217),
    ("tempo-testnet", 42_431),
    ("arc-testnet", 5_042_002),
    ("abstract", 2_741),
    ("abstract-testnet", 11_124),
    ("apechain", 33_139),
    ("curtis", 33_111),
    ("mantle", 5_000),
    ("mantle-sepolia", 5_003),
    ("scroll", 534_352),
    ("scroll-sepolia", 534_351),
    ("sei-pacific-1", 1_329),
    ("sei-atlantic-2-testnet", 1_328),
    ("world-chain", 480),
    ("world-chain-sepolia", 4_801),
];

/// The EIP-155 id of a chain. `None` for a chain that is not an EVM chain, and for names that stand for two networks:
/// [`Context::chain_id`](super::super::verify::Context::chain_id) helps there.
///
/// ```
/// use signer_protocols::crossmint::ChainId;
/// use signer_protocols::crossmint::evm::chain_id;
///
/// assert_eq!(chain_id(ChainId::parse("base-sepolia")?), Some(84_532));
/// assert_eq!(chain_id(ChainId::parse("plume")?), None);
/// # Ok::<(), signer_protocols::crossmint::ChainError>(())
/// ```
pub fn chain_id(chain: ChainId) -> Option<u64> {
    CHAIN_IDS.iter().find(|(name, _)| *name == chain.as_str()).map(|(_, id)| *id)
}
