//! Verdicts on answers in the recorded shape: each case of the vectors, by the rules of its chain.

use serde_json::Value;
use signer_core::address::{evm, solana, stellar};
use signer_protocols::Json;
use signer_protocols::crossmint::verify::{
    Context, Finding, Request, Role, Token, Tokens, Verdict, Verification, verify,
};
use signer_protocols::crossmint::{
    ChainId, Environment, Locator, ProjectId, Scheme, ServerSigner, SignerSecret,
};

use super::{cases, text, vectors};

pub(crate) const VECTORS: &str = include_str!("vectors/crossmint-approvals.json");

pub(crate) struct Case<'a> {
    pub(crate) vector: &'a Value,
    signer: ServerSigner,
    pub(crate) verification: Verification,
}

/// The token that the context of a case describes.
fn token(value: &Value) -> Token {
    let decimals = u8::try_from(value["decimals"].as_u64().unwrap()).unwrap();
    match text(value, "kind") {
        "native" => Token::Native { decimals },
        "erc20" => {
            let address = evm::Address::parse(text(value, "contract")).unwrap();
            Token::Erc20 { address, decimals }
        }
        "spl" => {
            let mint = solana::Address::parse(text(value, "mint")).unwrap();
            let program = value["program"].as_str().map(|it| solana::Address::parse(it).unwrap());
            Token::Spl { mint, decimals, program }
        }
        "sep41" => {
            let contract = stellar::ContractAddress::parse(text(value, "contract")).unwrap();
            Token::Sep41 { contract, decimals }
        }
        other => panic!("token kind {other}"),
    }
}

fn permission_id(digits: &str) -> [u8; 4] {
    super::unhex(digits.trim_start_matches("0x")).try_into().unwrap()
}

pub(crate) fn run(vector: &Value) -> Case<'_> {
    let environment: Environment = text(vector, "environment").parse().unwrap();
    let chain = ChainId::parse(text(vector, "chain")).unwrap();
    let secret = SignerSecret::parse(text(vector, "secret")).unwrap();
    let project = ProjectId::parse(text(vector, "projectId")).unwrap();
    let scheme = if text(vector, "scheme") == "legacy" { Scheme::Legacy } else { Scheme::Current };
    let signer = ServerSigner::derive(&secret, &project, environment, chain, scheme).unwrap();
    let locator = signer.locator();
    assert_eq!(locator.to_string(), text(vector, "signer"));
    assert_eq!(Locator::parse(text(vector, "signer"), chain.chain_type()), Ok(locator));

    let mut context = Context::new(environment, chain, text(vector, "wallet"), locator);
    context.role = match text(vector, "signerRole") {
        "admin" => Role::Admin,
        _ => Role::Delegated { admin: None },
    };
    let known = &vector["context"];
    if let Some(max) = known["maxGasWei"].as_str() {
        context.max_fee = signer_protocols::U256::from_decimal(max).unwrap();
    }
    if !known["token"].is_null() {
        context.tokens = Tokens::default().with_default(token(&known["token"]));
    }
    context.permission_id = known["permissionId"].as_str().map(permission_id);

    let request = &vector["request"];
    let body = match &request["body"] {
        Value::Null => Vec::new(),
        body => serde_json::to_vec(body).unwrap(),
    };
    let request = Request::parse(text(request, "method"), text(request, "path"), &body).unwrap();
    let answer: Json = serde_json::from_value(vector["answer"].clone()).unwrap();
    Case { vector, signer, verification: verify(&request, &answer, &context) }
}

/// The differences between a case and its expectation.
fn faults(case: &Case<'_>) -> Option<String> {
    let Case { vector, signer, verification } = case;
    let expect = &vector["expect"];
    let reasons: Vec<_> = verification.findings().iter().map(Finding::reason).collect();
    let mut faults = Vec::new();
    let (verdict, expected) = (verification.verdict(), text(expect, "verdict"));
    if verdict.as_str() != expected {
        faults.push(format!("verdict {}, expected {expected}", verdict.as_str()));
    }
    if let Some(reason) = expect["reason"].as_str()
        && !reasons.contains(&reason)
    {
        faults.push(format!("reasons lack {reason}"));
    }
    if expected == "as_requested" && verdict == Verdict::AsRequested {
        if verification.message() != expect["message"].as_str() {
            faults.push("another message".into());
        }
        let signature = signer.approve(verification.approval().unwrap()).unwrap();
        if Some(signature.as_str()) != expect["signature"].as_str() {
            faults.push("another signature".into());
        }
    }
    let note = vector["note"].as_str().unwrap_or_default();
    let findings: Vec<_> = verification.findings().iter().map(ToString::to_string).collect();
    let faults = faults.join(", ");
    (!faults.is_empty()).then(|| format!("{} ({note}): {faults}: {findings:?}", vector["id"]))
}

fn check(chain_type: &str, least: usize) {
    let vectors = vectors(VECTORS);
    let cases = cases(&vectors, "cases").iter().filter(|case| case["chainType"] == chain_type);
    let results: Vec<_> = cases.map(|vector| faults(&run(vector))).collect();
    assert!(results.len() >= least, "{} cases", results.len());
    let faults: Vec<_> = results.iter().flatten().collect();
    let shown = faults.iter().take(400).map(|it| format!("{it}\n")).collect::<String>();
    assert!(faults.is_empty(), "{} of {} cases fail:\n{shown}", faults.len(), results.len());
}

#[test]
fn evm_answers_get_their_verdict() {
    check("evm", 364);
}

#[test]
fn solana_answers_get_their_verdict() {
    check("solana", 178);
}

#[test]
fn stellar_answers_get_their_verdict() {
    check("stellar", 48);
}
