use alloc::borrow::ToOwned;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use serde::ser::{self, Serialize};

use super::error::{JsonError, JsonErrorKind};
use super::reader::{Limits, parse};
use super::value::{Member, Number, Text, Value, sort_members};

mod map_key;
use map_key::KeySerializer;

/// Turns a typed value into one that is ready to be written.
pub(crate) fn to_value<T: Serialize + ?Sized>(value: &T) -> Result<Value<'static>, JsonError> {
    value.serialize(Serializer { depth: Limits::default().max_depth })
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
#[derive(Clone, Copy)]
struct Serializer {
    depth: usize,
}

impl Serializer {
    fn nested(self) -> Result<Self, JsonError> {
        match self.depth.checked_sub(1) {
            Some(depth) => Ok(Self { depth }),
            None => {
                let limit = Limits::default().max_depth;
                Err(fault(JsonErrorKind::TooDeep { limit }))
            }
        }
    }
}

/// How `serde_json` names its own structs: a number with a feature of another crate on, and raw text.
const PRIVATE: &str = "$serde_json::private::";
const PRIVATE_NUMBER: &str = "$serde_json::private::Number";

type Output = Result<Value<'static>, JsonError>;

fn double(value: f64) -> Output {
    if value.is_finite() {
        Ok(Value::Number(Number::Double(value)))
    } else {
        Err(fault(JsonErrorKind::NumberRange))
    }
}

fn object(mut members: Vec<Member<'static>>) -> Output {
    if sort_members(&mut members) {
        Ok(Value::Object(members))
    } else {
        Err(fault(JsonErrorKind::DuplicateKey))
    }
}

fn single(variant: &str, value: Value<'static>) -> Output {
    object(alloc::vec![Member { key: Text::Decoded(variant.to_owned()), value }])
}

/// Integers become the nearest double, as an ECMAScript receiver reads them.
macro_rules! integers {
    ($($method:ident: $type:ty,)*) => {
        $(
            #[allow(clippy::cast_precision_loss, clippy::cast_lossless)]
            fn $method(self, value: $type) -> Output {
                double(value as f64)
            }
        )*
    };
}

impl ser::Serializer for Serializer {
    type Ok = Value<'static>;
    type Error = JsonError;
    type SerializeSeq = Items;
    type SerializeTuple = Items;
    type SerializeTupleStruct = Items;
    type SerializeTupleVariant = Variant<Items>;
    type SerializeMap = Members;
    type SerializeStruct = Members;
    type SerializeStructVariant = Variant<Members>;

    integers! {
        serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_i128: i128,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64,
        serialize_u128: u128,
    }

    fn serialize_bool(self, value: bool) -> Output {
        Ok(Value::Bool(value))
    }

    fn serialize_f32(self, value: f32) -> Output {
        double(value.into())
    }

    fn serialize_f64(self, value: f64) -> Output {
        double(value)
    }

