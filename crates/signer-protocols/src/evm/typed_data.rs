//! Typed data of EIP-712, read strictly from its JSON.

#[cfg(any(feature = "crossmint", feature = "privy"))]
mod convert;
mod domain;
mod error;
mod hash;
mod types;

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Serialize, Serializer};
use signer_core::keccak::{KeccakDigest, keccak256};

pub use self::domain::Domain;
use self::domain::DomainType;
pub use self::error::{TypedDataError, TypedDataFault};
pub use self::hash::Member;
use self::hash::Walker;
use self::types::Types;
use crate::Json;
use crate::any_json::exactly;
use crate::jcs::Limits;

const DOMAIN: &str = "EIP712Domain";

/// Typed data of [EIP-712](https://eips.ethereum.org/EIPS/eip-712): read, checked against its types, and hashed.
///
/// The document is an object with `types`, `domain`, `primaryType` and `message`. Values are read strictly:
/// - integers are JSON numbers below 2^53, decimal text or `0x` text, in the range of their type;
/// - an address with letters of both cases needs the checksum of EIP-55; `bytesN` have N bytes; a boolean is `true` or
///   `false`; a fixed array has its exact length;
/// - a member that is missing or `null` is refused. `@metamask/eth-sig-util` hashes a `null` struct as a zero word and
///   other libraries throw, so such a document has no agreed digest;
/// - type and member names are identifiers. A colon may separate the parts of a type name
///   (`HyperliquidTransaction:Withdraw`). A struct must not have the name of an elementary type.
///
/// If `types` has no `EIP712Domain`, that type follows from the members of `domain` in the order of the standard. If it
/// has one, it must list exactly the members of `domain`, with the types of the standard, and its order is hashed; see
/// [`domain_type_is_standard`](Self::domain_type_is_standard).
///
/// Members of `message` that no type names are ignored, and so are unused types and other members of the document: they
/// are not hashed. Nesting, types and values are bounded (64, 128 and 16,384).
///
/// ```
/// use signer_protocols::evm::TypedData;
///
/// let typed_data = TypedData::parse(br#"{
///     "types": { "Mail": [{ "name": "contents", "type": "string" }] },
///     "domain": { "name": "Ether Mail", "chainId": 1 },
///     "primaryType": "Mail",
///     "message": { "contents": "Hello, Bob!" }
/// }"#)?;
/// assert_eq!(typed_data.primary_type(), "Mail");
/// assert_eq!(typed_data.members()[0].path, "message.contents");
/// let digest = typed_data.digest(); // to be signed by a secp256k1 key
/// # Ok::<(), signer_protocols::evm::TypedDataError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct TypedData {
    json: Json,
    primary_type: String,
    encoded_type: String,
    type_hash: [u8; 32],
    message_hash: [u8; 32],
    domain: Domain,
    domain_separator: [u8; 32],
    domain_type_is_standard: bool,
    domain_members: Vec<Member>,
    members: Vec<Member>,
}

impl TypedData {
    /// Reads JSON text of at most 1 MiB.
    ///
    /// # Errors
    /// [`TypedDataError`] if the text is not strict JSON or breaks a rule of typed data.
    pub fn parse(text: &[u8]) -> Result<Self, TypedDataError> {
        let json = Json::parse(text, Limits::default());
        let json =
            json.map_err(|it| TypedDataError::new("typed data", TypedDataFault::Json(it)))?;
        Self::from_json(&json)
    }

    /// Reads a JSON value.
    ///
    /// # Errors
    /// [`TypedDataError`] with the path of the member at fault and the rule that it breaks.
    pub fn from_json(json: &Json) -> Result<Self, TypedDataError> {
        let types_json = member(json, "types")?;
        let primary_type = member(json, "primaryType")?.as_str().ok_or_else(|| {
            TypedDataError::new("primaryType", TypedDataFault::Kind { expected: "a text" })
        })?;
        let types = Types::read(types_json, primary_type)?;
        let domain_json = member(json, "domain")?;
        let Json::Object(domain) = domain_json else {
            let fault = TypedDataFault::Kind { expected: "an object" };
            return Err(TypedDataError::new("domain", fault));
        };
        let domain_type = DomainType::read(types_json.member(DOMAIN), domain)?;
        let domain_types = domain_type.types()?;
        let (domain_separator, domain_members) =
            Walker::new(&domain_types).hash("domain", DOMAIN, domain_json)?;
        let (message_hash, members) =
            Walker::new(&types).hash("message", primary_type, member(json, "message")?)?;
        let primary = types.get(primary_type);
        Ok(Self {
            json: json.clone(),
            primary_type: primary_type.into(),
            encoded_type: primary.map(|it| it.encoded.clone()).unwrap_or_default(),
            type_hash: primary.map(|it| it.type_hash).unwrap_or_default(),
            message_hash,
            domain: Domain::of(domain),
            domain_separator,
            domain_type_is_standard: domain_type.is_standard(),
            domain_members,
            members,
        })
    }

    /// The digest to sign: Keccak-256 of `1901 ‖ domain separator ‖ hash of the message`.
    pub fn digest(&self) -> KeccakDigest {
        let [domain, message] = [&self.domain_separator[..], &self.message_hash[..]];
        keccak256(&[b"\x19\x01", domain, message].concat())
    }

    /// `hashStruct` of the domain.
    pub const fn domain_separator(&self) -> [u8; 32] {
        self.domain_separator
    }

    /// `hashStruct` of the message.
    pub const fn message_hash(&self) -> [u8; 32] {
        self.message_hash
    }

    /// The name of the type of the message.
    pub fn primary_type(&self) -> &str {
        &self.primary_type
    }

    /// `encodeType` of the primary type, such as `Mail(string contents)`; types that it refers to follow, sorted by name.
    pub fn encoded_type(&self) -> &str {
        &self.encoded_type
    }

    /// Keccak-256 of [`encoded_type`](Self::encoded_type).
    pub const fn type_hash(&self) -> [u8; 32] {
        self.type_hash
    }

    /// The members of the domain.
    pub const fn domain(&self) -> &Domain {
        &self.domain
    }

    /// Whether the members of the domain are hashed in the order of the standard: name, version, chainId,
    /// verifyingContract, salt. It is true if `types` has no `EIP712Domain`.
    pub const fn domain_type_is_standard(&self) -> bool {
        self.domain_type_is_standard
    }

    /// The values of the domain, for a person to read, in the order in which they are hashed.
    pub fn domain_members(&self) -> &[Member] {
        &self.domain_members
    }

    /// All values of the message that are signed, for a person to read, in the order in which they are hashed.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// The document, to be sent to a service.
    pub const fn as_json(&self) -> &Json {
        &self.json
    }
}

/// The document as it was read. Fails if a member that is not hashed holds an integer of 2^53 or more as a number: the
/// reader of the document may round it.
impl Serialize for TypedData {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        exactly(&self.json, serializer)
    }
}

/// A member of the document.
fn member<'a>(json: &'a Json, name: &str) -> Result<&'a Json, TypedDataError> {
    let fault = |fault| TypedDataError::new(name, fault);
    match json.member(name) {
        Some(Json::Null) => Err(fault(TypedDataFault::Null)),
        Some(value) => Ok(value),
        None => Err(fault(TypedDataFault::Missing)),
    }
}

#[cfg(test)]
mod tests;
