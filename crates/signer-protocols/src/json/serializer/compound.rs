use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use serde::ser::{self, Serialize};

use super::map_key::KeySerializer;
use super::{Output, Serializer, fault};
use crate::json::error::{JsonError, JsonErrorKind};
use crate::json::reader::{Limits, parse};
use crate::json::value::{Value, sort_strictly, utf16_order};
use crate::json::writer::write_string;

/// An array of which some is written.
pub(super) struct Items<'a> {
    out: &'a mut Vec<u8>,
    depth: usize,
    is_empty: bool,
    /// Whether an item failed: a part of it may have been written.
    is_broken: bool,
}

/// An object whose members are written as they come, and put in order at its end.
pub(super) struct Members<'a> {
    out: &'a mut Vec<u8>,
    depth: usize,
    /// Where the first of them begins.
    start: usize,
    members: Vec<Member>,
    next: Next,
    /// The one member is the text of a number; only this is written.
    is_number: bool,
}

/// What may come next in an object.
#[derive(PartialEq, Eq)]
enum Next {
    NameOrEnd,
    Value,
    /// A value failed: a part of it may have been written.
    Nothing,
}

/// A member that was written.
struct Member {
    start: usize,
    end: usize,
    name: Name,
}

enum Name {
    /// It stands in the text as it is, so long.
    Plain(usize),
    /// It stands there with escapes.
    Escaped(String),
}

impl Member {
    fn name<'a>(&'a self, out: &'a [u8]) -> &'a [u8] {
        match &self.name {
            Name::Plain(len) => out.get(self.start + 1..self.start + 1 + len).unwrap_or_default(),
            Name::Escaped(name) => name.as_bytes(),
        }
    }
}

impl<'a> Serializer<'a> {
    pub(super) fn items(self) -> Result<Items<'a>, JsonError> {
        let Self { out, depth } = self.nested()?;
        out.push(b'[');
        Ok(Items { out, depth, is_empty: true, is_broken: false })
    }

    pub(super) fn members(self) -> Result<Members<'a>, JsonError> {
        self.out.push(b'{');
        self.object(false)
    }

    pub(super) fn number(self) -> Result<Members<'a>, JsonError> {
        self.object(true)
    }

    fn object(self, is_number: bool) -> Result<Members<'a>, JsonError> {
        let Self { out, depth } = self.nested()?;
        let start = out.len();
        Ok(Members { out, depth, start, members: Vec::new(), next: Next::NameOrEnd, is_number })
    }

    /// The object of one member around what a variant holds, up to its value.
    pub(super) fn variant(self, variant: &str) -> Result<Self, JsonError> {
        let inner = self.nested()?;
        inner.out.push(b'{');
        write_string(variant, inner.out);
        inner.out.push(b':');
        Ok(inner)
    }
}

impl<'a> Items<'a> {
    pub(super) fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Output {
        if self.is_broken {
            return Err(passed_over());
        }
        if !self.is_empty {
            self.out.push(b',');
        }
        (self.is_empty, self.is_broken) = (false, true);
        value.serialize(Serializer { out: &mut *self.out, depth: self.depth })?;
        self.is_broken = false;
        Ok(())
    }

    pub(super) fn close(self) -> Result<&'a mut Vec<u8>, JsonError> {
        if self.is_broken {
            return Err(passed_over());
        }
        self.out.push(b']');
        Ok(self.out)
    }
}

/// A `Serialize` that goes on after an error would have half a value signed.
fn passed_over() -> JsonError {
    fault(JsonErrorKind::Custom("an error was passed over".into()))
}

impl<'a> Members<'a> {
    fn push<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Output {
        self.begin(name)?;
        self.finish(value)
    }

    pub(super) fn begin(&mut self, name: &str) -> Output {
        self.expect(&Next::NameOrEnd)?;
        self.next = Next::Value;
        if self.is_number {
            return Ok(());
        }
        if !self.members.is_empty() {
            self.out.push(b',');
        }
        let start = self.out.len();
        write_string(name, self.out);
        let is_plain = self.out.len() - start == name.len() + 2;
        let name = if is_plain { Name::Plain(name.len()) } else { Name::Escaped(name.to_owned()) };
        self.members.push(Member { start, end: start, name });
        self.out.push(b':');
        Ok(())
    }

