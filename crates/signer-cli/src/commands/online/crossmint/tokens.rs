//! The tokens that `transfer` and `approve` know without being told: USDC, USDT, EURC and the coins of the chains.
//!
//! As of 2026-11. USDC, EURC and the coins: the list of Circle, the issuer (npm `@circle-fin/bridge-kit` 1.15.1). USDT: the
//! same list, and for Polygon, Optimism and BSC the list of Uniswap (npm `@uniswap/default-token-list` 22.21.0). Stellar: the
//! contracts of the issuers' assets, derived from the asset and the network. A token that none of these lists has is
//! left out; `--token CHAIN:SYMBOL=SPEC` adds it.

use signer_protocols::crossmint::Environment;
use signer_protocols::crossmint::verify::{Token, Tokens};

/// Locators and facts that hold in every environment, because mainnet and testnet have names of their own.
const EVERYWHERE: [(&str, &str); 46] = [
    ("ethereum:eth", "native:18"),
    ("ethereum:usdc", "erc20:0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48:6"),
    ("ethereum:usdt", "erc20:0xdAC17F958D2ee523a2206206994597C13D831ec7:6"),
    ("ethereum:eurc", "erc20:0x1aBaEA1f7C830bD89Acc67eC4af516284b1bC33c:6"),
    ("ethereum-sepolia:eth", "native:18"),
    ("ethereum-sepolia:usdc", "erc20:0x1c7D4B196Cb0C7B01d743Fbc6116a902379C7238:6"),
    ("ethereum-sepolia:eurc", "erc20:0x08210F9170F89Ab7658F0B5E3fF39b0E03C594D4:6"),
    ("base:eth", "native:18"),
    ("base:usdc", "erc20:0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913:6"),
    ("base:eurc", "erc20:0x60a3E35Cc302bFA44Cb288Bc5a4F316Fdb1adb42:6"),
    ("base-sepolia:eth", "native:18"),
    ("base-sepolia:usdc", "erc20:0x036CbD53842c5426634e7929541eC2318f3dCF7e:6"),
    ("base-sepolia:eurc", "erc20:0x808456652fdb597867f38412077A9182bf77359F:6"),
    ("optimism:eth", "native:18"),
    ("optimism:usdc", "erc20:0x0b2C639c533813f4Aa9D7837CAf62653d097Ff85:6"),
    ("optimism:usdt", "erc20:0x94b008aA00579c1307B0EF2c499aD98a8ce58e58:6"),
    ("optimism-sepolia:eth", "native:18"),
    ("optimism-sepolia:usdc", "erc20:0x5fd84259d66Cd46123540766Be93DFE6D43130D7:6"),
    ("arbitrum:eth", "native:18"),
    ("arbitrum:usdc", "erc20:0xaf88d065e77c8cC2239327C5EDb3A432268e5831:6"),
    ("arbitrum-sepolia:eth", "native:18"),
    ("arbitrum-sepolia:usdc", "erc20:0x75faf114eafb1BDbe2F0316DF893fd58CE46AA4d:6"),
    ("polygon:pol", "native:18"),
    ("polygon:usdc", "erc20:0x3c499c542cEF5E3811e1192ce70d8cC03d5c3359:6"),
    ("polygon:usdt", "erc20:0xc2132D05D31c914a87C6611C10748AEb04B58e8F:6"),
    ("polygon-amoy:pol", "native:18"),
    ("polygon-amoy:usdc", "erc20:0x41E94Eb019C0762f9Bfcf9Fb1E58725BfB0e7582:6"),
    ("bsc:bnb", "native:18"),
    ("bsc:usdt", "erc20:0x55d398326f99059fF775485246999027B3197955:18"),
    ("world-chain:eth", "native:18"),
    ("world-chain:usdc", "erc20:0x79A02482A880bCE3F13e09Da970dC34db4CD24d1:6"),
    ("world-chain-sepolia:eth", "native:18"),
    ("world-chain-sepolia:usdc", "erc20:0x66145f38cBAC35Ca6F1Dfb4914dF98F1614aeA88:6"),
    ("sei-pacific-1:sei", "native:18"),
    ("sei-pacific-1:usdc", "erc20:0xe15fC38F6D8c56aF07bbCBe3BAf5708A2Bf42392:6"),
    ("sei-atlantic-2-testnet:sei", "native:18"),
    ("sei-atlantic-2-testnet:usdc", "erc20:0x4fCF1784B31630811181f670Aea7A7bEF803eaED:6"),
    ("arc-testnet:eurc", "erc20:0x89B50855Aa3bE2F677cD6303Cec089B5F319D72a:6"),
    ("zora:eth", "native:18"),
    ("zora-sepolia:eth", "native:18"),
    ("scroll:eth", "native:18"),
    ("scroll-sepolia:eth", "native:18"),
    ("mode:eth", "native:18"),
    ("mode-sepolia:eth", "native:18"),
    ("solana:sol", "native:9"),
    ("stellar:xlm", "native:7"),
];

