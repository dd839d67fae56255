//! `signer emulate`: the services' side on this machine.

use clap::Args;
use signer_emulator::{Emulator, FaultRule, KernelVersion, Tampering};

use super::online;
use crate::failure::{Failure, OrRefuse, say};
use crate::outcome::Outcome;

#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  signer emulate --port 4010 --fault 'POST /privy/v1/wallets=lost*1'\n\nFaults: delay:MS, hang, reset, lost (done, and no answer), cut, truncated, html, status:N, retry-after:S,\nretry-after-date:S, retry-after-ms:MS, ratelimit-reset:S, endless, huge, twice,\nchange:POINTER:JSON (in the answer), redirect:URL; *N: only N times."
)]
pub(crate) struct Arguments {
    /// The port of 127.0.0.1; 0 for a free one.
    #[arg(long, value_name = "P", default_value_t = 4010)]
    port: u16,
    /// Let something go wrong: `[METHOD] PATH=FAULT[*TIMES]`; may be repeated.
    #[arg(long, value_name = "RULE")]
    fault: Vec<FaultRule>,
    /// The services' clock, so many seconds ahead of this machine's; behind where it is negative.
    #[arg(long, value_name = "S", default_value_t = 0, allow_negative_numbers = true)]
    clock_skew: i32,
    /// How long a token of Abstraxn is good, in seconds.
    #[arg(long, value_name = "S", default_value_t = 900)]
    token_life: u32,
    /// Let Crossmint ask to approve something else than was requested, such as `other-recipient`.
    #[arg(long, value_name = "NAME")]
    tamper: Option<Tampering>,
    /// The release of Kernel of Crossmint's EVM wallets: 0.3.0, 0.3.1, 0.3.2 or 0.3.3.
    #[arg(long, value_name = "VERSION", default_value = "0.3.3")]
    kernel: KernelVersion,
}

pub(super) fn run(arguments: &Arguments) -> Result<Outcome, Failure> {
    online::run(async {
        let mut emulator = Emulator::start_on(arguments.port).await.or_refuse("emulator")?;
        for rule in &arguments.fault {
            emulator.fault(rule.clone());
        }
        emulator.skew_clock(i64::from(arguments.clock_skew) * 1_000);
        emulator.abstraxn_token_life(u64::from(arguments.token_life) * 1_000);
        emulator.crossmint_tampering(arguments.tamper);
        emulator.crossmint_kernel(arguments.kernel);
        greet(&emulator);
        emulator.serve_for_ever().await;
        Ok(Outcome::Raw(Vec::new()))
    })
}

/// What is needed to use it, as the environment and the arguments of the other commands. None of it is a secret: it
/// opens nothing but this emulator.
fn greet(emulator: &Emulator) {
    say(&format!(
        "signer: emulator on {}, for this machine only; it remembers nothing",
        emulator.url()
    ));
    let quorum = emulator.abstraxn_quorum_key().to_sec1_uncompressed();
    let quorum: String = quorum.iter().map(|byte| format!("{byte:02x}")).collect();
    for (name, value) in [
        ("ABSTRAXN_URL", emulator.abstraxn_url()),
        ("ABSTRAXN_API_KEY", "test-api-key".into()),
        ("ABSTRAXN_QUORUM_KEY", quorum),
        ("BLINK_PAY_URL", format!("{}/pay", emulator.blink_url())),
        ("CROSSMINT_URL", emulator.crossmint_url()),
        ("CROSSMINT_API_KEY", emulator.crossmint_api_key()),
        ("CROSSMINT_TRUSTED_KEY", emulator.crossmint_trusted_key()),
        ("PRIVY_URL", emulator.privy_url()),
        ("PRIVY_APP_ID", "test-app-id".into()),
        ("PRIVY_APP_SECRET", "test-app-secret".into()),
    ] {
        say(&format!("export {name}='{value}'"));
    }
}