    fn serialize_char(self, value: char) -> Output {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Output {
        Ok(Value::String(Text::Decoded(value.to_owned())))
    }

    fn serialize_bytes(self, value: &[u8]) -> Output {
        value.iter().map(|byte| double((*byte).into())).collect::<Result<_, _>>().map(Value::Array)
    }

    fn serialize_none(self) -> Output {
        Ok(Value::Null)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Output {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Output {
        Ok(Value::Null)
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Output {
        Ok(Value::Null)
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
        single(variant, value.serialize(self.nested()?)?)
    }

    fn serialize_seq(self, _len: Option<usize>) -> Result<Items, JsonError> {
        self.items()
    }

    fn serialize_tuple(self, _len: usize) -> Result<Items, JsonError> {
        self.items()
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Items, JsonError> {
        self.items()
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Variant<Items>, JsonError> {
        Ok(Variant(variant, self.nested()?.items()?))
    }

    fn serialize_map(self, _len: Option<usize>) -> Result<Members, JsonError> {
        self.members()
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Members, JsonError> {
        let mut members = self.members()?;
        members.is_number = name == PRIVATE_NUMBER;
        if name.starts_with(PRIVATE) && !members.is_number {
            return Err(fault(JsonErrorKind::RawValue));
        }
        Ok(members)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Variant<Members>, JsonError> {
        Ok(Variant(variant, self.nested()?.members()?))
    }
}

struct Items {
    items: Vec<Value<'static>>,
    inner: Serializer,
}

struct Members {
    members: Vec<Member<'static>>,
    key: Option<String>,
    inner: Serializer,
    /// The one member is the text of a number.
    is_number: bool,
}

impl Serializer {
    fn items(self) -> Result<Items, JsonError> {
        Ok(Items { items: Vec::new(), inner: self.nested()? })
    }

    fn members(self) -> Result<Members, JsonError> {
        Ok(Members { members: Vec::new(), key: None, inner: self.nested()?, is_number: false })
    }
}

impl Items {
    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), JsonError> {
        self.items.push(value.serialize(self.inner)?);
        Ok(())
    }
}

impl Members {
    fn push<T: Serialize + ?Sized>(&mut self, key: String, value: &T) -> Result<(), JsonError> {
        let value = value.serialize(self.inner)?;
        self.members.push(Member { key: Text::Decoded(key), value });
        Ok(())
    }

    fn into_value(self) -> Output {
        if !self.is_number {
            return object(self.members);
        }
        match self.members.as_slice() {
            [Member { value: Value::String(text), .. }] => number_of_text(text.as_str()),
            _ => Err(fault(JsonErrorKind::NumberRange)),
        }
    }
}

/// The number that a JSON text is, as the strict reader reads it.
fn number_of_text(text: &str) -> Output {
    match parse(text.as_bytes(), Limits::default())? {
        Value::Number(number) => double(number.to_f64()),
        _ => Err(fault(JsonErrorKind::NumberRange)),
    }
}

struct Variant<T>(&'static str, T);

impl ser::SerializeSeq for Items {
    type Ok = Value<'static>;
    type Error = JsonError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), JsonError> {
        self.push(value)
    }

    fn end(self) -> Output {
        Ok(Value::Array(self.items))
    }
}

impl ser::SerializeTuple for Items {
    type Ok = Value<'static>;
    type Error = JsonError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), JsonError> {
        self.push(value)
    }

    fn end(self) -> Output {
        Ok(Value::Array(self.items))
    }
}

impl ser::SerializeTupleStruct for Items {
    type Ok = Value<'static>;
    type Error = JsonError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), JsonError> {
        self.push(value)
    }

    fn end(self) -> Output {
        Ok(Value::Array(self.items))
    }
}

impl ser::SerializeTupleVariant for Variant<Items> {
    type Ok = Value<'static>;
    type Error = JsonError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), JsonError> {
        self.1.push(value)
    }

    fn end(self) -> Output {
        single(self.0, Value::Array(self.1.items))
    }
}

impl ser::SerializeMap for Members {
    type Ok = Value<'static>;
    type Error = JsonError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), JsonError> {
        self.key = Some(key.serialize(KeySerializer)?);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), JsonError> {
        let key = self.key.take().ok_or(fault(JsonErrorKind::KeyNotString))?;
        self.push(key, value)
    }

    fn end(self) -> Output {
        self.into_value()
    }
}

impl ser::SerializeStruct for Members {
    type Ok = Value<'static>;
    type Error = JsonError;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), JsonError> {
        self.push(key.to_owned(), value)
    }

    fn end(self) -> Output {
        self.into_value()
    }
}

impl ser::SerializeStructVariant for Variant<Members> {
    type Ok = Value<'static>;
    type Error = JsonError;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), JsonError> {
        self.1.push(key.to_owned(), value)
    }

    fn end(self) -> Output {
        single(self.0, self.1.into_value()?)
    }
}
