//! The programs that tasks and tests call, and the packages that bring them.

use std::process::Command;

use crate::shell;

/// A program, and Debian's package that brings it.
const DEBIAN: [(&str, &str); 18] = [
    ("openssl", "openssl"),
    ("gzip", "gzip"),
    ("kill", "procps"),
    ("strace", "strace"),
    ("unshare", "util-linux"),
    ("ip", "iproute2"),
    ("redis-server", "redis-server"),
    ("chromium", "chromium"),
    ("chromedriver", "chromium-driver"),
    ("python3", "python3-venv"),
    ("qemu-system-arm", "qemu-system-arm"),
    ("size", "binutils"),
    ("dpkg-deb", "dpkg"),
    ("valgrind", "valgrind"),
    ("llvm-profdata-22", "llvm-22"),
    ("node", "nodejs"),
    ("npm", "npm"),
    ("pkg-config", "pkg-config libssl-dev"),
];

/// A subcommand of cargo, and the version that the figures were made with.
const CARGO: [(&str, &str); 7] = [
    ("cargo-deny", "0.20.2"),
    ("cargo-fuzz", "0.13.2"),
    ("cargo-hack", "0.6.46"),
    ("cargo-llvm-cov", "0.9.1"),
    ("cargo-mutants", "27.1.0"),
    ("cargo-public-api", "0.52.0"),
    ("cargo-semver-checks", "0.51.0"),
];

/// Debian's packages of the programs that are missing.
pub(crate) fn missing_packages() -> Vec<&'static str> {
    let missing = DEBIAN.iter().filter(|(program, _)| !is_there(program));
    missing.map(|(_, package)| *package).collect()
}

/// Fails with what to install where one of the programs is missing.
pub(crate) fn require(programs: &[&str]) -> Result<(), String> {
    let missing: Vec<String> = programs.iter().filter_map(|program| advice(program)).collect();
    if missing.is_empty() { Ok(()) } else { Err(missing.join("\n")) }
}

fn advice(program: &str) -> Option<String> {
    if is_there(program) {
        return None;
    }
    if let Some((_, version)) = CARGO.iter().find(|(name, _)| name == &program) {
        return Some(format!(
            "{program} is missing: run `cargo xtask setup --assurance`, or `cargo install --locked {program} --version {version}`"
        ));
    }
    let package = DEBIAN.iter().find(|(name, _)| name == &program).map(|(_, package)| package);
    Some(format!("{program} is missing: install the package {}", package.unwrap_or(&program)))
}

/// Installs a subcommand of cargo beneath `target`, where it is missing.
pub(crate) fn install(program: &str) -> Result<(), String> {
    let version = CARGO.iter().find(|(name, _)| name == &program).map(|(_, version)| version);
    match version {
        Some(version) if !is_there(program) => shell::run(&format!(
            "cargo install --quiet --locked --root target/tools {program} --version {version}"
        )),
        Some(_) => Ok(()),
        None => Err(format!("{program} has no version here")),
    }
}

/// Installs every subcommand that assurance calls.
pub(crate) fn install_all() -> Result<(), String> {
    CARGO.iter().try_for_each(|(program, _)| install(program))
}

fn is_there(program: &str) -> bool {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("command -v {program}")]);
    shell::with_tools(&mut command);
    command.output().is_ok_and(|output| output.status.success())
}
