use alloc::string::String;
use alloc::vec::Vec;

use super::TWO_TO_53;
use super::error::{JsonError, JsonErrorKind};
use super::value::{Member, Number, Text, Value, sort_members};

/// What text is read. The default is up to 1 MiB and a nesting of 128, with every number as the nearest double.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The longest text in bytes.
    pub max_bytes: usize,
    /// The deepest nesting of arrays and objects; the reader recurses, so raise it with care.
    pub max_depth: usize,
    /// Whether a number that stands for several integers is refused: from 2^53 on, where doubles leave some out,
    /// however it is written.
    pub exact_integers: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_bytes: 1 << 20, max_depth: 128, exact_integers: false }
    }
}

impl Limits {
    /// The default with another length limit, in bytes.
    #[must_use]
    pub const fn with_max_bytes(mut self, max_bytes: usize) -> Self {
        self.max_bytes = max_bytes;
        self
    }

    /// The same, but numbers from 2^53 on are refused: they would be signed as others than were written.
    #[must_use]
    pub const fn with_exact_integers(mut self) -> Self {
        self.exact_integers = true;
        self
    }
}

/// Reads one JSON text (RFC 8259) strictly: UTF-8 without a byte order mark, no duplicate names, no
/// lone surrogates, numbers within the finite doubles.
pub(crate) fn parse(text: &[u8], limits: Limits) -> Result<Value<'_>, JsonError> {
    parse_with(text, limits, Overflow::Refused)
}

/// What becomes of a number whose nearest double is infinite.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Overflow {
    Refused,
    /// It is read as infinity, for a caller that names the member at fault.
    #[cfg(feature = "blink")]
    Infinite,
}

/// Reads as [`parse`] does, with a choice about numbers that are too large.
pub(crate) fn parse_with(
    text: &[u8],
    limits: Limits,
    overflow: Overflow,
) -> Result<Value<'_>, JsonError> {
    if text.len() > limits.max_bytes {
        let kind = JsonErrorKind::TooLarge { limit: limits.max_bytes };
        return Err(JsonError::new(kind, None));
    }
    let text = core::str::from_utf8(text)
        .map_err(|error| JsonError::new(JsonErrorKind::Utf8, Some(error.valid_up_to())))?;
    let mut reader = Reader { text, bytes: text.as_bytes(), at: 0, limits, overflow };
    let value = reader.value(0)?;
    reader.skip_white_space();
    if reader.at < reader.bytes.len() {
        return Err(reader.fault(JsonErrorKind::Trailing));
    }
    Ok(value)
}

struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    limits: Limits,
    overflow: Overflow,
}

