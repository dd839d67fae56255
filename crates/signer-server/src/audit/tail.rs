//! The end of a log that is there.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use super::line::{Hash, Line};

/// Longer than any two lines: a body of 16 KiB, each letter escaped.
const WINDOW: u64 = 512 * 1024;

/// Where to go on.
pub(super) struct Tail {
    /// How many whole lines there are.
    pub(super) count: u64,
    /// The hash of the last whole line.
    pub(super) head: Hash,
    /// What stands behind it.
    pub(super) torn: Vec<u8>,
    /// The length of the file.
    pub(super) length: u64,
}

/// Reads the end of the file.
pub(super) fn read(file: &mut File) -> io::Result<Tail> {
    let length = file.seek(SeekFrom::End(0))?;
    let start = length.saturating_sub(WINDOW);
    file.seek(SeekFrom::Start(start))?;
    let mut end = Vec::new();
    Read::by_ref(file).take(length - start).read_to_end(&mut end)?;

    let (whole, torn) = match end.iter().rposition(|byte| *byte == b'\n') {
        Some(at) => (&end[..at], end[at + 1..].to_vec()),
        // Less than a line.
        None if start == 0 => return Ok(Tail { count: 0, head: Hash::NONE, torn: end, length }),
        None => return Err(no_log()),
    };
    let last = match whole.iter().rposition(|byte| *byte == b'\n') {
        Some(at) => &whole[at + 1..],
        None if start == 0 => whole,
        None => return Err(no_log()),
    };
    let line = Line::parse(last).ok_or_else(no_log)?;
    Ok(Tail { count: line.n, head: Hash::of(last), torn, length })
}

fn no_log() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the file is there and is no audit log")
}
