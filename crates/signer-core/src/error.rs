use core::fmt;

/// Why an input was refused. `Copy`, without any part of the input: it can be logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// An address is not of its chain's form.
    Address,
    /// A mixed-case EVM address fails its EIP-55 checksum, or a strkey its CRC.
    Checksum,
    /// A character outside Base58, or a value that does not fit.
    Base58,
    /// Not canonical base64 of the expected alphabet and padding.
    Base64,
    /// A character that is not a hex digit, or an odd number of them.
    Hex,
    /// The output buffer is shorter than the result.
    BufferTooSmall,
    /// The input has another length than the one required, in bytes or characters as the function says.
    Length {
        /// What was required.
        expected: usize,
        /// What was found.
        found: usize,
    },
    /// Not strict DER of the expected structure, or bytes follow it.
    Der,
    /// Not a PEM document (RFC 7468).
    Pem,
    /// The PEM label is not that of a private (or public) key that is read here.
    PemLabel,
    /// The private key is encrypted.
    Encrypted,
    /// The key belongs to another algorithm or curve.
    Algorithm,
    /// The private scalar is zero or not below the order of the curve.
    Scalar,
    /// The public key is not a point of the curve, or a weak one.
    PublicKey,
    /// The public key stored with a private key is not its own.
    PublicKeyMismatch,
    /// The signature is not well formed.
    SignatureFormat,
    /// The signature does not verify under this key.
    SignatureMismatch,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Address => "address is not of its chain's form",
            Self::Checksum => "address checksum does not match",
            Self::Base58 => "not base58",
            Self::Base64 => "not canonical base64",
            Self::Hex => "not an even number of hex digits",
            Self::BufferTooSmall => "output buffer is too small",
            Self::Length { expected, found } => {
                return write!(f, "expected a length of {expected}, found {found}");
            }
            Self::Der => "not strict der of a key, or bytes follow it",
            Self::Pem => "not a pem document",
            Self::PemLabel => "pem label is not that of a key of the expected kind",
            Self::Encrypted => "private key is encrypted: decrypt it first",
            Self::Algorithm => "key belongs to another algorithm or curve",
            Self::Scalar => "private scalar is zero or not below the curve order",
            Self::PublicKey => "public key is not a valid point of the curve",
            Self::PublicKeyMismatch => "stored public key does not belong to the private key",
            Self::SignatureFormat => "signature is not well formed",
            Self::SignatureMismatch => "signature does not verify under this key",
        };
        f.write_str(text)
    }
}

impl core::error::Error for Error {}