impl<'a> Reader<'a> {
    fn value(&mut self, depth: usize) -> Result<Value<'a>, JsonError> {
        self.skip_white_space();
        match self.peek() {
            Some(b'"') => self.string().map(Value::String),
            Some(b'{') => self.object(depth + 1).map(Value::Object),
            Some(b'[') => self.array(depth + 1).map(Value::Array),
            Some(b'-' | b'0'..=b'9') => self.number().map(Value::Number),
            Some(b't') => self.literal("true", Value::Bool(true)),
            Some(b'f') => self.literal("false", Value::Bool(false)),
            Some(b'n') => self.literal("null", Value::Null),
            _ => Err(self.unexpected()),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Vec<Member<'a>>, JsonError> {
        let start = self.at;
        self.enter(depth)?;
        let mut members = Vec::new();
        if self.closes(b'}') {
            return Ok(members);
        }
        loop {
            self.skip_white_space();
            if self.peek() != Some(b'"') {
                return Err(self.unexpected());
            }
            let key = self.string()?;
            self.skip_white_space();
            self.expect(b':')?;
            let value = self.value(depth)?;
            members.push(Member { key, value });
            self.skip_white_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => break,
                _ => return Err(self.unexpected()),
            }
        }
        self.at += 1;
        if sort_members(&mut members) {
            Ok(members)
        } else {
            Err(JsonError::new(JsonErrorKind::DuplicateKey, Some(start)))
        }
    }

    fn array(&mut self, depth: usize) -> Result<Vec<Value<'a>>, JsonError> {
        self.enter(depth)?;
        let mut items = Vec::new();
        if self.closes(b']') {
            return Ok(items);
        }
        loop {
            items.push(self.value(depth)?);
            self.skip_white_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => break,
                _ => return Err(self.unexpected()),
            }
        }
        self.at += 1;
        Ok(items)
    }

    /// Passes the opening bracket.
    fn enter(&mut self, depth: usize) -> Result<(), JsonError> {
        let limit = self.limits.max_depth;
        if depth > limit {
            return Err(self.fault(JsonErrorKind::TooDeep { limit }));
        }
        self.at += 1;
        Ok(())
    }

    /// Passes the closing bracket when it follows at once.
    fn closes(&mut self, bracket: u8) -> bool {
        self.skip_white_space();
        let closes = self.peek() == Some(bracket);
        self.at += usize::from(closes);
        closes
    }

    fn string(&mut self) -> Result<Text<'a>, JsonError> {
        let start = self.at + 1;
        self.at = plain_end(self.bytes, start);
        if self.peek() == Some(b'"') {
            self.at += 1;
            return Ok(Text::Quoted(self.slice(start - 1, self.at)));
        }
        let mut decoded = String::from(self.slice(start, self.at));
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Text::Decoded(decoded));
                }
                Some(b'\\') => decoded.push(self.escape()?),
                Some(_) => return Err(self.fault(JsonErrorKind::ControlCharacter)),
                None => return Err(self.fault(JsonErrorKind::UnexpectedEnd)),
            }
            let run = self.at;
            self.at = plain_end(self.bytes, run);
            decoded.push_str(self.slice(run, self.at));
        }
    }

    /// One escape, a surrogate pair included; the cursor stands on its backslash.
    fn escape(&mut self) -> Result<char, JsonError> {
        self.at += 1;
        let character = match self.peek() {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(),
            Some(_) => return Err(self.fault(JsonErrorKind::Escape)),
            None => return Err(self.fault(JsonErrorKind::UnexpectedEnd)),
        };
        self.at += 1;
        Ok(character)
    }

    fn unicode_escape(&mut self) -> Result<char, JsonError> {
        let start = self.at - 1;
        let mut code = self.four_hex_digits()?;
        if (0xd800..0xdc00).contains(&code) && self.bytes.get(self.at) == Some(&b'\\') {
            self.at += 1;
            if self.peek() == Some(b'u') {
                let low = self.four_hex_digits()?;
                if (0xdc00..0xe000).contains(&low) {
                    code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
                }
            }
        }
        char::from_u32(code).ok_or(JsonError::new(JsonErrorKind::LoneSurrogate, Some(start)))
    }

    /// The cursor stands on the `u`.
    fn four_hex_digits(&mut self) -> Result<u32, JsonError> {
        self.at += 1;
        let mut code = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            code = code * 16 + digit.ok_or(self.fault(JsonErrorKind::Escape))?;
            self.at += 1;
        }
        Ok(code)
    }

    fn number(&mut self) -> Result<Number<'a>, JsonError> {
        let start = self.at;
        let negative = self.peek() == Some(b'-');
        self.at += usize::from(negative);
        let integer = self.at;
        self.digits()?;
        let integer_digits = self.at - integer;
        let zero = self.bytes.get(integer) == Some(&b'0');
        if zero && integer_digits > 1 {
            self.at = integer + 1;
            return Err(self.unexpected());
        }
        let mut canonical = !(zero && negative);
        let mut digits = integer_digits;
        if self.peek() == Some(b'.') {
            self.at += 1;
            let fraction = self.at;
            self.digits()?;
            let fraction = self.bytes.get(fraction..self.at).unwrap_or_default();
            let leading = fraction.iter().take_while(|digit| **digit == b'0').count();
            digits += fraction.len();
            canonical = fraction.last() != Some(&b'0') && !(zero && leading > 5);
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
            canonical = false;
        }
        let text = self.slice(start, self.at);
        // Every decimal of up to 15 digits survives the way to a double and back, so in plain
        // notation from 1e-6 and without a trailing zero it is what ECMAScript prints.
        if canonical && digits <= 15 {
            return Ok(Number::Canonical(text));
        }
        match text.parse::<f64>() {
            // With a fraction or an exponent, too: all doubles from there on are integers.
            Ok(value) if self.limits.exact_integers && value.abs() >= TWO_TO_53 as f64 => {
                Err(JsonError::new(JsonErrorKind::InexactInteger, Some(start)))
            }
            Ok(value) if value.is_finite() || self.overflow != Overflow::Refused => {
                Ok(Number::Double(value))
            }
            _ => Err(JsonError::new(JsonErrorKind::NumberRange, Some(start))),
        }
    }

    /// One digit or more.
    fn digits(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start { Err(self.unexpected()) } else { Ok(()) }
    }

    fn literal(&mut self, word: &str, value: Value<'a>) -> Result<Value<'a>, JsonError> {
        for byte in word.bytes() {
            self.expect(byte)?;
        }
        Ok(value)
    }

    fn expect(&mut self, byte: u8) -> Result<(), JsonError> {
        if self.peek() != Some(byte) {
            return Err(self.unexpected());
        }
        self.at += 1;
        Ok(())
    }

    fn skip_white_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Both ends stand next to ASCII characters, so they are character boundaries.
    fn slice(&self, start: usize, end: usize) -> &'a str {
        self.text.get(start..end).unwrap_or_default()
    }

    fn unexpected(&self) -> JsonError {
        self.fault(match self.peek() {
            Some(_) => JsonErrorKind::UnexpectedCharacter,
            None => JsonErrorKind::UnexpectedEnd,
        })
    }

    fn fault(&self, kind: JsonErrorKind) -> JsonError {
        JsonError::new(kind, Some(self.at))
    }
}

/// The first place from `start` that holds a quote, a backslash or a control character, or the end.
pub(super) fn plain_end(bytes: &[u8], start: usize) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    // A zero byte of `word` shows as its high bit; bits above the first such byte may be wrong.
    const fn zero_bytes(word: u64) -> u64 {
        word.wrapping_sub(ONES) & !word & HIGH
    }
    let mut at = start;
    while let Some(chunk) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let word = u64::from_le_bytes(*chunk);
        let control = word.wrapping_sub(ONES * 0x20) & !word & HIGH;
        let stops = zero_bytes(word ^ (ONES * 0x22)) | zero_bytes(word ^ (ONES * 0x5c)) | control;
        if stops != 0 {
            return at + stops.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    while let Some(byte) = bytes.get(at) {
        if matches!(byte, b'"' | b'\\' | 0..0x20) {
            break;
        }
        at += 1;
    }
    at
}
