//! What is left in a process's memory of a secret that was read, used and dropped.

mod keys;
mod needles;
mod process;

use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::Stdio;

use self::keys::{Case, Source};
use self::needles::Needles;
use self::process::{Place, Stopped};
use crate::shell::{self, Profile};

pub(crate) fn run(release: bool) -> Result<(), String> {
    let profile = if release { Profile::Release } else { Profile::Dev };
    let program = shell::build_signer(profile)?;
    let harness = shell::build_harness("memory", profile)?;
    let folder = shell::root().join("target/memory");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).map_err(|error| error.to_string())?;

    let mut stack = 0;
    let mut faults = Vec::new();
    let runs = keys::runs();
    for (case, source) in &runs {
        let found = scan_program(&program, case, *source, &folder)?;
        let environment = found.iter().any(|place| matches!(place, Place::Environment));
        if environment != matches!(source, Source::Environment) {
            faults.push(format!(
                "{} from {source:?}: the environment block, {environment}",
                case.name
            ));
        }
        stack += found.iter().filter(|place| matches!(place, Place::Stack)).count();
        faults.extend(found.iter().filter_map(|place| match place {
            Place::Heap(what) => Some(format!("{} from {source:?}: {what}", case.name)),
            _ => None,
        }));
    }
    let mut list = shell::program(&harness);
    list.arg("--list");
    let list = shell::output_of(list)?;
    let (mut types, mut controls) = (0, 0);
    for case in list.lines() {
        let found = scan_type(&harness, case, &folder)?;
        let heap: Vec<&Place> = found.iter().filter(|it| matches!(it, Place::Heap(_))).collect();
        if case == "control" {
            if heap.is_empty() {
                return Err("memory: the control's copy went unseen".into());
            }
            controls += 1;
            continue;
        }
        types += 1;
        stack += found.iter().filter(|place| matches!(place, Place::Stack)).count();
        faults.extend(heap.iter().map(|place| format!("{case}: {place:?}")));
    }
    if controls != 1 || types < 9 || runs.len() < 28 {
        return Err(format!("memory: {types} types and {} runs of the program", runs.len()));
    }
    if !faults.is_empty() {
        return Err(format!("memory: copies were left:\n{}", faults.join("\n")));
    }
    println!(
        "{} runs of the program and {types} types: 0 heap copies; {stack} pieces on stacks; the environment block keeps what it was given",
        runs.len()
    );
    Ok(())
}

/// Runs a command of the program and looks at its memory when it is about to print: by then its keys
/// are dropped, and nobody reads what it prints.
fn scan_program(
    program: &Path,
    case: &Case,
    source: Source,
    folder: &Path,
) -> Result<Vec<Place>, String> {
    let file = folder.join("secret");
    let mut command = shell::program(program);
    let mut arguments = case.arguments(folder)?;
    let place = match source {
        Source::File => {
            fs::write(&file, &case.text).map_err(|error| error.to_string())?;
            file.display().to_string()
        }
        Source::StandardInput => "-".into(),
        Source::Environment => {
            let text = std::str::from_utf8(&case.text).map_err(|error| error.to_string())?;
            command.env("SIGNER_TEST_SECRET", text);
            "env:SIGNER_TEST_SECRET".into()
        }
    };
    arguments.extend([case.option.into(), place]);
    command.args(&arguments).stdin(Stdio::piped()).stderr(Stdio::null());
    let stopped = Stopped::at_its_first_print(command, |mut input| {
        // A pipe holds a key whole: this does not wait.
        if matches!(source, Source::StandardInput) { input.write_all(&case.text) } else { Ok(()) }
    })?;
    stopped.find(&case.needles)
}

fn scan_type(harness: &Path, case: &str, folder: &Path) -> Result<Vec<Place>, String> {
    let secret = keys::random_hex()?;
    let mut child = shell::program(harness)
        .arg(case)
        .arg(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| error.to_string())?;
    let mut input = child.stdin.take().ok_or("no input")?;
    input.write_all(secret.as_bytes()).map_err(|error| error.to_string())?;
    let mut ready = [0; 6];
    let mut output = child.stdout.take().ok_or("no output")?;
    output.read_exact(&mut ready).map_err(|error| format!("memory: {case}: {error}"))?;
    let stopped = Stopped::already(child);
    stopped.find(&Needles::of_text(secret.as_bytes()))
}
