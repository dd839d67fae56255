//! What a release is made of, tried without publishing: versions, changelog, API, packages, archive with its SBOM.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::{programs, reproducible, sbom, shell};

/// The crates in the order of their dependencies.
const ORDER: [&str; 8] = [
    "signer-core",
    "signer-device",
    "signer-protocols",
    "signer-native",
    "signer-server",
    "signer-emulator",
    "signer-client",
    "signer-cli",
];

pub(crate) fn dry_run() -> Result<(), String> {
    let version = versions()?;
    changelog(&version)?;
    semver()?;
    packages(&version)?;
    let archive = archive(&version)?;
    println!(
        "release {version}: versions, changelog, {} packages, {}",
        ORDER.len(),
        archive.display()
    );
    Ok(())
}

/// All crates have one version, say how they are licensed, and none is published by accident.
fn versions() -> Result<String, String> {
    let metadata = shell::output("cargo metadata --format-version 1 --no-deps --locked")?;
    let metadata: Value = serde_json::from_str(&metadata).map_err(|error| error.to_string())?;
    let packages = metadata["packages"].as_array().ok_or("release: no packages")?;
    let mut names: Vec<&str> = Vec::new();
    let mut version = "";
    for package in packages.iter().filter(|package| package["name"] != "xtask") {
        let text = |field: &str| package[field].as_str().unwrap_or_default();
        for field in ["description", "license", "readme", "repository", "rust_version"] {
            if text(field).is_empty() {
                return Err(format!("release: {} has no {field}", text("name")));
            }
        }
        // The names of two of them belong to others on the public registry: none goes there until all have names.
        if package["publish"] != Value::Array(Vec::new()) {
            return Err(format!("release: {} could be published", text("name")));
        }
        if !version.is_empty() && text("version") != version {
            return Err(format!("release: {} has another version than {version}", text("name")));
        }
        version = text("version");
        names.push(text("name"));
    }
    names.sort_unstable();
    let mut known = ORDER;
    known.sort_unstable();
    if names != known {
        return Err(format!("release: the order knows {known:?}, the workspace has {names:?}"));
    }
    Ok(version.to_owned())
}

/// Keep a Changelog: a section for what is not released, one for this version with its date, no empty list.
fn changelog(version: &str) -> Result<(), String> {
    let file = shell::root().join("CHANGELOG.md");
    let text =
        fs::read_to_string(file).map_err(|error| format!("release: CHANGELOG.md: {error}"))?;
    let heads: Vec<&str> = text.lines().filter(|line| line.starts_with("## [")).collect();
    if heads.first() != Some(&"## [Unreleased]") {
        return Err("release: CHANGELOG.md begins with [Unreleased]".into());
    }
    let this = format!("## [{version}] - ");
    let date = heads.iter().find_map(|head| head.strip_prefix(&this));
    let is_date = |date: &str| {
        let form = date.bytes().zip("0000-00-00".bytes());
        date.len() == 10
            && form
                .into_iter()
                .all(|(byte, form)| if form == b'0' { byte.is_ascii_digit() } else { byte == form })
    };
    if !date.is_some_and(is_date) {
        return Err(format!("release: CHANGELOG.md has no section {this}YYYY-MM-DD"));
    }
    for link in ["[Unreleased]: ".to_owned(), format!("[{version}]: ")] {
        if !text.contains(&link) {
            return Err(format!("release: CHANGELOG.md has no link {link}"));
        }
    }
    Ok(())
}

/// Against the last release, where there is one.
fn semver() -> Result<(), String> {
    let tags = shell::output("git tag --list v* --sort=-version:refname")?;
    let Some(last) = tags.lines().next() else {
        eprintln!("release: no version was released yet, so there is no API to keep");
        return Ok(());
    };
    programs::install("cargo-semver-checks")?;
    let mut check = shell::command("cargo semver-checks --baseline-rev");
    check.arg(last).args(ORDER[..7].iter().flat_map(|name| ["--package", name]));
    shell::run_command(check)
}

