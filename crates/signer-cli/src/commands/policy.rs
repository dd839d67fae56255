//! The file that says what may be signed.

use signer_protocols::blink::{Policy, PolicyFile};

use crate::failure::Failure;

/// Which ceilings a policy has.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ceilings {
    max_amount: bool,
    max_per_day: bool,
}

impl Ceilings {
    /// Those that the next policy does not have any more.
    pub(super) fn lost(self, next: Self) -> impl Iterator<Item = &'static str> {
        let max_amount = (self.max_amount && !next.max_amount).then_some("max_amount");
        let max_per_day = (self.max_per_day && !next.max_per_day).then_some("max_per_day");
        max_amount.into_iter().chain(max_per_day)
    }
}

/// A policy file's text. One that is empty, or was cut before it says anything that counts, would be the widest
/// policy: it is refused.
pub(super) fn parse(text: &[u8]) -> Result<(Policy, Ceilings), Failure> {
    let text = std::str::from_utf8(text).map_err(|_| Failure::refused("policy: not utf-8"))?;
    let file: PolicyFile =
        toml::from_str(text).map_err(|error| Failure::refused(error.message()).about("policy"))?;
    let ceilings =
        Ceilings { max_amount: file.max_amount.is_some(), max_per_day: file.max_per_day.is_some() };
    let bounded = ceilings.max_amount || ceilings.max_per_day;
    if !bounded && file.catalogue.is_none() && file.chains.is_none() {
        return Err(Failure::refused(
            "policy: has none of catalogue, chains, max_amount, max_per_day: is it empty or cut?",
        ));
    }
    Policy::try_from(file).map(|policy| (policy, ceilings)).map_err(Failure::refused)
}
