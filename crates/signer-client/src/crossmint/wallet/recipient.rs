//! The rules for the recipient, the amount and the token of a transfer.

use signer_core::address::{evm, solana, stellar};
use signer_protocols::crossmint::verify::Kind;
use signer_protocols::crossmint::{ChainId, ChainType};

use super::super::approval::{AllowUnverified, needs_unverified};
use crate::error::Error;

/// Recipients that the service resolves to an address: which one is the service's word.
const RESOLVED: [&str; 4] = ["email:", "phoneNumber:", "x:", "userId:"];

/// The recipient is an address of the chain, or one that the service resolves, if the caller trusts it with that.
pub(super) fn check_recipient(
    chain: ChainId,
    recipient: &str,
    unverified: &AllowUnverified,
) -> Result<(), Error> {
    let is_resolved = RESOLVED.iter().any(|prefix| {
        recipient.strip_prefix(prefix).is_some_and(|rest| {
            !rest.is_empty()
                && rest.len() <= 256
                && !rest.bytes().any(|byte| byte.is_ascii_control())
        })
    });
    if !is_resolved {
        return check_address(chain, recipient);
    }
    let kind = match chain.chain_type() {
        ChainType::Evm => Kind::UserOperation,
        ChainType::Solana => Kind::SolanaTransaction,
        ChainType::Stellar => Kind::Stellar,
    };
    if unverified.contains(kind) {
        return Ok(());
    }
    Err(needs_unverified(kind, "recipient is not an address, so who receives cannot be verified"))
}

/// The amount is a positive decimal.
pub(super) fn check_amount(amount: &str) -> Result<(), Error> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, part) = amount.split_once('.').unwrap_or((amount, "0"));
    let is_nought = amount.bytes().all(|byte| matches!(byte, b'0' | b'.'));
    if !digits(whole) || !digits(part) || is_nought || amount.len() > 80 {
        return Err(Error::input("amount must be a positive decimal, such as 1.5"));
    }
    Ok(())
}

/// `chain:token`. Symbols are sent in lower case, because the service compares them with case; an address is sent as
/// given, because on Solana and Stellar its case matters.
pub(super) fn token_locator(chain: ChainId, token: &str) -> Result<String, Error> {
    let letters = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.';
    if token.is_empty() || token.len() > 64 || !token.bytes().all(letters) {
        return Err(Error::input("token must be a symbol, such as usdc or usdc.e, or an address"));
    }
    let is_address = match chain.chain_type() {
        ChainType::Evm => evm::Address::parse(token).is_ok(),
        ChainType::Solana => solana::Address::parse(token).is_ok(),
        ChainType::Stellar => stellar::ContractAddress::parse(token).is_ok(),
    };
    if is_address {
        return Ok(format!("{chain}:{token}"));
    }
    Ok(format!("{chain}:{}", token.to_ascii_lowercase()))
}

/// An address of the chain; on EVM not the zero address, and with a right checksum where it has one.
fn check_address(chain: ChainId, address: &str) -> Result<(), Error> {
    let fits = match chain.chain_type() {
        ChainType::Evm => {
            let digits = address.strip_prefix("0x").unwrap_or(address);
            let mixed = digits.bytes().any(|byte| byte.is_ascii_lowercase())
                && digits.bytes().any(|byte| byte.is_ascii_uppercase());
            let parsed = if mixed {
                evm::Address::parse_checksummed(address)
            } else {
                evm::Address::parse(address)
            };
            parsed.is_ok_and(|address| *address.as_bytes() != [0; 20])
        }
        ChainType::Solana => {
            solana::Address::parse(address).is_ok_and(|address| *address.as_bytes() != [0; 32])
        }
        ChainType::Stellar => {
            stellar::Address::parse(address).is_ok_and(|address| *address.as_bytes() != [0; 32])
                || stellar::ContractAddress::parse(address)
                    .is_ok_and(|address| *address.as_bytes() != [0; 32])
        }
    };
    let rule =
        "recipient must be an address of the wallet's chain, with a right checksum and not zero";
    if fits { Ok(()) } else { Err(Error::input(rule)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_are_sent_in_lower_case_and_addresses_as_given() {
        let base = ChainId::parse("base").unwrap();
        let solana = ChainId::parse("solana").unwrap();
        assert_eq!(token_locator(base, "USDC.e").unwrap(), "base:usdc.e");
        let mint = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v";
        assert_eq!(token_locator(solana, mint).unwrap(), format!("solana:{mint}"));
        for token in ["", "usd c", "usdc/e", "usdc:1", "../x"] {
            assert!(token_locator(base, token).unwrap_err().is_input(), "{token}");
        }
    }

    #[test]
    fn a_recipient_that_the_service_resolves_needs_the_explicit_policy() {
        let base = ChainId::parse("base").unwrap();
        let none = AllowUnverified::default();
        let trusting = AllowUnverified::only([Kind::UserOperation]);
        for recipient in ["email:a@b.example", "phoneNumber:+15551234567", "x:name", "userId:7"] {
            let error = check_recipient(base, recipient, &none).unwrap_err();
            assert!(error.is_input() && error.to_string().contains("--allow-unverified"));
            assert!(check_recipient(base, recipient, &trusting).is_ok(), "{recipient}");
        }
        for recipient in ["email:", "twitter:a", "0x11"] {
            assert!(check_recipient(base, recipient, &trusting).is_err(), "{recipient}");
        }
    }
}
