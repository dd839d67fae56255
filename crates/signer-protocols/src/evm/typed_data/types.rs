use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use signer_core::keccak::keccak256;

use super::error::{is_identifier, join};
use super::{DOMAIN, TypedDataError, TypedDataFault};
use crate::Json;
use crate::evm::abi::split_dimensions;
use crate::evm::elementary::Elementary;

const MAX_TYPES: usize = 128;
const MAX_MEMBERS: usize = 4_096;
const MAX_ENCODED: usize = 65_536;
const MAX_DIMENSIONS: usize = 32;

/// The structs that a primary type reaches, each with its type hash. Other types are not looked at.
#[derive(Debug)]
pub(super) struct Types<'a> {
    structs: BTreeMap<&'a str, Struct<'a>>,
}

#[derive(Debug)]
pub(super) struct Struct<'a> {
    pub(super) members: Vec<MemberType<'a>>,
    /// `encodeType` of the EIP: the struct, then those that it reaches, sorted by name.
    pub(super) encoded: String,
    pub(super) type_hash: [u8; 32],
}

#[derive(Debug)]
pub(super) struct MemberType<'a> {
    pub(super) name: &'a str,
    /// The type as written.
    text: &'a str,
    pub(super) base: Base<'a>,
    /// The lengths of the array dimensions, as written; `None` for any length.
    pub(super) dimensions: Vec<Option<usize>>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Base<'a> {
    Elementary(Elementary),
    Struct(&'a str),
}

impl Base<'_> {
    /// The text of the type with these dimensions.
    pub(super) fn text(self, dimensions: &[Option<usize>]) -> String {
        let mut text = match self {
            Self::Elementary(elementary) => format!("{elementary}"),
            Self::Struct(name) => name.into(),
        };
        for dimension in dimensions {
            match dimension {
                Some(length) => text.push_str(&format!("[{length}]")),
                None => text.push_str("[]"),
            }
        }
        text
    }
}

impl<'a> Types<'a> {
    /// Reads the definitions that `primary` reaches. `types` is the member of this name of the document.
    pub(super) fn read(types: &'a Json, primary: &'a str) -> Result<Self, TypedDataError> {
        let Json::Object(definitions) = types else {
            return Err(TypedDataError::new(
                "types",
                TypedDataFault::Kind { expected: "an object" },
            ));
        };
        let mut reader = Reader { definitions, structs: BTreeMap::new(), members: 0 };
        reader.read_struct("primaryType", primary)?;
        let mut pending = alloc::vec![primary];
        while let Some(name) = pending.pop() {
            let references = reader.structs.get(name).map(|members| references(members));
            for (at, reference) in references.unwrap_or_default() {
                if !reader.structs.contains_key(reference) {
                    reader.read_struct(&join(&join("types", name), at), reference)?;
                    pending.push(reference);
                }
            }
        }
        Self::hash(reader.structs)
    }

    /// The type of a domain with these members, in this order.
    pub(super) fn of_domain(members: &[(&'a str, &'a str)]) -> Result<Self, TypedDataError> {
        let member =
            |(name, text): &(&'a str, &'a str)| member_type("types.EIP712Domain", name, text);
        let members = members.iter().map(member).collect::<Result<_, _>>()?;
        Self::hash(BTreeMap::from([(DOMAIN, members)]))
    }

    fn hash(definitions: BTreeMap<&'a str, Vec<MemberType<'a>>>) -> Result<Self, TypedDataError> {
        let mut encoded = BTreeMap::new();
        for name in definitions.keys() {
            encoded.insert(*name, encode_type(&definitions, name)?);
        }
        let structs = definitions.into_iter().map(|(name, members)| {
            let encoded = encoded.remove(name).unwrap_or_default();
            let type_hash = *keccak256(encoded.as_bytes()).as_bytes();
            (name, Struct { members, encoded, type_hash })
        });
        Ok(Self { structs: structs.collect() })
    }

    pub(super) fn get(&self, name: &str) -> Option<&Struct<'a>> {
        self.structs.get(name)
    }
}

struct Reader<'a> {
    definitions: &'a BTreeMap<String, Json>,
    structs: BTreeMap<&'a str, Vec<MemberType<'a>>>,
    members: usize,
}

