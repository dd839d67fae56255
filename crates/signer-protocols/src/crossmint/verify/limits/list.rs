use alloc::collections::BTreeSet;
use alloc::string::{String, ToString};

use signer_core::address::{evm, solana, stellar};

use super::{LimitError, LimitRule};

/// Addresses in one form: those of EVM with their checksum, all others as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AddressList(BTreeSet<String>);

impl AddressList {
    pub(super) fn new<'a>(
        rule: LimitRule,
        texts: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, LimitError> {
        let address = |text| address(text).ok_or_else(|| LimitError::address(rule, text));
        texts.into_iter().map(address).collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn has(&self, text: &str) -> bool {
        self.0.contains(&normalized(text))
    }
}

/// Names that are compared exactly; addresses among them as addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NameList(BTreeSet<String>);

impl NameList {
    pub(super) fn new<'a>(
        rule: LimitRule,
        texts: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, LimitError> {
        let entry = |text| {
            // Its checksum does not hold.
            let is_mistyped = evm::Address::parse(text).is_ok() && address(text).is_none();
            if is_mistyped { Err(LimitError::address(rule, text)) } else { Ok(normalized(text)) }
        };
        texts.into_iter().map(entry).collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn has_name(&self, name: &str) -> bool {
        // A name that looks like an address must not stand for the contract of that address.
        address(name).is_none() && self.0.contains(name)
    }

    pub(super) fn has_address(&self, text: &str) -> bool {
        address(text).is_some_and(|address| self.0.contains(&address))
    }
}

/// An address of EVM, Solana or Stellar in one form. A checksum of EIP-55 must hold if letters of both cases occur.
pub(super) fn address(text: &str) -> Option<String> {
    if text.starts_with("0x") {
        return evm::Address::parse_checksummed(text).ok().map(|address| address.to_string());
    }
    let is_address = stellar::Address::parse(text).is_ok()
        || stellar::ContractAddress::parse(text).is_ok()
        || solana::Address::parse(text).is_ok();
    is_address.then(|| text.into())
}

/// The same text for every spelling of an address of EVM; any other text as it is.
pub(super) fn normalized(text: &str) -> String {
    evm::Address::parse(text).map_or_else(|_| text.into(), |address| address.to_string())
}
