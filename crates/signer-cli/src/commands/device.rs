use clap::Subcommand;
use signer_device::{DeviceError, Refusal};

use crate::device::DeviceSource;
use crate::failure::{Failure, OrRefuse};
use crate::outcome::{Field, Outcome};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show the keys of a hardware signer, and what it measured of itself.
    ///
    /// The stack is the deepest since its start, in bytes; the ticks are those of its clock for the request before
    /// this one.
    #[command(after_help = "Example:\n  signer device info signer.sock")]
    Info {
        /// The socket of its line.
        #[arg(value_name = "SOCKET")]
        device: DeviceSource,
    },
}

pub(super) fn run(command: &Command) -> Result<Outcome, Failure> {
    let Command::Info { device } = command;
    let mut link = device.link()?;
    let measured = link.measure().or_refuse(device)?;
    let mut keys = Vec::new();
    for slot in 0..=u8::MAX {
        match link.describe(slot) {
            Ok((algorithm, public_key)) => {
                let name = match algorithm {
                    1 => "p256",
                    2 => "ed25519",
                    3 => "secp256k1",
                    _ => "unknown",
                };
                let hex: String = public_key.iter().map(|byte| format!("{byte:02x}")).collect();
                keys.push((format!("slot {slot}, {name}"), hex));
            }
            Err(DeviceError::Refused(Refusal::Slot)) => break,
            Err(error) => return Err(Failure::refused(error).about(device)),
        }
    }
    Ok(Outcome::Fields(vec![
        ("keys", Field::Pairs(keys)),
        ("stackBytes", measured.stack_bytes.to_string().into()),
        ("ticks", measured.ticks.to_string().into()),
    ]))
}
