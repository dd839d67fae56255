//! The tasks of this repository: `cargo xtask TASK`.

mod anvil;
mod assurance;
mod bench;
mod budget;
mod check;
mod ci;
mod constant_time;
mod contracts;
mod coverage;
mod differential;
mod embedded;
mod features;
mod fuzz;
mod instructions;
mod kills;
mod lint;
mod memory;
mod mutants;
mod no_std;
mod openapi;
mod programs;
mod release;
mod reproducible;
mod sbom;
mod sdk;
mod setup;
mod shell;
mod steps;
mod supply_chain;
mod task;
mod test;
mod testing;
mod tidy;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let arguments = task::Arguments::parse();
    match steps::timed(&steps::own_command(), || arguments.task.run()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
