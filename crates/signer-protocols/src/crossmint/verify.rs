//! Compares the approval that an answer of the service asks for with the request that was sent.
//!
//! The caller parses its own request with [`Request::parse`], reads the answer as [`Json`](crate::Json), and gets a
//! [`Verification`] from the module of the chain. Only a verdict of [`Verdict::AsRequested`] proves that the bytes to
//! sign do what was requested and nothing else. The echo of the request in the answer (`params`, `sendParams`) is never
//! an input of the decision.

mod amount;
mod answer;
mod content;
mod context;
mod limits;
mod request;
mod verdict;

pub use amount::{AmountError, base_units};
pub use answer::{Answer, Ours};
pub use content::{Asset, Content, Effect, Item};
pub use context::{Context, DEFAULT_MAX_FEE, Role, Token, TokenError, Tokens};
pub use limits::{ApprovalLimits, Grant, LimitError, LimitRule, PolicyRefusal, Spend};
pub use request::{NO_REQUEST, Operation, Request, RequestError};
pub use verdict::{Finding, Kind, Verdict, Verification};

/// Verifies an answer against the request that was sent, by the rules of the context's chain.
#[cfg(all(feature = "crossmint-evm", feature = "crossmint-solana", feature = "crossmint-stellar"))]
pub fn verify(request: &Request, answer: &crate::Json, context: &Context<'_>) -> Verification {
    use super::{ChainType, evm, solana, stellar};

    match context.chain.chain_type() {
        ChainType::Evm => evm::verify(request, answer, context),
        ChainType::Solana => solana::verify(request, answer, context),
        ChainType::Stellar => stellar::verify(request, answer, context),
    }
}
