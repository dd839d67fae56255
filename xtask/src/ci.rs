//! What a change must pass.

use crate::{
    constant_time, differential, embedded, features, fuzz, instructions, memory, no_std, openapi,
    shell, supply_chain, tidy,
};

pub(crate) fn run() -> Result<(), String> {
    shell::run("cargo fmt --all --check")?;
    tidy::run()?;
    shell::run("cargo clippy --workspace --all-targets --locked -- -D warnings")?;
    for features in ["", "ed25519", "keccak", "p256", "secp256k1"] {
        check_features("signer-core", features)?;
    }
    for features in ["", "abstraxn", "blink", "crossmint", "privy"] {
        check_features("signer-protocols", features)?;
    }
    check_features("signer-device", "")?;
    // Each of their features alone builds most dependencies anew: that is left to `powerset`.
    for package in ["signer-server", "signer-client"] {
        check_features(package, "")?;
    }
    no_std::run()?;
    // Some tests run a program or an example: what is run is built before them, in the same profile.
    shell::run("cargo build --workspace --locked --examples")?;
    shell::run("cargo test --workspace --locked --all-targets --no-fail-fast")?;
    shell::run("cargo test --workspace --locked --doc")?;
    features::unified(false)?;
    let mut docs =
        shell::command("cargo doc --workspace --no-deps --locked --document-private-items");
    docs.env("RUSTDOCFLAGS", "-D warnings");
    shell::run_command(docs, "cargo doc, warnings as errors")?;
    openapi::run()?;
    supply_chain::deny()?;
    embedded::run(false)?;
    constant_time::run(false)?;
    memory::run(false)?;
    instructions::run(false)?;
    differential::run(differential::Size::Short)?;
    fuzz::run(fuzz::Length::Smoke)?;
    eprintln!("\nall passed");
    Ok(())
}

/// One crate with one feature and nothing else.
fn check_features(package: &str, features: &str) -> Result<(), String> {
    let mut command = shell::command("cargo clippy --locked --no-default-features");
    command.args(["--package", package, "--features", features, "--", "-D", "warnings"]);
    shell::run_command(command, &format!("cargo clippy {package} with only [{features}]"))
}
