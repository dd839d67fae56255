//! The end of a log that is there.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use super::line::{Hash, Kind, Line};

/// Enough for most lines; where it is not, twice as much is read.
const WINDOW: u64 = 64 * 1024;

/// Where to go on.
pub(super) struct Tail {
    /// How many whole lines there are.
    pub(super) count: u64,
    /// The hash of the last whole line.
    pub(super) head: Hash,
    /// What stands behind it, without a line end.
    pub(super) torn: Vec<u8>,
    /// Whether a line end follows that: whoever wanted to mend it came no further.
    pub(super) ended: bool,
    /// Whether nothing stands behind the last checkpoint, as whoever ends a log leaves it.
    pub(super) signed: bool,
    /// The length of the file.
    pub(super) length: u64,
}

/// Reads the end of the file.
pub(super) fn read(file: &mut File) -> io::Result<Tail> {
    let length = file.seek(SeekFrom::End(0))?;
    let mut window = WINDOW;
    loop {
        let start = length.saturating_sub(window);
        file.seek(SeekFrom::Start(start))?;
        let mut end = Vec::new();
        Read::by_ref(file).take(length - start).read_to_end(&mut end)?;
        if let Some(tail) = find(&end, start == 0, length)? {
            return Ok(tail);
        }
        window *= 2;
    }
}

/// The tail in the last bytes of a file, of which they may be `all`; `None` when more are needed.
fn find(end: &[u8], all: bool, length: u64) -> io::Result<Option<Tail>> {
    let ended = end.ends_with(b"\n");
    let mut lines = end.strip_suffix(b"\n").unwrap_or(end).rsplit(|byte| *byte == b'\n');
    let last = lines.next().unwrap_or_default();
    let before = lines.next();
    // The first of the bytes may be in the middle of a line.
    let before_is_whole = all || lines.next().is_some();
    let last_is_whole = all || before.is_some();

    let good = |line: &[u8]| Line::parse(line).map(|parsed| (parsed.n, Hash::of(line)));
    if ended
        && last_is_whole
        && let Some(line) = Line::parse(last)
    {
        let signed = matches!(line.kind, Kind::Checkpoint { .. });
        let (count, head) = (line.n, Hash::of(last));
        return Ok(Some(Tail { count, head, torn: Vec::new(), ended: true, signed, length }));
    }
    let tail = |(count, head)| {
        let signed = end.is_empty();
        Tail { count, head, torn: last.to_vec(), ended, signed, length }
    };
    match before {
        Some(before) if before_is_whole => match good(before) {
            Some(good) => Ok(Some(tail(good))),
            None => Err(no_log()),
        },
        // A file of less than a line, which a crash may have left, and of nothing else.
        None if all && (!ended || end.is_empty()) => Ok(Some(tail((0, Hash::NONE)))),
        None if all => Err(no_log()),
        _ => Ok(None),
    }
}

fn no_log() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the file is there and is no audit log")
}
