//! The README's test command: format, lints, rules, and every test and doctest of the workspace.

use crate::programs::Need;
use crate::steps::Steps;
use crate::testing::{Selection, Tests};
use crate::{setup, shell};

/// The fewest tests of the workspace: fewer mean that some were not found.
const LEAST: u32 = 400;
const LEAST_POSTMORTEMS: u32 = 18;

/// Some tests run the program or an example: both are built first, with the features that the tests have.
pub(crate) const BUILD: &str = "cargo build --workspace --locked --bins --examples";

pub(crate) fn run(long: bool) -> Result<(), String> {
    let mut steps = Steps::of("test");
    steps.step("cargo xtask setup", || setup::ensure(Need::Tests))?;
    steps.command(shell::command("cargo fmt --all --check"))?;
    steps.task(&["tidy"])?;
    steps.command(shell::command(
        "cargo clippy --workspace --all-targets --locked -- -D warnings",
    ))?;
    steps.command(shell::command(BUILD))?;
    let tests = Tests::of(&Selection { long, ..all() });
    let passed = steps.step(&tests.line(), || tests.run())?;
    at_least(passed, LEAST)?;
    steps.command(shell::command("cargo test --workspace --locked --doc"))?;
    steps.finish();
    println!("{passed} tests passed, and the doctests");
    Ok(())
}

/// The tests that are named after events.
pub(crate) fn postmortems() -> Result<(), String> {
    shell::run(BUILD)?;
    let passed = Tests::of(&Selection { name: Some("postmortems"), ..all() }).run()?;
    at_least(passed, LEAST_POSTMORTEMS)?;
    println!("{passed} tests passed");
    Ok(())
}

/// Every target but the examples, which are built as programs and hold no tests. Benchmarks run once.
fn all() -> Selection {
    let targets = ["--lib", "--bins", "--tests", "--benches"];
    Selection {
        targets: targets.map(Into::into).into(),
        // Many tests wait for a deadline.
        threads_per_core: 2,
        ..Selection::default()
    }
}

fn at_least(passed: u32, least: u32) -> Result<(), String> {
    if passed < least {
        return Err(format!("{passed} tests passed, at least {least} were expected"));
    }
    Ok(())
}
