//! Base58 with the Bitcoin alphabet, into buffers of the caller.
//!
//! The work grows with the square of the length, so callers bound what they accept.

use crate::Error;

const ALPHABET: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

const DIGITS: [u8; 128] = {
    let mut digits = [0xff; 128];
    let mut value = 0;
    while value < 58 {
        digits[ALPHABET[value as usize] as usize] = value;
        value += 1;
    }
    digits
};

/// The longest text that `bytes` bytes can take.
pub const fn encoded_len(bytes: usize) -> usize {
    // log(256) / log(58) < 1.3658
    bytes * 13_658 / 10_000 + 1
}

/// Encodes into the start of `out`; [`encoded_len`] bytes always suffice.
///
/// # Errors
/// [`Error::BufferTooSmall`].
pub fn encode<'a>(bytes: &[u8], out: &'a mut [u8]) -> Result<&'a str, Error> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    if out.len() < zeros {
        return Err(Error::BufferTooSmall);
    }
    let (head, digits) = out.split_at_mut(zeros);
    head.fill(ALPHABET[0]);

    // Little-endian base58 digits; four bytes of input a turn.
    let mut len = 0;
    let rest = bytes.get(zeros..).unwrap_or_default();
    let (first, groups) = rest.split_at(rest.len() % 4);
    for group in core::iter::once(first).filter(|group| !group.is_empty()).chain(groups.chunks(4)) {
        let mut carry = group.iter().fold(0, |word, byte| (word << 8) | u64::from(*byte));
        let bits = group.len() * 8;
        for digit in &mut digits[..len] {
            carry += u64::from(*digit) << bits;
            *digit = low_byte(carry % 58);
            carry /= 58;
        }
        while carry > 0 {
            *digits.get_mut(len).ok_or(Error::BufferTooSmall)? = low_byte(carry % 58);
            len += 1;
            carry /= 58;
        }
    }
    digits[..len].reverse();
    for digit in &mut digits[..len] {
        *digit = ALPHABET[usize::from(*digit)];
    }
    core::str::from_utf8(&out[..zeros + len]).map_err(|_| Error::Base58)
}

/// Decodes into the start of `out`.
///
/// # Errors
/// [`Error::Base58`] on a character outside the alphabet, [`Error::BufferTooSmall`] when the value
/// does not fit.
pub fn decode<'a>(text: &[u8], out: &'a mut [u8]) -> Result<&'a [u8], Error> {
    let zeros = text.iter().take_while(|byte| **byte == ALPHABET[0]).count();
    if out.len() < zeros {
        return Err(Error::BufferTooSmall);
    }
    let (head, bytes) = out.split_at_mut(zeros);
    head.fill(0);

    // Little-endian bytes; five characters a turn (58^5 < 2^30).
    let mut len = 0;
    for group in text.get(zeros..).unwrap_or_default().chunks(5) {
        let (mut carry, mut factor) = (0_u64, 1_u64);
        for character in group {
            let digit = DIGITS.get(usize::from(*character)).copied().unwrap_or(0xff);
            if digit == 0xff {
                return Err(Error::Base58);
            }
            carry = carry * 58 + u64::from(digit);
            factor *= 58;
        }
        for byte in &mut bytes[..len] {
            carry += u64::from(*byte) * factor;
            *byte = low_byte(carry & 0xff);
            carry >>= 8;
        }
        while carry > 0 {
            *bytes.get_mut(len).ok_or(Error::BufferTooSmall)? = low_byte(carry & 0xff);
            len += 1;
            carry >>= 8;
        }
    }
    bytes[..len].reverse();
    Ok(&out[..zeros + len])
}

#[allow(clippy::cast_possible_truncation, reason = "the callers reduce below 256")]
const fn low_byte(value: u64) -> u8 {
    value as u8
}
