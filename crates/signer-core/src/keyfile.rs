//! Strict reading of private key files: PKCS#8 (RFC 5208, 5958) and SEC1 (RFC 5915), DER and PEM.

use pem_rfc7468::{Decoder, Error as PemError};
use pkcs8::der::Decode;
use pkcs8::{ObjectIdentifier, PrivateKeyInfoRef};
use zeroize::Zeroizing;

use crate::Error;

/// Room for any key of this crate, and for an RSA key of 2,048 bits, so that it is refused by name.
const MAX_DER: usize = 1_280;
const MAX_ESCAPED_PEM: usize = 2_048;

const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const SEQUENCE: u8 = 0x30;

#[cfg(any(feature = "p256", feature = "secp256k1"))]
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");

/// The algorithm that a key file must name.
#[derive(Clone, Copy)]
pub(crate) enum KeyAlgorithm {
    #[cfg(any(feature = "p256", feature = "secp256k1"))]
    EllipticCurve(ObjectIdentifier),
    #[cfg(feature = "ed25519")]
    Ed25519,
}

impl KeyAlgorithm {
    #[cfg(feature = "p256")]
    pub(crate) const P256: Self =
        Self::EllipticCurve(ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7"));
    #[cfg(feature = "secp256k1")]
    pub(crate) const SECP256K1: Self =
        Self::EllipticCurve(ObjectIdentifier::new_unwrap("1.3.132.0.10"));
}

/// What a key file holds, borrowed from it. The public key is not checked yet.
pub(crate) struct KeyParts<'a> {
    pub(crate) secret: &'a [u8; 32],
    pub(crate) public_key: [Option<&'a [u8]>; 2],
}

impl<'a> KeyParts<'a> {
    /// Reads PKCS#8 or SEC1, told apart by the structure.
    pub(crate) fn from_der(der: &'a [u8], algorithm: KeyAlgorithm) -> Result<Self, Error> {
        match outline(der) {
            Some((SEQUENCE, OCTET_STRING)) => Err(Error::Encrypted),
            Some((INTEGER, OCTET_STRING)) => Self::from_sec1(der, algorithm),
            _ => Self::from_pkcs8(der, algorithm),
        }
    }

    /// Reads a `PrivateKeyInfo` or `OneAsymmetricKey`.
    pub(crate) fn from_pkcs8(der: &'a [u8], algorithm: KeyAlgorithm) -> Result<Self, Error> {
        let info = PrivateKeyInfoRef::from_der(der).map_err(|_| Error::Der)?;
        let outer_public = info.public_key.map(|bits| bits.as_bytes().unwrap_or_default());
        match algorithm {
            #[cfg(any(feature = "p256", feature = "secp256k1"))]
            KeyAlgorithm::EllipticCurve(curve) => {
                let parameters = info.algorithm.parameters_oid().ok();
                if info.algorithm.oid != EC_PUBLIC_KEY || parameters != Some(curve) {
                    return Err(Error::Algorithm);
                }
                let mut parts =
                    read_ec_private_key(info.private_key.as_bytes(), curve, Parameters::Optional)?;
                parts.public_key[1] = outer_public;
                Ok(parts)
            }
            #[cfg(feature = "ed25519")]
            KeyAlgorithm::Ed25519 => {
                const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
                if info.algorithm.oid != ED25519 || info.algorithm.parameters.is_some() {
                    return Err(Error::Algorithm);
                }
                let [0x04, 0x20, seed @ ..] = info.private_key.as_bytes() else {
                    return Err(Error::Der);
                };
                Ok(Self { secret: exactly_32(seed)?, public_key: [None, outer_public] })
            }
        }
    }

