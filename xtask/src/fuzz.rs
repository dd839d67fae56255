//! Runs the fuzz targets with cargo-fuzz, which needs the nightly compiler: as many at a time as there are cores.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::sync::Mutex;
use std::thread;

use crate::{programs, shell};

/// The fewest seeds that are committed, in all.
const MIN_SEEDS: usize = 512;

/// How long each target runs.
#[derive(Clone, Copy)]
pub(crate) enum Length {
    Smoke,
    Seconds(u32),
}

impl Length {
    const fn seconds(self) -> u32 {
        match self {
            Self::Smoke => 10,
            Self::Seconds(seconds) => seconds,
        }
    }

    /// The address sanitizer finds faults of `unsafe` code, which only dependencies have. Building everything with it
    /// takes longer than the smoke run.
    const fn sanitizer(self) -> &'static str {
        match self {
            Self::Smoke => "none",
            Self::Seconds(_) => "address",
        }
    }
}

pub(crate) fn run(length: Length) -> Result<(), String> {
    programs::require_nightly()?;
    programs::install("cargo-fuzz")?;
    let targets = shell::output("cargo +nightly fuzz list")?;
    let targets: Vec<&str> = targets.lines().collect();
    let corpus = shell::root().join("fuzz/corpus");
    let seeds: usize = targets.iter().map(|target| count(&corpus.join(target))).sum();
    if seeds < MIN_SEEDS {
        return Err(format!("fuzz: {seeds} seeds are committed, {MIN_SEEDS} are the least"));
    }
    let mut build = shell::command("cargo +nightly fuzz build --sanitizer");
    build.arg(length.sanitizer());
    shell::run_command(build)?;
    let lanes = thread::available_parallelism().map_or(1, usize::from);
    let queue = Mutex::new(targets.iter());
    let next = || queue.lock().ok()?.next();
    let lane = || {
        while let Some(target) = next() {
            let figures = fuzz(target, &corpus.join(target), length)?;
            println!("{target:<20} {figures}");
        }
        Ok::<(), String>(())
    };
    thread::scope(|scope| {
        let lanes: Vec<_> = (0..lanes).map(|_| scope.spawn(lane)).collect();
        lanes.into_iter().try_for_each(|lane| {
            lane.join().unwrap_or_else(|_| Err("fuzz: a lane ended early".to_owned()))
        })
    })?;
    println!(
        "{} targets, {seeds} committed seeds, {} s each: nothing found",
        targets.len(),
        length.seconds()
    );
    Ok(())
}

fn count(folder: &Path) -> usize {
    fs::read_dir(folder).map_or(0, Iterator::count)
}

/// Runs one target. What it finds goes to a folder of its own: the committed seeds stay as they are.
fn fuzz(target: &str, seeds: &Path, length: Length) -> Result<String, String> {
    let scratch = shell::root().join("target/fuzz-corpus").join(target);
    fs::create_dir_all(&scratch).map_err(|error| error.to_string())?;
    let mut command = shell::command("cargo +nightly fuzz run --sanitizer");
    command.arg(length.sanitizer()).arg(target).args([scratch.as_path(), seeds]);
    command.args(["--", "-rss_limit_mb=4096", "-timeout=10", "-print_final_stats=1"]);
    command.arg(format!("-max_total_time={}", length.seconds()));
    let output = command.stdout(Stdio::null()).output().map_err(|error| error.to_string())?;
    let log = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        let tail: Vec<&str> = log.lines().rev().take(40).collect();
        let tail: Vec<&str> = tail.into_iter().rev().collect();
        return Err(format!("fuzz: {target} failed:\n{}", tail.join("\n")));
    }
    let last = |name: &str| {
        let line = log.lines().rev().find(|line| line.contains(name)).unwrap_or_default();
        let rest = line.split_once(name).map_or("?", |(_, rest)| rest);
        rest.split_whitespace().next().unwrap_or("?").to_owned()
    };
    Ok(format!(
        "{:>10} runs, coverage {:>6} edges, {:>6} features",
        last("stat::number_of_executed_units:"),
        last("cov: "),
        last("ft: ")
    ))
}
