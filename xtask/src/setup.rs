//! Installs what tasks and tests call.

use crate::programs::Need;
use crate::{programs, shell};

/// Installs what is missing; for `assurance` also what cargo installs.
pub(crate) fn run(assurance: bool) -> Result<(), String> {
    ensure(if assurance { Need::Assurance } else { Need::Proofs })?;
    if assurance {
        programs::install_all()?;
    }
    eprintln!("setup: every program is installed");
    Ok(())
}

/// Installs the packages that are missing with Debian's package manager.
pub(crate) fn ensure(need: Need) -> Result<(), String> {
    let missing = programs::missing_packages(need);
    if !missing.is_empty() {
        install(&missing)?;
    }
    if need > Need::Tests { programs::require_nightly() } else { Ok(()) }
}

fn install(packages: &[&str]) -> Result<(), String> {
    if shell::output("apt-get --version").is_err() {
        return Err(format!("setup: install {}", packages.join(" ")));
    }
    shell::run("apt-get update --quiet")?;
    let mut command =
        shell::command("apt-get install --yes --no-install-recommends -o DPkg::Lock::Timeout=600");
    command.args(packages);
    // Packages that start a service would leave one running.
    command.env("DEBIAN_FRONTEND", "noninteractive").env("RUNLEVEL", "1");
    shell::run_command(command)
}
