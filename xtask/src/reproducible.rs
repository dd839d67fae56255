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
        let mut digest = shell::command("sha256sum");
        digest.arg(program);
        let digest = shell::output_of(digest)?;
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
    let mut pack = shell::command("git archive --output");
    pack.arg(&archive).arg("HEAD");
    shell::run_command(pack)?;
    let mut unpack = shell::command("tar -xf");
    unpack.arg(archive).arg("-C").arg(folder);
    shell::run_command(unpack)
}

/// Builds the program as a release is built.
pub(crate) fn build(folder: &Path, target: &Path) -> Result<(), String> {
    let cargo_home = cargo_home()?;
    let maps = [(folder, SOURCE), (cargo_home.as_path(), REGISTRY)];
    let flags = |flag: &str| -> Vec<String> {
        maps.iter().map(|(from, to)| format!("{flag}={}={to}", from.display())).collect()
    };
    let c_flags = flags("-ffile-prefix-map");
    let c_flags: Vec<String> = c_flags.iter().map(|flag| shell::quoted(flag.as_ref())).collect();
    let mut command = shell::command("cargo build --release --locked --quiet --package signer-cli");
    command
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", target)
        // Flags that are separated by this byte may hold spaces.
        .env("CARGO_ENCODED_RUSTFLAGS", flags("--remap-path-prefix").join("\u{1f}"))
        // The C of aws-lc names its files, too.
        .env("CC_SHELL_ESCAPED_FLAGS", "1")
        .env("CFLAGS", c_flags.join(" "))
        .env("SOURCE_DATE_EPOCH", "0");
    shell::run_command(command)
}

fn cargo_home() -> Result<PathBuf, String> {
    let home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
    home.ok_or_else(|| "reproducible: neither CARGO_HOME nor HOME is set".into())
}
