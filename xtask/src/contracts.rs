//! The client's requests and the emulator's answers for Crossmint, held against the vendor's OpenAPI document.

use std::fs;
use std::path::Path;

use crate::programs;
use crate::shell;

const JSONSCHEMA: &str = "jsonschema==4.26.0";

/// Fewer exchanges mean that a part of the tests was not recorded.
const LEAST_EXCHANGES: u32 = 100;

/// Differences that stay: the start of the checker's line, and the reason.
const KNOWN: [(&str, &str); 2] = [
    (
        "answer POST /2025-06-09/wallets/{walletLocator}/transactions approvals/pending/*",
        "an approval of a quorum has no message and another signer; the document does not know it, the service has it",
    ),
    (
        "answer GET /2025-06-09/wallets/{walletLocator}/transactions/{transactionId} approvals/pending/*",
        "the same, when the transaction is read again",
    ),
];

/// `folder` holds `check.py` and `crossmint.json`.
pub(crate) fn run(folder: &Path) -> Result<(), String> {
    programs::require(&["python3"])?;
    let python = install()?;
    let traffic = shell::root().join("target/contracts/traffic.jsonl");
    let _ = fs::remove_file(&traffic);
    for words in [
        "cargo test --locked -p signer-client --all-features --test client crossmint",
        "cargo test --locked -p signer-emulator --test emulator crossmint",
    ] {
        let mut tests = shell::command(words);
        tests.env("SIGNER_EMULATOR_TRAFFIC", &traffic);
        shell::run_command(tests)?;
    }

    let mut judge = shell::program(&python);
    judge.arg(folder.join("check.py")).arg("judge").arg(&traffic);
    // Tests break requests on purpose; the emulator refuses them.
    judge.arg("--only-answered-2xx").arg("--crossmint").arg(folder.join("crossmint.json"));
    eprintln!("\n$ {}", shell::line(&judge));
    let output = judge.output().map_err(|error| error.to_string())?;
    let output = String::from_utf8_lossy(&output.stdout).into_owned();
    verdict(&output)
}

/// A Python with the checker's package, under `target`.
fn install() -> Result<std::path::PathBuf, String> {
    let folder = shell::root().join("target/contracts");
    fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let python = folder.join("python/bin/python");
    if !python.exists() {
        shell::run("python3 -m venv target/contracts/python")?;
    }
    let mut install = shell::program(&python);
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", JSONSCHEMA]);
    shell::run_command(install)?;
    Ok(python)
}

/// Reads the checker's lines: `count kind   example`, then the sum.
fn verdict(output: &str) -> Result<(), String> {
    let mut differences = 0_u32;
    let mut exchanges = None;
    for line in output.lines() {
        println!("{line}");
        let line = line.trim_start();
        let Some((count, kind)) = line.split_once(' ') else { continue };
        if line.contains(" exchanges, ") {
            exchanges = count.parse::<u32>().ok();
            continue;
        }
        match KNOWN.iter().find(|(known, _)| kind.starts_with(known)) {
            Some((_, reason)) => println!("      stays: {reason}"),
            None => differences += 1,
        }
    }
    let exchanges = exchanges.ok_or("contracts: the checker did not end")?;
    if exchanges < LEAST_EXCHANGES {
        return Err(format!(
            "contracts: {exchanges} exchanges were recorded, at least {LEAST_EXCHANGES} were expected"
        ));
    }
    if differences > 0 {
        return Err(format!("contracts: {differences} kinds of difference without a reason"));
    }
    println!("contracts: {exchanges} exchanges, no difference without a reason");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::verdict;

    #[test]
    fn a_difference_counts_unless_its_reason_is_known() {
        let sum = "231 exchanges, 12 operations; kinds of difference: requests 0, answers 1";
        let known = "    1 answer POST /2025-06-09/wallets/{walletLocator}/transactions \
                     approvals/pending/*/signer/type   x";
        let other = "    1 request POST /2025-06-09/wallets chainType   x";
        assert!(verdict(sum).is_ok());
        assert!(verdict(&format!("{known}\n{sum}")).is_ok());
        assert!(verdict(&format!("{known}\n{other}\n{sum}")).is_err());
        assert!(verdict("7 exchanges, 1 operations").is_err());
        assert!(verdict("").is_err());
    }
}
