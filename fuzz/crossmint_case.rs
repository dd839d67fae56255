//! One input of the targets that verify Crossmint answers: the facts of the caller, the request and the answer.

use signer_protocols::Json;
use signer_protocols::crossmint::verify::{Context, Request, Role, Token, Tokens, Verdict, verify};
use signer_protocols::crossmint::{ChainId, ChainType, Locator};
use signer_protocols::jcs::Limits;

/// Verifies the case in `bytes`, if it is one of this chain type.
pub fn run(bytes: &[u8], chain_type: ChainType) -> Option<()> {
    let case = Json::parse(bytes, Limits::default()).ok()?;
    let text = |name| case.member(name).and_then(Json::as_str);
    let chain = ChainId::parse(text("chain")?).ok()?;
    if chain.chain_type() != chain_type {
        return None;
    }
    let signer = Locator::parse(text("signer")?, chain_type).ok()?;
    let environment = text("environment")?.parse().ok()?;
    let mut context = Context::new(environment, chain, text("wallet")?, signer);
    if text("role") == Some("admin") {
        context.role = Role::Admin;
    }
    if let Some(token) = text("token") {
        context.tokens = Tokens::default().with_default(Token::parse(token).ok()?);
    }
    let body = text("body").unwrap_or_default().as_bytes();
    let request = Request::parse(text("method")?, text("path")?, body).ok()?;
    let verification = verify(&request, case.member("answer")?, &context);
    if verification.verdict() == Verdict::AsRequested {
        assert!(verification.findings().is_empty());
        assert!(verification.approval().is_some() && verification.message().is_some());
        assert!(verification.content().is_some_and(|content| !content.items.is_empty()));
    }
    Some(())
}
