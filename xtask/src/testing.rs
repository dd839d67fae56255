//! Runs tests with `cargo nextest` if it is installed, else with `cargo test`, and counts them.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::thread;

use crate::shell;

/// Makes the tests of random inputs run their long form.
const LONG: &str = "SIGNER_LONG_TESTS";

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
    /// The ends of the names of tests that are left out.
    pub(crate) skipped: Vec<&'static str>,
    pub(crate) long: bool,
    pub(crate) threads_per_core: usize,
}

/// Tests, ready to be run.
pub(crate) struct Tests {
    command: Command,
    nextest: bool,
}

impl Tests {
    pub(crate) fn of(selection: &Selection) -> Self {
        let nextest = shell::command("cargo nextest --version").output();
        let nextest = nextest.is_ok_and(|output| output.status.success());
        let mut command = if nextest {
            shell::command("cargo nextest run --no-tests=pass")
        } else {
            shell::command("cargo test")
        };
        command.args(["--workspace", "--locked", "--no-fail-fast"]).args(&selection.targets);
        command.args(selection.name);
        if selection.long {
            command.env(LONG, "1");
        }
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let threads = (cores * selection.threads_per_core).to_string();
        if nextest {
            command.args(["--test-threads", &threads]);
            command.args(filter(selection).into_iter().flat_map(|filter| ["-E".into(), filter]));
        } else {
            // Benchmarks refuse the argument that tests take.
            command.env("RUST_TEST_THREADS", threads);
            // The unit tests of the other libraries run, too: `cargo test` cannot leave them out.
            let skipped = selection.skipped.iter().flat_map(|name| ["--skip", *name]);
            command.arg("--").args(skipped);
        }
        Self { command, nextest }
    }

    /// The command as a line for a shell.
    pub(crate) fn line(&self) -> String {
        shell::line(&self.command)
    }

    /// Runs the tests and returns how many passed.
    pub(crate) fn run(mut self) -> Result<u32, String> {
        let line = self.line();
        eprintln!("\n$ {line}");
        let (stdout, stderr) = if self.nextest {
            (Stdio::inherit(), Stdio::piped())
        } else {
            (Stdio::piped(), Stdio::inherit())
        };
        let mut child = self
            .command
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
}

/// The tests of a selection, as an expression of nextest.
fn filter(selection: &Selection) -> Option<String> {
    let packages = selection.packages.iter().map(|name| format!("package(={name})"));
    let packages = packages.collect::<Vec<_>>().join(" + ");
    let skipped = selection.skipped.iter().map(|name| format!("not test(/{name}$/)"));
    let parts = Some(packages).filter(|it| !it.is_empty()).map(|it| format!("({it})"));
    let parts: Vec<String> = parts.into_iter().chain(skipped).collect();
    (!parts.is_empty()).then(|| parts.join(" & "))
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

    #[test]
    fn a_selection_is_an_expression() {
        let mut selection = Selection::default();
        assert_eq!(filter(&selection), None);
        selection.skipped = vec!["slow"];
        assert_eq!(filter(&selection).unwrap(), "not test(/slow$/)");
        selection.packages = vec!["a".into(), "b".into()];
        assert_eq!(filter(&selection).unwrap(), "(package(=a) + package(=b)) & not test(/slow$/)");
    }
}
