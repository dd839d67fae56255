//! The caller's own limits on decoded content: who may be paid, how much, what may be called and signed.

mod amounts;
mod check;
mod choice;
mod error;
mod file;
mod functions;
mod list;

pub use check::{Grant, Spend};
pub use error::{LimitError, LimitRule, PolicyRefusal};

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;

use serde::Deserialize;

use self::amounts::AmountLimits;
use self::functions::Functions;
use self::list::{AddressList, NameList};
use super::{Asset, Token, base_units};
use crate::U256;

/// Limits on what may be approved, for the wallets of one chain.
///
/// A rule that was not given does not limit anything, with one exception: a change of signers that was not asked for by
/// name needs [`with_signer_changes`](Self::with_signer_changes). A rule that was given allows what it lists and nothing
/// else, so an empty list allows nothing. Effects that are not known are always refused.
///
/// Allowances (`approve`) count as payments to the spender. The amounts of one operation are added per token before they
/// are compared. A signature of a permit is judged by the rules for typed data only, unless the decoder shows it as an
/// allowance, too.
///
/// ```
/// use signer_protocols::crossmint::verify::{
///     ApprovalLimits, Asset, Content, Effect, Grant, Item, Token,
/// };
/// use signer_protocols::{Json, U256};
///
/// let usdc = "0x036CbD53842c5426634e7929541eC2318f3dCF7e";
/// let shop = "0x6b9cb6e03786D23b45b1C7Fd0684B8bc10e098F1";
/// let limits = ApprovalLimits::new()
///     .with_recipients([shop])?
///     .with_token(&Token::parse(&format!("erc20:{usdc}:6"))?, Some("100"), Some("1000"))?;
///
/// let asset = Asset::Token(usdc.into());
/// let effect = Effect::Payment { asset, recipient: shop.into(), amount: U256::from(5_000_000_u64) };
/// let content = Content::new(vec![Item { view: Json::Null, effect }]);
/// let spends = limits.check(&content, &Grant::default())?;
/// assert_eq!(spends[0].per_day, Some(U256::from(1_000_000_000_u64)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # As a file
/// Every key must be written, so that no rule is forgotten. `"any"` stands for no rule, `"none"` for an empty list.
///
/// ```toml
/// messages = "none"            # personal messages: "any" or "none"
/// signer_changes = "none"      # in transactions and approvals by id: "any" or "none"
///
/// [payments]
/// recipients = ["0x6b9cb6e03786D23b45b1C7Fd0684B8bc10e098F1"]
///
/// [[payments.tokens]]          # or: tokens = "any"
/// token = "erc20:0x036CbD53842c5426634e7929541eC2318f3dCF7e:6"
/// per_transaction = "100.5"    # whole tokens, or "any"
/// per_day = "1000"             # of one wallet, by the day in UTC
///
/// [calls]
/// programs = "none"            # of Solana
///
/// [[calls.contracts]]          # or: contracts = "none"
/// contract = "0x2626664c2603336E57B271c5C0b26F421741e481"
/// functions = ["multicall(bytes[])", "0x04e45aaf"]   # EVM; on Stellar names, such as "swap"
///
/// [typed_data]
/// domains = ["0x000000000022D473030F116dDEE9F6B43aC78BA3"]   # verifying contracts or names
/// primary_types = ["PermitSingle"]
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "file::LimitsFile")]
pub struct ApprovalLimits {
    recipients: Option<AddressList>,
    tokens: Option<BTreeMap<Asset, AmountLimits>>,
    contracts: Option<BTreeMap<String, Functions>>,
    programs: Option<AddressList>,
    domains: Option<NameList>,
    primary_types: Option<BTreeSet<String>>,
    messages: Option<bool>,
    signer_changes: bool,
}

impl ApprovalLimits {
    /// No limits except on changes of signers.
    pub fn new() -> Self {
        Self::default()
    }

    /// Allows payments and allowances to these addresses only.
    ///
    /// # Errors
    /// [`LimitError::Address`] for a text that is not an address of any chain.
    pub fn with_recipients<'a>(
        mut self,
        recipients: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, LimitError> {
        self.recipients = Some(AddressList::new(LimitRule::Recipients, recipients)?);
        Ok(self)
    }

