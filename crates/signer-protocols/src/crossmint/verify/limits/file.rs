use alloc::string::String;
use alloc::vec::Vec;

use serde::Deserialize;

use super::super::Token;
use super::choice::Choice;
use super::error::shortened;
use super::{ApprovalLimits, LimitError};

/// The limits as a file has them: every key is required, and there are no others.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LimitsFile {
    messages: Permission,
    signer_changes: Permission,
    payments: Payments,
    calls: Calls,
    typed_data: TypedData,
}

#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Permission {
    Any,
    None,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Payments {
    recipients: Choice<String>,
    tokens: Choice<TokenLimits>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenLimits {
    token: String,
    per_transaction: String,
    per_day: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Calls {
    contracts: Choice<Contract>,
    programs: Choice<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Contract {
    contract: String,
    functions: Choice<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TypedData {
    domains: Choice<String>,
    primary_types: Choice<String>,
}

impl TryFrom<LimitsFile> for ApprovalLimits {
    type Error = LimitError;

    fn try_from(file: LimitsFile) -> Result<Self, LimitError> {
        let LimitsFile { messages, signer_changes, payments, calls, typed_data } = file;
        let mut limits = Self::new()
            .with_messages(messages == Permission::Any)
            .with_signer_changes(signer_changes == Permission::Any);
        if let Some(recipients) = payments.recipients.listed() {
            limits = limits.with_recipients(texts(&recipients))?;
        }
        if let Some(tokens) = payments.tokens.listed() {
            limits = limits.with_listed_tokens();
            for TokenLimits { token: text, per_transaction, per_day } in &tokens {
                let token =
                    Token::parse(text).map_err(|_| LimitError::Token { text: shortened(text) })?;
                limits = limits.with_token(&token, amount(per_transaction), amount(per_day))?;
            }
        }
        if let Some(contracts) = calls.contracts.listed() {
            limits = limits.with_listed_contracts();
            for Contract { contract, functions } in contracts {
                let functions = functions.listed();
                let functions = functions.as_ref().map(|it| texts(it).collect::<Vec<_>>());
                limits = limits.with_contract(&contract, functions.as_deref())?;
            }
        }
        if let Some(programs) = calls.programs.listed() {
            limits = limits.with_programs(texts(&programs))?;
        }
        if let Some(domains) = typed_data.domains.listed() {
            limits = limits.with_domains(texts(&domains))?;
        }
        if let Some(types) = typed_data.primary_types.listed() {
            limits = limits.with_primary_types(texts(&types));
        }
        Ok(limits)
    }
}

/// An amount in whole tokens; `None` for any.
fn amount(text: &str) -> Option<&str> {
    (text != "any").then_some(text)
}

fn texts(list: &[String]) -> impl Iterator<Item = &str> {
    list.iter().map(String::as_str)
}
