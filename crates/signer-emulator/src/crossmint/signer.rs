//! Signers of a wallet: as requests name them, and as answers describe them.
//!
//! Requests and answers follow the OpenAPI document (`adminSigner`, `delegatedSigners[]`, `approvals.*.signer`).
//! `email`, `phone` and `api-key` signers have an address in answers; the service keeps their keys, so the emulator derives
//! an address from the locator and cannot approve for them.

use base64ct::{Base64, Encoding};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use signer_core::address::{evm, solana, stellar};
use signer_core::keccak::keccak256;
use signer_protocols::U256;
use signer_protocols::crossmint::ChainType;

use super::invalid;
use crate::answer::{Refusal, text};
use crate::key::{hex, unhex};

/// A signer with the members of its type.
#[derive(Clone)]
pub(super) struct Signer {
    pub(super) kind: &'static str,
    pub(super) locator: String,
    members: Map<String, Value>,
    /// The address of its key on the chain of the wallet, if it has one.
    pub(super) address: Option<String>,
    /// The point of a passkey or a device.
    pub(super) point: Option<[u8; 64]>,
    /// `scopes` and `expiresAt`, as they were asked for.
    limits: Map<String, Value>,
}

const KINDS: [&str; 7] =
    ["server", "external-wallet", "email", "phone", "api-key", "passkey", "device"];

impl Signer {
    /// Reads `{"type": …}` or a locator.
    pub(super) fn parse(signer: &Value, chain_type: ChainType) -> Result<Self, Refusal> {
        match signer {
            Value::String(locator) => Self::from_locator(locator, chain_type),
            Value::Object(_) => {
                let kind = text(signer, "type")?;
                let kind = KINDS.into_iter().find(|it| *it == kind);
                let kind = kind.ok_or_else(|| invalid("the type of the signer is not known"))?;
                Self::of(kind, signer, chain_type)
            }
            _ => Err(invalid("signer must be an object or a locator")),
        }
    }

    fn from_locator(locator: &str, chain_type: ChainType) -> Result<Self, Refusal> {
        let (kind, value) = locator.split_once(':').unwrap_or((locator, ""));
        let signer = match kind {
            "server" | "external-wallet" => json!({"address": value}),
            "email" => json!({"email": value}),
            "phone" => json!({"phone": value}),
            "api-key" => json!({}),
            "device" => {
                let point = Base64::decode_vec(value).ok();
                let point = point.filter(|it| it.len() == 65 && it.first() == Some(&4));
                let point = point.ok_or_else(|| invalid("a device is base64 of its point"))?;
                let (x, y) = point.get(1..).unwrap_or_default().split_at(32);
                json!({"publicKey": {"x": format!("0x{}", hex(x)), "y": format!("0x{}", hex(y))}})
            }
            _ => return Err(invalid("signer must be a known locator; a passkey is an object")),
        };
        let kind = KINDS.into_iter().find(|it| *it == kind).unwrap_or("server");
        Self::of(kind, &signer, chain_type)
    }

    fn of(kind: &'static str, signer: &Value, chain_type: ChainType) -> Result<Self, Refusal> {
        let mut members = Map::new();
        let mut point = None;
        let (locator, address) = match kind {
            "server" | "external-wallet" => {
                let address = checked_address(text(signer, "address")?, chain_type)
                    .ok_or_else(|| invalid("the address of the signer is not one of the chain"))?;
                (format!("{kind}:{address}"), Some(address))
            }
            "email" | "phone" => {
                let value = text(signer, kind)?;
                members.insert(kind.into(), json!(value));
                let locator = format!("{kind}:{value}");
                let address = derived_address(&locator, chain_type);
                (locator, Some(address))
            }
            "api-key" => ("api-key".into(), Some(derived_address("api-key", chain_type))),
            "passkey" => {
                let id = text(signer, "id")?;
                let key = public_key(signer)?;
                point = Some(key.0);
                members.insert("id".into(), json!(id));
                members.insert("name".into(), json!(text(signer, "name")?));
                members.insert("publicKey".into(), key.1);
                members.insert("validatorContractVersion".into(), json!("0.0.3"));
                (format!("passkey:{id}"), None)
            }
            _ => {
                let key = public_key(signer)?;
                point = Some(key.0);
                members.insert("publicKey".into(), key.1);
                if let Some(name) = signer["name"].as_str() {
                    members.insert("name".into(), json!(name));
                }
                let point = [&[4][..], &key.0].concat();
                (format!("device:{}", Base64::encode_string(&point)), None)
            }
        };
        if let Some(address) = &address {
            members.insert("address".into(), json!(address));
        }
        Ok(Self { kind, locator, members, address, point, limits: Map::new() })
    }

