//! The source of the compiler's own library, which firmware is built with.

use std::path::PathBuf;
use std::{env, fs};

use crate::shell;

/// Finds the library's source beside the compiler, or takes the operating system's package of exactly
/// this compiler's version.
pub(crate) fn find() -> Result<PathBuf, String> {
    let sysroot = shell::output("rustc --print sysroot")?;
    let beside = PathBuf::from(sysroot.trim()).join("lib/rustlib/src/rust/library");
    if beside.join("core").is_dir() {
        return Ok(beside);
    }
    let version = compiler_version()?;
    let folder = shell::root().join("target/rust-src").join(&version);
    let library = folder.join(format!("usr/src/rustc-{version}/library"));
    if !library.join("core").is_dir() {
        download(&version, &folder).map_err(|error| {
            format!(
                "embedded: the source of rustc {version} is missing: run `rustup component add rust-src`, or have Debian's package rust-src of this version at hand\n{error}"
            )
        })?;
    }
    Ok(library)
}

fn compiler_version() -> Result<String, String> {
    let version = shell::output("rustc --version")?;
    let version = version.split_whitespace().nth(1).unwrap_or_default();
    Ok(version.to_owned())
}

/// Debian's backports carry each compiler's source. Their list is kept apart from the machine's own.
fn download(version: &str, folder: &std::path::Path) -> Result<(), String> {
    let lists = folder.join("lists");
    fs::create_dir_all(lists.join("partial")).map_err(|error| error.to_string())?;
    let source = folder.join("backports.list");
    let archive = archive()?;
    fs::write(
        &source,
        format!(
            "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] {archive} trixie-backports main\n"
        ),
    )
    .map_err(|error| error.to_string())?;
    let apt = |program: &'static str| {
        let mut command = shell::command(program);
        command.args(["-o", &format!("Dir::Etc::sourcelist={}", source.display())]);
        command.args(["-o", "Dir::Etc::sourceparts=/dev/null", "-o", "APT::Sandbox::User=root"]);
        command.args(["-o", &format!("Dir::State::lists={}", lists.display())]);
        command
    };
    let mut update = apt("apt-get");
    update.args(["--quiet", "update"]);
    shell::run_command(update)?;
    let mut offered = apt("apt-cache");
    offered.args(["madison", "rust-src"]);
    let offered = shell::output_of(offered)?;
    let package = offered
        .lines()
        .filter_map(|line| line.split('|').nth(1))
        .map(str::trim)
        .find(|offered| offered.starts_with(&format!("{version}+")))
        .ok_or_else(|| format!("rust-src is offered in other versions:\n{offered}"))?
        .to_owned();
    let mut load = apt("apt-get");
    load.args(["--quiet", "download", &format!("rust-src={package}")]).current_dir(folder);
    shell::run_command(load)?;
    let file = fs::read_dir(folder)
        .map_err(|error| error.to_string())?
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "deb"))
        .ok_or("the package was not written")?;
    let mut unpack = shell::command("dpkg-deb -x");
    unpack.arg(file).arg(folder);
    shell::run_command(unpack)
}

/// The archive that the machine's own package manager uses.
fn archive() -> Result<String, String> {
    if let Some(archive) = env::var_os("DEBIAN_ARCHIVE") {
        return archive.into_string().map_err(|_| "DEBIAN_ARCHIVE is not text".into());
    }
    let folder = fs::read_dir("/etc/apt/sources.list.d").map_err(|error| error.to_string())?;
    let files = folder.flatten().map(|entry| entry.path()).chain(["/etc/apt/sources.list".into()]);
    files
        .filter_map(|file| fs::read_to_string(file).ok())
        .flat_map(|text| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
        .find(|word| word.starts_with("http") && word.trim_end_matches('/').ends_with("/debian"))
        .ok_or_else(|| "no archive in the sources of apt: name one in DEBIAN_ARCHIVE".into())
}
