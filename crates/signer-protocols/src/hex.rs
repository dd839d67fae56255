//! Hex of public values, as strings. It is not constant time: the compiler vectorizes it, because call data may be long.

use alloc::string::String;
use alloc::vec::Vec;

#[cfg(any(feature = "abstraxn", feature = "evm"))]
use signer_core::Error;

/// Lower-case hex.
#[cfg(any(feature = "abstraxn", feature = "crossmint", test))]
pub(crate) fn encode(bytes: &[u8]) -> String {
    encode_after(b"", bytes)
}

fn encode_after(prefix: &[u8], bytes: &[u8]) -> String {
    let mut text: Vec<u8> = alloc::vec![0; prefix.len() + bytes.len() * 2];
    let (start, digits) = text.split_at_mut(prefix.len());
    start.copy_from_slice(prefix);
    let (pairs, _) = digits.as_chunks_mut::<2>();
    for (pair, byte) in pairs.iter_mut().zip(bytes) {
        *pair = [digit(byte >> 4), digit(byte & 15)];
    }
    String::from_utf8(text).unwrap_or_default()
}

const fn digit(nibble: u8) -> u8 {
    nibble + if nibble > 9 { b'a' - 10 } else { b'0' }
}

/// Reads hex of either case.
#[cfg(any(feature = "abstraxn", feature = "evm"))]
pub(crate) fn decode(text: &str) -> Result<Vec<u8>, Error> {
    let mut bytes = alloc::vec![0; text.len() / 2];
    decode_into(text.as_bytes(), &mut bytes)?;
    Ok(bytes)
}

/// Reads exactly as many bytes as `out` has.
#[cfg(any(feature = "abstraxn", feature = "evm"))]
pub(crate) fn decode_into(digits: &[u8], out: &mut [u8]) -> Result<(), Error> {
    if digits.len() != out.len().saturating_mul(2) {
        return Err(Error::Hex);
    }
    // Two passes without branches: the compiler turns each into vector instructions.
    let invalid = digits.iter().fold(0, |invalid, digit| invalid | u8::from(!is_digit(*digit)));
    let (pairs, _) = digits.as_chunks::<2>();
    for (byte, pair) in out.iter_mut().zip(pairs) {
        let pair = u16::from_be_bytes(*pair);
        let nibbles = (pair & 0x0f0f) + 9 * ((pair >> 6) & 0x0101);
        [_, *byte] = ((nibbles >> 4) | (nibbles & 0x0f)).to_be_bytes();
    }
    if invalid == 0 { Ok(()) } else { Err(Error::Hex) }
}

/// Without branches, unlike the function of the standard library.
#[cfg(any(feature = "abstraxn", feature = "evm"))]
const fn is_digit(digit: u8) -> bool {
    (digit.wrapping_sub(b'0') < 10) | ((digit | 0x20).wrapping_sub(b'a') < 6)
}

/// The value of a hex digit; any other character gives a value without meaning.
#[cfg(any(feature = "crossmint-evm", all(feature = "evm", test)))]
const fn value(digit: u8) -> u8 {
    (digit & 15).wrapping_add(9 * (digit >> 6)) & 15
}

/// Lower-case hex after `0x`.
#[cfg(feature = "evm")]
pub(crate) fn encode_0x(bytes: &[u8]) -> String {
    encode_after(b"0x", bytes)
}

/// Reads `0x` and hex of either case.
#[cfg(feature = "evm")]
pub(crate) fn decode_0x(text: &str) -> Result<Vec<u8>, Error> {
    decode(text.strip_prefix("0x").ok_or(Error::Hex)?)
}

/// The bytes of a constant, which is checked when it is compiled: use it in `const` items only.
#[cfg(any(feature = "crossmint-evm", all(feature = "evm", test)))]
pub(crate) const fn literal<const N: usize>(digits: &str) -> [u8; N] {
    let digits = digits.as_bytes();
    assert!(digits.len() == 2 * N);
    let mut bytes = [0; N];
    let mut at = 0;
    while at < N {
        let (high, low) = (digits[2 * at], digits[2 * at + 1]);
        assert!(high.is_ascii_hexdigit() && low.is_ascii_hexdigit());
        bytes[at] = (value(high) << 4) | value(low);
        at += 1;
    }
    bytes
}

#[cfg(all(test, feature = "evm"))]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_written_and_read() {
        let bytes: Vec<u8> = (0..=255).collect();
        let text = encode(&bytes);
        assert_eq!(text.get(..6), Some("000102"));
        assert_eq!(text.get(506..), Some("fdfeff"));
        assert_eq!(decode(&text), Ok(bytes.clone()));
        assert_eq!(decode(&text.to_ascii_uppercase()), Ok(bytes));
        assert_eq!(literal::<3>("0aFf10"), [10, 255, 16]);
    }

    #[test]
    fn only_pairs_of_hex_digits_are_read() {
        for byte in 0..=127_u8 {
            for text in [[b'0', byte], [byte, b'0']] {
                let text = core::str::from_utf8(&text).unwrap();
                assert_eq!(decode(text).is_ok(), byte.is_ascii_hexdigit(), "{text:?}");
            }
        }
        assert_eq!(decode("0"), Err(Error::Hex));
        assert_eq!(decode("é"), Err(Error::Hex));
        assert_eq!(decode_0x("00"), Err(Error::Hex));
        assert_eq!(decode_0x("0X00"), Err(Error::Hex));
    }
}
