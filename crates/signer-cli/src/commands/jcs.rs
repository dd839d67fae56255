use clap::Args;
use signer_protocols::jcs::{self, Limits};

use crate::failure::Failure;
use crate::input::FileSource;
use crate::outcome::Outcome;

/// The default limit of a JSON text: 1 MiB.
pub(super) const DEFAULT_MAX_BYTES: usize = 1 << 20;

#[derive(Args, Debug)]
#[command(after_help = "Example:\n  echo '{\"b\": 1.0, \"a\": 2}' | signer jcs -")]
pub(crate) struct Arguments {
    /// The JSON file, or - for standard input.
    #[arg(value_name = "F")]
    file: FileSource,
    /// The most bytes that are read.
    #[arg(long, value_name = "N", default_value_t = DEFAULT_MAX_BYTES)]
    max_bytes: usize,
}

pub(super) fn run(arguments: &Arguments) -> Result<Outcome, Failure> {
    let text = arguments.file.read(arguments.max_bytes)?;
    let limits = Limits::default().with_max_bytes(arguments.max_bytes);
    jcs::canonicalize(&text, limits).map(Outcome::Raw).map_err(Failure::refused)
}

/// Reads a JSON body within `max_bytes`.
pub(super) fn read_body(file: &FileSource, max_bytes: usize) -> Result<Vec<u8>, Failure> {
    file.read(max_bytes).map_err(|failure| failure.about("body"))
}
