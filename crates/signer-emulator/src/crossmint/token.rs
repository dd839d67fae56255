//! The tokens of the stand-in: native coins, and test and main net contracts of USDC and EURC as Circle lists them. What
//! stands in no table, a contract by its address, has the usual decimals of its chain: made up.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use signer_core::address::{evm, solana, stellar};
use signer_protocols::crossmint::stellar::{TEST_NETWORK, native_contract};
use signer_protocols::crossmint::verify::Token;
use signer_protocols::crossmint::{ChainId, ChainType};

/// By locator.
const TOKENS: [(&str, &str); 15] = [
    ("arbitrum:usdc", "erc20:0xaf88d065e77c8cC2239327C5EDb3A432268e5831:6"),
    ("arbitrum-sepolia:usdc", "erc20:0x75faf114eafb1BDbe2F0316DF893fd58CE46AA4d:6"),
    ("base:usdc", "erc20:0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913:6"),
    ("base:eurc", "erc20:0x60a3E35Cc302bFA44Cb288Bc5a4F316Fdb1adb42:6"),
    ("base-sepolia:usdc", "erc20:0x036CbD53842c5426634e7929541eC2318f3dCF7e:6"),
    ("base-sepolia:eurc", "erc20:0x808456652fdb597867f38412077A9182bf77359F:6"),
    ("ethereum:usdc", "erc20:0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48:6"),
    ("ethereum-sepolia:usdc", "erc20:0x1c7D4B196Cb0C7B01d743Fbc6116a902379C7238:6"),
    ("optimism:usdc", "erc20:0x0b2C639c533813f4Aa9D7837CAf62653d097Ff85:6"),
    ("optimism-sepolia:usdc", "erc20:0x5fd84259d66Cd46123540766Be93DFE6D43130D7:6"),
    ("polygon:usdc", "erc20:0x3c499c542cEF5E3811e1192ce70d8cC03d5c3359:6"),
    ("polygon-amoy:usdc", "erc20:0x41E94Eb019C0762f9Bfcf9Fb1E58725BfB0e7582:6"),
    ("solana:usdc", "spl:4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU:6"),
    ("solana:eurc", "spl:HzwqbKZw8HxMN6bF2yFZNrht3c2iXXzpKcFu7uBEDKtr:6"),
    ("stellar:usdc", "sep41:CBIELTK6YBZJU5UP2WWQEUCYKLPU6AUNZ2BQ4WWFEIE3USCIHMXQDAMA:7"),
];

/// Symbols of the coins of EVM chains.
const COINS: [&str; 13] = [
    "eth", "ape", "bnb", "flow", "ip", "matic", "mnt", "plume", "pol", "sei", "usd", "pathusd",
    "usdg",
];

/// A token that was found, with its locator in the form of answers.
#[derive(Clone)]
pub(super) struct Named {
    pub(super) chain: String,
    pub(super) symbol: Option<String>,
    pub(super) token: Token,
}

#[derive(Default)]
pub(super) struct TokenTable(BTreeMap<String, Token>);

impl TokenTable {
    pub(super) fn insert(&mut self, locator: &str, token: Token) {
        self.0.insert(locator.to_ascii_lowercase(), token);
    }

    /// The token of `chain:symbol` or `chain:contract`. Symbols have no case.
    pub(super) fn find(&self, locator: &str) -> Option<Named> {
        let (chain, name) = locator.split_once(':')?;
        let chain_type = ChainId::parse(chain).ok()?.chain_type();
        let lower = locator.to_ascii_lowercase();
        let symbol = name.to_ascii_lowercase();
        let named = |symbol: Option<String>, token| Named { chain: chain.into(), symbol, token };
        if let Some(token) = self.0.get(&lower) {
            return Some(named(Some(symbol), *token));
        }
        let native = match chain_type {
            ChainType::Evm => COINS.contains(&symbol.as_str()),
            ChainType::Solana => symbol == "sol",
            ChainType::Stellar => symbol == "xlm",
        };
        if native {
            let token = match chain_type {
                ChainType::Evm => Token::Native { decimals: 18 },
                ChainType::Solana => Token::Native { decimals: 9 },
                ChainType::Stellar => {
                    Token::Sep41 { contract: native_contract(TEST_NETWORK), decimals: 7 }
                }
            };
            return Some(named(Some(symbol), token));
        }
        if let Some((_, token)) = TOKENS.iter().find(|(known, _)| *known == lower) {
            return Some(named(Some(symbol), Token::parse(token).ok()?));
        }
        if symbol == "usdxm" {
            return Some(named(Some(symbol), test_money(&lower, chain_type)?));
        }
        let token = match chain_type {
            ChainType::Evm => {
                Token::Erc20 { address: evm::Address::parse(name).ok()?, decimals: 18 }
            }
            ChainType::Solana => {
                Token::Spl { mint: solana::Address::parse(name).ok()?, decimals: 6, program: None }
            }
            ChainType::Stellar => {
                let contract = stellar::ContractAddress::parse(name).ok()?;
                Token::Sep41 { contract, decimals: 7 }
            }
        };
        Some(self.by_contract(chain, token).unwrap_or_else(|| named(None, token)))
    }