    /// Reads an `ECPrivateKey` that names its curve.
    pub(crate) fn from_sec1(der: &'a [u8], algorithm: KeyAlgorithm) -> Result<Self, Error> {
        match algorithm {
            #[cfg(any(feature = "p256", feature = "secp256k1"))]
            KeyAlgorithm::EllipticCurve(curve) => {
                read_ec_private_key(der, curve, Parameters::Required)
            }
            #[cfg(feature = "ed25519")]
            KeyAlgorithm::Ed25519 => {
                let _ = der;
                Err(Error::Algorithm)
            }
        }
    }
}

/// Reads a PEM private key (PKCS#8 or SEC1) and hands its parts to `build`. The decoded bytes live
/// in a stack buffer that is wiped. An `EC PARAMETERS` block before the key is passed over, white
/// space around the document ignored, and `\n` escapes of environment files are undone.
pub(crate) fn with_private_key_pem<T>(
    pem: &[u8],
    algorithm: KeyAlgorithm,
    build: impl FnOnce(KeyParts<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    with_pem(pem, |label, der| match label {
        "PRIVATE KEY" => build(KeyParts::from_pkcs8(der, algorithm)?),
        "EC PRIVATE KEY" => build(KeyParts::from_sec1(der, algorithm)?),
        "ENCRYPTED PRIVATE KEY" => Err(Error::Encrypted),
        "RSA PRIVATE KEY" | "DSA PRIVATE KEY" | "OPENSSH PRIVATE KEY" => Err(Error::Algorithm),
        _ => Err(Error::PemLabel),
    })
}

/// Decodes one PEM document and hands its label and bytes to `read`. A document that is read as it
/// stands is never searched: what is in it is secret.
pub(crate) fn with_pem<T>(
    pem: &[u8],
    read: impl FnOnce(&str, &[u8]) -> Result<T, Error>,
) -> Result<T, Error> {
    let mut buffer = Zeroizing::new([0; MAX_DER]);
    match decode_pem(pem, buffer.as_mut_slice()) {
        Ok((label, der)) => read(label, der),
        Err(Error::Pem) if pem.windows(2).any(|pair| pair == b"\\n") => with_escapes(pem, read),
        Err(error) => Err(error),
    }
}

/// In a frame of its own: the buffer is on the stack only where escapes were found.
#[inline(never)]
fn with_escapes<T>(
    pem: &[u8],
    read: impl FnOnce(&str, &[u8]) -> Result<T, Error>,
) -> Result<T, Error> {
    let mut plain = Zeroizing::new([0; MAX_ESCAPED_PEM]);
    let mut len = 0;
    let mut bytes = pem.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        let escaped = byte == b'\\' && bytes.next_if_eq(&b'n').is_some();
        *plain.get_mut(len).ok_or(Error::Pem)? = if escaped { b'\n' } else { byte };
        len += 1;
    }
    let mut buffer = Zeroizing::new([0; MAX_DER]);
    let (label, der) = decode_pem(plain.get(..len).ok_or(Error::Pem)?, buffer.as_mut_slice())?;
    read(label, der)
}

fn decode_pem<'a>(pem: &'a [u8], buffer: &'a mut [u8]) -> Result<(&'a str, &'a [u8]), Error> {
    let pem = skip_ec_parameters(pem.trim_ascii());
    let name_fault = |_: PemError| {
        let encrypted = pem.windows(10).any(|text| text == b"Proc-Type:");
        if encrypted { Error::Encrypted } else { Error::Pem }
    };
    let mut decoder = Decoder::new_detect_wrap(pem).map_err(name_fault)?;
    let len = decoder.remaining_len();
    // A key that does not fit is none of the curves'.
    let der = decoder.decode(buffer.get_mut(..len).ok_or(Error::Algorithm)?).map_err(name_fault)?;
    Ok((decoder.type_label(), der))
}

fn skip_ec_parameters(pem: &[u8]) -> &[u8] {
    const END: &[u8] = b"-----END EC PARAMETERS-----";
    if !pem.starts_with(b"-----BEGIN EC PARAMETERS-----") {
        return pem;
    }
    pem.windows(END.len())
        .position(|window| window == END)
        .and_then(|at| pem.get(at + END.len()..))
        .unwrap_or(pem)
        .trim_ascii_start()
}

#[cfg(any(feature = "p256", feature = "secp256k1"))]
#[derive(Clone, Copy, PartialEq)]
enum Parameters {
    Optional,
    Required,
}

#[cfg(any(feature = "p256", feature = "secp256k1"))]
fn read_ec_private_key(
    der: &[u8],
    curve: ObjectIdentifier,
    rule: Parameters,
) -> Result<KeyParts<'_>, Error> {
    let key = sec1::EcPrivateKey::from_der(der).map_err(|_| Error::Der)?;
    match key.parameters.and_then(sec1::EcParameters::named_curve) {
        Some(found) if found == curve => {}
        None if rule == Parameters::Optional => {}
        _ => return Err(Error::Algorithm),
    }
    Ok(KeyParts { secret: exactly_32(key.private_key)?, public_key: [key.public_key, None] })
}

/// The tags of the first two values inside a SEQUENCE: `SEQUENCE, OCTET STRING` is an encrypted key,
/// `INTEGER, OCTET STRING` is SEC1.
fn outline(der: &[u8]) -> Option<(u8, u8)> {
    let (tag, content, _) = split_value(der)?;
    let (first, _, rest) = split_value(content)?;
    let (second, ..) = split_value(rest)?;
    (tag == SEQUENCE).then_some((first, second))
}

/// Tag, content and what follows, with a length of up to two bytes.
fn split_value(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, length, rest) = match der {
        [tag, 0x82, high, low, rest @ ..] => {
            (*tag, usize::from(u16::from_be_bytes([*high, *low])), rest)
        }
        [tag, 0x81, length, rest @ ..] => (*tag, usize::from(*length), rest),
        [tag, length @ 0..=0x7f, rest @ ..] => (*tag, usize::from(*length), rest),
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

fn exactly_32(bytes: &[u8]) -> Result<&[u8; 32], Error> {
    bytes.try_into().map_err(|_| Error::Length { expected: 32, found: bytes.len() })
}