    fn finish<T: Serialize + ?Sized>(&mut self, value: &T) -> Output {
        self.expect(&Next::Value)?;
        self.next = Next::Nothing;
        value.serialize(Serializer { out: &mut *self.out, depth: self.depth })?;
        if let Some(member) = self.members.last_mut() {
            member.end = self.out.len();
        }
        self.next = Next::NameOrEnd;
        Ok(())
    }

    fn expect(&self, step: &Next) -> Output {
        match &self.next {
            next if next == step => Ok(()),
            Next::Nothing => Err(passed_over()),
            _ => Err(fault(JsonErrorKind::KeyNotString)),
        }
    }

    fn close(mut self) -> Result<&'a mut Vec<u8>, JsonError> {
        self.expect(&Next::NameOrEnd)?;
        if self.is_number {
            self.read_number()?;
        } else {
            self.sort()?;
            self.out.push(b'}');
        }
        Ok(self.out)
    }

    /// Sorts the members by their names as UTF-16 (RFC 8785, section 3.2.3).
    fn sort(&mut self) -> Output {
        let text: &[u8] = self.out;
        let order = |left: &Member, right: &Member| utf16_order(left.name(text), right.name(text));
        if !sort_strictly(&mut self.members, order) {
            return Err(fault(JsonErrorKind::DuplicateKey));
        }
        if self.members.is_sorted_by_key(|member| member.start) {
            return Ok(());
        }
        let mut sorted = Vec::with_capacity(text.len() - self.start);
        for member in &self.members {
            if !sorted.is_empty() {
                sorted.push(b',');
            }
            sorted.extend_from_slice(text.get(member.start..member.end).unwrap_or_default());
        }
        self.out.truncate(self.start);
        self.out.extend_from_slice(&sorted);
        Ok(())
    }

    /// The number that a JSON text is, as the strict reader reads it.
    fn read_number(&mut self) -> Output {
        let refused = || fault(JsonErrorKind::NumberRange);
        let quoted = self.out.split_off(self.start);
        let text = match parse(&quoted, Limits::default()) {
            Ok(Value::String(text)) => text,
            _ => return Err(refused()),
        };
        let Value::Number(number) = parse(text.as_str().as_bytes(), Limits::default())? else {
            return Err(refused());
        };
        Serializer { out: &mut *self.out, depth: self.depth }.double(number.to_f64())
    }
}

/// What stands within the object of a variant's name.
pub(super) struct Variant<T>(pub(super) T);

impl ser::SerializeSeq for Items<'_> {
    type Ok = ();
    type Error = JsonError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), JsonError> {
        self.push(value)
    }

    fn end(self) -> Output {
        self.close().map(|_| ())
    }
}

impl ser::SerializeTuple for Items<'_> {
    type Ok = ();
    type Error = JsonError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), JsonError> {
        self.push(value)
    }

    fn end(self) -> Output {
        self.close().map(|_| ())
    }
}

impl ser::SerializeTupleStruct for Items<'_> {
    type Ok = ();
    type Error = JsonError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), JsonError> {
        self.push(value)
    }

    fn end(self) -> Output {
        self.close().map(|_| ())
    }
}

impl ser::SerializeTupleVariant for Variant<Items<'_>> {
    type Ok = ();
    type Error = JsonError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), JsonError> {
        self.0.push(value)
    }

    fn end(self) -> Output {
        self.0.close()?.push(b'}');
        Ok(())
    }
}

impl ser::SerializeMap for Members<'_> {
    type Ok = ();
    type Error = JsonError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), JsonError> {
        key.serialize(KeySerializer(self))
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), JsonError> {
        self.finish(value)
    }

    fn end(self) -> Output {
        self.close().map(|_| ())
    }
}

impl ser::SerializeStruct for Members<'_> {
    type Ok = ();
    type Error = JsonError;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), JsonError> {
        self.push(key, value)
    }

    fn end(self) -> Output {
        self.close().map(|_| ())
    }
}

impl ser::SerializeStructVariant for Variant<Members<'_>> {
    type Ok = ();
    type Error = JsonError;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), JsonError> {
        self.0.push(key, value)
    }

    fn end(self) -> Output {
        self.0.close()?.push(b'}');
        Ok(())
    }
}