    /// A token of the tables with this contract.
    fn by_contract(&self, chain: &str, token: Token) -> Option<Named> {
        let wanted = contract(&token)?;
        let own = self.0.iter().map(|(locator, token)| (locator.clone(), *token));
        let known = TOKENS
            .iter()
            .filter_map(|(locator, text)| Some(((*locator).to_owned(), Token::parse(text).ok()?)));
        own.chain(known).find_map(|(locator, token)| {
            let (of, symbol) = locator.split_once(':')?;
            let is_it = of == chain && contract(&token).as_deref() == Some(&wanted);
            let symbol = Some(symbol.to_owned()).filter(|it| it.len() < 30);
            is_it.then(|| Named { chain: chain.into(), symbol, token })
        })
    }
}

impl Named {
    pub(super) const fn decimals(&self) -> u8 {
        match self.token {
            Token::Native { decimals }
            | Token::Erc20 { decimals, .. }
            | Token::Spl { decimals, .. }
            | Token::Sep41 { decimals, .. } => decimals,
        }
    }

    /// `chain:symbol`, or `chain:contract` where there is no symbol.
    pub(super) fn locator(&self) -> String {
        let name = self.symbol.clone().or_else(|| contract(&self.token)).unwrap_or_default();
        format!("{}:{name}", self.chain)
    }

    /// The member that holds the contract in answers. Native coins have none, and neither has XLM.
    pub(super) fn contract_member(&self) -> Option<(&'static str, String)> {
        if self.symbol.as_deref() == Some("xlm") {
            return None;
        }
        let name = match self.token {
            Token::Native { .. } => return None,
            Token::Erc20 { .. } => "contractAddress",
            Token::Spl { .. } => "mintHash",
            Token::Sep41 { .. } => "contractId",
        };
        Some((name, contract(&self.token)?))
    }

    /// As a list of transfers describes a token.
    pub(super) fn to_json(&self, amount: &str, base_units: u128) -> Value {
        let mut json = json!({
            "type": "fungible",
            "locator": self.locator(),
            "amount": amount,
            "rawAmount": base_units.to_string(),
            "decimals": self.decimals(),
            "chain": self.chain,
        });
        if let Some(symbol) = &self.symbol {
            json["symbol"] = json!(symbol);
        }
        if let Some((name, contract)) = self.contract_member() {
            json[name] = json!(contract);
        }
        json
    }
}

/// The vendor's test money, at an address that is made up.
fn test_money(locator: &str, chain_type: ChainType) -> Option<Token> {
    let address = super::signer::derived_address(locator, chain_type);
    Some(match chain_type {
        ChainType::Evm => {
            Token::Erc20 { address: evm::Address::parse(&address).ok()?, decimals: 6 }
        }
        ChainType::Solana => {
            let mint = solana::Address::parse(&address).ok()?;
            Token::Spl { mint, decimals: 6, program: None }
        }
        ChainType::Stellar => {
            let account = stellar::Address::parse(&address).ok()?;
            let contract = stellar::ContractAddress::from_bytes(*account.as_bytes());
            Token::Sep41 { contract, decimals: 7 }
        }
    })
}

fn contract(token: &Token) -> Option<String> {
    match token {
        Token::Native { .. } => None,
        Token::Erc20 { address, .. } => Some(address.to_string()),
        Token::Spl { mint, .. } => Some(mint.to_string()),
        Token::Sep41 { contract, .. } => Some(contract.to_string()),
    }
}
