//! The vendor's SDK for Crossmint against the emulator.
//!
//! The SDK trusts the signer of the vendor's API keys only. In the copy that is installed under `target`, the key of the
//! emulator takes its place.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use serde::Deserialize;

use crate::programs;
use crate::shell::{self, Profile};

/// The public keys that sign the vendor's API keys, in staging and in production.
const TRUSTED: [&str; 2] = [
    "3hSfN4dWSwgCg1uf2yytBtK6KxK3ySFKasd2h9J2vSK5",
    "8erZh8YApGck3iUSUHqATBxqMTM1Ukp9mHmvGgUWHtkK",
];

/// The least part of the calls in scope that must pass, in percent.
const LEAST: usize = 95;
/// Fewer calls mean that a part of the script did not run.
const LEAST_CALLS: usize = 150;

#[derive(Deserialize)]
struct Call {
    chain: String,
    call: String,
    outcome: Outcome,
    detail: String,
}

#[derive(Clone, Copy, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
enum Outcome {
    #[serde(rename = "passed")]
    Passed,
    #[serde(rename = "failed")]
    Failed,
    #[serde(rename = "out of scope")]
    OutOfScope,
}

/// Runs the SDK that the lock file names, or another package: a version, a folder or an archive of one.
pub(crate) fn run(package: Option<&str>) -> Result<(), String> {
    programs::require(&["node", "npm"])?;
    let signer = shell::build_signer(Profile::Dev)?;
    let folder = install(package)?;
    let emulator = Emulator::start(&signer)?;
    trust(&folder.join("node_modules/@crossmint"), &emulator.trusted_key)?;

    let mut script = shell::command("node");
    script.arg(shell::root().join("xtask/peers/crossmint-sdk/run.mjs")).arg(&folder);
    script.env("EMULATOR_URL", &emulator.url).env("CROSSMINT_API_KEY", &emulator.api_key);
    let output = shell::output_of(script)?;
    let calls = output.lines().map(serde_json::from_str).collect::<Result<Vec<Call>, _>>();
    judge(&calls.map_err(|error| format!("the script's output: {error}"))?)
}

/// A folder with the SDK in `node_modules`.
fn install(package: Option<&str>) -> Result<PathBuf, String> {
    let folder = shell::root().join("target/crossmint-sdk");
    let _ = fs::remove_dir_all(&folder);
    let text = |error: std::io::Error| format!("{}: {error}", folder.display());
    fs::create_dir_all(&folder).map_err(text)?;
    for file in ["package.json", "package-lock.json"] {
        let from = shell::root().join("xtask/peers/crossmint-sdk").join(file);
        fs::copy(from, folder.join(file)).map_err(text)?;
    }
    let mut npm = shell::command("npm");
    match package {
        None => {
            npm.arg("ci");
        }
        Some(package) => {
            let is_version = package.starts_with(|it: char| it.is_ascii_digit());
            let prefix = if is_version { "@crossmint/wallets-sdk@" } else { "" };
            npm.arg("install").arg(format!("{prefix}{package}"));
        }
    }
    npm.args(["--ignore-scripts", "--no-audit", "--no-fund", "--silent"]).current_dir(&folder);
    shell::run_command(npm)?;
    Ok(folder)
}

/// Writes the emulator's key in the place of the vendor's.
fn trust(packages: &Path, key: &str) -> Result<(), String> {
    let mut replaced = 0;
    let mut folders = vec![packages.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder);
        let entries = entries.map_err(|error| format!("{}: {error}", folder.display()))?;
        for entry in entries.flatten() {
            let path = entry.path();
            let is_code = path.extension().is_some_and(|it| it == "js" || it == "cjs");
            if path.is_dir() {
                folders.push(path);
            } else if is_code && let Ok(code) = fs::read_to_string(&path) {
                let changed = TRUSTED.iter().fold(code.clone(), |code, it| code.replace(it, key));
                if changed != code {
                    fs::write(&path, changed).map_err(|error| error.to_string())?;
                    replaced += 1;
                }
            }
        }
    }
    if replaced == 0 {
        return Err("the SDK does not hold the vendor's trusted keys".into());
    }
    Ok(())
}

/// The program's emulator. It ends with this value.
struct Emulator {
    process: Child,
    url: String,
    api_key: String,
    trusted_key: String,
}

impl Emulator {
    fn start(signer: &Path) -> Result<Self, String> {
        let mut command = shell::program(signer);
        command.args(["emulate", "--port", "0"]).stderr(Stdio::piped()).stdin(Stdio::null());
        let mut process = command.spawn().map_err(|error| error.to_string())?;
        let lines = process.stderr.take().ok_or("no output of the emulator")?;
        let mut variables = BTreeMap::new();
        for line in BufReader::new(lines).lines().map_while(Result::ok) {
            let Some((name, value)) =
                line.strip_prefix("export ").and_then(|line| line.split_once('='))
            else {
                continue;
            };
            variables.insert(name.to_owned(), value.trim_matches('\'').to_owned());
            if name == "CROSSMINT_TRUSTED_KEY" {
                break;
            }
        }
        let mut take = |name: &str| variables.remove(name).unwrap_or_default();
        let (url, api_key) = (take("CROSSMINT_URL"), take("CROSSMINT_API_KEY"));
        let trusted_key = take("CROSSMINT_TRUSTED_KEY");
        let emulator = Self { process, url, api_key, trusted_key };
        if emulator.trusted_key.is_empty() {
            return Err("the emulator did not start".into());
        }
        Ok(emulator)
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn judge(calls: &[Call]) -> Result<(), String> {
    for Call { chain, call, outcome, detail } in calls {
        let outcome = match outcome {
            Outcome::Passed => "passed",
            Outcome::Failed => "FAILED",
            Outcome::OutOfScope => "out of scope",
        };
        let separator = if detail.is_empty() { "" } else { ": " };
        println!("{chain:8} {call:52} {outcome}{separator}{detail}");
    }
    let count = |wanted| calls.iter().filter(|it| it.outcome == wanted).count();
    let (passed, failed) = (count(Outcome::Passed), count(Outcome::Failed));
    let (in_scope, out) = (passed + failed, count(Outcome::OutOfScope));
    let figure = format!("sdk: {passed} of {in_scope} calls in scope passed, {out} out of scope");
    println!("{figure}");
    if in_scope < LEAST_CALLS || passed * 100 < in_scope * LEAST {
        return Err(format!(
            "{figure}; at least {LEAST} % of at least {LEAST_CALLS} calls were expected"
        ));
    }
    Ok(())
}
