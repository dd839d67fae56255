//! The programs that tasks and tests call, and the packages that bring them.

use std::process::Command;

use crate::shell;

/// A line for a shell that succeeds where something is there, and Debian's packages that bring it.
const DEBIAN: [(&str, &str); 17] = [
    ("openssl version", "openssl"),
    ("gzip --version", "gzip"),
    ("command -v kill", "procps"),
    ("strace --version", "strace"),
    ("unshare --version && taskset --version", "util-linux"),
    ("ip -V", "iproute2"),
    ("redis-server --version", "redis-server"),
    ("command -v chromium", "chromium"),
    ("command -v chromedriver", "chromium-driver"),
    ("python3 -c 'import ensurepip'", "python3-venv"),
    ("qemu-system-arm --version", "qemu-system-arm"),
    ("size --version", "binutils"),
    ("dpkg-deb --version", "dpkg"),
    ("valgrind --version", "valgrind"),
    ("node --version", "nodejs"),
    ("npm --version", "npm"),
    ("pkg-config --exists openssl", "pkg-config libssl-dev"),
];

/// What only assurance and the benchmarks call.
const DEBIAN_ASSURANCE: [(&str, &str); 2] =
    [("llvm-profdata-22 --version", "llvm-22"), ("command -v wrk", "wrk")];

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

/// Debian's packages of what is missing.
pub(crate) fn missing_packages(assurance: bool) -> Vec<&'static str> {
    let more = DEBIAN_ASSURANCE.iter().filter(|_| assurance);
    let missing = DEBIAN.iter().chain(more).filter(|(probe, _)| !succeeds(probe));
    missing.map(|(_, package)| *package).collect()
}

/// Fails with what to install where one of the programs is missing.
pub(crate) fn require(programs: &[&str]) -> Result<(), String> {
    let advice = |program: &&&str| {
        let known = DEBIAN.iter().chain(&DEBIAN_ASSURANCE);
        let mut known = known.filter(|(probe, _)| probe.split(' ').any(|word| word == **program));
        let package = known.next().map_or(**program, |(_, package)| package);
        format!(
            "{program} is missing: install Debian's package {package}, or run `cargo xtask setup`"
        )
    };
    let missing = programs.iter().filter(|program| !is_there(program));
    let missing: Vec<String> = missing.map(|program| advice(&program)).collect();
    if missing.is_empty() { Ok(()) } else { Err(missing.join("\n")) }
}

/// The compiler whose options are not stable: fuzzing, oldest versions and API listings need it.
pub(crate) fn require_nightly() -> Result<(), String> {
    if succeeds("cargo +nightly --version") {
        return Ok(());
    }
    Err("the nightly compiler is missing: run `rustup toolchain install nightly --profile minimal`"
        .into())
}

/// Installs a subcommand of cargo beneath `target`, where it is missing; without optimising, which takes longer than
/// what it then does.
pub(crate) fn install(program: &str) -> Result<(), String> {
    let version = CARGO.iter().find(|(name, _)| name == &program).map(|(_, version)| version);
    match version {
        Some(version) if !is_there(program) => shell::run(&format!(
            "cargo install --quiet --locked --debug --root target/tools {program} --version {version}"
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
    succeeds(&format!("command -v {program}"))
}

fn succeeds(probe: &str) -> bool {
    let mut command = Command::new("sh");
    command.args(["-c", probe]);
    shell::with_tools(&mut command);
    command.output().is_ok_and(|output| output.status.success())
}
