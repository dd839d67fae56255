//! Running programs, with what they print shown as it comes.

use std::path::PathBuf;
use std::process::{Command, Stdio};

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.parent().map_or_else(|| here.clone(), PathBuf::from)
}

/// A command in the root of the repository, given as words.
pub(crate) fn command(words: &str) -> Command {
    let mut words = words.split_whitespace();
    let mut command = Command::new(words.next().unwrap_or_default());
    command.args(words).current_dir(root());
    with_tools(&mut command);
    command
}

/// A line for a shell, in the root of the repository.
pub(crate) fn script(line: &str) -> Command {
    let mut command = command("sh -c");
    command.arg(line);
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
pub(crate) fn run(words: &str) -> Result<(), String> {
    run_command(command(words), words)
}

/// Runs a prepared command that must succeed.
pub(crate) fn run_command(mut command: Command, name: &str) -> Result<(), String> {
    eprintln!("\n$ {name}");
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{name}` failed: {status}")),
        Err(error) => Err(format!("`{name}` could not be started: {error}")),
    }
}

/// Builds the program where it is looked for, whatever target folder the environment names.
pub(crate) fn build_signer(profile: &str) -> Result<PathBuf, String> {
    let words = format!("cargo build --quiet --locked --package signer-cli{profile}");
    let mut build = command(&words);
    build.env("CARGO_TARGET_DIR", root().join("target"));
    run_command(build, &words)?;
    let folder = if profile.contains("release") { "release" } else { "debug" };
    Ok(root().join("target").join(folder).join("signer"))
}

/// Builds one of the programs in `xtask/harness`, each a workspace of its own, optimised.
pub(crate) fn build_harness(name: &str) -> Result<PathBuf, String> {
    let target = root().join("target/harness");
    let mut build = command("cargo build --release --locked --quiet");
    build.current_dir(root().join("xtask/harness").join(name)).env("CARGO_TARGET_DIR", &target);
    run_command(build, &format!("cargo build --release (in xtask/harness/{name})"))?;
    Ok(target.join("release").join(format!("{name}-harness")))
}

/// Runs a command that must succeed, and returns its standard output.
pub(crate) fn output(words: &str) -> Result<String, String> {
    let output = command(words)
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("`{words}` could not be started: {error}"))?;
    if !output.status.success() {
        return Err(format!("`{words}` failed: {}", output.status));
    }
    String::from_utf8(output.stdout).map_err(|error| error.to_string())
}
