//! Every set of features, the oldest versions that the manifests allow, and the public API as it was committed.

use std::fs;
use std::path::Path;

use crate::{programs, shell};

/// The crates that are picked one by one by those who count bytes.
const CRATES: [&str; 3] = ["signer-core", "signer-protocols", "signer-device"];

/// The crates whose features are for one provider, store or scheme each.
const SERVICES: [&str; 2] = ["signer-client", "signer-server"];

/// Checks each crate with every set of its features, or with each of them alone.
pub(crate) fn powerset() -> Result<(), String> {
    programs::install("cargo-hack")?;
    let mut check = shell::command("cargo hack check --quiet --feature-powerset --locked");
    check.args(CRATES.iter().flat_map(|name| ["--package", name]));
    shell::run_command(check)?;
    let mut clippy = shell::command("cargo hack clippy --quiet --each-feature --locked");
    clippy.args(SERVICES.iter().flat_map(|name| ["--package", name]));
    clippy.args(["--", "-D", "warnings"]);
    shell::run_command(clippy)?;
    println!(
        "every set of features of {} builds, and each feature of {}",
        CRATES.join(", "),
        SERVICES.join(", ")
    );
    Ok(())
}

/// Builds the same crates and their tests with the oldest version of each dependency that is asked for.
pub(crate) fn minimal_versions() -> Result<(), String> {
    programs::require_nightly()?;
    let root = shell::root();
    let folder = root.join("target/minimal-versions");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join("crates")).map_err(|error| error.to_string())?;
    let manifest =
        fs::read_to_string(root.join("Cargo.toml")).map_err(|error| error.to_string())?;
    let alone = manifest.replace(r#"members = ["crates/*", "xtask"]"#, r#"members = ["crates/*"]"#);
    fs::write(folder.join("Cargo.toml"), alone).map_err(|error| error.to_string())?;
    for name in CRATES.iter().map(|name| format!("crates/{name}")).chain(["docs".into()]) {
        let to = folder.join(Path::new(&name).parent().unwrap_or(Path::new("")));
        let mut copy = shell::command("cp -r");
        copy.arg(root.join(&name)).arg(to);
        shell::run_command(copy)?;
    }
    let mut resolve = shell::command("cargo +nightly update --quiet -Z direct-minimal-versions");
    resolve.current_dir(&folder);
    shell::run_command(resolve)?;
    let mut check = shell::command("cargo check --quiet --all-features --tests --locked");
    check.current_dir(&folder).env("CARGO_TARGET_DIR", root.join("target/minimal"));
    shell::run_command(check)?;
    println!("{} build with the oldest versions that they allow", CRATES.join(", "));
    Ok(())
}

/// Features unify across a build: runs the tests of protocols, and with `clients` those of the client, where another
/// crate switches on what changes how `serde_json` hands on numbers.
pub(crate) fn unified(clients: bool) -> Result<(), String> {
    let cargo = |words: &'static str| {
        let mut command = shell::command(words);
        command.args(["--quiet", "--locked", "--features", "serde_json/arbitrary_precision"]);
        shell::run_command(command)
    };
    // With `--workspace`, what does not depend on serde_json is as `test` has built it.
    cargo("cargo test --workspace --test protocols")?;
    if clients {
        cargo("cargo build --workspace --example store_worker")?;
        cargo("cargo test --workspace --test client")?;
    }
    println!("serde_json's arbitrary_precision, switched on by another crate, changes nothing");
    Ok(())
}

/// Compares the public API with the listings in `docs/api`; with `update` they are written anew.
pub(crate) fn public_api(update: bool) -> Result<(), String> {
    programs::require_nightly()?;
    programs::install("cargo-public-api")?;
    let mut faults = Vec::new();
    let mut items = 0;
    for name in CRATES {
        let mut list = shell::command(
            "cargo +nightly public-api --all-features --omit blanket-impls,auto-trait-impls,auto-derived-impls --package",
        );
        list.arg(name);
        let listing = shell::output_of(list)?;
        items += listing.lines().count();
        let file = shell::root().join(format!("docs/api/{name}.txt"));
        if update {
            fs::write(&file, &listing).map_err(|error| error.to_string())?;
            continue;
        }
        let committed = fs::read_to_string(&file).map_err(|error| error.to_string())?;
        let gone = committed.lines().filter(|line| !listing.lines().any(|it| it == *line));
        faults.extend(gone.map(|line| format!("{name}: - {line}")));
        let new = listing.lines().filter(|line| !committed.lines().any(|it| it == *line));
        faults.extend(new.map(|line| format!("{name}: + {line}")));
    }
    if !faults.is_empty() {
        let faults = faults.join("\n");
        return Err(format!(
            "api: another than docs/api says (cargo xtask api --update):\n{faults}"
        ));
    }
    println!("{items} public items of {} as committed", CRATES.join(", "));
    Ok(())
}
