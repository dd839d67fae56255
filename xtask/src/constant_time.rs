//! Secret bytes marked as undefined, under valgrind: memcheck reports each branch and each address that
//! depends on one. No report may be in our own code; those in dependencies are listed with a reason.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Stdio;

use serde::{Deserialize, Serialize};

use crate::programs;
use crate::shell::{self, Profile};

/// The case that branches on its secret: without its reports the check sees nothing.
const CONTROL: &str = "control-variable-time";

/// A place in a dependency: where it is, why it may depend on a secret, and how many reports each case has.
#[derive(Debug, Deserialize, Serialize)]
struct Known {
    reason: String,
    cases: BTreeMap<String, usize>,
}

type Places = BTreeMap<String, Known>;

pub(crate) fn run(update: bool) -> Result<(), String> {
    programs::require(&["valgrind"])?;
    let program = shell::build_harness("constant-time", Profile::Release)?;
    let mut list = shell::program(&program);
    list.arg("--list");
    let list = shell::output_of(list)?;
    let mut found: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
    let mut own = Vec::new();
    let (mut cases, mut controls) = (0, 0);
    for case in list.lines() {
        let reports = reports(&program, case)?;
        if case == CONTROL {
            if reports.is_empty() {
                return Err("constant-time: the control went unseen".into());
            }
            controls += 1;
            eprintln!("constant-time: the control gives {} reports, as it must", reports.len());
            continue;
        }
        cases += 1;
        for place in reports {
            match place {
                Place::Own(place) => own.push(format!("{case}: {place}")),
                Place::Dependency(place) => {
                    *found.entry(place).or_default().entry(case.into()).or_default() += 1;
                }
            }
        }
    }
    if controls != 1 || cases < 24 {
        return Err(format!("constant-time: {cases} paths and {controls} controls"));
    }
    if !own.is_empty() {
        return Err(format!("constant-time: in our own code:\n{}", own.join("\n")));
    }
    let file = shell::root().join("xtask/harness/constant-time/known.json");
    let known = read(&file)?;
    if update {
        return write(&file, known, found);
    }
    let faults = compare(&known, &found);
    if !faults.is_empty() {
        return Err(format!("constant-time: {}", faults.join("\n")));
    }
    let reports: usize = found.values().flat_map(BTreeMap::values).sum();
    println!(
        "{cases} secret paths, 0 reports in our own code; {reports} in {} known places of dependencies",
        found.len()
    );
    Ok(())
}

enum Place {
    Own(String),
    Dependency(String),
}

/// Runs one case under memcheck.
fn reports(program: &Path, case: &str) -> Result<Vec<Place>, String> {
    let xml = shell::root().join(format!("target/harness/{case}.xml"));
    let mut command =
        shell::command("valgrind --quiet --num-callers=24 --read-inline-info=yes --xml=yes");
    command.arg(format!("--xml-file={}", xml.display())).arg(program).arg(case);
    let status = command.stdout(Stdio::null()).status().map_err(|error| error.to_string())?;
    if !status.success() {
        return Err(format!("constant-time: {case} ended with {status}"));
    }
    let xml = fs::read_to_string(xml).map_err(|error| error.to_string())?;
    Ok(elements(&xml, "error")
        .filter(|error| element(error, "kind").starts_with("Uninit"))
        .map(|error| place(element(error, "stack")))
        .collect())
}

/// The innermost frame that is of a crate: what stands in the library's own code, or in C, is inlined
/// into it or called by it.
fn place(stack: &str) -> Place {
    for frame in elements(stack, "frame") {
        let (folder, file) = (element(frame, "dir"), element(frame, "file"));
        if folder.is_empty() || folder.contains("/rustc/") {
            continue;
        }
        let line = element(frame, "line");
        let path = format!("{folder}/{file}");
        let path = path.replace("/./", "/");
        return match path.split_once("/registry/src/") {
            Some((_, path)) => {
                let path = path.split_once('/').map_or(path, |(_, path)| path);
                Place::Dependency(format!("{path}:{line}"))
            }
            None => Place::Own(format!("{path}:{line} in {}", element(frame, "fn"))),
        };
    }
    Place::Own("a place that valgrind cannot name".into())
}

