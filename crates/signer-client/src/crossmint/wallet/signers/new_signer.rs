use std::fmt;
use std::str::FromStr;

use signer_protocols::crossmint::rest::{AddSigner, Scope};
use signer_protocols::crossmint::{ChainId, Locator};

/// A signer to add to a wallet.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct NewSigner {
    locator: Locator,
    scopes: Vec<Scope>,
    expires_at: Option<String>,
}

impl NewSigner {
    /// A server signer, without limits and without an end.
    pub const fn new(locator: Locator) -> Self {
        Self { locator, scopes: Vec::new(), expires_at: None }
    }

    /// Asks for a limit; may be repeated. How the service enforces it cannot be verified: the registration needs
    /// [`AllowUnverified`](crate::crossmint::AllowUnverified), and a registration without any policy is refused.
    pub fn scope(mut self, scope: Scope) -> Self {
        self.scopes.push(scope);
        self
    }

    /// Asks for an end: ISO 8601 in UTC, such as `2027-01-31T12:00:00Z`. The same holds as for a scope.
    pub fn expires_at(mut self, time: impl Into<String>) -> Self {
        self.expires_at = Some(time.into());
        self
    }

    /// The locator.
    pub const fn locator(&self) -> &Locator {
        &self.locator
    }

    pub(super) fn body(&self, chain: ChainId) -> AddSigner {
        let mut body = AddSigner::new(&self.locator, chain);
        for scope in &self.scopes {
            body = body.scope(scope.clone());
        }
        match &self.expires_at {
            Some(time) => body.expires_at(time.clone()),
            None => body,
        }
    }
}

impl From<Locator> for NewSigner {
    fn from(locator: Locator) -> Self {
        Self::new(locator)
    }
}

impl From<&Locator> for NewSigner {
    fn from(locator: &Locator) -> Self {
        Self::new(*locator)
    }
}

/// A signer that was added.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AddedSigner {
    /// The permission id on EVM. Keep it: a removal is verified by it. `None` where the registration was there already or
    /// could not be read.
    pub permission_id: Option<PermissionId>,
}

/// The id of a permission of Kernel on EVM: 4 bytes, shown as `0x` and lower-case hex.
///
/// ```
/// use signer_client::crossmint::PermissionId;
///
/// let id: PermissionId = "0x12859af0".parse()?;
/// assert_eq!((id.to_bytes(), id.to_string().as_str()), ([0x12, 0x85, 0x9a, 0xf0], "0x12859af0"));
/// # Ok::<(), signer_client::crossmint::PermissionIdError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PermissionId([u8; 4]);

impl PermissionId {
    /// Takes the bytes.
    pub const fn from_bytes(bytes: [u8; 4]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub const fn to_bytes(self) -> [u8; 4] {
        self.0
    }
}

impl fmt::Display for PermissionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{:08x}", u32::from_be_bytes(self.0))
    }
}

/// The text of a permission id is not 8 hex digits after an optional `0x`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("permission id must be 8 hex digits, such as 0x12859af0")]
pub struct PermissionIdError;

impl FromStr for PermissionId {
    type Err = PermissionIdError;

    fn from_str(text: &str) -> Result<Self, PermissionIdError> {
        let digits = text.strip_prefix("0x").unwrap_or(text);
        let is_hex = digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let id = u32::from_str_radix(digits, 16).ok().filter(|_| is_hex);
        id.map(|id| Self(id.to_be_bytes())).ok_or(PermissionIdError)
    }
}
