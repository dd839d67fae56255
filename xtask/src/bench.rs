//! Runs the benchmarks, prints each figure as a ratio beside its peer of the same run, and writes both into
//! `docs/benchmarks.md`, with a plot.

use std::fmt::Write;
use std::fs;

use serde_json::Value;

use crate::shell;

pub(crate) mod client;
pub(crate) mod endpoint;

/// Group, what is compared, the bound of ours / peer (at most) or of peer / ours (at least), and the microseconds
/// that the design was made with, where it names them.
const BOUNDS: [(&str, &str, Bound, Option<Design>); 11] = [
    ("sign-p256", "aws-lc-rs to RustCrypto with tables", Bound::FasterBy(2.5), Some([12.3, 48.5])),
    ("sign-ed25519", "aws-lc-rs to dalek", Bound::FasterBy(1.2), Some([6.5, 13.3])),
    ("derive-evm", "to its curve and hashes", Bound::AtMost(1.15), None),
    ("derive-solana", "to its curve and hashes", Bound::AtMost(1.15), None),
    ("derive-stellar", "to its curve and hashes", Bound::AtMost(1.15), None),
    ("privy-request", "to its signature and canonical form", Bound::AtMost(1.15), None),
    ("jcs-strings-1KiB", "to serde_json and serde_jcs", Bound::FasterBy(5.0), None),
    ("jcs-strings-100KiB", "to serde_json and serde_jcs", Bound::FasterBy(5.0), None),
    ("jcs-numbers-1KiB", "to serde_json and serde_jcs", Bound::FasterBy(1.5), None),
    ("jcs-numbers-100KiB", "to serde_json and serde_jcs", Bound::FasterBy(1.5), None),
    ("jcs-mixed-100KiB", "to serde_json and serde_jcs", Bound::FasterBy(1.5), None),
];

const BEGIN: &str = "<!-- written by `cargo xtask bench` -->\n";
const END: &str = "<!-- end -->";

/// Microseconds of ours and of the peer, the best of another day.
type Design = [f64; 2];

#[derive(Clone, Copy)]
enum Bound {
    AtMost(f64),
    FasterBy(f64),
}

struct Row {
    group: &'static str,
    beside: &'static str,
    ours: f64,
    peer: f64,
    bound: Bound,
    design: Option<Design>,
}

impl Row {
    /// How many times as fast as the peer.
    fn speed(&self) -> f64 {
        self.peer / self.ours
    }

    /// The least of that.
    fn least(&self) -> f64 {
        match self.bound {
            Bound::AtMost(most) => 1.0 / most,
            Bound::FasterBy(least) => least,
        }
    }

    fn holds(&self) -> bool {
        self.speed() >= self.least()
    }
}

pub(crate) fn run() -> Result<(), String> {
    shell::run("cargo bench --package signer-protocols --package signer-native --locked")?;
    let rows = BOUNDS
        .iter()
        .map(|&(group, beside, bound, design)| {
            let (ours, peer) = (median(group, "ours")?, median(group, "peer")?);
            Ok(Row { group, beside, ours, peer, bound, design })
        })
        .collect::<Result<Vec<Row>, String>>()?;
    let table = table(&rows);
    println!("\n{table}");
    let docs = shell::root().join("docs");
    fs::write(docs.join("benchmarks.svg"), plot(&rows)).map_err(|error| error.to_string())?;
    let page = docs.join("benchmarks.md");
    let text = fs::read_to_string(&page).map_err(|error| error.to_string())?;
    let (before, rest) = text.split_once(BEGIN).ok_or("docs/benchmarks.md has no place for it")?;
    let (_, after) = rest.split_once(END).ok_or("docs/benchmarks.md has no end of the place")?;
    let plot = "![times as fast as the peer](benchmarks.svg)\n\n";
    fs::write(page, format!("{before}{BEGIN}{plot}{table}{END}{after}"))
        .map_err(|error| error.to_string())
}

fn table(rows: &[Row]) -> String {
    let mut text = String::from(
        "| | beside | ours µs | peer µs | times as fast | least | design: ours, peer µs |\n|---|---|---|---|---|---|---|\n",
    );
    for row in rows {
        let design = row.design.map(|[ours, peer]| format!("{ours}, {peer}")).unwrap_or_default();
        let mark = if row.holds() { "" } else { ": **not today**" };
        let _ = writeln!(
            text,
            "| {} | {} | {:.2} | {:.2} | {:.2} | {:.2}{mark} | {design} |",
            row.group,
            row.beside,
            row.ours,
            row.peer,
            row.speed(),
            row.least(),
        );
    }
    text
}

/// Bars of the speed beside the peer, with a mark at the least. It is read on light and on dark pages.
fn plot(rows: &[Row]) -> String {
    const LEFT: f64 = 170.0;
    const SCALE: f64 = 55.0;
    let height = 30 * rows.len() + 40;
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 720 {height}\" font-family=\"sans-serif\" font-size=\"13\">\n<rect width=\"720\" height=\"{height}\" fill=\"#fff\"/>\n<text x=\"10\" y=\"20\">times as fast as the peer of the same run; the line is the least</text>\n"
    );
    let mut y = 35;
    for row in rows {
        let width = (row.speed() * SCALE).min(480.0);
        let least = LEFT + (row.least() * SCALE).min(480.0);
        let fill = if row.holds() { "#2a7ab0" } else { "#b04a2a" };
        let _ = writeln!(
            text,
            "<text x=\"10\" y=\"{}\">{}</text><rect x=\"{LEFT}\" y=\"{y}\" width=\"{width:.0}\" height=\"18\" fill=\"{fill}\"/><line x1=\"{least:.0}\" x2=\"{least:.0}\" y1=\"{}\" y2=\"{}\" stroke=\"#000\" stroke-width=\"2\"/><text x=\"{:.0}\" y=\"{}\">{:.2}</text>",
            y + 14,
            row.group,
            y - 3,
            y + 21,
            LEFT + width + 8.0,
            y + 14,
            row.speed(),
        );
        y += 30;
    }
    text.push_str("</svg>\n");
    text
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
