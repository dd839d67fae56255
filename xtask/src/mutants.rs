//! Mutation testing by module, with cargo-mutants: what a changed line does to the tests. Results are committed,
//! with a reason for each mutant that no test catches.

use std::collections::BTreeMap;
use std::fs;

use serde::{Deserialize, Serialize};

use crate::{programs, shell};

/// A module: its name, its files, how its tests are run, and the least share that is caught, in percent; where that
/// is 0 the share is only reported.
struct Module {
    name: &'static str,
    files: &'static [&'static str],
    /// Further arguments of cargo-mutants.
    arguments: &'static str,
    tests: &'static str,
    least: u64,
}

const PROTOCOLS: &str = "--lib --tests -- --skip differential::";

const MODULES: [Module; 8] = [
    Module {
        name: "key-parsing",
        files: &[
            "crates/signer-core/src/keyfile.rs",
            "crates/signer-core/src/hkdf.rs",
            "crates/signer-core/src/secret.rs",
            "crates/signer-core/src/encoding.rs",
        ],
        arguments: "",
        // The hundred thousand signatures take ten seconds, and say nothing of these files.
        tests: "--lib --tests -- --skip nonce_reuse",
        least: 90,
    },
    Module {
        name: "key-texts",
        files: &[
            "crates/signer-protocols/src/privy/key.rs",
            "crates/signer-protocols/src/abstraxn/access_key.rs",
        ],
        arguments: "",
        tests: PROTOCOLS,
        least: 90,
    },
    Module {
        name: "derivation",
        files: &[
            "crates/signer-protocols/src/crossmint/derivation.rs",
            "crates/signer-protocols/src/crossmint/secret.rs",
            "crates/signer-protocols/src/crossmint/chain.rs",
        ],
        arguments: "",
        tests: PROTOCOLS,
        least: 90,
    },
    Module {
        name: "jcs",
        files: &["crates/signer-protocols/src/json/**", "crates/signer-protocols/src/jcs.rs"],
        arguments: "",
        tests: PROTOCOLS,
        least: 90,
    },
    Module {
        name: "validation",
        files: &[
            "crates/signer-protocols/src/blink/request.rs",
            "crates/signer-protocols/src/blink/policy.rs",
            "crates/signer-protocols/src/blink/amount.rs",
            "crates/signer-protocols/src/blink/address.rs",
            "crates/signer-protocols/src/blink/ids.rs",
            "crates/signer-protocols/src/blink/timestamp.rs",
            "crates/signer-protocols/src/blink/catalogue.rs",
        ],
        arguments: "",
        tests: PROTOCOLS,
        least: 90,
    },
    Module {
        name: "token-cache",
        // Its decisions. The tasks around them are tested over sockets, too slowly for every mutant.
        files: &["crates/signer-client/src/cache/machine.rs"],
        // Without the examples and the other tests each mutant is built in a third of the time.
        arguments: "--features abstraxn,blink,crossmint,privy,file,redis --cargo-arg=--lib",
        tests: "-- cache",
        least: 90,
    },
    Module {
        name: "core",
        files: &[
            "crates/signer-core/src/address/**",
            "crates/signer-core/src/encoding/**",
            "crates/signer-core/src/p256/**",
            "crates/signer-core/src/ed25519.rs",
            "crates/signer-core/src/keccak.rs",
            "crates/signer-core/src/p256.rs",
            "crates/signer-core/src/secp256k1.rs",
        ],
        arguments: "",
        tests: "--lib --tests -- --skip nonce_reuse",
        least: 0,
    },
    Module {
        name: "protocols",
        files: &[
            "crates/signer-protocols/src/privy/**",
            "crates/signer-protocols/src/abstraxn/**",
            "crates/signer-protocols/src/crossmint/**",
            "crates/signer-protocols/src/blink/verify.rs",
            "crates/signer-protocols/src/blink/payload.rs",
            "crates/signer-protocols/src/blink/response.rs",
            "crates/signer-protocols/src/blink/merchant_authorization.rs",
        ],
        arguments: "--exclude **/privy/key.rs --exclude **/access_key.rs --exclude **/derivation.rs --exclude **/secret.rs --exclude **/chain.rs",
        tests: PROTOCOLS,
        least: 0,
    },
];

#[derive(Debug, Default, Deserialize, Serialize)]
struct Outcome {
    caught: u64,
    /// Hung, which is noticed, too.
    timeout: u64,
    unviable: u64,
    /// Each with the reason why no test needs to catch it, or why none does.
    missed: BTreeMap<String, String>,
}

type Results = BTreeMap<String, Outcome>;

/// What is run of a module.
#[derive(Clone, Copy)]
pub(crate) enum Part<'a> {
    /// All of it; the result is new.
    Whole,
    /// `K/N`; the first shard begins a new result, the others add to it.
    Shard(&'a str),
    /// What was missed, after the tests were mended.
    Missed,
}

impl<'a> Part<'a> {
    pub(crate) fn new(shard: Option<&'a str>, missed: bool) -> Self {
        match shard {
            _ if missed => Self::Missed,
            Some(shard) => Self::Shard(shard),
            None => Self::Whole,
        }
    }
}

