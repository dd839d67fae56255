//! The spellings of the providers' requests.

use super::{TypedData, TypedDataError};
use crate::Json;

impl TypedData {
    /// Reads the members of a document.
    fn from_members(
        types: Json,
        domain: Json,
        primary_type: &str,
        message: Json,
    ) -> Result<Self, TypedDataError> {
        let primary_type = Json::from(primary_type);
        let members = [
            ("types", types),
            ("domain", domain),
            ("primaryType", primary_type),
            ("message", message),
        ];
        Self::from_json(&members.into_iter().collect())
    }

    /// A member of the document, which was read: the member is there.
    fn document_member(&self, name: &str) -> Json {
        self.json.member(name).cloned().unwrap_or(Json::Null)
    }
}

#[cfg(feature = "crossmint")]
mod crossmint {
    use super::{TypedData, TypedDataError};
    use crate::crossmint::rest;

    impl TryFrom<&rest::TypedData> for TypedData {
        type Error = TypedDataError;

        fn try_from(it: &rest::TypedData) -> Result<Self, TypedDataError> {
            let (types, domain) = (it.types.clone(), it.domain.clone());
            Self::from_members(types, domain, &it.primary_type, it.message.clone())
        }
    }

    impl From<&TypedData> for rest::TypedData {
        fn from(it: &TypedData) -> Self {
            Self {
                domain: it.document_member("domain"),
                message: it.document_member("message"),
                primary_type: it.primary_type.clone(),
                types: it.document_member("types"),
            }
        }
    }
}

#[cfg(feature = "privy")]
mod privy {
    use alloc::string::String;
    use alloc::vec::Vec;

    use super::{TypedData, TypedDataError};
    use crate::Json;
    use crate::evm::typed_data::types::member_list;
    use crate::privy::rpc::{TypedData as PrivyTypedData, TypedDataField};

    impl TryFrom<&PrivyTypedData> for TypedData {
        type Error = TypedDataError;

        fn try_from(it: &PrivyTypedData) -> Result<Self, TypedDataError> {
            let field = |field: &TypedDataField| {
                let members = [("name", &field.name), ("type", &field.field_type)];
                members.map(|(name, text)| (name, Json::from(text.as_str()))).into_iter().collect()
            };
            let list = |(name, fields): (&String, &Vec<_>)| {
                (name.clone(), Json::Array(fields.iter().map(field).collect()))
            };
            let types = it.types.iter().map(list).collect();
            Self::from_members(types, it.domain.clone(), &it.primary_type, it.message.clone())
        }
    }

    /// An unused type whose definition is malformed is left out: it is not hashed.
    impl From<&TypedData> for PrivyTypedData {
        fn from(it: &TypedData) -> Self {
            let field = |(name, field_type): (&str, &str)| TypedDataField {
                name: name.into(),
                field_type: field_type.into(),
            };
            let definition = |(name, definition): (String, Json)| {
                let members = member_list(&definition, "types").ok()?;
                Some((name, members.into_iter().map(field).collect()))
            };
            let types = match it.document_member("types") {
                Json::Object(types) => types.into_iter().filter_map(definition).collect(),
                _ => Default::default(),
            };
            Self {
                types,
                primary_type: it.primary_type.clone(),
                domain: it.document_member("domain"),
                message: it.document_member("message"),
            }
        }
    }
}
