//! Every promise, one line each with its figure. `docs/assurance.md` says what each shows and how to see it fail.

use std::io::Write;
use std::process::Stdio;
use std::time::Instant;

use crate::{programs, shell};

/// A promise, and the words of the task that shows it.
const PROMISES: [(&str, &str); 23] = [
    ("tests of every crate", "test --long"),
    ("post-mortems", "postmortems"),
    ("a killed endpoint", "kills"),
    ("real contracts", "anvil"),
    ("the vendor's SDK", "sdk"),
    ("bare metal", "embedded"),
    ("constant time", "constant-time"),
    ("memory", "memory --release"),
    ("instructions", "instructions"),
    ("differential", "differential --full"),
    ("numbers of RFC 8785", "numbers"),
    ("fuzzing", "fuzz --seconds 60"),
    ("mutants", "mutants"),
    ("coverage", "coverage"),
    ("no std", "no-std"),
    ("sets of features", "powerset"),
    ("features of others", "unified"),
    ("oldest versions", "minimal"),
    ("public API", "api"),
    ("supply chain", "deny"),
    ("rules of the repository", "tidy"),
    ("reproducible build", "reproducible"),
    ("release", "release --dry-run"),
];

pub(crate) fn run() -> Result<(), String> {
    programs::install_all()?;
    let folder = shell::root().join("target/assurance");
    std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let began_all = Instant::now();
    let mut failed = 0;
    for (promise, words) in PROMISES {
        let began = Instant::now();
        let log = folder.join(format!("{}.log", words.replace(' ', "")));
        let mut file = std::fs::File::create(&log).map_err(|error| error.to_string())?;
        let errors = file.try_clone().map_err(|error| error.to_string())?;
        let output = shell::command("cargo xtask")
            .args(words.split(' '))
            .stderr(Stdio::from(errors))
            .output()
            .map_err(|error| error.to_string())?;
        let text = String::from_utf8_lossy(&output.stdout);
        let figure = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("").trim();
        let seconds = began.elapsed().as_secs();
        if output.status.success() {
            println!("ok      {promise:<24} {figure} ({seconds} s)");
        } else {
            failed += 1;
            file.write_all(&output.stdout).map_err(|error| error.to_string())?;
            println!("FAILED  {promise:<24} see {} ({seconds} s)", log.display());
        }
    }
    if failed > 0 {
        return Err(format!("assurance: {failed} of {} promises do not hold", PROMISES.len()));
    }
    let minutes = began_all.elapsed().as_secs() / 60;
    println!("assurance: {} promises hold ({minutes} minutes)", PROMISES.len());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_promise_is_a_task() {
        for (_, words) in PROMISES {
            let words: Vec<&str> = words.split(' ').collect();
            crate::steps::parse(&words).unwrap();
        }
    }
}
