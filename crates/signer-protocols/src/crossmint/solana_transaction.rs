//! The message of a full Solana transaction in wire form.
//!
//! The vendor's SDK reads the transaction and serialises its message again, so lengths in a longer
//! form than needed come out short, and bytes after the message are dropped.

use alloc::vec::Vec;

/// The message that is signed, serialised canonically. `None` when `wire` is no full legacy or
/// version 0 transaction.
pub(super) fn message_of(wire: &[u8]) -> Option<Vec<u8>> {
    let mut wire = Cursor { rest: wire, out: Vec::with_capacity(wire.len()) };
    let signatures = wire.read_length()?;
    wire.read(signatures.checked_mul(64)?)?;
    let versioned = wire.rest.first()? & 0x80 != 0;
    if versioned && *wire.rest.first()? != 0x80 {
        return None;
    }
    wire.copy(usize::from(versioned))?;
    if usize::from(*wire.rest.first()?) != signatures {
        return None;
    }
    wire.copy(3)?; // required signatures, read-only signed, read-only unsigned
    let keys = wire.copy_length()?;
    wire.copy(keys.checked_mul(32)?)?;
    wire.copy(32)?; // recent blockhash
    for _ in 0..wire.copy_length()? {
        wire.copy(1)?; // program
        wire.copy_bytes()?; // accounts
        wire.copy_bytes()?; // data
    }
    if versioned {
        for _ in 0..wire.copy_length()? {
            wire.copy(32)?; // lookup table
            wire.copy_bytes()?; // writable
            wire.copy_bytes()?; // read-only
        }
    }
    Some(wire.out)
}

struct Cursor<'a> {
    rest: &'a [u8],
    out: Vec<u8>,
}

impl<'a> Cursor<'a> {
    fn read(&mut self, len: usize) -> Option<&'a [u8]> {
        let (read, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest;
        Some(read)
    }

    fn copy(&mut self, len: usize) -> Option<()> {
        let bytes = self.read(len)?;
        self.out.extend_from_slice(bytes);
        Some(())
    }

    fn copy_bytes(&mut self) -> Option<()> {
        let len = self.copy_length()?;
        self.copy(len)
    }

    /// A shortvec length: seven bits a byte, low first. Three bytes hold any length; the long form
    /// may go on with zeros, as the vendor's reader takes it.
    fn read_length(&mut self) -> Option<usize> {
        let mut length = 0;
        for at in 0..10 {
            let byte = *self.read(1)?.first()?;
            let bits = usize::from(byte & 0x7f);
            if at < 3 {
                length |= bits << (7 * at);
            } else if bits != 0 {
                return None;
            }
            if byte & 0x80 == 0 {
                return Some(length);
            }
        }
        None
    }

    fn copy_length(&mut self) -> Option<usize> {
        let length = self.read_length()?;
        let mut rest = length;
        loop {
            let low = u8::try_from(rest & 0x7f).ok()?;
            rest >>= 7;
            self.out.push(if rest == 0 { low } else { low | 0x80 });
            if rest == 0 {
                return Some(length);
            }
        }
    }
}
