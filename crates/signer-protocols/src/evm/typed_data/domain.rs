use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;

use signer_core::address::evm::Address;

use super::error::join;
use super::types::{Types, member_list};
use super::{DOMAIN, TypedDataError, TypedDataFault};
use crate::evm::elementary::{self, Integer};
use crate::{Json, U256};

/// The members of a domain and their types, in the order of the standard.
const STANDARD: [(&str, &str); 5] = [
    ("name", "string"),
    ("version", "string"),
    ("chainId", "uint256"),
    ("verifyingContract", "address"),
    ("salt", "bytes32"),
];

/// The domain of typed data: the contract, chain and version for which a signature is valid.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Domain {
    name: Option<String>,
    version: Option<String>,
    chain_id: Option<U256>,
    verifying_contract: Option<Address>,
    salt: Option<[u8; 32]>,
}

impl Domain {
    /// The name that people know, such as that of the application.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The version of the application.
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// The EIP-155 chain id.
    pub const fn chain_id(&self) -> Option<U256> {
        self.chain_id
    }

    /// The contract that verifies the signature.
    pub const fn verifying_contract(&self) -> Option<Address> {
        self.verifying_contract
    }

    /// The salt.
    pub const fn salt(&self) -> Option<[u8; 32]> {
        self.salt
    }

    /// The values of members that were read by their types before.
    pub(super) fn of(members: &BTreeMap<String, Json>) -> Self {
        let text = |name| members.get(name).and_then(Json::as_str).map(String::from);
        let chain_id = || Integer::read(members.get("chainId")?).ok()?.unsigned(256);
        let salt = || elementary::bytes(members.get("salt")?).ok()?.try_into().ok();
        Self {
            name: text("name"),
            version: text("version"),
            chain_id: chain_id().map(U256::from_be_bytes),
            verifying_contract: members
                .get("verifyingContract")
                .and_then(|it| elementary::address(it).ok()),
            salt: salt(),
        }
    }
}

/// The members of the domain's type in the order in which they are hashed.
pub(super) struct DomainType<'a>(Vec<(&'a str, &'a str)>);

impl<'a> DomainType<'a> {
    /// Takes the type from `types`, or derives it from the members of the domain in the order of the standard.
    pub(super) fn read(
        definition: Option<&'a Json>,
        domain: &BTreeMap<String, Json>,
    ) -> Result<Self, TypedDataError> {
        let unknown = |name: &&String| STANDARD.iter().all(|(standard, _)| standard != name);
        if let Some(name) = domain.keys().find(unknown) {
            return Err(TypedDataError::new(&join("domain", name), TypedDataFault::DomainMember));
        }
        let Some(definition) = definition else {
            let present = STANDARD.into_iter().filter(|(name, _)| domain.contains_key(*name));
            return Ok(Self(present.collect()));
        };
        let path = join("types", DOMAIN);
        let members = member_list(definition, &path)?;
        let mut names = BTreeSet::new();
        for (name, text) in &members {
            let fault = |fault| Err(TypedDataError::new(&join(&path, name), fault));
            match STANDARD.iter().find(|(standard, _)| standard == name) {
                None => return fault(TypedDataFault::DomainMember),
                Some((_, expected)) if expected != text => {
                    return fault(TypedDataFault::DomainType { expected });
                }
                Some(_) if !names.insert(*name) => return fault(TypedDataFault::Duplicate),
                Some(_) => {}
            }
        }
        match domain.keys().find(|name| !names.contains(name.as_str())) {
            Some(name) => Err(TypedDataError::new(&join("domain", name), TypedDataFault::Unlisted)),
            None => Ok(Self(members)),
        }
    }

    pub(super) fn types(&self) -> Result<Types<'a>, TypedDataError> {
        Types::of_domain(&self.0)
    }

    /// Whether the members have the order of the standard.
    pub(super) fn is_standard(&self) -> bool {
        let place = |member: &(&str, &str)| STANDARD.iter().position(|it| it.0 == member.0);
        self.0.is_sorted_by_key(place)
    }
}
