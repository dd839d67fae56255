use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use core::fmt;

use serde::de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer, ser};

use crate::json::{
    JsonError, JsonErrorKind, Limits, Number, PRIVATE_NUMBER, TWO_TO_53, Text, Value,
};

/// A JSON value of any shape, for members that pass through.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Json {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// An integer of 64 bits.
    Unsigned(u64),
    /// A negative integer.
    Signed(i64),
    /// Any other number.
    Number(f64),
    /// A string.
    String(String),
    /// An array.
    Array(Vec<Json>),
    /// An object.
    Object(BTreeMap<String, Json>),
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        JsonVisitor { disguised: None }.deserialize(deserializer)
    }
}

/// Where any crate in the build switches `arbitrary_precision` of `serde_json` on, a number comes as an object whose only
/// member has the name [`PRIVATE_NUMBER`]. Its value is a text that is not borrowed, which that of a member is unless it has
/// escapes, and a number has none: a member that a service gives this name stays one.
struct JsonVisitor<'a> {
    /// Where the value stands under that name, whether it was the text of a number.
    disguised: Option<&'a mut bool>,
}

impl<'de> DeserializeSeed<'de> for JsonVisitor<'_> {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for JsonVisitor<'_> {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_none<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Unsigned(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(u64::try_from(value).map_or(Json::Signed(value), Json::Unsigned))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(Json::Number(value))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Json, E> {
        Ok(Json::String(value.into()))
    }

    /// What was buffered on the way, as under `flatten`, comes so.
    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        match self.disguised.zip(number(value)) {
            Some((disguised, number)) => {
                *disguised = true;
                Ok(number)
            }
            None => Ok(Json::String(value.into())),
        }
    }

    fn visit_string<E: de::Error>(self, value: String) -> Result<Json, E> {
        match self.disguised {
            None => Ok(Json::String(value)),
            Some(disguised) => {
                *disguised = true;
                number(&value).ok_or_else(|| E::custom("a number must be finite"))
            }
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut array = Vec::new();
        while let Some(item) = items.next_element()? {
            array.push(item);
        }
        Ok(Json::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Json, A::Error> {
        let mut object = BTreeMap::new();
        while let Some(name) = members.next_key::<String>()? {
            let mut is_number = false;
            let disguised = (name == PRIVATE_NUMBER).then_some(&mut is_number);
            let value = members.next_value_seed(JsonVisitor { disguised })?;
            if is_number {
                return Ok(value);
            }
            object.insert(name, value);
        }
        Ok(Json::Object(object))
    }
}

/// Writes a value that [is exact](Json::is_exact).
pub(crate) fn exactly<S: Serializer>(value: &Json, serializer: S) -> Result<S::Ok, S::Error> {
    if value.is_exact() {
        value.serialize(serializer)
    } else {
        Err(ser::Error::custom(JsonErrorKind::InexactInteger))
    }
}

impl Json {
    /// Reads one JSON text strictly: no duplicate names, no lone surrogates. An integer of 64 bits keeps its value if it
    /// has at most 15 digits; every other number is the nearest double.
    ///
    /// # Errors
    /// [`JsonError`].
    pub fn parse(text: &[u8], limits: Limits) -> Result<Self, JsonError> {
        crate::json::parse(text, limits).map(Self::from)
    }

    /// The member of an object. `None` if there is none, or this is not an object.
    pub fn member(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members.get(name),
            _ => None,
        }
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The items of an array.
    pub fn as_array(&self) -> Option<&[Self]> {
        match self {
            Self::Array(items) => Some(items),
            _ => None,
        }
    }

    /// Whether this is an object.
    pub const fn is_object(&self) -> bool {
        matches!(self, Self::Object(_))
    }

    /// Whether every integer in it is below 2^53, and so one that a double holds: a service that reads numbers as
    /// doubles would have another one signed.
    pub fn is_exact(&self) -> bool {
        match self {
            Self::Unsigned(number) => *number < TWO_TO_53,
            Self::Signed(number) => number.unsigned_abs() < TWO_TO_53,
            // Doubles from there on are integers, all of them.
            Self::Number(number) => number.abs() < TWO_TO_53 as f64,
            Self::Array(items) => items.iter().all(Self::is_exact),
            Self::Object(members) => members.values().all(Self::is_exact),
            Self::Null | Self::Bool(_) | Self::String(_) => true,
        }
    }
}

impl From<Value<'_>> for Json {
    fn from(value: Value<'_>) -> Self {
        let text = |text: Text<'_>| match text {
            Text::Decoded(text) => text,
            quoted => quoted.as_str().into(),
        };
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(value),
            Value::Number(Number::Canonical(digits)) => {
                number(digits).unwrap_or(Self::Number(f64::NAN))
            }
            Value::Number(Number::Double(value)) => Self::Number(value),
            Value::String(value) => Self::String(text(value)),
            Value::Array(items) => Self::Array(items.into_iter().map(Self::from).collect()),
            Value::Object(members) => Self::Object(
                members.into_iter().map(|it| (text(it.key), Self::from(it.value))).collect(),
            ),
        }
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Self::String(text.into())
    }
}

impl From<String> for Json {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

impl<N: Into<String>> FromIterator<(N, Self)> for Json {
    fn from_iter<I: IntoIterator<Item = (N, Self)>>(members: I) -> Self {
        Self::Object(members.into_iter().map(|(name, value)| (name.into(), value)).collect())
    }
}

/// A number as its text says it; minus zero is no integer.
fn number(text: &str) -> Option<Json> {
    let unsigned = text.parse().ok().map(Json::Unsigned);
    let signed = || text.parse().ok().filter(|value| *value != 0).map(Json::Signed);
    let double = || text.parse().ok().filter(|value: &f64| value.is_finite()).map(Json::Number);
    unsigned.or_else(signed).or_else(double)
}
