//! The programs that tasks and tests call, and the packages that bring them.

use std::process::Command;

use crate::shell;

/// The task that calls a program.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Need {
    /// `test`
    Tests,
    /// `ci`
    Proofs,
    /// `assurance` and the benchmarks
    Assurance,
}

/// A line for a shell that succeeds if a program is installed, Debian's package that brings it, and the task that
/// needs it first.
const DEBIAN: [(&str, &str, Need); 20] = [
    ("openssl version", "openssl", Need::Tests),
    ("gzip --version", "gzip", Need::Tests),
    ("command -v kill", "procps", Need::Tests),
    ("strace --version", "strace", Need::Tests),
    ("unshare --version && taskset --version", "util-linux", Need::Tests),
    ("ip -V", "iproute2", Need::Tests),
    ("redis-server --version", "redis-server", Need::Tests),
    ("command -v chromium", "chromium", Need::Tests),
    ("command -v chromedriver", "chromium-driver", Need::Tests),
    ("python3 -c 'import ensurepip'", "python3-venv", Need::Proofs),
    ("qemu-system-arm --version", "qemu-system-arm", Need::Proofs),
    ("size --version", "binutils", Need::Proofs),
    ("dpkg-deb --version", "dpkg", Need::Proofs),
    ("valgrind --version", "valgrind", Need::Proofs),
    ("node --version", "nodejs", Need::Proofs),
    ("npm --version", "npm", Need::Proofs),
    ("pkg-config --version", "pkg-config", Need::Proofs),
    ("pkg-config --exists openssl", "libssl-dev", Need::Proofs),
    ("llvm-profdata-22 --version", "llvm-22", Need::Assurance),
    ("command -v wrk", "wrk", Need::Assurance),
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
pub(crate) fn missing_packages(need: Need) -> Vec<&'static str> {
    let wanted = DEBIAN.iter().filter(|(_, _, first)| *first <= need);
    let missing = wanted.filter(|(probe, _, _)| !succeeds(probe));
    missing.map(|(_, package, _)| *package).collect()
}

/// Fails with what to install where one of the programs is missing.
pub(crate) fn require(programs: &[&str]) -> Result<(), String> {
    let advice = |program: &&&str| {
        let mut known =
            DEBIAN.iter().filter(|(probe, ..)| probe.split(' ').any(|word| word == **program));
        let package = known.next().map_or(**program, |(_, package, _)| package);
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
        Some(version) if !is_there(program) => {
            let mut command =
                shell::command("cargo install --quiet --locked --debug --root target/tools");
            command.args([program, "--version", version]).env("CARGO_PROFILE_DEV_DEBUG", "0");
            shell::run_command(command)
        }
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
