//! The program built twice, in two folders of different names: the same bytes.

use std::fs;
use std::path::{Path, PathBuf};

use crate::shell;

/// What the flags make of the two folders that a build knows.
const SOURCE: &str = "/source";
const REGISTRY: &str = "/registry";

pub(crate) fn run() -> Result<(), String> {
    let root = shell::root().join("target/reproducible");
    let _ = fs::remove_dir_all(&root);
    let mut digests = Vec::new();
    for name in ["one", "another-name"] {
        let folder = root.join(name);
        fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        copy_committed(&folder)?;
        let target = folder.join("target");
        build(&folder, &target)?;
        let program = target.join("release/signer");
        let digest = shell::output(&format!("sha256sum {}", program.display()))?;
        digests.push(digest.split_whitespace().next().unwrap_or_default().to_owned());
    }
    let [one, other] = &digests[..] else { return Err("two builds".into()) };
    if one != other {
        return Err(format!("reproducible: {one} and {other}, compare {}", root.display()));
    }
    println!("two builds in two folders: sha256 {one}");
    fs::remove_dir_all(&root).map_err(|error| error.to_string())
}

/// What a fresh clone would hold.
pub(crate) fn copy_committed(folder: &Path) -> Result<(), String> {
    let archive = folder.join("source.tar");
    shell::run(&format!("git archive --output {} HEAD", archive.display()))?;
    shell::run(&format!("tar -xf {} -C {}", archive.display(), folder.display()))
}

/// Builds the program as a release is built.
pub(crate) fn build(folder: &Path, target: &Path) -> Result<(), String> {
    let cargo_home = cargo_home()?;
    let maps = [(folder, SOURCE), (cargo_home.as_path(), REGISTRY)];
    let join = |flag: &str| {
        let flags = maps.iter().map(|(from, to)| format!("{flag}={}={to}", from.display()));
        flags.collect::<Vec<_>>().join(" ")
    };
    let mut command = shell::command("cargo build --release --locked --quiet --package signer-cli");
    command
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", target)
        .env("RUSTFLAGS", join("--remap-path-prefix"))
        // The C of aws-lc names its files, too.
        .env("CFLAGS", join("-ffile-prefix-map"))
        .env("SOURCE_DATE_EPOCH", "0");
    shell::run_command(command, &format!("cargo build --release (in {})", folder.display()))
}

fn cargo_home() -> Result<PathBuf, String> {
    let home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
    home.ok_or_else(|| "reproducible: neither CARGO_HOME nor HOME is set".into())
}
