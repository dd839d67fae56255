//! How many instructions a piece of work takes, counted by callgrind: the same on every machine, and so a budget.

use std::path::Path;
use std::process::Stdio;

use crate::budget::{self, Figures};
use crate::programs;
use crate::shell::{self, Profile};

/// Work is counted as the difference of two runs, so that what comes once is left out.
const FEW: u32 = 10;
const MANY: u32 = 310;

pub(crate) fn run(update: bool) -> Result<(), String> {
    programs::require(&["valgrind"])?;
    let program = shell::build_harness("instructions", Profile::Release)?;
    let mut list = shell::program(&program);
    list.arg("--list");
    let list = shell::output_of(list)?;
    let mut figures = Figures::new();
    for case in list.lines() {
        let each =
            (count(&program, case, MANY)? - count(&program, case, FEW)?) / u64::from(MANY - FEW);
        figures.insert(format!("{case} instructions"), each);
    }
    let file = shell::root().join("xtask/harness/instructions/budget.json");
    budget::compare("instructions", &file, &figures, 3, update)
}

fn count(program: &Path, case: &str, times: u32) -> Result<u64, String> {
    let mut command = shell::command("valgrind --tool=callgrind --callgrind-out-file=/dev/null");
    command.arg(program).args([case, &times.to_string()]).stdout(Stdio::null());
    let output = command.output().map_err(|error| error.to_string())?;
    let log = String::from_utf8_lossy(&output.stderr);
    let collected = log
        .lines()
        .find_map(|line| line.split_once("Collected :"))
        .and_then(|(_, count)| count.trim().parse().ok());
    match collected {
        Some(count) if output.status.success() => Ok(count),
        _ => Err(format!("instructions: {case}: {log}")),
    }
}