    /// Allows no tokens but those of [`with_token`](Self::with_token) and [`with_asset`](Self::with_asset); without those,
    /// none at all.
    #[must_use]
    pub fn with_listed_tokens(mut self) -> Self {
        self.tokens.get_or_insert_default();
        self
    }

    /// Allows a token, with limits in whole tokens. `None` stands for any amount. Tokens that are not listed are refused.
    ///
    /// # Errors
    /// [`LimitError::Amount`], or [`LimitError::TokenTwice`].
    pub fn with_token(
        self,
        token: &Token,
        per_transaction: Option<&str>,
        per_day: Option<&str>,
    ) -> Result<Self, LimitError> {
        let amount = |text: Option<&str>| {
            let amount = text.map(|text| base_units(text, amounts::decimals_of(token)));
            amount.transpose().map_err(|error| LimitError::Amount { error })
        };
        self.with_asset(amounts::asset_of(token), amount(per_transaction)?, amount(per_day)?)
    }

    /// Allows a token, with limits in base units. `None` stands for any amount. Tokens that are not listed are refused.
    ///
    /// # Errors
    /// [`LimitError::TokenTwice`].
    pub fn with_asset(
        mut self,
        asset: Asset,
        per_transaction: Option<U256>,
        per_day: Option<U256>,
    ) -> Result<Self, LimitError> {
        let limits = AmountLimits { per_transaction, per_day };
        let key = amounts::normalized(&asset);
        match self.tokens.get_or_insert_default().insert(key, limits) {
            None => Ok(self),
            Some(_) => Err(LimitError::TokenTwice { asset }),
        }
    }

    /// Allows no contracts but those of [`with_contract`](Self::with_contract); without those, none at all.
    #[must_use]
    pub fn with_listed_contracts(mut self) -> Self {
        self.contracts.get_or_insert_default();
        self
    }

    /// Allows calls of a contract on EVM or Stellar. Contracts that are not listed are refused.
    ///
    /// `functions` are selectors (`0xa9059cbb`) or signatures (`transfer(address,uint256)`) on EVM, and names on Stellar;
    /// `None` stands for any function. If calls of the same contract were allowed before, the functions are added.
    ///
    /// # Errors
    /// [`LimitError::Address`], [`LimitError::Function`].
    pub fn with_contract(
        mut self,
        contract: &str,
        functions: Option<&[&str]>,
    ) -> Result<Self, LimitError> {
        let rule = LimitRule::Contracts;
        let address = list::address(contract).ok_or_else(|| LimitError::address(rule, contract))?;
        let functions = Functions::parse(contract, functions)?;
        self.contracts.get_or_insert_default().entry(address).or_default().add(functions);
        Ok(self)
    }

    /// Allows instructions of these Solana programs only, apart from transfers.
    ///
    /// # Errors
    /// [`LimitError::Address`].
    pub fn with_programs<'a>(
        mut self,
        programs: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, LimitError> {
        self.programs = Some(AddressList::new(LimitRule::Programs, programs)?);
        Ok(self)
    }

    /// Allows typed data of these domains only: each text is the address of the verifying contract, or the name. A name is
    /// chosen by the author of the typed data, so an address proves more.
    ///
    /// # Errors
    /// [`LimitError::Address`] for an address of EVM whose checksum does not hold.
    pub fn with_domains<'a>(
        mut self,
        domains: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, LimitError> {
        self.domains = Some(NameList::new(LimitRule::Domains, domains)?);
        Ok(self)
    }

    /// Allows typed data of these primary types only.
    #[must_use]
    pub fn with_primary_types<'a>(mut self, types: impl IntoIterator<Item = &'a str>) -> Self {
        self.primary_types = Some(types.into_iter().map(String::from).collect());
        self
    }

    /// Whether personal messages may be signed. Default: yes.
    #[must_use]
    pub const fn with_messages(mut self, is_allowed: bool) -> Self {
        self.messages = Some(is_allowed);
        self
    }

    /// Whether signers may be added and removed by operations that were not asked for as such. Default: no.
    #[must_use]
    pub const fn with_signer_changes(mut self, is_allowed: bool) -> Self {
        self.signer_changes = is_allowed;
        self
    }
}

#[cfg(test)]
mod tests;
