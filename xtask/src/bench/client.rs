//! The client beside the vendors' own for Node, in one run: the stub on core 0, who calls it on core 1.

use std::collections::HashMap;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::shell;

const STUB_PORT: u16 = 3_411;
const REDIS_PORT: u16 = 3_412;

/// Ours and the vendors' take turns: a machine that gets slower slows both.
const ROUNDS: u32 = 3;

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// With `with_privy_rs`, beside that crate too, whose 213 packages take minutes to build.
pub(crate) fn run(with_privy_rs: bool) -> Result<(), String> {
    let peers = shell::root().join("xtask/peers/client");
    let mut install = Command::new("npm");
    install
        .args(["ci", "--silent", "--ignore-scripts", "--no-audit", "--no-fund"])
        .current_dir(&peers);
    shell::run_command(install)?;
    shell::run("cargo build --release --locked -p signer-client --example figures --all-features")?;
    let figures = shell::root().join("target/release/examples/figures");
    let figures = figures.display().to_string();

    let _stub = start(&["taskset", "-c", "0", &figures, "stub", &STUB_PORT.to_string()])?;
    let redis = REDIS_PORT.to_string();
    let _redis = start(&["redis-server", "--port", &redis, "--bind", "127.0.0.1", "--save", ""])?;
    std::thread::sleep(Duration::from_millis(500));
    let stub = format!("http://127.0.0.1:{STUB_PORT}");
    let redis = format!("redis://127.0.0.1:{REDIS_PORT}");
    let script = peers.join("peer.mjs").display().to_string();
    let (mut ours, mut vendor) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(measure(&["taskset", "-c", "1", &figures, "vendor", &stub, &redis])?);
        vendor.push(measure(&["taskset", "-c", "1", "node", &script, &stub])?);
    }
    let bare = measure(&["taskset", "-c", "1", &figures, "bare", &stub])?;

    let ours = |name: &str| median(&ours, name);
    let vendor = |name: &str| median(&vendor, name);
    let bare = |name: &str| median(std::slice::from_ref(&bare), name);
    println!(
        "authenticate, a token in the cache   {:>10.0} ns (at most 200)",
        ours("authenticate-cached-ns")?
    );
    println!("the first of a process, from a file  {:>10.0} µs", ours("authenticate-file")?);
    println!("the first of a process, from redis   {:>10.0} µs", ours("authenticate-redis")?);
    println!("\n{:<66} {:>10} {:>10}   ratio", "", "ours", "vendor");
    for (name, peer) in [
        ("privy-request", "privy-request"),
        ("crossmint-approval", "crossmint-approval"),
        ("crossmint-approval", "crossmint-approval-primitives"),
    ] {
        let (ours, vendor) = (ours(name)?, vendor(peer)?);
        rule(&format!("{peer}, µs"), ours, vendor, vendor / ours, 10.0);
    }
    if with_privy_rs {
        let peer = build_privy_rs()?;
        let peer = [measure(&["taskset", "-c", "1", &peer])?];
        let peer = median(&peer, "privy-request")?;
        let ours = ours("privy-request")?;
        rule("privy-request beside privy-rs, µs", ours, peer, peer / ours, 10.0);
    }
    for (name, least) in [("calls-1", 2.5), ("calls-64-per-cpu-second", 8.0)] {
        let (ours, vendor) = (ours(name)?, vendor(name)?);
        rule(name, ours, vendor, ours / vendor, least);
    }
    println!("\n{:<66} {:>10} {:>10}   share", "", "ours", "bare");
    for (key, signer) in [("-own-p256", "signer-core"), ("", "signer-native")] {
        for name in ["calls-1", "calls-64-per-cpu-second"] {
            for (kind, note) in [("bare", ""), ("hand", ", by hand")] {
                let share = bare(&format!("{kind}-share-{name}{key}"))?;
                let (ours, peer) =
                    (bare(&format!("{name}{key}"))?, bare(&format!("{kind}-{name}{key}"))?);
                rule(&format!("{name}{note}, a key of {signer}"), ours, peer, share, 1.0 / 1.1);
            }
        }
    }
    Ok(())
}

/// Builds what calls `privy-rs`, a workspace of its own.
fn build_privy_rs() -> Result<String, String> {
    let target = shell::root().join("target/peers");
    let mut build = shell::command("cargo build --release --locked --quiet");
    build.current_dir(shell::root().join("xtask/peers/privy-rs")).env("CARGO_TARGET_DIR", &target);
    shell::run_command(build)?;
    Ok(target.join("release/privy-rs-peer").display().to_string())
}

/// The figure in the middle of what the rounds gave.
fn median(rounds: &[HashMap<String, f64>], name: &str) -> Result<f64, String> {
    let mut figures: Vec<f64> = rounds.iter().filter_map(|it| it.get(name).copied()).collect();
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().ok_or_else(|| format!("no figure of {name}"))
}

fn rule(name: &str, ours: f64, peer: f64, ratio: f64, least: f64) {
    let mark = if ratio >= least { "" } else { "  <- not today" };
    println!("{name:<66} {ours:>10.1} {peer:>10.1}   {ratio:.2} (at least {least:.2}){mark}");
}

fn start(words: &[&str]) -> Result<Running, String> {
    let (program, arguments) = words.split_first().ok_or("nothing to start")?;
    let mut command = Command::new(program);
    command.args(arguments).stdout(Stdio::null());
    command.spawn().map(Running).map_err(|error| format!("{program}: {error}"))
}

/// The figures that a program prints.
fn measure(words: &[&str]) -> Result<HashMap<String, f64>, String> {
    let (program, arguments) = words.split_first().ok_or("nothing to run")?;
    let output = Command::new(program).args(arguments).stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| format!("{program}: {error}"))?;
    if !output.status.success() {
        return Err(format!("{} failed", words.join(" ")));
    }
    let lines = String::from_utf8_lossy(&output.stdout).into_owned();
    let figures = lines.lines().filter_map(|line| {
        let figure: Value = serde_json::from_str(line).ok()?;
        Some((figure["name"].as_str()?.to_owned(), figure["value"].as_f64()?))
    });
    Ok(figures.collect())
}
