use alloc::vec::Vec;

pub(crate) fn put_u32(out: &mut Vec<u8>, value: u32) {
    out.extend_from_slice(&value.to_be_bytes());
}

/// A length or a number of elements; XDR has no more than 2^32 - 1.
pub(crate) fn put_count(out: &mut Vec<u8>, count: usize) {
    put_u32(out, u32::try_from(count).unwrap_or(u32::MAX));
}

/// Bytes of variable length, with their padding to four.
pub(crate) fn put_opaque(out: &mut Vec<u8>, bytes: &[u8]) {
    put_count(out, bytes.len());
    out.extend_from_slice(bytes);
    out.resize(out.len() + (bytes.len().next_multiple_of(4) - bytes.len()), 0);
}
