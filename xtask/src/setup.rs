//! Installs what tasks and tests call.

use crate::{programs, shell};

/// Installs what is missing with Debian's package manager; for `assurance` also what cargo installs.
pub(crate) fn run(assurance: bool) -> Result<(), String> {
    let missing = programs::missing_packages(assurance);
    if !missing.is_empty() {
        install(&missing.join(" "))?;
    }
    programs::require_nightly()?;
    if assurance {
        programs::install_all()?;
    }
    eprintln!("setup: everything is there");
    Ok(())
}

fn install(packages: &str) -> Result<(), String> {
    if shell::output("apt-get --version").is_err() {
        return Err(format!("setup: install {packages}"));
    }
    shell::run("apt-get update --quiet")?;
    let install = format!("apt-get install --yes --no-install-recommends {packages}");
    let mut command = shell::command(&install);
    // Packages that start a service would leave one running.
    command.env("DEBIAN_FRONTEND", "noninteractive").env("RUNLEVEL", "1");
    shell::run_command(command, &install)
}
