use core::fmt;

use crate::Error;

/// A P-256 signature as 64 bytes, r ‖ s big-endian; neither is zero or reaches the order.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature(pub(super) p256::ecdsa::Signature);

impl Signature {
    /// Reads r ‖ s.
    ///
    /// # Errors
    /// [`Error::SignatureFormat`] when it is not 64 bytes or r or s is out of range.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        p256::ecdsa::Signature::from_slice(bytes).map(Self).map_err(|_| Error::SignatureFormat)
    }

    /// r ‖ s.
    pub fn to_bytes(&self) -> [u8; 64] {
        self.0.to_bytes().into()
    }

    /// The same signature in DER.
    pub fn to_der(&self) -> DerSignature {
        DerSignature { der: self.0.to_der(), fixed: *self }
    }
}

/// A P-256 signature as a DER `SEQUENCE { INTEGER r, INTEGER s }`, 8 to 72 bytes.
#[derive(Clone)]
pub struct DerSignature {
    der: p256::ecdsa::DerSignature,
    fixed: Signature,
}

impl DerSignature {
    /// Reads strict DER; neither integer may be zero or reach the order.
    ///
    /// # Errors
    /// [`Error::SignatureFormat`].
    pub fn from_bytes(der: &[u8]) -> Result<Self, Error> {
        let der = p256::ecdsa::DerSignature::from_bytes(der).map_err(|_| Error::SignatureFormat)?;
        let fixed = der.clone().try_into().map(Signature).map_err(|_| Error::SignatureFormat)?;
        Ok(Self { der, fixed })
    }

    /// The DER bytes.
    pub fn as_bytes(&self) -> &[u8] {
        self.der.as_bytes()
    }

    /// The same signature as r ‖ s.
    pub const fn to_fixed(&self) -> Signature {
        self.fixed
    }
}

impl AsRef<[u8]> for DerSignature {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl PartialEq for DerSignature {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for DerSignature {}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("p256::Signature(0x")?;
        self.to_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}

impl fmt::Debug for DerSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("p256::DerSignature(0x")?;
        self.as_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}
