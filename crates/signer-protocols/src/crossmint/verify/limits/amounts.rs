use alloc::string::ToString;

use super::super::{Asset, Token};
use super::list;
use crate::U256;

/// The limits of one token in base units; `None` is any amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AmountLimits {
    pub(super) per_transaction: Option<U256>,
    pub(super) per_day: Option<U256>,
}

pub(super) fn asset_of(token: &Token) -> Asset {
    match token {
        Token::Native { .. } => Asset::Native,
        Token::Erc20 { address, .. } => Asset::Token(address.to_string()),
        Token::Spl { mint, .. } => Asset::Token(mint.to_string()),
        Token::Sep41 { contract, .. } => Asset::Token(contract.to_string()),
    }
}

pub(super) const fn decimals_of(token: &Token) -> u8 {
    match token {
        Token::Native { decimals }
        | Token::Erc20 { decimals, .. }
        | Token::Spl { decimals, .. }
        | Token::Sep41 { decimals, .. } => *decimals,
    }
}

/// The asset as a key: addresses of EVM are compared without case.
pub(super) fn normalized(asset: &Asset) -> Asset {
    match asset {
        Asset::Native => Asset::Native,
        Asset::Token(text) => Asset::Token(list::normalized(text)),
    }
}
