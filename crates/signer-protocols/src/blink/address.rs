//! Which address and token forms a chain has.

use signer_core::address::{evm, solana};

/// Solana, by the id that Blink gives it.
pub(super) const SOLANA: u64 = 792_703_809;
/// Hyperliquid, whose tokens are 16 to 20 bytes.
const HYPERLIQUID: u64 = 1_337;
/// Bitcoin, Tron, Eclipse, Soon, Lighter: listed by the vendor, without a validator here.
const NOT_EVM: [u64; 5] = [8_253_038, 728_126_428, 9_286_185, 9_286_186, 3_586_256];

/// The forms that addresses and tokens take on a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Evm,
    Hyperliquid,
    Solana,
}

/// The form of a chain, `None` where it has no validator.
pub(super) fn form_of(chain_id: u64) -> Option<Form> {
    match chain_id {
        SOLANA => Some(Form::Solana),
        HYPERLIQUID => Some(Form::Hyperliquid),
        _ if NOT_EVM.contains(&chain_id) => None,
        _ => Some(Form::Evm),
    }
}

impl Form {
    pub(super) fn is_address(self, text: &str, checksum: bool) -> bool {
        match self {
            Self::Solana => solana::Address::parse(text).is_ok(),
            Self::Evm | Self::Hyperliquid if checksum => {
                evm::Address::parse_checksummed(text).is_ok()
            }
            Self::Evm | Self::Hyperliquid => evm::Address::parse(text).is_ok(),
        }
    }

    pub(super) fn is_token(self, text: &str) -> bool {
        let digits = text
            .strip_prefix("0x")
            .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        match self {
            Self::Solana => solana::Address::parse(text).is_ok(),
            Self::Evm => digits.is_some_and(|digits| digits.len() == 40),
            Self::Hyperliquid => digits
                .is_some_and(|digits| (32..=40).contains(&digits.len()) && digits.len() % 2 == 0),
        }
    }

    /// Whether two valid texts are the same address or token.
    pub(super) fn same(self, left: &str, right: &str) -> bool {
        match self {
            Self::Solana => left == right,
            Self::Evm | Self::Hyperliquid => left.eq_ignore_ascii_case(right),
        }
    }

    /// Whether the address is the one of all zero bytes, which nobody holds.
    pub(super) fn is_zero(self, address: &str) -> bool {
        match self {
            Self::Solana => address.bytes().all(|byte| byte == b'1'),
            Self::Evm | Self::Hyperliquid => address.bytes().skip(2).all(|byte| byte == b'0'),
        }
    }
}
