//! Runs tests with `cargo nextest` if it is installed, else with `cargo test`, and counts them.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

use crate::shell;

/// The tests of the workspace to run. Features are always those of the whole workspace, so that every selection uses
/// the same builds of the dependencies.
#[derive(Debug, Default)]
pub(crate) struct Selection {
    /// The targets, as arguments of cargo.
    pub(crate) targets: Vec<String>,
    /// The crates. None: all.
    pub(crate) packages: Vec<String>,
    /// A part of the tests' names.
    pub(crate) name: Option<&'static str>,
}

/// Runs the tests and returns how many passed.
pub(crate) fn run(selection: &Selection) -> Result<u32, String> {
    let nextest = shell::command("cargo nextest --version").output();
    let nextest = nextest.is_ok_and(|output| output.status.success());
    let mut command = if nextest {
        shell::command("cargo nextest run --no-tests=pass")
    } else {
        shell::command("cargo test")
    };
    command.args(["--workspace", "--locked", "--no-fail-fast"]).args(&selection.targets);
    command.args(selection.name);
    // Without nextest, the unit tests of the other libraries run, too.
    if nextest && !selection.packages.is_empty() {
        let packages = selection.packages.iter().map(|name| format!("package(={name})"));
        command.arg("-E").arg(packages.collect::<Vec<_>>().join(" + "));
    }
    let line = shell::line(&command);
    eprintln!("\n$ {line}");
    let (stdout, stderr) = if nextest {
        (Stdio::inherit(), Stdio::piped())
    } else {
        (Stdio::piped(), Stdio::inherit())
    };
    let mut child = command
        .stdout(stdout)
        .stderr(stderr)
        .spawn()
        .map_err(|error| format!("`{line}` could not be started: {error}"))?;
    let passed = match (child.stdout.take(), child.stderr.take()) {
        (Some(output), _) => show_and_count(output),
        (_, Some(output)) => show_and_count(output),
        (None, None) => 0,
    };
    let status = child.wait().map_err(|error| error.to_string())?;
    if status.success() { Ok(passed) } else { Err(format!("`{line}` failed: {status}")) }
}

/// Shows what the runner prints and adds up the tests that passed.
fn show_and_count(output: impl Read) -> u32 {
    let lines = BufReader::new(output).lines().map_while(Result::ok);
    lines.inspect(|line| eprintln!("{line}")).filter_map(|line| passed(&line)).sum()
}

/// The number in a summary of `cargo test` or of nextest.
fn passed(line: &str) -> Option<u32> {
    let line = line.trim_start();
    let is_summary = line.starts_with("test result:") || line.starts_with("Summary [");
    let before = line.split_once(" passed").filter(|_| is_summary)?.0;
    before.rsplit(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summaries_of_both_runners_are_read() {
        let cargo = "test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 3 filtered out";
        assert_eq!(passed(cargo), Some(12));
        let nextest = "     Summary [   4.066s] 577 tests run: 575 passed (2 slow), 2 failed";
        assert_eq!(passed(nextest), Some(575));
        assert_eq!(passed("test one_passed ... ok"), None);
        assert_eq!(passed("3 passed"), None);
    }
}
