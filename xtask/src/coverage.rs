//! Which lines of core and protocols their own tests run.

use serde_json::Value;

use crate::{programs, shell};

/// The least share of lines, in percent.
const LEAST: f64 = 95.0;

pub(crate) fn run() -> Result<(), String> {
    programs::require(&["llvm-profdata-22"])?;
    programs::install("cargo-llvm-cov")?;
    let mut command = shell::command(
        "cargo llvm-cov --quiet --json --summary-only --locked --package signer-core --package signer-protocols --lib --tests",
    );
    command
        .env("LLVM_COV", "llvm-cov-22")
        .env("LLVM_PROFDATA", "llvm-profdata-22")
        .env("CARGO_TARGET_DIR", shell::root().join("target/coverage"));
    let output = command.output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(format!("coverage: {}", String::from_utf8_lossy(&output.stderr)));
    }
    let report: Value =
        serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())?;
    let files = report["data"][0]["files"].as_array().ok_or("coverage: no files")?;
    let mut shares = Vec::new();
    let mut least = 100.0_f64;
    for package in ["signer-core", "signer-protocols"] {
        let (mut all, mut run) = (0, 0);
        for file in files {
            let name = file["filename"].as_str().unwrap_or_default();
            let lines = &file["summary"]["lines"];
            if name.contains(&format!("crates/{package}/src/")) {
                let (count, covered) =
                    (lines["count"].as_u64().unwrap_or(0), lines["covered"].as_u64().unwrap_or(0));
                all += count;
                run += covered;
                if covered * 100 < count * 95 {
                    eprintln!("coverage: {covered} of {count} lines in {name}");
                }
            }
        }
        #[allow(clippy::cast_precision_loss, reason = "thousands of lines")]
        let share = run as f64 * 100.0 / all.max(1) as f64;
        least = least.min(share);
        shares.push(format!("{package} {share:.1} %"));
    }
    let shares = shares.join(", ");
    if least < LEAST {
        return Err(format!("coverage: {shares}; {LEAST} % of the lines are the least"));
    }
    println!("lines run by their own tests: {shares}");
    Ok(())
}
