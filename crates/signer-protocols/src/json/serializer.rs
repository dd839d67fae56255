use alloc::string::ToString;
use alloc::vec::Vec;
use core::fmt;

use serde::ser::{self, Serialize};

use super::error::{JsonError, JsonErrorKind};
use super::reader::Limits;
use super::writer::{write_double, write_string};

mod compound;
mod map_key;
use compound::{Items, Members, Variant};

/// Appends the canonical form of a typed value. After an error `out` is of no use.
pub(crate) fn write_typed<T: Serialize + ?Sized>(
    value: &T,
    out: &mut Vec<u8>,
) -> Result<(), JsonError> {
    value.serialize(Serializer { out, depth: Limits::default().max_depth })
}

impl ser::Error for JsonError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        fault(JsonErrorKind::Custom(message.to_string()))
    }
}

const fn fault(kind: JsonErrorKind) -> JsonError {
    JsonError::new(kind, None)
}

/// `depth` is how many more arrays and objects may be nested.
struct Serializer<'a> {
    out: &'a mut Vec<u8>,
    depth: usize,
}

impl Serializer<'_> {
    fn nested(self) -> Result<Self, JsonError> {
        match self.depth.checked_sub(1) {
            Some(depth) => Ok(Self { depth, ..self }),
            None => {
                let limit = Limits::default().max_depth;
                Err(fault(JsonErrorKind::TooDeep { limit }))
            }
        }
    }

    fn double(self, value: f64) -> Output {
        if value.is_finite() {
            write_double(value, self.out);
            Ok(())
        } else {
            Err(fault(JsonErrorKind::NumberRange))
        }
    }

    fn plain(self, text: &str) -> Output {
        self.out.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

/// How `serde_json` names its own structs: a number with a feature of another crate on, and raw text.
const PRIVATE: &str = "$serde_json::private::";
pub(crate) const PRIVATE_NUMBER: &str = "$serde_json::private::Number";

type Output = Result<(), JsonError>;

/// Integers become the nearest double, as an ECMAScript receiver reads them.
macro_rules! integers {
    ($($method:ident: $type:ty,)*) => {
        $(
            #[allow(clippy::cast_precision_loss, clippy::cast_lossless)]
            fn $method(self, value: $type) -> Output {
                self.double(value as f64)
            }
        )*
    };
}

impl<'a> ser::Serializer for Serializer<'a> {
    type Ok = ();
    type Error = JsonError;
    type SerializeSeq = Items<'a>;
    type SerializeTuple = Items<'a>;
    type SerializeTupleStruct = Items<'a>;
    type SerializeTupleVariant = Variant<Items<'a>>;
    type SerializeMap = Members<'a>;
    type SerializeStruct = Members<'a>;
    type SerializeStructVariant = Variant<Members<'a>>;

    integers! {
        serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_i128: i128,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64,
        serialize_u128: u128,
    }

    fn serialize_bool(self, value: bool) -> Output {
        self.plain(if value { "true" } else { "false" })
    }

    fn serialize_f32(self, value: f32) -> Output {
        self.double(value.into())
    }

    fn serialize_f64(self, value: f64) -> Output {
        self.double(value)
    }

    fn serialize_char(self, value: char) -> Output {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Output {
        write_string(value, self.out);
        Ok(())
    }

    fn serialize_bytes(self, value: &[u8]) -> Output {
        let mut items = self.items()?;
        value.iter().try_for_each(|byte| items.push(byte))?;
        items.close().map(|_| ())
    }

    fn serialize_none(self) -> Output {
        self.plain("null")
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Output {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Output {
        self.plain("null")
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Output {
        self.plain("null")
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Output {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Output {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Output {
        let Serializer { out, depth } = self.variant(variant)?;
        value.serialize(Serializer { out, depth })?;
        out.push(b'}');
        Ok(())
    }

    fn serialize_seq(self, _len: Option<usize>) -> Result<Items<'a>, JsonError> {
        self.items()
    }

    fn serialize_tuple(self, _len: usize) -> Result<Items<'a>, JsonError> {
        self.items()
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Items<'a>, JsonError> {
        self.items()
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Variant<Items<'a>>, JsonError> {
        Ok(Variant(self.variant(variant)?.items()?))
    }

    fn serialize_map(self, _len: Option<usize>) -> Result<Members<'a>, JsonError> {
        self.members()
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Members<'a>, JsonError> {
        match name {
            PRIVATE_NUMBER => self.number(),
            _ if name.starts_with(PRIVATE) => Err(fault(JsonErrorKind::RawValue)),
            _ => self.members(),
        }
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Variant<Members<'a>>, JsonError> {
        Ok(Variant(self.variant(variant)?.members()?))
    }
}
