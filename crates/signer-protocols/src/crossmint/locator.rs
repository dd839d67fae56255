use core::fmt;

use signer_core::address::{evm, solana, stellar};

use super::{ChainError, ChainType};

/// An address of any chain type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Address {
    /// Written with its EIP-55 checksum; compared without case.
    Evm(evm::Address),
    /// Exact in case.
    Solana(solana::Address),
    /// Exact in case.
    Stellar(stellar::Address),
}

impl Address {
    /// Whether `text` is this address, as the API may echo it.
    pub fn matches(&self, text: &str) -> bool {
        match self {
            Self::Evm(address) => evm::Address::parse(text).as_ref() == Ok(address),
            Self::Solana(address) => solana::Address::parse(text).as_ref() == Ok(address),
            Self::Stellar(address) => stellar::Address::parse(text).as_ref() == Ok(address),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Evm(address) => address.fmt(f),
            Self::Solana(address) => address.fmt(f),
            Self::Stellar(address) => address.fmt(f),
        }
    }
}

/// The locator of a server signer: `server:<address>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Locator(Address);

impl Locator {
    /// The locator of a server signer with this address.
    pub const fn server(address: Address) -> Self {
        Self(address)
    }

    /// Reads `server:<address>`, with an address of this chain type. The checksum of EIP-55 must hold if letters of both
    /// cases occur.
    ///
    /// # Errors
    /// [`ChainError::Locator`].
    pub fn parse(text: &str, chain_type: ChainType) -> Result<Self, ChainError> {
        let address = text.strip_prefix("server:").ok_or(ChainError::Locator)?;
        match chain_type {
            ChainType::Evm => evm::Address::parse_checksummed(address).map(Address::Evm),
            ChainType::Solana => solana::Address::parse(address).map(Address::Solana),
            ChainType::Stellar => stellar::Address::parse(address).map(Address::Stellar),
        }
        .map(Self)
        .map_err(|_| ChainError::Locator)
    }

    /// The address.
    pub const fn address(&self) -> &Address {
        &self.0
    }

    /// Whether `text` is this locator, as the API may echo it: an EVM address in any case.
    pub fn matches(&self, text: &str) -> bool {
        text.strip_prefix("server:").is_some_and(|address| self.0.matches(address))
    }
}

impl fmt::Display for Locator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "server:{}", self.0)
    }
}

/// Which of the two derivations a wallet knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignerResolution {
    /// [`Scheme::Current`](super::Scheme::Current)
    Current,
    /// [`Scheme::Legacy`](super::Scheme::Legacy)
    Legacy,
    /// Neither is a signer of the wallet: the caller names both locators to the user.
    Unregistered,
}

/// Finds the signer of an existing wallet: current if its locator is registered, else legacy if
/// that is; else the one that equals the wallet's recovery address.
#[allow(clippy::needless_pass_by_value, reason = "iterators are passed by value")]
pub fn resolve_signer<'a>(
    current: &Locator,
    legacy: &Locator,
    registered: impl Iterator<Item = &'a str> + Clone,
    recovery_address: Option<&str>,
) -> SignerResolution {
    let known = |locator: &Locator| registered.clone().any(|text| locator.matches(text));
    let recovers = |locator: &Locator| {
        recovery_address.is_some_and(|address| locator.address().matches(address))
    };
    if known(current) {
        SignerResolution::Current
    } else if known(legacy) {
        SignerResolution::Legacy
    } else if recovers(current) {
        SignerResolution::Current
    } else if recovers(legacy) {
        SignerResolution::Legacy
    } else {
        SignerResolution::Unregistered
    }
}