/// Packages every crate in a copy where publishing is not forbidden: only so does cargo take the crates of this
/// workspace for each other, and not others of the same name. Those at the bottom are built from their packages.
fn packages(version: &str) -> Result<(), String> {
    let copy = shell::root().join("target/package-source");
    let _ = fs::remove_dir_all(&copy);
    fs::create_dir_all(&copy).map_err(|error| error.to_string())?;
    reproducible::copy_committed(&copy)?;
    let manifest = copy.join("Cargo.toml");
    let text = fs::read_to_string(&manifest).map_err(|error| error.to_string())?;
    let open = text.replace("\npublish = false\n", "\npublish = [\"crates-io\"]\n");
    write(&manifest, &open)?;
    let target = shell::root().join("target/package-target");
    let package = |names: &[&str], more: &[&str]| {
        let mut command = shell::command("cargo package --quiet --locked --allow-dirty");
        command.args(more).args(names.iter().flat_map(|name| ["--package", name]));
        command.current_dir(&copy).env("CARGO_TARGET_DIR", &target);
        shell::run_command(command)
    };
    package(&ORDER, &["--no-verify"])?;
    for name in ORDER {
        let file = target.join(format!("package/{name}-{version}.crate"));
        let mut list = shell::command("tar -tzf");
        list.arg(&file);
        let files = shell::output_of(list)?;
        for needed in ["Cargo.toml", "README.md", "src/"] {
            if !files.lines().any(|line| line.contains(needed)) {
                return Err(format!("release: the package of {name} has no {needed}"));
            }
        }
        let size = fs::metadata(&file).map_err(|error| error.to_string())?.len();
        eprintln!("release: {name}-{version}.crate, {size} bytes, {} files", files.lines().count());
    }
    package(&ORDER[..3], &[])
}

/// The program with its completions, its manual, its texts and the list of what is in it, the same bytes each time, and a checksum.
fn archive(version: &str) -> Result<PathBuf, String> {
    let target = shell::root().join("target/dist");
    reproducible::build(&shell::root(), &target)?;
    let host = shell::output("rustc --print host-tuple")?;
    let name = format!("signer-{version}-{}", host.trim());
    let folder = target.join(&name);
    let _ = fs::remove_dir_all(&folder);
    for part in ["completions", "man"] {
        fs::create_dir_all(folder.join(part)).map_err(|error| error.to_string())?;
    }
    let program = folder.join("signer");
    copy(&target.join("release/signer"), &program)?;
    for text in ["README.md", "CHANGELOG.md", "SECURITY.md", "LICENSE-APACHE", "LICENSE-MIT"] {
        copy(&shell::root().join(text), &folder.join(text))?;
    }
    for (shell_name, file) in [("bash", "signer.bash"), ("zsh", "_signer"), ("fish", "signer.fish")]
    {
        let script = printed(&program, &["completions", shell_name])?;
        write(&folder.join("completions").join(file), &script)?;
    }
    let commands = commands(&program, &[])?;
    if commands.len() < 20 {
        return Err(format!("release: the help names {} commands", commands.len()));
    }
    for command in commands {
        let words: Vec<&str> = command.iter().map(String::as_str).collect();
        let page = printed(&program, &[&["man"], &words[..]].concat())?;
        let name = [&["signer"], &words[..]].concat().join("-");
        write(&folder.join("man").join(format!("{name}.1")), &page)?;
    }
    write(&folder.join("signer.cdx.json"), &sbom::of_the_program(host.trim())?)?;
    let archive = target.join(format!("{name}.tar.gz"));
    let mut tar = shell::command("tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner");
    tar.arg("--use-compress-program=gzip -n").arg("--directory").arg(&target);
    tar.arg("-cf").arg(&archive).arg(&name);
    shell::run_command(tar)?;
    let mut command = shell::command("sha256sum");
    command.arg(format!("{name}.tar.gz")).current_dir(&target);
    let output = command.output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err("release: no checksum".into());
    }
    fs::write(target.join("SHA256SUMS"), &output.stdout).map_err(|error| error.to_string())?;
    eprint!("{}", String::from_utf8_lossy(&output.stdout));
    Ok(archive)
}

fn printed(program: &Path, words: &[&str]) -> Result<String, String> {
    let mut command = shell::program(program);
    command.args(words);
    shell::output_of(command)
}

/// The words of every command, found in the help of the one above it.
fn commands(program: &Path, above: &[String]) -> Result<Vec<Vec<String>>, String> {
    let words: Vec<&str> = above.iter().map(String::as_str).chain(["--help"]).collect();
    let help = printed(program, &words)?;
    let mut found = vec![above.to_owned()];
    let list = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    for line in list.take_while(|line| line.starts_with("  ")) {
        let name = line.split_whitespace().next().unwrap_or_default();
        if name != "help" && !name.is_empty() && line.starts_with("  ") && !line.starts_with("   ")
        {
            found.extend(commands(program, &[above, &[name.to_owned()]].concat())?);
        }
    }
    Ok(found)
}

fn copy(from: &Path, to: &Path) -> Result<(), String> {
    fs::copy(from, to).map(drop).map_err(|error| format!("release: {}: {error}", from.display()))
}

fn write(file: &Path, text: &str) -> Result<(), String> {
    fs::write(file, text).map_err(|error| format!("release: {}: {error}", file.display()))
}
