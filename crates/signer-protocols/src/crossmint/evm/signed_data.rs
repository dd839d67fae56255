//! Verification of a signature of the wallet: a message or typed data (section 2).

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use signer_core::address::evm::Address;
use signer_core::keccak::eip191_digest;

use super::super::verify::{
    Answer, Content, Context, Effect, Finding, Item, Kind, Request, Verification,
};
use super::facts::Facts;
use super::kernel_version::KernelVersion;
use super::operation::{approval, bytes_32};
use super::signature::wrap;
use crate::Json;
use crate::evm::TypedData;
use crate::hex::encode_0x;

pub(super) fn verify(request: &Request, answer: &Json, context: &Context<'_>) -> Verification {
    let mut findings = Vec::new();
    let facts = Facts::new(request, context, &mut findings);
    let answer = Answer::new(request, answer, context.chain.as_str());
    findings.extend(answer.check_wallet_type());
    let message = answer.message(&context.signer);
    let message = message.map_err(|finding| findings.push(finding)).ok();
    let subject = Subject::read(request).map_err(|finding| findings.push(finding)).ok();
    let wrapped = is_wrapped(request).map_err(|finding| findings.push(finding)).ok();

    let pending = message.and_then(bytes_32);
    if message.is_some() && pending.is_none() {
        let detail = "the pending message is not 32 bytes in hex";
        findings.push(Finding::differs("digest_mismatch", detail));
    }
    let version = match (&subject, pending, wrapped) {
        (Some(subject), Some(pending), Some(wrapped)) => {
            check(&subject.digest, &pending, wrapped, &facts, &mut findings)
        }
        _ => None,
    };
    let kind = subject.as_ref().map_or_else(|| named_kind(request, message), |it| Some(it.kind()));
    let content = subject.map(|subject| subject.content(version, wrapped == Some(true)));
    Verification::new(kind, findings, content, approval(message))
}

/// The kind that the request names, where its content cannot be read.
fn named_kind(request: &Request, message: Option<&str>) -> Option<Kind> {
    match request.body().member("type").and_then(Json::as_str) {
        Some("message") => Some(Kind::Message),
        Some("typed-data") => Some(Kind::TypedData),
        _ => message.map(|_| Kind::Hash),
    }
}

/// Compares the pending hash with that of our content. Returns the version whose wrapper it is.
fn check(
    digest: &[u8; 32],
    pending: &[u8; 32],
    is_wrapped: bool,
    facts: &Facts<'_>,
    findings: &mut Vec<Finding>,
) -> Option<KernelVersion> {
    let differs = |detail: &str| Finding::differs("digest_mismatch", detail);
    if !is_wrapped {
        if pending != digest {
            findings.push(differs("the pending hash is not the plain digest that was requested"));
        }
        return None;
    }
    if pending == digest {
        let detail =
            "the pending hash is the plain digest: it is not bound to the wallet and the chain";
        findings.push(Finding::unverified("unwrapped", detail));
        return None;
    }
    let wallet = facts.wallet.as_ref()?;
    let version_on = |chain_id| {
        let is_it = |version: &KernelVersion| wrap(*version, chain_id, wallet, digest) == *pending;
        KernelVersion::ALL.into_iter().find(is_it)
    };
    let version = facts.chain_id.and_then(version_on);
    if version.is_some() && facts.chain_id != Some(0) {
        return version;
    }
    if let Some(version) = version_on(0) {
        let detail =
            format!("wrapped by Kernel {} for chain 0: valid on every chain", version.as_str());
        findings.push(Finding::differs("replayable", detail));
    } else if facts.chain_id.is_some() {
        let detail = format!(
            "the pending hash is not that of our {} for this wallet and chain, by no known version of Kernel",
            encode_0x(digest)
        );
        findings.push(differs(&detail));
    }
    None
}

/// Whether the signature is that of the wallet, and not of the signer alone.
fn is_wrapped(request: &Request) -> Result<bool, Finding> {
    match request.param("isSmartWalletSignature") {
        None | Some(Json::Null | Json::Bool(true)) => Ok(true),
        Some(Json::Bool(false)) => Ok(false),
        Some(_) => {
            let detail = "isSmartWalletSignature: true or false is expected";
            Err(Finding::unverified("request_form", detail))
        }
    }
}

