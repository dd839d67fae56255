use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;

use clap::Subcommand;
use signer_core::p256::VerifyingKey;
use signer_server::{AuditFault, Hash, verify_audit_log};

use crate::failure::{Failure, OrRefuse, io_reason, say};
use crate::input::FileSource;
use crate::outcome::Outcome;

const MAX_KEY_BYTES: usize = 64 * 1024;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Find a line that was changed, is missing or torn.
    ///
    /// Lines that were cut off or written anew behind the last checkpoint are found only by a head that is later:
    /// `auditHead` of /readyz, kept elsewhere. It is said how many there are; more than an endpoint writes
    /// without a checkpoint are no valid log. Whoever has the audit key can write another log.
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
        /// The `audit.checkpoint_every` of the endpoint.
        #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..))]
        checkpoint_every: u64,
    },
}

pub(super) fn run(command: &Command, json: bool) -> Result<Outcome, Failure> {
    let Command::Verify { log, public_key, head, checkpoint_every } = command;
    let key = VerifyingKey::from_spki_pem(&public_key.read(MAX_KEY_BYTES)?);
    let key = key.or_refuse("public key")?;
    let refuse = |error: &std::io::Error| Failure::refused(io_reason(error)).about(log.display());
    let file = File::open(log).map_err(|error| refuse(&error))?;
    match verify_audit_log(BufReader::new(file), &key, *head) {
        Ok(report) => {
            let behind = report.head.count - report.last_checkpoint.unwrap_or(0);
            if behind > *checkpoint_every {
                return Ok(Outcome::Invalid(format!(
                    "{behind} lines stand behind the last checkpoint, and an endpoint leaves {checkpoint_every} at most: \
                     checkpoints were taken out, or --checkpoint-every is not the endpoint's"
                )));
            }
            if !json {
                let none = report.last_checkpoint.is_none() && behind > 0;
                let none = if none { " (there is none)" } else { "" };
                say(&format!("lines behind the last checkpoint: {behind}{none}"));
            }
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
