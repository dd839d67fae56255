//! The `signer` program.

mod commands;
mod device;
mod failure;
mod input;
mod key_file;
mod outcome;
mod system;

use std::process::ExitCode;

use clap::Parser;

use crate::failure::OrRefuse;

fn main() -> ExitCode {
    // Before a secret can be read, by whichever command.
    if let Err(failure) = system::forbid_core_dumps().or_refuse("core dumps") {
        return failure.report();
    }
    let cli = match commands::Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return failure::report_usage(&error),
    };
    let verdict = commands::run(cli.command, cli.json).and_then(|outcome| outcome.print(cli.json));
    match verdict {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}