/// Runs a part of one module and writes its result.
pub(crate) fn run(name: &str, part: Part<'_>) -> Result<(), String> {
    programs::install("cargo-mutants")?;
    let module = MODULES.iter().find(|module| module.name == name).ok_or_else(|| {
        let names: Vec<&str> = MODULES.iter().map(|module| module.name).collect();
        format!("mutants: the modules are {}", names.join(", "))
    })?;
    // The tests are run without a mutant first: where they fail by themselves, every mutant would count as caught.
    let mut command = shell::command("cargo mutants --jobs 1 --timeout 60 --build-timeout 600");
    command.args(["--output", &format!("target/mutants/{name}")]);
    command.args(module.files.iter().flat_map(|file| ["--file", file]));
    match part {
        Part::Whole => {}
        Part::Shard(shard) => drop(command.args(["--shard", shard])),
        Part::Missed => drop(command.arg("--iterate")),
    }
    command.args(module.arguments.split_whitespace()).arg("--");
    command.args(module.tests.split_whitespace());
    // Its parent must be there, which in a fresh clone it is not.
    fs::create_dir_all(shell::root().join("target/mutants")).map_err(|error| error.to_string())?;
    eprintln!("\n$ {}", shell::line(&command));
    command.env("CARGO_PROFILE_DEV_DEBUG", "0").env("RUST_BACKTRACE", "0");
    let status = command.status().map_err(|error| error.to_string())?;
    // 2: some were missed; 3: some timed out. Both are judged by `report`.
    if !matches!(status.code(), Some(0 | 2 | 3)) {
        return Err(format!("mutants: {name}: {status}"));
    }
    collect(module, part)?;
    report()
}

/// Puts what cargo-mutants wrote of this run to what was known.
fn collect(module: &Module, part: Part<'_>) -> Result<(), String> {
    let folder = shell::root().join("target/mutants").join(module.name).join("mutants.out");
    let lines = |name: &str| -> Vec<String> {
        let text = fs::read_to_string(folder.join(format!("{name}.txt"))).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    };
    let count = |name: &str| u64::try_from(lines(name).len()).unwrap_or_default();
    let mut results = read()?;
    let mut known = results.remove(module.name).unwrap_or_default();
    let missed = lines("missed");
    let reasons = std::mem::take(&mut known.missed);
    let with_reason =
        |name: &String| (name.clone(), reasons.get(name).cloned().unwrap_or_default());
    match part {
        Part::Missed => {
            let left = missed.iter().filter(|name| reasons.contains_key(*name)).count();
            known.caught += u64::try_from(reasons.len() - left).unwrap_or_default();
            known.missed = missed.iter().map(with_reason).collect();
        }
        Part::Shard(shard) if !shard.starts_with("0/") => {
            known.caught += count("caught");
            known.timeout += count("timeout");
            known.unviable += count("unviable");
            known.missed = reasons.clone();
            known.missed.extend(missed.iter().map(with_reason));
        }
        Part::Whole | Part::Shard(_) => {
            known = Outcome {
                caught: count("caught"),
                timeout: count("timeout"),
                unviable: count("unviable"),
                missed: missed.iter().map(with_reason).collect(),
            };
        }
    }
    results.insert(module.name.into(), known);
    let text = serde_json::to_string_pretty(&results).map_err(|error| error.to_string())?;
    fs::write(file(), text + "\n").map_err(|error| error.to_string())
}

/// Judges the committed results: enough is caught, and what is not has a reason.
pub(crate) fn report() -> Result<(), String> {
    let results = read()?;
    let mut faults = Vec::new();
    let (mut total, mut held) = (0, 0);
    for module in &MODULES {
        let Some(result) = results.get(module.name) else {
            if module.least == 0 {
                println!("{:<14} not run", module.name);
                continue;
            }
            faults.push(format!("{}: no result", module.name));
            continue;
        };
        let missed = u64::try_from(result.missed.len()).unwrap_or(u64::MAX);
        let noticed = result.caught + result.timeout;
        let all = noticed + missed;
        if module.least > 0 {
            total += all;
            held += 1;
        }
        let share = (noticed * 1_000).checked_div(all).unwrap_or(0);
        println!(
            "{:<14} {noticed:>4} of {all:>4} caught ({} by a hang), {}.{} %",
            module.name,
            result.timeout,
            share / 10,
            share % 10
        );
        if share < module.least * 10 {
            faults.push(format!("{}: less than {} % are caught", module.name, module.least));
        }
        let explained = module.least > 0;
        let silent = result.missed.iter().filter(|(_, reason)| explained && reason.is_empty());
        faults.extend(silent.map(|(name, _)| format!("no reason: {name}")));
    }
    if !faults.is_empty() {
        return Err(format!("mutants: {}", faults.join("\n")));
    }
    println!(
        "{total} mutants of {held} modules: 90 % and more of each are caught, the rest is explained"
    );
    Ok(())
}

fn file() -> std::path::PathBuf {
    shell::root().join("docs/mutants.json")
}

fn read() -> Result<Results, String> {
    let Ok(text) = fs::read(file()) else { return Ok(Results::new()) };
    serde_json::from_slice(&text).map_err(|error| error.to_string())
}
