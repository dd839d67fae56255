use std::fmt;
use std::sync::Arc;

/// The name of a caller, under which its rates, its addresses, its idempotency keys and its daily sum are kept.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallerId(Arc<str>);

impl CallerId {
    /// Takes the name, such as the subject of a token.
    pub fn new(name: impl AsRef<str>) -> Self {
        Self(name.as_ref().into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for CallerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CallerId({:?})", self.0)
    }
}
