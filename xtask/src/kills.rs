//! Kills the endpoint at random points under load, many times.

use std::process::Command;

use crate::{programs, shell};

/// Runs the kill test of the program with so many kills: half with a sync for each batch, half with one a second.
pub(crate) fn run(kills: u32) -> Result<(), String> {
    programs::require(&["openssl"])?;
    let mut test = Command::new("cargo");
    test.args(["test", "--release", "--locked", "--package", "signer-cli", "--test", "cli"])
        .args(["--", "--exact", "kills::nothing_is_paid_twice_over_kills", "--nocapture"])
        .env("SIGNER_TEST_KILLS", kills.to_string());
    shell::run_command(test)
}
