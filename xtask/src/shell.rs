//! Running programs, with their output shown as it comes.
//!
//! Words that are split at spaces are fixed texts of this source. Paths and other values are added with `arg`, so
//! that a folder with a space in its name stays one argument.

use std::ffi::OsStr;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::test::BUILD;

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.parent().map_or_else(|| here.clone(), PathBuf::from)
}

/// A command in the root of the repository, given as words.
pub(crate) fn command(words: &'static str) -> Command {
    let mut words = words.split_whitespace();
    let mut command = program(words.next().unwrap_or_default());
    command.args(words);
    command
}

/// A program in the root of the repository, given by its name or its path.
pub(crate) fn program(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root());
    with_tools(&mut command);
    command
}

/// Lets a command find the programs that `setup` installed beneath `target`.
pub(crate) fn with_tools(command: &mut Command) {
    let tools = root().join("target/tools/bin");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::iter::once(tools).chain(std::env::split_paths(&path));
    if let Ok(path) = std::env::join_paths(path) {
        command.env("PATH", path);
    }
}

/// Runs a command that must succeed.
pub(crate) fn run(words: &'static str) -> Result<(), String> {
    run_command(command(words))
}

/// Runs a prepared command that must succeed.
pub(crate) fn run_command(mut command: Command) -> Result<(), String> {
    let line = line(&command);
    eprintln!("\n$ {line}");
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{line}` failed: {status}")),
        Err(error) => Err(format!("`{line}` could not be started: {error}")),
    }
}

/// Runs a command that must succeed, and returns its standard output.
pub(crate) fn output(words: &'static str) -> Result<String, String> {
    output_of(command(words))
}

/// Runs a prepared command that must succeed, and returns its standard output.
pub(crate) fn output_of(mut command: Command) -> Result<String, String> {
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("`{}` could not be started: {error}", line(&command)))?;
    if !output.status.success() {
        return Err(format!("`{}` failed: {}", line(&command), output.status));
    }
    String::from_utf8(output.stdout).map_err(|error| error.to_string())
}

/// How the program is built.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Profile {
    /// As the tests build it, with the features that they have.
    Dev,
    Release,
}

/// Builds the program where it is looked for, whatever target folder the environment names.
pub(crate) fn build_signer(profile: Profile) -> Result<PathBuf, String> {
    let target = root().join("target");
    let (mut build, folder) = match profile {
        Profile::Dev => (command(BUILD), "debug"),
        Profile::Release => {
            (command("cargo build --locked --package signer-cli --release"), "release")
        }
    };
    build.arg("--quiet").env("CARGO_TARGET_DIR", &target);
    run_command(build)?;
    Ok(target.join(folder).join("signer"))
}

/// Builds one of the programs in `xtask/harness`, each a workspace of its own. They share a target folder for each
/// profile: that of the workspace for `Dev`.
pub(crate) fn build_harness(name: &str, profile: Profile) -> Result<PathBuf, String> {
    let (mut build, target, folder) = match profile {
        Profile::Dev => (command("cargo build"), root().join("target"), "debug"),
        Profile::Release => {
            (command("cargo build --release"), root().join("target/harness"), "release")
        }
    };
    build.args(["--locked", "--quiet"]).env("CARGO_TARGET_DIR", &target);
    build.current_dir(root().join("xtask/harness").join(name));
    run_command(build)?;
    Ok(target.join(folder).join(format!("{name}-harness")))
}

/// The command as a line for a shell, to be run in the root of the repository.
pub(crate) fn line(command: &Command) -> String {
    let mut line = String::new();
    let folder = command.get_current_dir().filter(|folder| *folder != root());
    if let Some(folder) = folder {
        let _ = write!(line, "cd {} && ", quoted(inside(folder).as_os_str()));
    }
    for (name, value) in command.get_envs().filter(|(name, _)| *name != "PATH") {
        if let Some(value) = value {
            let _ = write!(line, "{}={} ", name.display(), quoted(value));
        }
    }
    line.push_str(&quoted(command.get_program()));
    for argument in command.get_args() {
        let _ = write!(line, " {}", quoted(argument));
    }
    line
}

/// A path beneath the root, without the root.
fn inside(path: &Path) -> PathBuf {
    let root = root();
    path.strip_prefix(&root).unwrap_or(path).to_owned()
}

/// A word as a shell reads it back.
pub(crate) fn quoted(word: &OsStr) -> String {
    let word = word.display().to_string();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=,+@%".contains(&byte);
    if !word.is_empty() && word.bytes().all(is_plain) {
        return word;
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_a_space_stays_one_argument() {
        let mut command = command("tar -xf");
        command.arg("a folder/it's.tar").current_dir(root().join("a folder")).env("NAME", "a b");
        let arguments: Vec<_> = command.get_args().collect();
        assert_eq!(arguments, ["-xf", "a folder/it's.tar"]);
        assert_eq!(line(&command), r"cd 'a folder' && NAME='a b' tar -xf 'a folder/it'\''s.tar'");
    }
}
