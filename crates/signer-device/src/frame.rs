//! Frames on a serial line: byte stuffing and a checksum, so that damage ends with its frame.

use core::fmt;

const END: u8 = 0xc0;
const ESCAPE: u8 = 0xdb;
const ESCAPED_END: u8 = 0xdc;
const ESCAPED_ESCAPE: u8 = 0xdd;

const CHECKSUM_LEN: usize = 4;

/// Puts frames together from the bytes of a line. `N` is the most bytes of a frame, with its
/// checksum and without stuffing.
///
/// ```
/// use signer_device::{FrameReader, write_frame};
///
/// let mut reader = FrameReader::<64>::new();
/// let mut seen = 0;
/// write_frame(&[b"con", b"tent"], &mut |byte| {
///     if let Some(frame) = reader.push(byte) {
///         assert_eq!(frame, Ok(b"content".as_slice()));
///         seen += 1;
///     }
/// });
/// assert_eq!(seen, 1);
/// ```
pub struct FrameReader<const N: usize> {
    bytes: [u8; N],
    len: usize,
    state: State,
}

/// `Plain` is zero, so that a reader in a static is not kept in flash.
#[derive(Clone, Copy)]
#[repr(u8)]
enum State {
    Plain = 0,
    Escaped,
    /// What comes before the next end is thrown away.
    Damaged(FrameError),
}

/// Why a frame was refused. The next one is read as if nothing had been.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FrameError {
    /// More bytes than the reader has room for.
    TooLong,
    /// Fewer bytes than a checksum has.
    TooShort,
    /// An escape that is none of the two.
    Escape,
    /// The checksum does not match.
    Checksum,
}

impl<const N: usize> FrameReader<N> {
    /// A reader before the first byte of a line.
    pub const fn new() -> Self {
        Self { bytes: [0; N], len: 0, state: State::Plain }
    }

    /// Takes a byte, and hands on the content of a frame that it ended.
    pub fn push(&mut self, byte: u8) -> Option<Result<&[u8], FrameError>> {
        match (self.state, byte) {
            (state, END) => return self.end(state),
            (State::Damaged(_), _) => {}
            (State::Plain, ESCAPE) => self.state = State::Escaped,
            (State::Plain, byte) => self.keep(byte),
            (State::Escaped, ESCAPED_END) => self.keep(END),
            (State::Escaped, ESCAPED_ESCAPE) => self.keep(ESCAPE),
            (State::Escaped, _) => self.state = State::Damaged(FrameError::Escape),
        }
        None
    }

    fn keep(&mut self, byte: u8) {
        self.state = match self.bytes.get_mut(self.len) {
            Some(place) => {
                *place = byte;
                self.len += 1;
                State::Plain
            }
            None => State::Damaged(FrameError::TooLong),
        };
    }

    fn end(&mut self, state: State) -> Option<Result<&[u8], FrameError>> {
        let len = core::mem::take(&mut self.len);
        self.state = State::Plain;
        let bytes = self.bytes.get(..len).unwrap_or_default();
        match state {
            State::Damaged(error) => Some(Err(error)),
            State::Escaped => Some(Err(FrameError::Escape)),
            // Frames both begin and end with the byte: there is nothing between two.
            State::Plain if bytes.is_empty() => None,
            State::Plain => Some(match bytes.split_last_chunk::<CHECKSUM_LEN>() {
                None => Err(FrameError::TooShort),
                Some((content, sum)) if crc32(&[content]).to_be_bytes() == *sum => Ok(content),
                Some(_) => Err(FrameError::Checksum),
            }),
        }
    }
}

impl<const N: usize> Default for FrameReader<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> fmt::Debug for FrameReader<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FrameReader({} of {N} bytes)", self.len)
    }
}

/// Writes the frame around a content that is given in parts, a byte at a time.
pub fn write_frame(content: &[&[u8]], write: &mut impl FnMut(u8)) {
    let sum = crc32(content).to_be_bytes();
    write(END);
    for byte in content.iter().chain([&sum.as_slice()]).flat_map(|part| part.iter()) {
        match *byte {
            END => [ESCAPE, ESCAPED_END].into_iter().for_each(&mut *write),
            ESCAPE => [ESCAPE, ESCAPED_ESCAPE].into_iter().for_each(&mut *write),
            byte => write(byte),
        }
    }
    write(END);
}

/// The CRC-32 of ISO-HDLC, that of zip and Ethernet. Bit by bit: a table of it would be 1 KiB.
fn crc32(parts: &[&[u8]]) -> u32 {
    let sum = parts.iter().flat_map(|part| part.iter()).fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            (sum >> 1) ^ (0xedb8_8320 & (sum & 1).wrapping_neg())
        })
    });
    !sum
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "frame is longer than the reader's room",
            Self::TooShort => "frame is too short for its checksum",
            Self::Escape => "frame has an escape that is none",
            Self::Checksum => "frame's checksum does not match",
        })
    }
}

impl core::error::Error for FrameError {}

#[cfg(test)]
mod tests {
    use super::crc32;

    /// The check value that the catalogue of CRCs gives.
    #[test]
    fn the_checksum_has_its_check_value() {
        assert_eq!(crc32(&[b"1234", b"56789"]), 0xcbf4_3926);
    }
}
