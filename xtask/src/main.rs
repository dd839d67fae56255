//! The tasks of this repository: `cargo xtask TASK`.

mod assurance;
mod bench;
mod budget;
mod ci;
mod constant_time;
mod coverage;
mod differential;
mod embedded;
mod features;
mod fuzz;
mod instructions;
mod kills;
mod memory;
mod mutants;
mod no_std;
mod openapi;
mod programs;
mod release;
mod reproducible;
mod sbom;
mod setup;
mod shell;
mod supply_chain;
mod tidy;

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask TASK

  setup          install the programs that the tests call, where they are missing; --assurance: those of every task
  ci             format, clippy, tests, doctests, docs, tidy, no-std: what a change must pass
  tidy           the rules of this repository that no compiler checks
  no-std         link core and protocols without std, and see that the check can fail
  constant-time  run every secret path under valgrind with its secret marked; --update: write the known places
  differential   beside OpenSSL, libsecp256k1, Node and a JCS package; --full: 100,000 documents, 1,000,000 doubles
  numbers        the 10^8 numbers of RFC 8785, by their published digest
  embedded       build the firmware, run it under QEMU, compare with its budget; --update: write the budget
  memory         look for copies of secrets in the memory of a process that dropped them; --release: of the release build
  openapi        ask the endpoint by its description, with schemathesis (needs python3)
  assurance      every promise, a line each with its figure
  kills          kill the endpoint 1,000 times at random points under load; kills N
  test           every test; postmortems: those named after events
  coverage       which lines of core and protocols their tests run
  deny           bans, licences, sources, and advisories where a database is at hand
  release        --dry-run: versions, changelog, API, packages and the archive of the program
  sbom           what the program is made of, as CycloneDX
  mutants        judge the committed results of mutation testing; mutants MODULE [K/N | --missed]: run one
  instructions   count instructions with callgrind, compare with the budget; --update: write it
  powerset       every set of features of core, protocols and device, each of client and server
  unified        the tests of protocols and client where another crate switches serde_json's arbitrary_precision on
  minimal        the same crates with the oldest versions that they allow
  api            their public API beside docs/api; --update: write it
  reproducible   build the program in two folders and compare
  fuzz           run every fuzz target for 15 minutes; --smoke: 10 s each; --seconds N
  bench          run the benchmarks and print each figure beside its peer; `bench endpoint`: the endpoint under load; `bench client`: the client beside its peers, with `--privy-rs` that crate among them";

#[allow(clippy::disallowed_methods, reason = "a task runner reads its arguments")]
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let verdict = match arguments.as_slice() {
        ["setup"] => setup::run(false),
        ["setup", "--assurance"] => setup::run(true),
        ["constant-time"] => constant_time::run(false),
        ["constant-time", "--update"] => constant_time::run(true),
        ["differential"] => differential::run(differential::Size::Short),
        ["differential", "--full"] => differential::run(differential::Size::Full),
        ["numbers"] => differential::numbers(100_000_000),
        ["embedded"] => embedded::run(false),
        ["embedded", "--update"] => embedded::run(true),
        ["ci"] => ci::run(),
        ["tidy"] => tidy::run(),
        ["no-std"] => no_std::run(),
        ["assurance"] => assurance::run(),
        ["kills"] => kills::run(1_000),
        ["kills", kills] => kills.parse().map_err(|_| USAGE.into()).and_then(kills::run),
        ["test"] => assurance::tests("", 400),
        ["postmortems"] => assurance::tests("postmortems", 18),
        ["coverage"] => coverage::run(),
        ["deny"] => supply_chain::deny(),
        ["release", "--dry-run"] => release::dry_run(),
        ["sbom"] => sbom::print(),
        ["mutants"] => mutants::report(),
        ["mutants", module] => mutants::run(module, mutants::Part::Whole),
        ["mutants", module, "--missed"] => mutants::run(module, mutants::Part::Missed),
        ["mutants", module, shard] => mutants::run(module, mutants::Part::Shard(shard)),
        ["instructions"] => instructions::run(false),
        ["instructions", "--update"] => instructions::run(true),
        ["powerset"] => features::powerset(),
        ["unified"] => features::unified(true),
        ["minimal"] => features::minimal_versions(),
        ["api"] => features::public_api(false),
        ["api", "--update"] => features::public_api(true),
        ["reproducible"] => reproducible::run(),
        ["fuzz"] => fuzz::run(fuzz::Length::Seconds(900)),
        ["fuzz", "--seconds", seconds] => match seconds.parse() {
            Ok(seconds) => fuzz::run(fuzz::Length::Seconds(seconds)),
            Err(_) => Err(USAGE.into()),
        },
        ["fuzz", "--smoke"] => fuzz::run(fuzz::Length::Smoke),
        ["memory"] => memory::run(false),
        ["memory", "--release"] => memory::run(true),
        ["openapi"] => openapi::run(),
        ["bench"] => bench::run(),
        ["bench", "client"] => bench::client::run(false),
        ["bench", "client", "--privy-rs"] => bench::client::run(true),
        ["bench", "endpoint"] => bench::endpoint::run(),
        _ => Err(USAGE.into()),
    };
    match verdict {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
