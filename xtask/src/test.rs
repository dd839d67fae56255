//! The README's test command: format, lints, rules, and every test and doctest of the workspace.

use crate::programs::Need;
use crate::steps::Steps;
use crate::testing::{self, Selection};
use crate::{setup, shell};

/// The fewest tests of the workspace: fewer mean that some were not found.
const LEAST: u32 = 400;
const LEAST_POSTMORTEMS: u32 = 18;

/// Some tests run the program or an example: both are built first, with the features that the tests have.
pub(crate) const BUILD: &str = "cargo build --workspace --locked --bins --examples";

pub(crate) fn run() -> Result<(), String> {
    let mut steps = Steps::of("test");
    steps.step("cargo xtask setup", || setup::ensure(Need::Tests))?;
    steps.command(shell::command("cargo fmt --all --check"))?;
    steps.task(&["tidy"])?;
    steps.command(shell::command(
        "cargo clippy --workspace --all-targets --locked -- -D warnings",
    ))?;
    steps.command(shell::command(BUILD))?;
    let passed = steps.step("cargo xtask test", || testing::run(&all(None)))?;
    at_least(passed, LEAST)?;
    steps.command(shell::command("cargo test --workspace --locked --doc"))?;
    steps.finish();
    println!("{passed} tests passed, and the doctests");
    Ok(())
}

/// The tests that are named after events.
pub(crate) fn postmortems() -> Result<(), String> {
    shell::run(BUILD)?;
    let passed = testing::run(&all(Some("postmortems")))?;
    at_least(passed, LEAST_POSTMORTEMS)?;
    println!("{passed} tests passed");
    Ok(())
}

/// Every target but the examples, which are built as programs and hold no tests. Benchmarks run once.
fn all(name: Option<&'static str>) -> Selection {
    let targets = ["--lib", "--bins", "--tests", "--benches"];
    Selection { targets: targets.map(Into::into).into(), packages: Vec::new(), name }
}

fn at_least(passed: u32, least: u32) -> Result<(), String> {
    if passed < least {
        return Err(format!("{passed} tests passed, at least {least} were expected"));
    }
    Ok(())
}
