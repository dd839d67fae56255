//! The link check: a program without std that uses core and protocols. It cannot be linked as soon as
//! a crate below it brings std, because there are then two panic handlers.

use std::process::{Command, Stdio};

use crate::shell;

const FEATURES: [&str; 11] = [
    "core",
    "core-curves",
    "protocols",
    "abstraxn",
    "blink",
    "crossmint",
    "crossmint-evm",
    "crossmint-solana",
    "crossmint-stellar",
    "evm",
    "privy",
];

pub(crate) fn run() -> Result<(), String> {
    for features in FEATURES {
        eprintln!("no-std: link with [{features}]");
        let output = build(features)?;
        if !output.0 {
            return Err(format!("no-std: [{features}] does not link without std:\n{}", output.1));
        }
        run_program(features)?;
    }
    // The check must be able to fail: here a crate that needs std is added.
    let (linked, log) = build("leak")?;
    if linked || !log.contains("panic_impl") {
        return Err(format!("no-std: a crate that needs std went unnoticed:\n{log}"));
    }
    println!("{} programs link without std, and one with std is refused", FEATURES.len());
    Ok(())
}

fn harness(words: &'static str, features: &str) -> Command {
    let mut command = shell::command(words);
    command.args(["--quiet", "--locked", "--features", features]);
    command.current_dir(shell::root().join("xtask/harness/no-std"));
    command.env("CARGO_TARGET_DIR", shell::root().join("target/no-std"));
    command
}

fn build(features: &str) -> Result<(bool, String), String> {
    let output = harness("cargo build", features)
        .stdout(Stdio::null())
        .output()
        .map_err(|error| format!("no-std: cargo could not be started: {error}"))?;
    Ok((output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned()))
}

fn run_program(features: &str) -> Result<(), String> {
    let status = harness("cargo run", features).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        other => Err(format!("no-std: the program with [{features}] failed: {other:?}")),
    }
}
