use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::super::{Asset, Content, Effect};
use super::functions::Functions;
use super::{ApprovalLimits, LimitRule, PolicyRefusal, amounts, list};
use crate::{U256, hex};

/// The rights that follow from the caller's own request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Grant {
    /// The caller asked for this change of signers by name, and the answer was compared with that request. Default: no.
    pub asked_signer_change: bool,
}

impl Grant {
    /// The grant of a request to add or remove a signer.
    pub const fn signer_change() -> Self {
        Self { asked_signer_change: true }
    }
}

/// The amount of one token that an operation spends.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Spend {
    /// The coin or token.
    pub asset: Asset,
    /// The amount in base units: payments, allowances and the value of calls.
    pub amount: U256,
    /// The limit of the day's sum in base units, if there is one.
    pub per_day: Option<U256>,
}

impl ApprovalLimits {
    /// Decides about decoded content. The result lists the amount of each token that is spent, for the sums of the day.
    ///
    /// # Errors
    /// [`PolicyRefusal`] names the first rule that does not allow an item.
    pub fn check(&self, content: &Content, grant: &Grant) -> Result<Vec<Spend>, PolicyRefusal> {
        if content.items.is_empty() {
            let detail = "nothing could be decoded";
            return Err(PolicyRefusal::new(LimitRule::UnknownEffect, None, detail));
        }
        let mut sums = BTreeMap::new();
        for (index, item) in content.items.iter().enumerate() {
            self.check_effect(&item.effect, grant, &mut sums)
                .map_err(|(rule, detail)| PolicyRefusal::new(rule, Some(index), detail))?;
        }
        sums.into_iter().map(|(asset, amount)| self.check_sum(asset, amount)).collect()
    }

    fn check_effect(
        &self,
        effect: &Effect,
        grant: &Grant,
        sums: &mut Sums,
    ) -> Result<(), (LimitRule, String)> {
        match effect {
            Effect::Payment { asset, recipient, amount }
            | Effect::Allowance { asset, spender: recipient, amount } => {
                self.check_recipient(recipient)?;
                self.add(asset, *amount, sums)
            }
            Effect::Call { contract, function, value } => {
                self.check_contract(
                    contract,
                    |it| it.allows_selector(*function),
                    || {
                        function.map_or_else(
                            || "data without a function".into(),
                            |selector| format!("0x{}", hex::encode(&selector)),
                        )
                    },
                )?;
                if *value == U256::ZERO {
                    return Ok(());
                }
                // The value is a payment to the contract, which its own entry in the list allows.
                if self.contracts.is_none() {
                    self.check_recipient(contract)?;
                }
                self.add(&Asset::Native, *value, sums)
            }
            Effect::Invocation { contract, function } => {
                self.check_contract(contract, |it| it.allows_name(function), || function.clone())
            }
            Effect::Instruction { program } => match &self.programs {
                Some(programs) if !programs.has(program) => {
                    Err((LimitRule::Programs, format!("{program} is not in the list")))
                }
                _ => Ok(()),
            },
            Effect::AddSigner { signer, .. } | Effect::RemoveSigner { signer } => {
                if grant.asked_signer_change || self.signer_changes {
                    return Ok(());
                }
                let detail = format!("the signer {signer} is added or removed");
                Err((LimitRule::SignerChanges, detail))
            }
            Effect::TypedData { domain, verifying_contract, primary_type } => self
                .check_typed_data(domain.as_deref(), verifying_contract.as_deref(), primary_type),
            Effect::Message if self.messages == Some(false) => {
                Err((LimitRule::Messages, "messages are not signed".into()))
            }
            Effect::Message => Ok(()),
            Effect::Unknown => Err((LimitRule::UnknownEffect, "its effect is not known".into())),
        }
    }

    fn check_recipient(&self, recipient: &str) -> Result<(), (LimitRule, String)> {
        match &self.recipients {
            Some(recipients) if !recipients.has(recipient) => {
                Err((LimitRule::Recipients, format!("{recipient} is not in the list")))
            }
            _ => Ok(()),
        }
    }

    fn check_contract(
        &self,
        contract: &str,
        allows: impl FnOnce(&Functions) -> bool,
        function: impl FnOnce() -> String,
    ) -> Result<(), (LimitRule, String)> {
        let Some(contracts) = &self.contracts else { return Ok(()) };
        match contracts.get(&list::normalized(contract)) {
            None => Err((LimitRule::Contracts, format!("{contract} is not in the list"))),
            Some(functions) if allows(functions) => Ok(()),
            Some(_) => {
                let detail = format!("{} of {contract} is not in the list", function());
                Err((LimitRule::Contracts, detail))
            }
        }
    }

    fn check_typed_data(
        &self,
        name: Option<&str>,
        contract: Option<&str>,
        primary_type: &str,
    ) -> Result<(), (LimitRule, String)> {
        if let Some(domains) = &self.domains
            && !name.is_some_and(|name| domains.has_name(name))
            && !contract.is_some_and(|contract| domains.has_address(contract))
        {
            let (name, contract) = (name.unwrap_or("no name"), contract.unwrap_or("no contract"));
            let detail = format!("the domain ({name}, {contract}) is not in the list");
            return Err((LimitRule::Domains, detail));
        }
        match &self.primary_types {
            Some(types) if !types.contains(primary_type) => {
                Err((LimitRule::PrimaryTypes, format!("{primary_type} is not in the list")))
            }
            _ => Ok(()),
        }
    }

    /// Adds an amount to the sum of its token, which must be listed.
    fn add(&self, asset: &Asset, amount: U256, sums: &mut Sums) -> Result<(), (LimitRule, String)> {
        let asset = amounts::normalized(asset);
        if self.tokens.as_ref().is_some_and(|tokens| !tokens.contains_key(&asset)) {
            return Err((LimitRule::Tokens, format!("{} is not in the list", name_of(&asset))));
        }
        let sum = sums.entry(asset).or_default();
        *sum = sum.checked_add(amount).ok_or_else(|| {
            (LimitRule::PerTransaction, "the sum of the amounts is 2^256 or more".into())
        })?;
        Ok(())
    }

    fn check_sum(&self, asset: Asset, amount: U256) -> Result<Spend, PolicyRefusal> {
        let limits = self.tokens.as_ref().and_then(|tokens| tokens.get(&asset));
        if let Some(limit) = limits.and_then(|limits| limits.per_transaction)
            && amount > limit
        {
            let name = name_of(&asset);
            let detail = format!("{amount} base units of {name} are more than {limit}");
            return Err(PolicyRefusal::new(LimitRule::PerTransaction, None, detail));
        }
        let per_day = limits.and_then(|limits| limits.per_day);
        Ok(Spend { asset, amount, per_day })
    }
}

type Sums = BTreeMap<Asset, U256>;

fn name_of(asset: &Asset) -> &str {
    match asset {
        Asset::Native => "the coin of the chain",
        Asset::Token(text) => text,
    }
}
