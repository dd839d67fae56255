//! The rules of this repository that no compiler checks.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::shell;

/// The arrows between our crates. Any other is refused; dev-dependencies are no arrows.
const ARROWS: [(&str, &[&str]); 10] = [
    ("signer-core", &[]),
    ("signer-device", &["signer-core"]),
    ("signer-native", &["signer-core"]),
    ("signer-protocols", &["signer-core"]),
    ("signer-store", &["signer-core", "signer-protocols"]),
    ("signer-client", &["signer-core", "signer-protocols", "signer-store"]),
    ("signer-emulator", &["signer-core", "signer-protocols"]),
    ("signer-server", &["signer-core", "signer-protocols", "signer-store"]),
    (
        "signer-cli",
        &[
            "signer-client",
            "signer-core",
            "signer-device",
            "signer-emulator",
            "signer-native",
            "signer-protocols",
            "signer-server",
        ],
    ),
    ("xtask", &["signer-core"]),
];

/// What a room must never know, by crate: itself and what it brings.
const FORBIDDEN: [(&str, &[&str]); 3] = [
    ("signer-core", &["serde", "serde_json", "getrandom", "tokio", "reqwest"]),
    ("signer-device", &["serde", "serde_json", "getrandom", "tokio", "reqwest"]),
    ("signer-protocols", &["serde_json", "getrandom", "tokio", "reqwest"]),
];

/// The one file of the server that knows the HTTP client.
const HTTP_CLIENT: (&str, &str, &str) = ("crates/signer-server/src/", "fetch.rs", "reqwest::");

/// Files over 500 lines, each with its reason.
const LONG_FILES: [(&str, &str); 0] = [];
const MAX_LINES: usize = 500;

const MARKS: [&str; 4] = [
    concat!("todo", "!("),
    concat!("unimplemented", "!("),
    concat!("FIX", "ME"),
    concat!("#[ig", "nore"),
];

pub(crate) fn run() -> Result<(), String> {
    let metadata = shell::output("cargo metadata --format-version 1 --locked")?;
    let metadata: Value = serde_json::from_str(&metadata).map_err(|error| error.to_string())?;
    let mut faults = arrow_faults(&metadata);
    for (name, forbidden) in FORBIDDEN {
        let mut tree = shell::command(
            "cargo tree --all-features --edges normal --prefix none --locked --package",
        );
        tree.arg(name);
        let tree = shell::output_of(tree)?;
        faults.extend(forbidden_faults(name, forbidden, &tree));
    }
    let twice = shell::output(
        "cargo tree --package signer-protocols --all-features --edges normal,build --duplicates --locked",
    )?;
    if !twice.trim().is_empty() {
        faults.push(format!("core and protocols resolve with a duplicate crate:\n{twice}"));
    }
    let mut sources = 0;
    for name in shell::output("git ls-files --cached --others --exclude-standard *.rs")?.lines() {
        sources += 1;
        if let Ok(text) = fs::read_to_string(shell::root().join(name)) {
            faults.extend(file_faults(name, &text));
        }
    }
    if faults.is_empty() {
        println!("the rules hold for {sources} sources and for the arrows between crates");
        Ok(())
    } else {
        Err(faults.iter().map(|fault| format!("tidy: {fault}\n")).collect())
    }
}

fn array<'a>(value: &'a Value, member: &str) -> &'a [Value] {
    value[member].as_array().map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_default()
}

/// Our crates, and what each depends on outside of tests.
fn arrow_faults(metadata: &Value) -> Vec<String> {
    let members = array(metadata, "workspace_members");
    let ours: Vec<&Value> = array(metadata, "packages")
        .iter()
        .filter(|package| members.contains(&package["id"]))
        .collect();
    let names: Vec<&str> = ours.iter().map(|package| text(package, "name")).collect();
    let mut faults = Vec::new();
    for package in ours {
        let name = text(package, "name");
        let Some((_, allowed)) = ARROWS.iter().find(|(from, _)| *from == name) else {
            faults.push(format!("crate {name} has no place in the drawing: add it to ARROWS"));
            continue;
        };
        for dependency in array(package, "dependencies") {
            let to = text(dependency, "name");
            if dependency["kind"] != "dev" && names.contains(&to) && !allowed.contains(&to) {
                faults.push(format!("{name} -> {to} is no arrow of the drawing"));
            }
        }
    }
    faults
}

