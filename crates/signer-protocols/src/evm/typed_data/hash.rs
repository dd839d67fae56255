use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use signer_core::keccak::keccak256;

use super::types::{Base, Types};
use super::{TypedDataError, TypedDataFault};
use crate::Json;
use crate::evm::abi::word::Word;
use crate::evm::elementary::Scalar;

const MAX_DEPTH: usize = 64;
const MAX_VALUES: usize = 16_384;
const MAX_PATH: usize = 1_024;

/// A value that is signed, for a person to read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Member {
    /// The path in the document, such as `message.to[0].wallet`.
    pub path: String,
    /// The type, such as `uint256`.
    pub type_name: String,
    /// The value: decimal digits of an integer, an address with its checksum, lower-case `0x` hex of bytes, `true` or
    /// `false`, and a text as it stands, which may contain control characters. `[]` is an empty array, `{}` an empty struct.
    pub value: String,
}

/// Walks a document by its types.
pub(super) struct Walker<'a> {
    types: &'a Types<'a>,
    path: String,
    values: usize,
    members: Vec<Member>,
}

impl<'a> Walker<'a> {
    pub(super) fn new(types: &'a Types<'a>) -> Self {
        Self { types, path: String::new(), values: 0, members: Vec::new() }
    }

    /// `hashStruct` of the EIP, and the values that went into it.
    pub(super) fn hash(
        mut self,
        path: &str,
        type_name: &str,
        json: &Json,
    ) -> Result<([u8; 32], Vec<Member>), TypedDataError> {
        self.path.push_str(path);
        let hash = self.hash_struct(type_name, json, 0)?;
        Ok((hash, self.members))
    }

    fn fault<T>(&self, fault: TypedDataFault) -> Result<T, TypedDataError> {
        Err(TypedDataError::new(&self.path, fault))
    }

    fn show(&mut self, type_name: String, value: String) {
        self.members.push(Member { path: self.path.clone(), type_name, value });
    }

    fn hash_struct(
        &mut self,
        name: &str,
        json: &Json,
        depth: usize,
    ) -> Result<[u8; 32], TypedDataError> {
        let types = self.types;
        let Some(definition) = types.get(name) else {
            return self.fault(TypedDataFault::UndefinedType);
        };
        let Json::Object(object) = json else {
            return self.fault(TypedDataFault::Kind { expected: "an object" });
        };
        if definition.members.is_empty() {
            self.show(name.into(), "{}".into());
        }
        let mut data = Vec::from(definition.type_hash);
        let end = self.path.len();
        for member in &definition.members {
            self.path.push('.');
            self.path.push_str(member.name);
            let Some(value) = object.get(member.name) else {
                return self.fault(TypedDataFault::Missing);
            };
            let word = self.word(member.base, &member.dimensions, value, depth + 1)?;
            data.extend_from_slice(&word);
            self.path.truncate(end);
        }
        Ok(*keccak256(&data).as_bytes())
    }

    /// `encodeData` of one value.
    fn word(
        &mut self,
        base: Base<'_>,
        dimensions: &[Option<usize>],
        json: &Json,
        depth: usize,
    ) -> Result<Word, TypedDataError> {
        self.values += 1;
        if self.values > MAX_VALUES {
            return self.fault(TypedDataFault::TooMany { limit: MAX_VALUES, what: "values" });
        }
        if depth > MAX_DEPTH || self.path.len() > MAX_PATH {
            return self.fault(TypedDataFault::TooDeep);
        }
        if *json == Json::Null {
            return self.fault(TypedDataFault::Null);
        }
        // The last brackets are the outermost dimension.
        if let Some((dimension, inner)) = dimensions.split_last() {
            return self.array(base, *dimension, inner, json, depth);
        }
        match base {
            Base::Struct(name) => self.hash_struct(name, json, depth),
            Base::Elementary(elementary) => match elementary.read(json) {
                Ok((scalar, shown)) => {
                    self.show(format!("{elementary}"), shown);
                    Ok(match scalar {
                        Scalar::Word(word) => word,
                        Scalar::Dynamic(bytes) => *keccak256(&bytes).as_bytes(),
                    })
                }
                Err(error) => self.fault(TypedDataFault::Value(error)),
            },
        }
    }

    fn array(
        &mut self,
        base: Base<'_>,
        dimension: Option<usize>,
        inner: &[Option<usize>],
        json: &Json,
        depth: usize,
    ) -> Result<Word, TypedDataError> {
        let Json::Array(items) = json else {
            return self.fault(TypedDataFault::Kind { expected: "a list" });
        };
        let found = items.len();
        if let Some(expected) = dimension
            && expected != found
        {
            return self.fault(TypedDataFault::Count { expected, found });
        }
        if items.is_empty() {
            let mut dimensions = Vec::from(inner);
            dimensions.push(dimension);
            self.show(base.text(&dimensions), "[]".into());
        }
        let mut data = Vec::new();
        let end = self.path.len();
        for (at, item) in items.iter().enumerate() {
            self.path.push_str(&format!("[{at}]"));
            let word = self.word(base, inner, item, depth + 1)?;
            data.extend_from_slice(&word);
            self.path.truncate(end);
        }
        Ok(*keccak256(&data).as_bytes())
    }
}