/// Tokens on the mainnets of Solana and Stellar, whose testnets have the same names.
const IN_PRODUCTION: [(&str, &str); 5] = [
    ("solana:usdc", "spl:EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v:6"),
    ("solana:usdt", "spl:Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB:6"),
    ("solana:eurc", "spl:HzwqbKZw8HxMN6bF2yFZNrht3c2iXXzpKcFu7uBEDKtr:6"),
    ("stellar:usdc", "sep41:CCW67TSZV3SSS2HXMBQ5JFGCKJNXKZM7UQUWUZPUTHXSTZLEO7SJMI75:7"),
    ("stellar:eurc", "sep41:CDTKPWPLOURQA2SGTKTUQOWRCBZEORB4BWBOMJ3D3ZTQQSGE5F6JBQLV:7"),
];

/// Tokens on the test networks of Solana and Stellar.
const ELSEWHERE: [(&str, &str); 4] = [
    ("solana:usdc", "spl:4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU:6"),
    ("solana:eurc", "spl:HzwqbKZw8HxMN6bF2yFZNrht3c2iXXzpKcFu7uBEDKtr:6"),
    ("stellar:usdc", "sep41:CBIELTK6YBZJU5UP2WWQEUCYKLPU6AUNZ2BQ4WWFEIE3USCIHMXQDAMA:7"),
    ("stellar:eurc", "sep41:CCUUDM434BMZMYWYDITHFXHDMIVTGGD6T2I5UKNX5BSLXLW7HVR4MCGZ:7"),
];

/// The table of an environment, by `chain:symbol` and by `chain:contract`.
pub(super) fn table(environment: Environment) -> Tokens {
    let own: &[_] = match environment {
        Environment::Production => &IN_PRODUCTION,
        Environment::Staging | Environment::Development => &ELSEWHERE,
    };
    let mut tokens = Tokens::default();
    for (locator, spec) in EVERYWHERE.iter().chain(own) {
        let (Ok(token), Some((chain, _))) = (Token::parse(spec), locator.split_once(':')) else {
            continue;
        };
        tokens = tokens.with(locator, token);
        if let Some(contract) = spec.split(':').nth(1).filter(|_| !spec.starts_with("native")) {
            tokens = tokens.with(&format!("{chain}:{contract}"), token);
        }
    }
    tokens
}

#[cfg(test)]
mod tests {
    use signer_core::address::evm;
    use signer_protocols::crossmint::ChainId;

    use super::*;

    #[test]
    fn every_entry_has_a_chain_of_the_vendor_and_a_valid_checksum() {
        for (locator, spec) in EVERYWHERE.iter().chain(&IN_PRODUCTION).chain(&ELSEWHERE) {
            let (chain, symbol) = locator.split_once(':').unwrap();
            assert!(ChainId::parse(chain).is_ok(), "{locator}");
            assert_eq!(symbol, symbol.to_ascii_lowercase());
            assert!(Token::parse(spec).is_ok(), "{spec}");
            if let Some(rest) = spec.strip_prefix("erc20:") {
                let (address, _) = rest.split_once(':').unwrap();
                assert!(evm::Address::parse_checksummed(address).is_ok(), "{address}");
            }
        }
    }

    #[test]
    fn tokens_of_test_networks_are_not_those_of_the_mainnet() {
        let (test, main) = (table(Environment::Staging), table(Environment::Production));
        for locator in ["solana:usdc", "stellar:usdc"] {
            assert!(test.find(locator).is_some() && test.find(locator) != main.find(locator));
        }
        let usdc = "base:0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913";
        assert_eq!(main.find(usdc), main.find("base:usdc"));
    }
}
