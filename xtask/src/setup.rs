//! The programs that the tests call.

use std::process::Command;

use crate::shell;

/// A program, and Debian's package that brings it.
const PROGRAMS: [(&str, &str); 10] = [
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
];

/// Installs what is missing with Debian's package manager.
pub(crate) fn run() -> Result<(), String> {
    let missing: Vec<&str> = PROGRAMS
        .iter()
        .filter(|(program, _)| !is_there(program))
        .map(|(_, package)| *package)
        .collect();
    if missing.is_empty() {
        eprintln!("setup: everything is there");
        return Ok(());
    }
    let install = format!("apt-get install --yes --no-install-recommends {}", missing.join(" "));
    if !is_there("apt-get") {
        return Err(format!("setup: install {}", missing.join(", ")));
    }
    shell::run("apt-get update --quiet")?;
    let mut command = shell::command(&install);
    // Packages that start a service would leave one running.
    command.env("DEBIAN_FRONTEND", "noninteractive").env("RUNLEVEL", "1");
    shell::run_command(command, &install)
}

fn is_there(program: &str) -> bool {
    let found = Command::new("sh").args(["-c", &format!("command -v {program}")]).output();
    found.is_ok_and(|output| output.status.success())
}