    /// With `scopes` and `expiresAt` of the request that adds it.
    pub(super) fn with_limits(mut self, request: &Value) -> Self {
        for name in ["scopes", "expiresAt"] {
            if let Some(value) = request.get(name).filter(|it| !it.is_null()) {
                self.limits.insert(name.into(), value.clone());
            }
        }
        self
    }

    pub(super) fn has_limits(&self) -> bool {
        !self.limits.is_empty()
    }

    /// Whether this locator names it. On EVM the case of an address does not count.
    pub(super) fn is(&self, locator: &str) -> bool {
        self.locator == locator
            || self.locator.contains(":0x") && self.locator.eq_ignore_ascii_case(locator)
    }

    /// Whether the service signs for it without an approval.
    pub(super) fn is_automatic(&self) -> bool {
        self.kind == "api-key"
    }

    /// As approvals name it.
    pub(super) fn to_json(&self) -> Value {
        let mut json = self.members.clone();
        json.insert("type".into(), json!(self.kind));
        json.insert("locator".into(), json!(self.locator));
        Value::Object(json)
    }

    /// As a wallet's list of signers has it: with what it may do.
    pub(super) fn to_json_with_limits(&self) -> Value {
        let mut json = self.to_json();
        for (name, value) in &self.limits {
            json[name] = value.clone();
        }
        json
    }
}

/// The address in the form in which the service answers it: with the checksum of EIP-55 on EVM.
pub(super) fn checked_address(text: &str, chain_type: ChainType) -> Option<String> {
    match chain_type {
        ChainType::Evm => evm::Address::parse(text).ok().map(|it| it.to_string()),
        ChainType::Solana => solana::Address::parse(text).ok().map(|it| it.to_string()),
        ChainType::Stellar => {
            let account = stellar::Address::parse(text).ok().map(|it| it.to_string());
            account.or_else(|| stellar::ContractAddress::parse(text).ok().map(|it| it.to_string()))
        }
    }
}

/// An address that nobody has the key of.
pub(super) fn derived_address(locator: &str, chain_type: ChainType) -> String {
    let digest: [u8; 32] = Sha256::digest(format!("emulator:{locator}")).into();
    match chain_type {
        ChainType::Evm => {
            let hash = keccak256(&digest);
            let mut address = [0; 20];
            address.copy_from_slice(&hash.as_bytes()[12..]);
            evm::Address::from_bytes(address).to_string()
        }
        ChainType::Solana => solana::Address::from_bytes(digest).to_string(),
        ChainType::Stellar => stellar::Address::from_bytes(digest).to_string(),
    }
}

/// The point, and the public key as it was given. Coordinates are decimal or `0x` text.
fn public_key(signer: &Value) -> Result<([u8; 64], Value), Refusal> {
    let key = &signer["publicKey"];
    let coordinate = |name: &'static str| {
        let text = text(key, name)?;
        let number = U256::from_hex(text).or_else(|| U256::from_decimal(text));
        let number = number.or_else(|| U256::from_be_slice(&unhex(text)?));
        number.map(U256::to_be_bytes).ok_or_else(|| invalid("publicKey has two coordinates"))
    };
    let mut point = [0; 64];
    let (x, y) = point.split_at_mut(32);
    x.copy_from_slice(&coordinate("x")?);
    y.copy_from_slice(&coordinate("y")?);
    Ok((point, json!({"x": key["x"], "y": key["y"]})))
}
