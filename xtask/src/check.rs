//! The short loop: format, lints and tests of the crates that a change touches.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

use crate::shell;
use crate::steps::Steps;
use crate::testing::{Selection, Tests};

/// Only with a test among its targets does cargo take the features of dev-dependencies, and so the dependencies that
/// `test` has already checked. This is the smallest one.
const DEV_FEATURES: &str = "--test=native";

/// Tests that take five seconds and more, most of them waiting, by crate. `test` runs them.
const LONG: [(&str, &str); 15] = [
    ("signer-cli", "a_thousand_new_keys_under_load"),
    ("signer-cli", "no_device_is_waited_for_beyond_the_deadline"),
    ("signer-cli", "ten_thousand_idle_connections"),
    ("signer-client", "a_generated_key_is_kept_before_the_first_request"),
    ("signer-client", "a_herd_is_one_refresh_and_all_succeed"),
    ("signer-client", "a_kill_at_any_point_loses_nothing"),
    ("signer-client", "a_read_outlives_two_of_any_fault"),
    ("signer-client", "a_storm_is_not_fed"),
    ("signer-client", "no_call_outlives_its_deadline"),
    ("signer-client", "the_end_of_a_session_s_key_is_in_milliseconds"),
    ("signer-client", "the_pause_is_what_the_service_asks_for"),
    ("signer-server", "a_log_that_was_moved_is_noticed"),
    ("signer-server", "an_unclear_answer_owns_nothing"),
    ("signer-server", "changed_missing_and_torn_lines_are_found"),
    ("signer-server", "streams_as_expected"),
];

/// Checks the named crates, or those that differ from HEAD. Doctests and what depends on a crate are left to `test`.
pub(crate) fn run(names: &[String]) -> Result<(), String> {
    let metadata = shell::output("cargo metadata --format-version 1 --no-deps --locked")?;
    let metadata: Value = serde_json::from_str(&metadata).map_err(|error| error.to_string())?;
    let packages = metadata["packages"].as_array().ok_or("check: cargo lists no packages")?;
    let known: Vec<&str> = packages.iter().filter_map(|it| it["name"].as_str()).collect();
    let chosen = if names.is_empty() { changed()? } else { named(names, &known)? };
    if chosen.is_empty() {
        return Err("check: no crate differs from HEAD: name one".into());
    }
    let is_chosen =
        |package: &&Value| package["name"].as_str().is_some_and(|it| chosen.contains(it));
    let targets: Vec<(String, &str)> =
        packages.iter().filter(is_chosen).flat_map(targets).collect();
    let arguments = |is_wanted: fn(&str) -> bool| -> BTreeSet<String> {
        let wanted = targets.iter().filter(|(_, kind)| is_wanted(kind));
        wanted.map(|(argument, _)| argument.clone()).collect()
    };

    let mut steps = Steps::of("check");
    steps.command(format(&chosen))?;
    let mut clippy = shell::command("cargo clippy --workspace --locked --no-deps");
    clippy.args(arguments(|_| true)).args([DEV_FEATURES, "--", "-D", "warnings"]);
    steps.command(clippy)?;
    let examples = arguments(|kind| kind == "example");
    if !examples.is_empty() {
        let mut build = shell::command("cargo build --workspace --locked");
        build.args(examples);
        steps.command(build)?;
    }
    let long = LONG.iter().filter(|(name, _)| chosen.contains(*name));
    let skipped: Vec<&'static str> = long.map(|(_, test)| *test).collect();
    let left = skipped.len();
    let tests = Tests::of(&Selection {
        targets: arguments(|kind| kind != "example" && kind != "bench").into_iter().collect(),
        packages: chosen.iter().cloned().collect(),
        skipped,
        // Few of them are long, and most of those wait.
        threads_per_core: 4,
        ..Selection::default()
    });
    let passed = steps.step(&tests.line(), || tests.run())?;
    steps.finish();
    println!("{passed} tests passed; {} long tests are left to `cargo xtask test`", left);
    Ok(())
}