impl<'a> Reader<'a> {
    /// Reads a definition; `path` is the place that refers to it.
    fn read_struct(&mut self, path: &str, name: &'a str) -> Result<(), TypedDataError> {
        let fault = |fault| Err(TypedDataError::new(path, fault));
        if !is_identifier(name, true) {
            return fault(TypedDataFault::Identifier);
        }
        if name == DOMAIN {
            return fault(TypedDataFault::Reserved);
        }
        let Some(definition) = self.definitions.get(name) else {
            return fault(TypedDataFault::UndefinedType);
        };
        let path = join("types", name);
        let fault = |fault| Err(TypedDataError::new(&path, fault));
        if Elementary::is_reserved(name) {
            return fault(TypedDataFault::Reserved);
        }
        if self.structs.len() >= MAX_TYPES {
            return fault(TypedDataFault::TooMany { limit: MAX_TYPES, what: "types" });
        }
        let members = member_list(definition, &path)?;
        self.members = self.members.saturating_add(members.len());
        if self.members > MAX_MEMBERS {
            return fault(TypedDataFault::TooMany { limit: MAX_MEMBERS, what: "members of types" });
        }
        let mut names = BTreeSet::new();
        let mut list = Vec::with_capacity(members.len());
        for (name, text) in members {
            let path = join(&path, name);
            if !is_identifier(name, false) {
                return Err(TypedDataError::new(&path, TypedDataFault::Identifier));
            }
            if !names.insert(name) {
                return Err(TypedDataError::new(&path, TypedDataFault::Duplicate));
            }
            let member = member_type(&path, name, text)?;
            if let Base::Elementary(_) = member.base
                && self.definitions.contains_key(base_text(text))
            {
                return Err(TypedDataError::new(&path, TypedDataFault::Reserved));
            }
            list.push(member);
        }
        self.structs.insert(name, list);
        Ok(())
    }
}

/// The `name` and `type` of each member of a definition.
pub(super) fn member_list<'a>(
    definition: &'a Json,
    path: &str,
) -> Result<Vec<(&'a str, &'a str)>, TypedDataError> {
    let expected = "a list of members with name and type";
    let fault = || TypedDataError::new(path, TypedDataFault::Kind { expected });
    let text = |member: &'a Json, name| member.member(name).and_then(Json::as_str);
    let members = definition.as_array().ok_or_else(fault)?.iter();
    members.map(|it| text(it, "name").zip(text(it, "type")).ok_or_else(fault)).collect()
}

fn member_type<'a>(
    path: &str,
    name: &'a str,
    text: &'a str,
) -> Result<MemberType<'a>, TypedDataError> {
    let fault = |fault| TypedDataError::new(path, fault);
    let (base, dimensions) =
        split_dimensions(text).ok_or_else(|| fault(TypedDataFault::Dimensions))?;
    if dimensions.len() > MAX_DIMENSIONS {
        let fault_of = TypedDataFault::TooMany { limit: MAX_DIMENSIONS, what: "array dimensions" };
        return Err(fault(fault_of));
    }
    let base = match Elementary::parse(base) {
        Some(elementary) => Base::Elementary(elementary),
        None => Base::Struct(base),
    };
    Ok(MemberType { name, text, base, dimensions })
}

fn base_text(text: &str) -> &str {
    text.split_once('[').map_or(text, |(base, _)| base)
}

/// The structs that members refer to, each after the name of its member.
fn references<'a>(members: &[MemberType<'a>]) -> Vec<(&'a str, &'a str)> {
    let reference = |member: &MemberType<'a>| match member.base {
        Base::Struct(name) => Some((member.name, name)),
        Base::Elementary(_) => None,
    };
    members.iter().filter_map(reference).collect()
}

fn encode_type(
    definitions: &BTreeMap<&str, Vec<MemberType<'_>>>,
    primary: &str,
) -> Result<String, TypedDataError> {
    let mut reached = BTreeSet::new();
    let mut pending = alloc::vec![primary];
    while let Some(name) = pending.pop() {
        for (_, reference) in definitions.get(name).map(|it| references(it)).unwrap_or_default() {
            if reference != primary && reached.insert(reference) {
                pending.push(reference);
            }
        }
    }
    let mut out = String::new();
    for name in core::iter::once(primary).chain(reached) {
        out.push_str(name);
        out.push('(');
        for (at, member) in definitions.get(name).into_iter().flatten().enumerate() {
            let separator = if at > 0 { "," } else { "" };
            out.push_str(&format!("{separator}{} {}", member.text, member.name));
        }
        out.push(')');
        if out.len() > MAX_ENCODED {
            let what = "characters of the encoded type";
            let fault = TypedDataFault::TooMany { limit: MAX_ENCODED, what };
            return Err(TypedDataError::new(&join("types", primary), fault));
        }
    }
    Ok(out)
}
