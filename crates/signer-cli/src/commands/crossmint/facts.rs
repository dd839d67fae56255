//! The facts that a user gives for the check of an approval: tokens, bounds, the role of the signer.

use clap::{Args, ValueEnum};
use signer_core::address::{evm, solana, stellar};
use signer_protocols::U256;
use signer_protocols::crossmint::ChainType;
use signer_protocols::crossmint::verify::{ApprovalLimits, Kind, Role, Token, Tokens};

use crate::failure::Failure;
use crate::input::FileSource;

/// A token of the command line: the default, or the token of one locator.
#[derive(Clone, Debug)]
pub(crate) struct TokenArgument {
    locator: Option<String>,
    token: Token,
}

impl std::str::FromStr for TokenArgument {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (locator, spec) = match text.split_once('=') {
            Some((locator, _)) if !locator.contains(':') => {
                return Err("the name of a token must be CHAIN:SYMBOL".into());
            }
            Some((locator, spec)) => (Some(locator.to_owned()), spec),
            None => (None, text),
        };
        let token = Token::parse(spec).map_err(|error| error.to_string())?;
        Ok(Self { locator, token })
    }
}

/// Adds the tokens of the command line to a table; they replace what the table has under their locators.
pub(crate) fn with_tokens(table: Tokens, arguments: &[TokenArgument]) -> Result<Tokens, Failure> {
    if arguments.iter().filter(|token| token.locator.is_none()).count() > 1 {
        return Err(Failure::usage(
            "--token: several tokens must be named: write --token CHAIN:SYMBOL=SPEC",
        ));
    }
    Ok(arguments.iter().fold(table, |table, argument| match &argument.locator {
        Some(locator) => table.with(locator, argument.token),
        None => table.with_default(argument.token),
    }))
}

/// Reads a file of limits.
pub(crate) fn limits(file: &FileSource) -> Result<ApprovalLimits, Failure> {
    let text = file.read(1 << 20)?;
    let text = std::str::from_utf8(&text).map_err(|_| Failure::refused("policy: not utf-8"))?;
    toml::from_str(text).map_err(|error| Failure::refused(error.message()).about("policy"))
}

/// Reads an amount of wei.
pub(crate) fn wei(text: &str) -> Result<U256, String> {
    U256::from_decimal(text).ok_or_else(|| "must be decimal digits, below 2^256".into())
}

/// Reads a permission id of Kernel: 4 bytes of hex.
pub(crate) fn permission_id(text: &str) -> Result<[u8; 4], String> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    let hex = digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let id = u32::from_str_radix(digits, 16).ok().filter(|_| hex);
    id.map(u32::to_be_bytes).ok_or_else(|| "must be 8 hex digits, such as 0x1a2b3c4d".into())
}

/// Reads a kind of approval, such as `user_operation`.
pub(crate) fn kind(text: &str) -> Result<Kind, String> {
    let name = text.replace('-', "_");
    Kind::ALL.into_iter().find(|kind| kind.as_str() == name).ok_or_else(|| {
        let names: Vec<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
        format!("must be one of {}", names.join(", "))
    })
}

/// The role of a signer, as a user gives it.
#[derive(Args, Debug)]
pub(crate) struct RoleArguments {
    /// The role of our signer in the wallet. Default: not known.
    #[arg(long, value_enum, value_name = "ROLE")]
    role: Option<RoleName>,
    /// The address of the admin signer, for the role `delegated`.
    #[arg(long, value_name = "ADDRESS", requires = "role")]
    admin: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum RoleName {
    Admin,
    Delegated,
}

impl RoleArguments {
    pub(crate) fn role(&self, chain_type: ChainType) -> Result<Role, Failure> {
        let Some(admin) = &self.admin else {
            return Ok(match self.role {
                None => Role::Unknown,
                Some(RoleName::Admin) => Role::Admin,
                Some(RoleName::Delegated) => Role::Delegated { admin: None },
            });
        };
        if self.role != Some(RoleName::Delegated) {
            return Err(Failure::usage("--admin: is given with --role delegated only"));
        }
        let admin = match chain_type {
            ChainType::Evm => evm::Address::parse(admin).map(|address| Some(*address.as_bytes())),
            // The comparison needs it on EVM only.
            ChainType::Solana => solana::Address::parse(admin).map(|_| None),
            ChainType::Stellar => stellar::Address::parse(admin).map(|_| None),
        };
        let admin =
            admin.map_err(|_| Failure::usage("--admin: must be an address of the chain"))?;
        Ok(Role::Delegated { admin })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permission_ids_are_four_bytes_of_hex() {
        assert_eq!(permission_id("0x12859aF0"), Ok([0x12, 0x85, 0x9a, 0xf0]));
        assert_eq!(permission_id("12859af0"), Ok([0x12, 0x85, 0x9a, 0xf0]));
        for text in ["", "0x", "0x12859af", "0x12859af00", "+1285 af0", "+2859af0"] {
            assert!(permission_id(text).is_err(), "{text}");
        }
    }

    #[test]
    fn several_tokens_need_their_names() {
        let parse = |text: &str| text.parse::<TokenArgument>();
        let (native, usdc) = (parse("native:18").unwrap(), parse("base:usdc=native:6").unwrap());
        let table = with_tokens(Tokens::default(), &[native.clone(), usdc]).unwrap();
        assert_eq!(table.find("base:USDC"), Some(&Token::Native { decimals: 6 }));
        assert_eq!(table.find("base:eth"), Some(&Token::Native { decimals: 18 }));
        assert!(with_tokens(Tokens::default(), &[native.clone(), native]).is_err());
        assert!(parse("usdc=native:6").is_err() && parse("usdc").is_err());
    }
}