fn format(crates: &BTreeSet<String>) -> Command {
    let mut command = shell::command("cargo fmt --check");
    for name in crates {
        command.args(["--package", name]);
    }
    command
}

/// The targets of a package as arguments of cargo, each with its kind. With these arguments and `--workspace` cargo
/// builds the targets of one crate with the features, and so the dependencies, of the whole workspace.
fn targets(package: &Value) -> Vec<(String, &str)> {
    let targets = package["targets"].as_array().map_or(&[][..], Vec::as_slice);
    let argument = |target: &'_ Value| -> Option<(String, &'static str)> {
        let name = target["name"].as_str()?;
        match target["kind"][0].as_str()? {
            "lib" => Some(("--lib".into(), "lib")),
            "bin" => Some((format!("--bin={name}"), "bin")),
            "test" => Some((format!("--test={name}"), "test")),
            "example" => Some((format!("--example={name}"), "example")),
            "bench" => Some((format!("--bench={name}"), "bench")),
            _ => None,
        }
    };
    targets.iter().filter_map(argument).collect()
}

/// The crates of the command line. `client` stands for `signer-client`.
fn named(names: &[String], known: &[&str]) -> Result<BTreeSet<String>, String> {
    let find = |name: &String| {
        let long = format!("signer-{name}");
        let found = known.iter().find(|it| **it == name || **it == long);
        let found = found.map(|it| (*it).to_owned());
        found.ok_or_else(|| format!("check: no crate {name}; the crates are {}", known.join(", ")))
    };
    names.iter().map(find).collect()
}

fn changed() -> Result<BTreeSet<String>, String> {
    let mut files = shell::output("git diff --name-only --relative HEAD")?;
    files += &shell::output("git ls-files --others --exclude-standard")?;
    Ok(crates_of(&files))
}

/// The crates that a list of files belongs to.
fn crates_of(files: &str) -> BTreeSet<String> {
    let name = |file: &str| {
        let mut folders = file.split('/');
        match folders.next()? {
            "crates" => folders.next().map(str::to_owned),
            "xtask" if folders.next() == Some("src") => Some("xtask".to_owned()),
            _ => None,
        }
    };
    files.lines().filter_map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_long_test_is_there() {
        for (name, test) in LONG {
            let folder = shell::root().join("crates").join(name).join("tests");
            let files = std::fs::read_dir(folder).unwrap().flatten();
            let mut texts = files.filter_map(|file| std::fs::read_to_string(file.path()).ok());
            assert!(texts.any(|text| text.contains(&format!("fn {test}("))), "{test}");
        }
    }

    #[test]
    fn a_change_belongs_to_the_crate_of_its_folder() {
        let files = "crates/signer-client/src/lib.rs\ncrates/signer-client/README.md\n\
            xtask/src/main.rs\nxtask/harness/memory/src/main.rs\nREADME.md\n";
        let crates: Vec<String> = crates_of(files).into_iter().collect();
        assert_eq!(crates, ["signer-client", "xtask"]);
    }

    #[test]
    fn a_short_name_is_taken_and_an_unknown_one_is_not() {
        let names = |name: &str| named(&[name.to_owned()], &["signer-client", "xtask"]);
        assert!(names("client").unwrap().contains("signer-client"));
        assert!(names("xtask").unwrap().contains("xtask"));
        assert!(names("clint").unwrap_err().contains("signer-client, xtask"));
    }

    #[test]
    fn targets_become_arguments() {
        let package = serde_json::json!({"targets": [
            {"name": "signer_client", "kind": ["lib"]}, {"name": "client", "kind": ["test"]},
            {"name": "build-script-build", "kind": ["custom-build"]}]});
        let arguments: Vec<String> = targets(&package).into_iter().map(|(it, _)| it).collect();
        assert_eq!(arguments, ["--lib", "--test=client"]);
    }
}
