//! Runs the benchmarks and prints each figure as a ratio beside its peer of the same run.

use std::fs;

use serde_json::Value;

use crate::shell;

pub(crate) mod client;
pub(crate) mod endpoint;

/// Group, peer, and the bound of ours / peer (at most) or of peer / ours (at least).
const BOUNDS: [(&str, Bound); 9] = [
    ("derive-evm", Bound::AtMost(1.15)),
    ("derive-solana", Bound::AtMost(1.15)),
    ("derive-stellar", Bound::AtMost(1.15)),
    ("privy-request", Bound::AtMost(1.15)),
    ("jcs-strings-1KiB", Bound::FasterBy(5.0)),
    ("jcs-strings-100KiB", Bound::FasterBy(5.0)),
    ("jcs-numbers-1KiB", Bound::FasterBy(1.5)),
    ("jcs-numbers-100KiB", Bound::FasterBy(1.5)),
    ("jcs-mixed-100KiB", Bound::FasterBy(1.5)),
];

#[derive(Clone, Copy)]
enum Bound {
    AtMost(f64),
    FasterBy(f64),
}

pub(crate) fn run() -> Result<(), String> {
    shell::run("cargo bench --package signer-protocols --locked")?;
    println!("\n{:<20} {:>12} {:>12}   ratio", "", "ours µs", "peer µs");
    for (group, bound) in BOUNDS {
        let (ours, peer) = (median(group, "ours")?, median(group, "peer")?);
        let (ratio, rule, holds) = match bound {
            Bound::AtMost(most) => (ours / peer, format!("at most {most}"), ours / peer <= most),
            Bound::FasterBy(least) => {
                (peer / ours, format!("faster by {least} or more"), peer / ours >= least)
            }
        };
        let mark = if holds { "" } else { "  <- not today" };
        println!("{group:<20} {ours:>12.2} {peer:>12.2}   {ratio:.2} ({rule}){mark}");
    }
    Ok(())
}

/// Microseconds.
fn median(group: &str, name: &str) -> Result<f64, String> {
    let path = shell::root().join(format!("target/criterion/{group}/{name}/new/estimates.json"));
    let text = fs::read_to_string(&path)
        .map_err(|error| format!("no figure of {group}/{name}: {error}"))?;
    let estimates: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    estimates["median"]["point_estimate"]
        .as_f64()
        .map(|nanoseconds| nanoseconds / 1_000.0)
        .ok_or_else(|| format!("no median of {group}/{name}"))
}
