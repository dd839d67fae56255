use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Ordering;

/// A JSON value that is ready to be written: objects are sorted and have no duplicates, numbers are
/// finite, strings are Unicode.
#[derive(Debug)]
pub(crate) enum Value<'a> {
    Null,
    Bool(bool),
    Number(Number<'a>),
    String(Text<'a>),
    Array(Vec<Value<'a>>),
    Object(Vec<Member<'a>>),
}

#[derive(Debug)]
pub(crate) struct Member<'a> {
    pub(crate) key: Text<'a>,
    pub(crate) value: Value<'a>,
}

/// A string, by whether writing it needs another look.
#[derive(Debug)]
pub(crate) enum Text<'a> {
    /// Source text with its quotes and nothing to escape between them: written as it stands.
    Quoted(&'a str),
    /// Anything else.
    Decoded(String),
}

/// A finite number, by whether its text is known to be canonical.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Number<'a> {
    /// Source text that ECMAScript would print the same.
    Canonical(&'a str),
    /// Printed by the writer.
    Double(f64),
}

impl Text<'_> {
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Quoted(text) => text.get(1..text.len() - 1).unwrap_or_default(),
            Self::Decoded(text) => text,
        }
    }
}

impl Number<'_> {
    pub(crate) fn to_f64(self) -> f64 {
        match self {
            // The reader made sure that it is one.
            Self::Canonical(text) => text.parse().unwrap_or(f64::NAN),
            Self::Double(value) => value,
        }
    }
}

/// Sorts members by their names as UTF-16 (RFC 8785, section 3.2.3). `false` on a duplicate.
pub(crate) fn sort_members(members: &mut [Member<'_>]) -> bool {
    sort_strictly(members, |left, right| {
        utf16_order(left.key.as_str().as_bytes(), right.key.as_str().as_bytes())
    })
}

/// Sorts. `false` where two are equal.
pub(crate) fn sort_strictly<T>(members: &mut [T], order: impl Fn(&T, &T) -> Ordering) -> bool {
    let ascending = |pair: &[T]| match pair {
        [left, right] => order(left, right) == Ordering::Less,
        _ => true,
    };
    if members.windows(2).all(ascending) {
        return true;
    }
    members.sort_unstable_by(&order);
    members.windows(2).all(ascending)
}

/// UTF-16 order of two UTF-8 texts: bytewise, but what takes a surrogate pair (lead bytes from
/// `F0`) sorts before U+E000 to U+FFFF (lead bytes `EE` and `EF`).
pub(crate) fn utf16_order(left: &[u8], right: &[u8]) -> Ordering {
    if left.is_ascii() || right.is_ascii() {
        return left.cmp(right);
    }
    let rank = |byte: u8| if matches!(byte, 0xee | 0xef) { byte + 0x10 } else { byte };
    match left.iter().zip(right).find(|(left, right)| left != right) {
        Some((left, right)) => rank(*left).cmp(&rank(*right)),
        None => left.len().cmp(&right.len()),
    }
}

/// The members of a sorted object, to be taken out one by one.
#[cfg(any(feature = "blink", feature = "abstraxn"))]
pub(crate) struct Object<'a>(Vec<Member<'a>>);

#[cfg(any(feature = "blink", feature = "abstraxn"))]
impl<'a> Object<'a> {
    pub(crate) fn from_value(value: Value<'a>) -> Option<Self> {
        match value {
            Value::Object(members) => Some(Self(members)),
            _ => None,
        }
    }

    /// Takes the member out; `None` when it is absent.
    pub(crate) fn take(&mut self, key: &str) -> Option<Value<'a>> {
        let at = self.0.iter().position(|member| member.key.as_str() == key)?;
        Some(self.0.swap_remove(at).value)
    }

    /// Takes the member out when it is a string.
    #[cfg(feature = "abstraxn")]
    pub(crate) fn take_string(&mut self, key: &str) -> Option<String> {
        match self.take(key)? {
            Value::String(Text::Decoded(text)) => Some(text),
            Value::String(text) => Some(text.as_str().into()),
            _ => None,
        }
    }

    /// Whether a member that was not taken holds a number that no double holds.
    #[cfg(feature = "blink")]
    pub(crate) fn holds_infinity(&self) -> bool {
        fn infinite(value: &Value<'_>) -> bool {
            match value {
                Value::Number(Number::Double(value)) => value.is_infinite(),
                Value::Array(items) => items.iter().any(infinite),
                Value::Object(members) => members.iter().any(|member| infinite(&member.value)),
                _ => false,
            }
        }
        self.0.iter().any(|member| infinite(&member.value))
    }

    /// Whether every member was taken.
    #[cfg(feature = "blink")]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
