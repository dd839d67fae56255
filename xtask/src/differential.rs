//! Our code beside independent code: OpenSSL, libsecp256k1, Node, a published package for RFC 8785, and the
//! published digest of its hundred million numbers.

use std::process::Stdio;

use crate::programs;
use crate::shell::{self, Profile};

/// Published digests of the first lines of the numbers of RFC 8785, appendix B.
const NUMBERS: [(u64, &str); 4] = [
    (10_000, "b9f7a8e75ef22a835685a52ccba7f7d6bdc99e34b010992cbc5864cd12be6892"),
    (1_000_000, "49415fee2c56c77864931bd3624faad425c3c577d6d74e89a83bc725506dad16"),
    (10_000_000, "b9f8a44a91d46813b21b9602e72f112613c91408db0b8341fb94603d9db135e0"),
    (100_000_000, "0f7dda6b0837dde083c5d6b896f7d62340c8a2415b0c7121d83145e08a755272"),
];

/// Compares a sample, or with `full` ten to forty times as much.
pub(crate) fn run(full: bool) -> Result<(), String> {
    programs::require(&["node", "npm", "pkg-config"])?;
    let harness = shell::build_harness("differential", Profile::Release)?;
    let peers = shell::root().join("xtask/peers/differential");
    let mut install = shell::command("npm ci --no-audit --no-fund --silent");
    install.current_dir(&peers);
    shell::run_command(install)?;

    // A new seed each time; a difference names it.
    let seed = std::process::id();
    let (keys, documents, doubles) =
        if full { (20_000, 100_000, 1_000_000) } else { (500, 10_000, 100_000) };
    let mut curves = shell::program(&harness);
    curves.arg("curves").args([keys.to_string(), seed.to_string()]);
    let curves = shell::output_of(curves)?;
    println!("{} keys on three curves as OpenSSL and libsecp256k1 have them", curves.trim());
    for (task, count) in [("documents", documents), ("doubles", doubles)] {
        let agreed = compare(&harness, task, count, seed)?;
        if agreed != count {
            return Err(format!("differential: {agreed} of {count} {task} were compared"));
        }
        println!("{agreed} {task} as Node and the package canonicalize write them (seed {seed})");
    }
    numbers(if full { 10_000_000 } else { 1_000_000 })?;
    println!(
        "{keys} keys on three curves, {documents} documents, {doubles} doubles: no difference"
    );
    Ok(())
}

/// The numbers of RFC 8785, as many as a digest is published for.
pub(crate) fn numbers(count: u64) -> Result<(), String> {
    let published = NUMBERS.iter().find(|(lines, _)| *lines == count);
    let (_, published) = published.ok_or("no digest is published for that many numbers")?;
    let mut harness = shell::program(shell::build_harness("differential", Profile::Release)?);
    harness.args(["numbers", &count.to_string()]);
    let digest = shell::output_of(harness)?;
    if digest.trim() != *published {
        return Err(format!(
            "differential: {count} numbers give {digest}, published is {published}"
        ));
    }
    println!("{count} numbers of RFC 8785: {published}");
    Ok(())
}

fn compare(harness: &std::path::Path, task: &str, count: u64, seed: u32) -> Result<u64, String> {
    let peer = shell::root().join("xtask/peers/differential/peer.mjs");
    let mut node = shell::command("node")
        .arg(peer)
        .args([task, &count.to_string(), &seed.to_string()])
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| error.to_string())?;
    let made = node.stdout.take().ok_or("no output of node")?;
    let output = shell::program(harness)
        .arg(task)
        .stdin(made)
        .output()
        .map_err(|error| error.to_string())?;
    let _ = node.wait();
    if !output.status.success() {
        let fault = String::from_utf8_lossy(&output.stderr);
        return Err(format!("differential: {task}, seed {seed}: {fault}"));
    }
    String::from_utf8_lossy(&output.stdout).trim().parse().map_err(|_| "no count".into())
}
