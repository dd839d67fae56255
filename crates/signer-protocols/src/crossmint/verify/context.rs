use alloc::collections::BTreeMap;
use alloc::string::String;

use signer_core::address::{evm, solana, stellar};

use super::super::{ChainId, Environment, Locator};
use crate::U256;

/// 10^16 wei: the bound on the gas that the wallet pays, if the caller gives none.
pub const DEFAULT_MAX_FEE: U256 = U256::from_be_bytes([
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x23, 0x86, 0xf2,
    0x6f, 0xc1, 0, 0,
]);

/// The facts that the caller knows apart from the request and the answer.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Context<'a> {
    /// The environment of the project.
    pub environment: Environment,
    /// The chain of the request, as the environment has it.
    pub chain: ChainId,
    /// The chain id on EVM, for a chain that the built-in table leaves out. Default: none.
    pub chain_id: Option<u64>,
    /// The wallet's address.
    pub wallet: &'a str,
    /// Our signer.
    pub signer: Locator,
    /// The role of our signer. Default: [`Role::Unknown`].
    pub role: Role,
    /// The most that the wallet may pay for gas, in wei. Default: [`DEFAULT_MAX_FEE`].
    pub max_fee: U256,
    /// The tokens that the caller knows. Default: none.
    pub tokens: Tokens,
    /// The id of the permission to remove on EVM, as [`Effect::AddSigner`](super::Effect::AddSigner) gave it.
    pub permission_id: Option<[u8; 4]>,
}

impl<'a> Context<'a> {
    /// The facts without which nothing can be verified.
    pub fn new(environment: Environment, chain: ChainId, wallet: &'a str, signer: Locator) -> Self {
        Self {
            environment,
            chain,
            chain_id: None,
            wallet,
            signer,
            role: Role::Unknown,
            max_fee: DEFAULT_MAX_FEE,
            tokens: Tokens::default(),
            permission_id: None,
        }
    }
}

/// The role of our signer in the wallet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// The admin signer.
    Admin,
    /// A further signer.
    Delegated {
        /// The address of the admin signer on EVM, if it is known.
        admin: Option<[u8; 20]>,
    },
    /// Not known: the rules of the admin apply, but a new wallet of another owner is unverified.
    #[default]
    Unknown,
}

/// A token as the caller knows it, never as the answer describes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token {
    /// The coin of the chain.
    Native {
        /// Its decimals.
        decimals: u8,
    },
    /// An ERC-20 contract.
    Erc20 {
        /// The contract.
        address: evm::Address,
        /// Its decimals.
        decimals: u8,
    },
    /// An SPL token.
    Spl {
        /// The mint.
        mint: solana::Address,
        /// Its decimals.
        decimals: u8,
        /// The token program; `None` stands for the original one (`Tokenkeg…`).
        program: Option<solana::Address>,
    },
    /// A SEP-41 contract on Stellar.
    Sep41 {
        /// The contract.
        contract: stellar::ContractAddress,
        /// Its decimals.
        decimals: u8,
    },
}

/// The text of a token has not one of the forms of [`Token::parse`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "token must be native:DECIMALS, erc20:ADDRESS:DECIMALS, spl:MINT:DECIMALS[:PROGRAM] or sep41:CONTRACT:DECIMALS"
)]
pub struct TokenError;

impl Token {
    /// Reads `native:DECIMALS`, `erc20:ADDRESS:DECIMALS`, `spl:MINT:DECIMALS[:PROGRAM]` or `sep41:CONTRACT:DECIMALS`.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn parse(text: &str) -> Result<Self, TokenError> {
        let mut parts = text.split(':');
        let (kind, first, second, third) = (parts.next(), parts.next(), parts.next(), parts.next());
        if parts.next().is_some() {
            return Err(TokenError);
        }
        let decimals = |text: &str| match text.parse() {
            Ok(decimals) if text.bytes().all(|byte| byte.is_ascii_digit()) => Ok(decimals),
            _ => Err(TokenError),
        };
        match (kind, first, second, third) {
            (Some("native"), Some(text), None, None) => {
                Ok(Self::Native { decimals: decimals(text)? })
            }
            (Some("erc20"), Some(address), Some(text), None) => Ok(Self::Erc20 {
                address: evm::Address::parse(address).map_err(|_| TokenError)?,
                decimals: decimals(text)?,
            }),
            (Some("spl"), Some(mint), Some(text), program) => {
                let address = |text: &str| solana::Address::parse(text).map_err(|_| TokenError);
                let program = program.map(address).transpose()?;
                Ok(Self::Spl { mint: address(mint)?, decimals: decimals(text)?, program })
            }
            (Some("sep41"), Some(contract), Some(text), None) => Ok(Self::Sep41 {
                contract: stellar::ContractAddress::parse(contract).map_err(|_| TokenError)?,
                decimals: decimals(text)?,
            }),
            _ => Err(TokenError),
        }
    }
}

/// A table of tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    named: BTreeMap<String, Token>,
    any: Option<Token>,
}

impl Tokens {
    /// The token of every transfer whose locator is not in the table.
    #[must_use]
    pub fn with_default(mut self, token: Token) -> Self {
        self.any = Some(token);
        self
    }

    /// Adds the token of a locator, such as `base-sepolia:usdc`. Locators are compared without case.
    #[must_use]
    pub fn with(mut self, locator: &str, token: Token) -> Self {
        self.named.insert(locator.to_ascii_lowercase(), token);
        self
    }

    /// The token of `chain:symbol`, or of `chain:contract`.
    pub fn find(&self, locator: &str) -> Option<&Token> {
        self.named.get(&locator.to_ascii_lowercase()).or(self.any.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn the_default_bound_is_ten_to_the_sixteen() {
        assert_eq!(DEFAULT_MAX_FEE.to_string(), "10000000000000000");
    }

    #[test]
    fn tokens_are_read() {
        let token = Token::parse("erc20:0x036CbD53842c5426634e7929541eC2318f3dCF7e:6");
        assert!(matches!(token, Ok(Token::Erc20 { decimals: 6, .. })));
        assert_eq!(Token::parse("native:18"), Ok(Token::Native { decimals: 18 }));
        for text in ["", "native", "native:256", "native:+1", "native:18:x", "erc20:0x:6", "nft:1"]
        {
            assert_eq!(Token::parse(text), Err(TokenError), "{text}");
        }
    }

    #[test]
    fn the_locator_of_a_token_is_compared_without_case() {
        let usdc = Token::Native { decimals: 1 };
        let tokens = Tokens::default().with("base:USDC", usdc);
        assert_eq!(tokens.find("base:usdc"), Some(&usdc));
        assert_eq!(tokens.find("base:eurc"), None);
        let other = Token::Native { decimals: 2 };
        assert_eq!(tokens.with_default(other).find("base:eurc"), Some(&other));
    }
}
