//! Lints of crates with few features, and the documentation with warnings as errors.

use std::process::Command;

use crate::shell;

/// Every crate with one feature and nothing else. For client and server each such build takes a minute: here they are
/// linted together without features, and `powerset` takes their features one by one.
pub(crate) fn few_features() -> Result<(), String> {
    for features in ["", "ed25519", "keccak", "p256", "secp256k1"] {
        clippy(&["signer-core"], features)?;
    }
    for features in [
        "",
        "abstraxn",
        "blink",
        "crossmint",
        "crossmint-evm",
        "crossmint-solana",
        "crossmint-stellar",
        "evm",
        "privy",
    ] {
        clippy(&["signer-protocols"], features)?;
    }
    clippy(&["signer-device"], "")?;
    clippy(&["signer-server", "signer-client"], "")
}

fn clippy(packages: &[&str], features: &str) -> Result<(), String> {
    let mut command = shell::command("cargo clippy --quiet --locked --no-default-features");
    for package in packages {
        command.args(["--package", package]);
    }
    if !features.is_empty() {
        command.args(["--features", features]);
    }
    command.args(["--", "-D", "warnings"]);
    shell::run_command(command)
}

pub(crate) fn documentation() -> Result<(), String> {
    let mut command: Command =
        shell::command("cargo doc --workspace --no-deps --locked --document-private-items");
    command.env("RUSTDOCFLAGS", "-D warnings");
    shell::run_command(command)
}