/// What a crate brings with every feature on, outside of tests and builds: `tree` is what
/// `cargo tree --prefix none` prints of it, a crate a line.
fn forbidden_faults(name: &str, forbidden: &[&str], tree: &str) -> Vec<String> {
    let brought: BTreeSet<&str> =
        tree.lines().filter_map(|line| line.split_whitespace().next()).collect();
    forbidden
        .iter()
        .filter(|crate_name| brought.contains(**crate_name))
        .map(|crate_name| format!("{name} must never know {crate_name}"))
        .collect()
}

fn file_faults(name: &str, source: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let lines = source.lines().count();
    if lines > MAX_LINES && !LONG_FILES.iter().any(|(long, _)| *long == name) {
        faults.push(format!("{name} has {lines} lines: split it, or list it with its reason"));
    }
    for mark in MARKS {
        if source.contains(mark) {
            faults.push(format!("{name} holds {mark}"));
        }
    }
    let (folder, door, client) = HTTP_CLIENT;
    if name.strip_prefix(folder).is_some_and(|file| file != door) && source.contains(client) {
        faults.push(format!("{name} names {client} behind the back of {door}"));
    }
    if Path::new(name).file_name().is_some_and(|file| file == "mod.rs") {
        faults.push(format!("{name}: write foo.rs beside foo/"));
    }
    faults
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{arrow_faults, file_faults, forbidden_faults};

    #[test]
    fn a_wrong_arrow_is_found() {
        let metadata = |kind: serde_json::Value| {
            json!({
                "workspace_members": ["core", "protocols"],
                "packages": [
                    {"id": "core", "name": "signer-core", "dependencies":
                        [{"name": "signer-protocols", "kind": kind}]},
                    {"id": "protocols", "name": "signer-protocols", "dependencies":
                        [{"name": "signer-core", "kind": null}]},
                ],
            })
        };
        assert_eq!(
            arrow_faults(&metadata(json!(null))),
            ["signer-core -> signer-protocols is no arrow of the drawing"]
        );
        assert!(arrow_faults(&metadata(json!("dev"))).is_empty());
    }

    #[test]
    fn a_crate_without_a_place_is_found() {
        let metadata = json!({
            "workspace_members": ["x"],
            "packages": [{"id": "x", "name": "signer-x", "dependencies": []}],
        });
        assert_eq!(arrow_faults(&metadata).len(), 1);
    }

    #[test]
    fn a_forbidden_crate_is_found() {
        let tree = "signer-core v0.1.0 (/x)\nsubtle v2.6.1\nserde_core v1.0.228 (*)\n";
        assert!(forbidden_faults("signer-core", &["serde"], tree).is_empty());
        let tree = format!("{tree}serde v1.0.228\n");
        let faults = forbidden_faults("signer-core", &["serde"], &tree);
        assert_eq!(faults, ["signer-core must never know serde"]);
    }

    #[test]
    fn long_and_unfinished_files_are_found() {
        assert!(file_faults("src/a.rs", "fn main() {}\n").is_empty());
        assert_eq!(file_faults("src/a.rs", &"\n".repeat(501)).len(), 1);
        assert_eq!(file_faults("src/a.rs", concat!("todo", "!()")).len(), 1);
        assert_eq!(file_faults("src/a/mod.rs", "").len(), 1);
        assert_eq!(file_faults("crates/signer-server/src/a.rs", "use reqwest::Url;").len(), 1);
        assert!(file_faults("crates/signer-server/src/fetch.rs", "use reqwest::Url;").is_empty());
    }
}