/// The content that a request asks to sign.
struct Subject {
    digest: [u8; 32],
    data: Data,
}

enum Data {
    Message(String),
    TypedData(alloc::boxed::Box<TypedData>),
}

impl Subject {
    fn read(request: &Request) -> Result<Self, Finding> {
        let form = |detail: &str| Finding::unverified("request_form", detail);
        match request.body().member("type").and_then(Json::as_str) {
            Some("message") => {
                let text = request.param("message").and_then(Json::as_str);
                let text = text.ok_or_else(|| form("params.message: a text is expected"))?;
                let digest = *eip191_digest(text.as_bytes()).as_bytes();
                Ok(Self { digest, data: Data::Message(text.into()) })
            }
            Some("typed-data") => {
                let json = request.param("typedData").unwrap_or(&Json::Null);
                let fault = |detail: String| Finding::unverified("typed_data", detail);
                let typed_data = TypedData::from_json(json).map_err(|it| fault(it.to_string()))?;
                check_domain(&typed_data).map_err(fault)?;
                let digest = *typed_data.digest().as_bytes();
                Ok(Self { digest, data: Data::TypedData(typed_data.into()) })
            }
            _ => Err(form("type: message or typed-data is expected")),
        }
    }

    const fn kind(&self) -> Kind {
        match self.data {
            Data::Message(_) => Kind::Message,
            Data::TypedData(_) => Kind::TypedData,
        }
    }

    fn content(&self, version: Option<KernelVersion>, is_wrapped: bool) -> Content {
        let (kind, effect) = match &self.data {
            Data::Message(_) => ("message", Effect::Message),
            Data::TypedData(typed_data) => ("typed-data", typed_data_effect(typed_data)),
        };
        let wrapped =
            version.map_or(Json::Null, |it| Json::from(format!("Kernel {}", it.domain_version())));
        let digest = Json::from(encode_0x(&self.digest));
        let view = [("kind", kind.into()), ("digest", digest), ("wrapped", wrapped)];
        let mut content = Content::new([Item { view: view.into_iter().collect(), effect }].into());
        match &self.data {
            Data::Message(text) => content.details.push(("message", text.as_str().into())),
            Data::TypedData(typed_data) => add_values(&mut content, typed_data),
        }
        let trusted = if is_wrapped {
            "the wallet has no other owner or module"
        } else {
            "the signature is valid for every contract that asks for the signer's own"
        };
        content.details.push(("trusted", Json::Array([trusted.into()].into())));
        content
    }
}

/// The service requires these members, in the order of the standard.
fn check_domain(typed_data: &TypedData) -> Result<(), String> {
    let domain = typed_data.domain();
    let required = [
        ("name", domain.name().is_some()),
        ("version", domain.version().is_some()),
        ("chainId", domain.chain_id().is_some()),
        ("verifyingContract", domain.verifying_contract().is_some()),
    ];
    if let Some((name, _)) = required.into_iter().find(|(_, is_present)| !is_present) {
        return Err(format!("domain.{name}: missing"));
    }
    if !typed_data.domain_type_is_standard() {
        return Err("types.EIP712Domain: not in the order of the standard".into());
    }
    Ok(())
}

fn typed_data_effect(typed_data: &TypedData) -> Effect {
    let domain = typed_data.domain();
    let contract = domain.verifying_contract().map(|contract: Address| contract.to_string());
    Effect::TypedData {
        domain: domain.name().map(Into::into),
        verifying_contract: contract,
        primary_type: typed_data.primary_type().into(),
    }
}

/// The values that are signed, by their paths.
fn add_values(content: &mut Content, typed_data: &TypedData) {
    content.details.push(("primaryType", typed_data.primary_type().into()));
    for (name, members) in
        [("domain", typed_data.domain_members()), ("values", typed_data.members())]
    {
        let entry = |member: &crate::evm::Member| {
            [("path", member.path.as_str().into()), ("value", Json::from(member.value.to_string()))]
                .into_iter()
                .collect()
        };
        content.details.push((name, Json::Array(members.iter().map(entry).collect())));
    }
}
