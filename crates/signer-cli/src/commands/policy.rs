//! The file that says what may be signed.

use signer_protocols::blink::{Policy, PolicyFile};

use crate::failure::Failure;

/// Which bounds a policy has that would be wide without.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bounds {
    max_amount: bool,
    max_per_day: bool,
    chains: bool,
}

impl Bounds {
    /// Those that the next policy does not have any more.
    pub(super) fn lost(self, next: Self) -> impl Iterator<Item = &'static str> {
        let max_amount = (self.max_amount && !next.max_amount).then_some("max_amount");
        let max_per_day = (self.max_per_day && !next.max_per_day).then_some("max_per_day");
        let chains = (self.chains && !next.chains).then_some("chains");
        max_amount.into_iter().chain(max_per_day).chain(chains)
    }
}

/// A policy file's text. One that says nothing, as an empty file that is about to be written, would be a policy
/// without bounds: it is refused.
pub(super) fn parse(text: &[u8]) -> Result<(Policy, Bounds), Failure> {
    let text = std::str::from_utf8(text).map_err(|_| Failure::refused("policy: not utf-8"))?;
    let refuse = |error: toml::de::Error| Failure::refused(error.message()).about("policy");
    if toml::from_str::<toml::Table>(text).map_err(refuse)?.is_empty() {
        return Err(Failure::refused(
            "policy: says nothing; for the whole catalogue, catalogue = true",
        ));
    }
    let file: PolicyFile = toml::from_str(text).map_err(refuse)?;
    let bounds = Bounds {
        max_amount: file.max_amount.is_some(),
        max_per_day: file.max_per_day.is_some(),
        chains: file.chains.is_some(),
    };
    Policy::try_from(file).map(|policy| (policy, bounds)).map_err(Failure::refused)
}
