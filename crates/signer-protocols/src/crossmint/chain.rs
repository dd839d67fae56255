use alloc::borrow::ToOwned;
use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use super::ChainError;

/// What a chain signs and how its addresses look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChainType {
    /// secp256k1 over Keccak-256.
    Evm,
    /// Ed25519, Base58.
    Solana,
    /// Ed25519, strkey.
    Stellar,
}

impl ChainType {
    /// The name in the API and in derivations.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Evm => "evm",
            Self::Solana => "solana",
            Self::Stellar => "stellar",
        }
    }

    /// The algorithm that a derivation names.
    pub const fn algorithm(self) -> &'static str {
        match self {
            Self::Evm => "secp256k1",
            Self::Solana | Self::Stellar => "ed25519",
        }
    }
}

/// The environment of a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Environment {
    /// `development`
    Development,
    /// `staging`
    Staging,
    /// `production`
    Production,
}

impl Environment {
    /// The name in API keys and derivations.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Staging => "staging",
            Self::Production => "production",
        }
    }
}

impl FromStr for Environment {
    type Err = ChainError;

    fn from_str(text: &str) -> Result<Self, ChainError> {
        [Self::Development, Self::Staging, Self::Production]
            .into_iter()
            .find(|environment| environment.as_str() == text)
            .ok_or(ChainError::Environment)
    }
}

/// A project id as a derivation uses it: not empty, without a colon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectId(String);

impl ProjectId {
    /// Takes the id as it stands.
    ///
    /// # Errors
    /// [`ChainError::ProjectId`].
    pub fn parse(text: &str) -> Result<Self, ChainError> {
        if text.is_empty() || text.contains(':') {
            return Err(ChainError::ProjectId);
        }
        Ok(Self(text.to_owned()))
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Mainnets with the testnet that stands for each outside of production.
const WITH_TESTNET: [(&str, &str); 17] = [
    ("abstract", "abstract-testnet"),
    ("apechain", "curtis"),
    ("arbitrum", "arbitrum-sepolia"),
    ("base", "base-sepolia"),
    ("ethereum", "ethereum-sepolia"),
    ("flow", "flow-testnet"),
    ("mantle", "mantle-sepolia"),
    ("mode", "mode-sepolia"),
    ("optimism", "optimism-sepolia"),
    ("plume", "plume-testnet"),
    ("polygon", "polygon-amoy"),
    ("scroll", "scroll-sepolia"),
    ("sei-pacific-1", "sei-atlantic-2-testnet"),
    ("story", "story-testnet"),
    ("tempo", "tempo-testnet"),
    ("world-chain", "world-chain-sepolia"),
    ("zora", "zora-sepolia"),
];
/// The same in every environment.
const WITHOUT_TESTNET: [&str; 5] = ["arbitrumnova", "bsc", "shape", "solana", "stellar"];
const TESTNETS_ALONE: [&str; 1] = ["arc-testnet"];

/// A chain of the vendor, by its exact name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ChainId(&'static str);

impl ChainId {
    /// Reads the name of a mainnet or a testnet.
    ///
    /// # Errors
    /// [`ChainError::Unknown`]; names are exact in case.
    pub fn parse(text: &str) -> Result<Self, ChainError> {
        WITH_TESTNET
            .into_iter()
            .flat_map(|(mainnet, testnet)| [mainnet, testnet])
            .chain(WITHOUT_TESTNET)
            .chain(TESTNETS_ALONE)
            .find(|name| *name == text)
            .map(Self)
            .ok_or_else(|| ChainError::Unknown(text.chars().take(64).collect()))
    }

    /// The chain that is used in an environment: outside of production a mainnet becomes its
    /// testnet where it has one.
    ///
    /// # Errors
    /// [`ChainError::TestnetInProduction`].
    pub fn in_environment(self, environment: Environment) -> Result<Self, ChainError> {
        let production = environment == Environment::Production;
        if production && self.is_testnet() {
            return Err(ChainError::TestnetInProduction(self.0));
        }
        let testnet = WITH_TESTNET.iter().find(|(mainnet, _)| *mainnet == self.0);
        Ok(testnet.filter(|_| !production).map_or(self, |(_, testnet)| Self(testnet)))
    }

    /// What it signs.
    pub fn chain_type(self) -> ChainType {
        match self.0 {
            "solana" => ChainType::Solana,
            "stellar" => ChainType::Stellar,
            _ => ChainType::Evm,
        }
    }

    /// The name.
    pub const fn as_str(self) -> &'static str {
        self.0
    }

    fn is_testnet(self) -> bool {
        TESTNETS_ALONE.contains(&self.0)
            || WITH_TESTNET.iter().any(|(_, testnet)| *testnet == self.0)
    }
}

impl fmt::Display for ChainId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}
