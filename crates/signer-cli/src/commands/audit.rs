use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;

use clap::Subcommand;
use signer_core::p256::VerifyingKey;
use signer_server::{AuditFault, Hash, verify_audit_log};

use crate::failure::{Failure, OrRefuse, io_reason};
use crate::input::FileSource;
use crate::outcome::Outcome;

const MAX_KEY_BYTES: usize = 64 * 1024;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Find a line that was changed, is missing or torn.
    ///
    /// Lines that were cut off behind the last checkpoint are found only by a head that is later: `auditHead`
    /// of /readyz, kept elsewhere. Whoever has the audit key can write another log.
    #[command(
        after_help = "Example:\n  signer audit verify --log audit.jsonl --public-key audit/public.pem --head 3f0c…"
    )]
    Verify {
        /// The log.
        #[arg(long, value_name = "F")]
        log: PathBuf,
        /// The public key of the audit key, SPKI PEM.
        #[arg(long, value_name = "F")]
        public_key: FileSource,
        /// A hash that the log must hold, 64 digits of hex.
        #[arg(long, value_name = "H")]
        head: Option<Hash>,
    },
}

pub(super) fn run(command: &Command) -> Result<Outcome, Failure> {
    let Command::Verify { log, public_key, head } = command;
    let key = VerifyingKey::from_spki_pem(&public_key.read(MAX_KEY_BYTES)?);
    let key = key.or_refuse("public key")?;
    let refuse = |error: &std::io::Error| Failure::refused(io_reason(error)).about(log.display());
    let file = File::open(log).map_err(|error| refuse(&error))?;
    match verify_audit_log(BufReader::new(file), &key, *head) {
        Ok(report) => {
            let behind = report.head.count - report.last_checkpoint.unwrap_or(0);
            Ok(Outcome::Valid(vec![
                ("lines", report.head.count.to_string().into()),
                ("head", report.head.hash.to_string().into()),
                ("linesBehindTheLastCheckpoint", behind.to_string().into()),
                ("tornLines", report.torn.to_string().into()),
            ]))
        }
        Err(AuditFault::Read(error)) => Err(refuse(&error)),
        Err(fault) => Ok(Outcome::Invalid(fault.to_string())),
    }
}
