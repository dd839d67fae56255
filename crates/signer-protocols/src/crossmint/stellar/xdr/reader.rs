/// The most values in one text, nested ones included.
const MAX_VALUES: usize = 4_096;

/// The cause why bytes are not the XDR that was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum XdrError {
    /// The bytes end before the value does.
    #[error("the bytes end early")]
    End,
    /// Bytes follow the value.
    #[error("bytes follow the value")]
    Trailing,
    /// A padding byte is not zero.
    #[error("a padding byte is not zero")]
    Padding,
    /// A type that is not decoded.
    #[error("{part} {tag} is not supported")]
    Unsupported {
        /// The union.
        part: &'static str,
        /// The value of its discriminant.
        tag: u32,
    },
    /// More elements, bytes or levels than are decoded.
    #[error("{part}: too many or too deep")]
    Limit {
        /// The list, text or tree.
        part: &'static str,
    },
    /// A symbol is longer than 32 characters, or has others than letters, digits and underscores.
    #[error("a symbol must have at most 32 letters, digits and underscores")]
    Symbol,
    /// Encoding the decoded value gives other bytes.
    #[error("the encoding is not canonical")]
    Canonical,
}

/// Reads XDR (RFC 4506) from the front of a slice.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    values: usize,
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, values: 0 }
    }

    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The bytes that were read since `start`, an earlier rest.
    pub(crate) fn since(&self, start: &'a [u8]) -> &'a [u8] {
        let len = start.len().saturating_sub(self.rest.len());
        start.get(..len).unwrap_or_default()
    }

    pub(crate) const fn finish(&self) -> Result<(), XdrError> {
        if self.rest.is_empty() { Ok(()) } else { Err(XdrError::Trailing) }
    }

    pub(crate) fn take(&mut self, len: usize) -> Result<&'a [u8], XdrError> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or(XdrError::End)?;
        self.rest = rest;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], XdrError> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(XdrError::End)?;
        self.rest = rest;
        Ok(*taken)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, XdrError> {
        self.array().map(u32::from_be_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, XdrError> {
        self.array().map(u64::from_be_bytes)
    }

    pub(crate) fn i64(&mut self) -> Result<i64, XdrError> {
        self.array().map(i64::from_be_bytes)
    }

    pub(crate) fn flag(&mut self, part: &'static str) -> Result<bool, XdrError> {
        match self.u32()? {
            0 => Ok(false),
            1 => Ok(true),
            tag => Err(XdrError::Unsupported { part, tag }),
        }
    }

    /// A discriminant that has only one value here.
    pub(crate) fn expect(&mut self, part: &'static str, expected: u32) -> Result<(), XdrError> {
        match self.u32()? {
            tag if tag == expected => Ok(()),
            tag => Err(XdrError::Unsupported { part, tag }),
        }
    }

    pub(crate) fn count(&mut self, part: &'static str, max: usize) -> Result<usize, XdrError> {
        let count = usize::try_from(self.u32()?).ok().filter(|count| *count <= max);
        count.ok_or(XdrError::Limit { part })
    }

    /// Bytes of variable length, with their padding to four.
    pub(crate) fn opaque(&mut self, part: &'static str, max: usize) -> Result<&'a [u8], XdrError> {
        let len = self.count(part, max)?;
        let bytes = self.take(len)?;
        let padding = self.take(len.next_multiple_of(4) - len)?;
        if padding.iter().any(|byte| *byte != 0) {
            return Err(XdrError::Padding);
        }
        Ok(bytes)
    }

    pub(crate) fn symbol(&mut self) -> Result<&'a str, XdrError> {
        let bytes = self.opaque("symbol", 32)?;
        let is_valid = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        let text = core::str::from_utf8(bytes).map_err(|_| XdrError::Symbol)?;
        if bytes.iter().all(is_valid) { Ok(text) } else { Err(XdrError::Symbol) }
    }

    /// Counts one value towards the limit of the whole text.
    pub(crate) const fn count_value(&mut self) -> Result<(), XdrError> {
        self.values += 1;
        if self.values > MAX_VALUES {
            return Err(XdrError::Limit { part: "values" });
        }
        Ok(())
    }
}