fn elements<'a>(xml: &'a str, name: &str) -> std::vec::IntoIter<&'a str> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let inside = xml.split(open.as_str()).skip(1);
    let found: Vec<&str> = inside.filter_map(|rest| Some(rest.split_once(&close)?.0)).collect();
    found.into_iter()
}

fn element<'a>(xml: &'a str, name: &str) -> &'a str {
    elements(xml, name).next().unwrap_or_default()
}

fn read(file: &Path) -> Result<Places, String> {
    match fs::read(file) {
        Ok(text) => serde_json::from_slice(&text).map_err(|error| error.to_string()),
        Err(_) => Ok(Places::new()),
    }
}

/// Takes the counts as they are, and keeps the reasons.
fn write(
    file: &Path,
    mut known: Places,
    found: BTreeMap<String, BTreeMap<String, usize>>,
) -> Result<(), String> {
    let mut places = Places::new();
    for (place, cases) in found {
        let reason = known.remove(&place).map(|it| it.reason).unwrap_or_default();
        places.insert(place, Known { reason, cases });
    }
    let text = serde_json::to_string_pretty(&places).map_err(|error| error.to_string())?;
    fs::write(file, text + "\n").map_err(|error| error.to_string())
}

fn compare(known: &Places, found: &BTreeMap<String, BTreeMap<String, usize>>) -> Vec<String> {
    let mut faults = Vec::new();
    for (place, cases) in found {
        let Some(known) = known.get(place) else {
            faults.push(format!("{place}: new, in {cases:?}"));
            continue;
        };
        if known.reason.is_empty() {
            faults.push(format!("{place}: known without a reason"));
        }
        for (case, count) in cases {
            let allowed = known.cases.get(case).copied().unwrap_or(0);
            if *count > allowed {
                faults.push(format!("{place}: {count} reports in {case}, {allowed} are known"));
            }
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    const STACK: &str = "<frame><fn>memcmp</fn></frame>\
        <frame><fn>eq</fn><dir>/rustc/1/library/core/src</dir><file>cmp.rs</file><line>1</line></frame>";

    #[test]
    fn a_report_is_laid_at_the_innermost_crate() {
        let ours = "<frame><fn>f</fn><dir>/a/crates/signer-core/src</dir><file>p256.rs</file><line>7</line></frame>";
        let theirs = "<frame><fn>g</fn><dir>/c/registry/src/index-1/p256-0.14.0</dir><file>src/lib.rs</file><line>9</line></frame>";
        let placed = |stack: &str| match place(stack) {
            Place::Own(place) => format!("own {place}"),
            Place::Dependency(place) => place,
        };
        assert_eq!(
            placed(&format!("{STACK}{ours}{theirs}")),
            "own /a/crates/signer-core/src/p256.rs:7 in f"
        );
        assert_eq!(placed(&format!("{STACK}{theirs}{ours}")), "p256-0.14.0/src/lib.rs:9");
        assert!(placed(STACK).starts_with("own"));
    }

    #[test]
    fn a_new_place_a_rise_and_a_missing_reason_are_faults() {
        let cases = |count| BTreeMap::from([("sign".to_owned(), count)]);
        let known = |reason: &str| {
            Places::from([("a:1".to_owned(), Known { reason: reason.into(), cases: cases(2) })])
        };
        let found = |place: &str, count| BTreeMap::from([(place.to_owned(), cases(count))]);
        assert!(compare(&known("why"), &found("a:1", 2)).is_empty());
        assert_eq!(compare(&known("why"), &found("a:1", 3)).len(), 1);
        assert_eq!(compare(&known(""), &found("a:1", 1)).len(), 1);
        assert_eq!(compare(&known("why"), &found("b:1", 1)).len(), 1);
    }
}
