//! The outcome of a check, for a person and as JSON.

use signer_protocols::Json;
use signer_protocols::crossmint::verify::{Finding, Kind, Verdict, Verification};

use crate::outcome::Field;

/// The fields of a check. `signature` is given for an answer that is as requested only.
pub(super) fn fields(
    verification: &Verification,
    signature: Option<String>,
) -> Vec<(&'static str, Field)> {
    let verdict = verification.verdict();
    let reasons: Json =
        verification.findings().iter().map(Finding::reason).map(Json::from).collect_array();
    let mut fields = vec![("verdict", verdict.as_str().into()), ("reasons", json(&reasons))];
    if verdict == Verdict::AsRequested {
        fields.extend(verification.message().map(|message| ("message", message.into())));
        fields.extend(signature.map(|signature| ("signature", signature.into())));
    }
    let kind = verification.kind().map_or(Json::Null, |kind: Kind| kind.as_str().into());
    let content = verification.content();
    let decoded = content.map_or(Json::Null, |content| {
        content.items.iter().map(|item| item.view.clone()).collect_array()
    });
    let details = content.into_iter().flat_map(|content| content.details.iter());
    let details: Json = details.map(|(name, value)| (*name, value.clone())).collect();
    fields.extend([
        ("kind", json(&kind)),
        ("decoded", json(&decoded)),
        ("details", json(&details)),
        ("findings", json(&findings(verification))),
    ]);
    fields
}

fn findings(verification: &Verification) -> Json {
    let finding = |finding: &Finding| -> Json {
        [
            ("reason", Json::from(finding.reason())),
            ("verdict", finding.verdict().as_str().into()),
            ("detail", finding.detail().into()),
        ]
        .into_iter()
        .collect()
    };
    verification.findings().iter().map(finding).collect_array()
}

/// The decision of limits: `{"allows": …, "reason": …}`.
pub(super) fn policy(refusal: Option<&str>) -> Field {
    let reason = refusal.map_or(Json::Null, Json::from);
    json(&[("allows", Json::Bool(refusal.is_none())), ("reason", reason)].into_iter().collect())
}

fn json(value: &Json) -> Field {
    Field::Json(serde_json::to_string(value).unwrap_or_else(|_| "null".into()))
}

/// The lines that a person reads before an approval is signed: the content, what pays, and the findings.
pub(crate) fn lines(verification: &Verification) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(kind) = verification.kind() {
        lines.push(format!("to approve: {}", kind.as_str()));
    }
    if let Some(content) = verification.content() {
        for (number, item) in content.items.iter().enumerate() {
            lines.push(format!("  {}. {}", number + 1, members(&item.view)));
        }
        for (name, value) in &content.details {
            lines.push(format!("  {name}: {}", text(value)));
        }
    }
    for finding in verification.findings() {
        lines.push(format!("  {}: {finding}", finding.verdict().as_str()));
    }
    lines.push(format!("verdict: {}", verification.verdict().as_str()));
    lines
}

/// The summary first, then the members.
fn members(view: &Json) -> String {
    let Json::Object(members) = view else { return text(view) };
    let summary = members.get("summary").and_then(Json::as_str).unwrap_or_default();
    let rest = members.iter().filter(|(name, _)| *name != "summary");
    let rest: Vec<String> = rest.map(|(name, value)| format!("{name} {}", text(value))).collect();
    let separator = if summary.is_empty() || rest.is_empty() { "" } else { ": " };
    format!("{summary}{separator}{}", rest.join(", "))
}

fn text(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        value => serde_json::to_string(value).unwrap_or_default(),
    }
}

/// Collects values into a JSON array.
trait CollectArray: Iterator<Item = Json> + Sized {
    fn collect_array(self) -> Json {
        Json::Array(self.collect())
    }
}

impl<I: Iterator<Item = Json>> CollectArray for I {}
