//! Runs the fuzz targets with cargo-fuzz, which needs the nightly compiler.

use crate::shell;

/// How long each target runs.
#[derive(Clone, Copy)]
pub(crate) enum Length {
    Smoke,
    Long,
}

impl Length {
    const fn seconds(self) -> u32 {
        match self {
            Self::Smoke => 5,
            Self::Long => 900,
        }
    }
}

pub(crate) fn run(length: Length) -> Result<(), String> {
    if shell::output("cargo fuzz --version").is_err() {
        return Err("cargo-fuzz is missing: run `cargo install cargo-fuzz --locked`".into());
    }
    let targets = shell::output("cargo +nightly fuzz list")?;
    for target in targets.lines() {
        let words = format!(
            "cargo +nightly fuzz run {target} fuzz/corpus/{target} -- -max_total_time={} -rss_limit_mb=4096 -timeout=10 -verbosity=0",
            length.seconds()
        );
        // New findings of a run go to a folder of their own: the committed seeds stay as they are.
        let scratch = shell::root().join("target/fuzz-corpus").join(target);
        std::fs::create_dir_all(&scratch).map_err(|error| error.to_string())?;
        let words = words.replace(
            &format!("fuzz/corpus/{target} --"),
            &format!("target/fuzz-corpus/{target} fuzz/corpus/{target} --"),
        );
        shell::run(&words)?;
    }
    Ok(())
}
