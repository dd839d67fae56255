//! Words of the contract ABI: 32 bytes, integers right aligned and big-endian, `bytesN` left aligned.

use signer_core::address::evm::Address;

use crate::U256;

/// The size of a word in bytes.
pub const SIZE: usize = 32;

/// A word.
pub type Word = [u8; SIZE];

/// The word of an `address`.
pub fn from_address(address: &Address) -> Word {
    right_aligned(address.as_bytes())
}

/// The word of a `uint256`.
pub const fn from_uint(value: U256) -> Word {
    value.to_be_bytes()
}

/// The word of a length or an offset.
pub fn from_usize(value: usize) -> Word {
    right_aligned(&value.to_be_bytes())
}

/// The word of a `bool`.
pub fn from_bool(value: bool) -> Word {
    right_aligned(&[u8::from(value)])
}

/// The bytes after zeros. Only the last 32 bytes are taken.
pub fn right_aligned(bytes: &[u8]) -> Word {
    let mut word = [0; SIZE];
    for (to, from) in word.iter_mut().rev().zip(bytes.iter().rev()) {
        *to = *from;
    }
    word
}

/// The bytes before zeros, as `bytesN` are written. Only the first 32 bytes are taken.
pub fn left_aligned(bytes: &[u8]) -> Word {
    let mut word = [0; SIZE];
    for (to, from) in word.iter_mut().zip(bytes) {
        *to = *from;
    }
    word
}

/// The length in bytes rounded up to whole words.
pub const fn padded_len(len: usize) -> usize {
    len.div_ceil(SIZE).saturating_mul(SIZE)
}

/// The word with this index. `None` after the last whole word.
pub fn at(data: &[u8], index: usize) -> Option<&Word> {
    data.get(index.checked_mul(SIZE)?..)?.first_chunk()
}

/// The address in a word. `None` if the upper 12 bytes are not zero.
pub fn to_address(word: &Word) -> Option<Address> {
    let (upper, address) = word.split_first_chunk::<12>()?;
    (*upper == [0; 12]).then(|| address.try_into().ok().map(Address::from_bytes))?
}

/// The unsigned integer in a word.
pub const fn to_uint(word: &Word) -> U256 {
    U256::from_be_bytes(*word)
}

/// The unsigned integer in a word. `None` from 2^64 on.
pub fn to_u64(word: &Word) -> Option<u64> {
    to_uint(word).try_into().ok()
}

/// The length or offset in a word. `None` if this machine cannot address as much.
pub fn to_usize(word: &Word) -> Option<usize> {
    to_u64(word)?.try_into().ok()
}

/// The boolean in a word. `None` if it is neither 0 nor 1.
pub fn to_bool(word: &Word) -> Option<bool> {
    match to_u64(word)? {
        0 => Some(false),
        1 => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dirty_padding_is_refused() {
        let address = Address::from_bytes([7; 20]);
        let clean = from_address(&address);
        assert_eq!(to_address(&clean), Some(address));
        for at in 0..12 {
            let mut dirty = clean;
            dirty[at] = 1;
            assert_eq!(to_address(&dirty), None, "{at}");
        }
        assert_eq!(to_bool(&from_bool(true)), Some(true));
        assert_eq!(to_bool(&from_bool(false)), Some(false));
        assert_eq!(to_bool(&from_usize(2)), None);
        assert_eq!(to_bool(&[1; SIZE]), None);
        assert_eq!(to_u64(&from_usize(9)), Some(9));
        assert_eq!(to_u64(&from_uint(U256::from(1_u128 << 64))), None);
    }

    #[test]
    fn words_are_found_by_index() {
        let data = [[1; SIZE], [2; SIZE]].concat();
        assert_eq!(at(&data, 1), Some(&[2; SIZE]));
        assert_eq!(at(&data, 2), None);
        assert_eq!(at(&data[..63], 1), None);
        assert_eq!(at(&data, usize::MAX), None);
        assert_eq!([padded_len(0), padded_len(1), padded_len(32), padded_len(33)], [0, 32, 32, 64]);
        assert_eq!(left_aligned(&[1, 2])[..3], [1, 2, 0]);
        assert_eq!(right_aligned(&[1, 2])[29..], [0, 1, 2]);
    }
}
