use alloc::string::String;

/// Why a text or a typed value has no canonical JSON form. It names the place, never the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("json: {kind}{}", place(*.offset))]
pub struct JsonError {
    kind: JsonErrorKind,
    offset: Option<usize>,
}

/// The rule that was broken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonErrorKind {
    /// The text is longer than [`Limits::max_bytes`](super::Limits::max_bytes).
    #[error("text is longer than the limit of {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// Arrays and objects are nested deeper than [`Limits::max_depth`](super::Limits::max_depth).
    #[error("nested deeper than {limit}")]
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// Not UTF-8.
    #[error("not utf-8")]
    Utf8,
    /// The text ends inside a value.
    #[error("unexpected end")]
    UnexpectedEnd,
    /// A character that the grammar of RFC 8259 does not allow here.
    #[error("unexpected character")]
    UnexpectedCharacter,
    /// A control character inside a string, unescaped.
    #[error("unescaped control character in a string")]
    ControlCharacter,
    /// An escape that does not exist.
    #[error("invalid escape in a string")]
    Escape,
    /// Half of a surrogate pair (RFC 8785, section 3.2.2.2).
    #[error("lone surrogate in a string")]
    LoneSurrogate,
    /// A number whose nearest double is infinite, or NaN or infinity in a typed value.
    #[error("number has no finite double")]
    NumberRange,
    /// An integer from 2^53 on, where [`Limits`](super::Limits) ask for exact ones.
    #[error("an integer from 2^53 on must be a text")]
    InexactInteger,
    /// An object names a member twice.
    #[error("duplicate member name in the object")]
    DuplicateKey,
    /// Something follows the value.
    #[error("trailing characters")]
    Trailing,
    /// A map key of a typed value is neither a string nor a number.
    #[error("map key is not a string")]
    KeyNotString,
    /// Text that is to be passed on unread; it may hold anything.
    #[error("raw json text cannot be signed: parse it first")]
    RawValue,
    /// A typed value refused to be serialised; the text is that of its `Serialize`.
    #[error("{0}")]
    Custom(String),
}

impl JsonError {
    pub(crate) const fn new(kind: JsonErrorKind, offset: Option<usize>) -> Self {
        Self { kind, offset }
    }

    /// The rule that was broken.
    pub const fn kind(&self) -> &JsonErrorKind {
        &self.kind
    }

    /// The byte at which it was seen, for texts.
    pub const fn offset(&self) -> Option<usize> {
        self.offset
    }
}

fn place(offset: Option<usize>) -> impl core::fmt::Display {
    core::fmt::from_fn(move |f| match offset {
        Some(offset) => write!(f, " at byte {offset}"),
        None => Ok(()),
    })
}
