//! The list of tasks and their arguments. A new task is a variant here, an arm of `run`, and a file of its own.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::{
    anvil, assurance, bench, check, ci, constant_time, contracts, coverage, differential, embedded,
    features, fuzz, instructions, kills, lint, memory, mutants, no_std, openapi, release,
    reproducible, sbom, sdk, setup, supply_chain, test, tidy,
};

/// The tasks of this repository
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", disable_help_subcommand = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) task: Task,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Task {
    /// Install the programs that the tasks call, if they are missing
    Setup {
        /// Also install what only `assurance` and the benchmarks call
        #[arg(long)]
        assurance: bool,
    },
    /// Check format, lints, rules, and run all tests and doctests of the workspace
    Test {
        /// Run the tests of random inputs with ten times as many
        #[arg(long)]
        long: bool,
    },
    /// Run the proofs in their short form; run `test` first
    Ci,
    /// Check format and lints of single crates and run their tests
    Check {
        /// Crates to check, such as `signer-client` or `client`. Default: the crates that differ from HEAD
        crates: Vec<String>,
    },
    /// Run every promise of docs/assurance.md in its long form and print one line with a figure for each
    Assurance,
    /// Kill the endpoint at random points under load and check what it remembers
    Kills {
        /// The number of kills
        #[arg(default_value_t = 1_000)]
        kills: u32,
    },
    /// Execute approved operations on a local chain with the `EntryPoint` of ERC-4337
    Anvil,
    /// Check the rules of this repository that no compiler checks
    Tidy,
    /// Lint core, protocols, device, client and server with few features each
    Lint,
    /// Build the documentation, private items included, with warnings as errors
    Doc,
    /// Link core and protocols without std, and see that the check can fail
    NoStd,
    /// Run every secret path under valgrind with its secret marked as undefined
    ConstantTime {
        /// Write the known places anew
        #[arg(long)]
        update: bool,
    },
    /// Compare with OpenSSL, libsecp256k1, Node and a package for canonical JSON
    Differential {
        /// Compare 100,000 documents and 1,000,000 doubles
        #[arg(long)]
        full: bool,
    },
    /// Compare the 10^8 numbers of RFC 8785 with their published digest
    Numbers,
    /// Build the firmware, run it under QEMU and compare it with its budget
    Embedded {
        /// Write the budget anew
        #[arg(long)]
        update: bool,
    },
    /// Search the memory of a process for copies of the secrets that it dropped
    Memory {
        /// Search the release build
        #[arg(long)]
        release: bool,
    },
    /// Send requests to the endpoint from its description, with schemathesis
    Openapi,
    /// Run the vendor's SDK for Crossmint against the emulator
    Sdk {
        /// Another version than that of the lock file, or the path of a package
        #[arg(long)]
        package: Option<String>,
    },
    /// Compare the exchanges of the tests for Crossmint with the vendor's OpenAPI document
    Contracts {
        /// The folder with check.py and crossmint.json
        folder: PathBuf,
    },
    /// Run the tests that are named after events
    Postmortems,
    /// Measure which lines of core and protocols their tests run
    Coverage,
    /// Check bans, licences, sources, and advisories if a database is at hand
    Deny,
    /// Try a release: versions, changelog, API, packages and the archive of the program
    Release {
        /// Nothing is published: this flag is required
        #[arg(long, required = true)]
        dry_run: bool,
    },
    /// Print the list of crates that the program is built from (an SBOM)
    Sbom,
    /// Judge the committed results of mutation testing, or run one module
    Mutants {
        /// The module to run
        module: Option<String>,
        /// The shard to run, such as 0/4
        #[arg(requires = "module", value_name = "K/N")]
        shard: Option<String>,
        /// Run only the mutants that no test noticed
        #[arg(long, requires = "module", conflicts_with = "shard")]
        missed: bool,
    },
    /// Count instructions with callgrind and compare them with the budget
    Instructions {
        /// Write the budget anew
        #[arg(long)]
        update: bool,
    },
    /// Check every set of features of core, protocols and device, and each feature of client and server
    Powerset,
    /// Test protocols and client in a build where `arbitrary_precision` of `serde_json` is on
    Unified {
        /// Test protocols only
        #[arg(long)]
        short: bool,
    },
    /// Check core, protocols and device with the oldest versions that they allow
    Minimal,
    /// Compare the public API with docs/api
    Api {
        /// Write docs/api anew
        #[arg(long)]
        update: bool,
    },
    /// Build the program in two folders and compare the bytes
    Reproducible,
    /// Run every fuzz target
    Fuzz {
        /// Run each target for 10 seconds without the address sanitizer
        #[arg(long, conflicts_with = "seconds")]
        smoke: bool,
        /// The time for each target
        #[arg(long, default_value_t = 900)]
        seconds: u32,
    },
    /// Run the benchmarks and print each figure next to its peer
    Bench {
        #[command(subcommand)]
        what: Option<Bench>,
    },
}

/// The benchmarks that need more than one process.
#[derive(Debug, Subcommand)]
pub(crate) enum Bench {
    /// Measure the endpoint under load
    Endpoint,
    /// Measure the client next to the vendors' own
    Client {
        /// Compare with that crate, too, which takes minutes to build
        #[arg(long)]
        privy_rs: bool,
    },
}

impl Task {
    pub(crate) fn run(self) -> Result<(), String> {
        match self {
            Self::Setup { assurance } => setup::run(assurance),
            Self::Test { long } => test::run(long),
            Self::Ci => ci::run(),
            Self::Check { crates } => check::run(&crates),
            Self::Assurance => assurance::run(),
            Self::Kills { kills } => kills::run(kills),
            Self::Anvil => anvil::run(),
            Self::Tidy => tidy::run(),
            Self::Lint => lint::few_features(),
            Self::Doc => lint::documentation(),
            Self::NoStd => no_std::run(),
            Self::ConstantTime { update } => constant_time::run(update),
            Self::Differential { full } => differential::run(full),
            Self::Numbers => differential::numbers(100_000_000),
            Self::Embedded { update } => embedded::run(update),
            Self::Memory { release } => memory::run(release),
            Self::Openapi => openapi::run(),
            Self::Sdk { package } => sdk::run(package.as_deref()),
            Self::Contracts { folder } => contracts::run(&folder),
            Self::Postmortems => test::postmortems(),
            Self::Coverage => coverage::run(),
            Self::Deny => supply_chain::deny(),
            Self::Release { dry_run: _ } => release::dry_run(),
            Self::Sbom => sbom::print(),
            Self::Mutants { module: None, .. } => mutants::report(),
            Self::Mutants { module: Some(module), shard, missed } => {
                mutants::run(&module, mutants::Part::new(shard.as_deref(), missed))
            }
            Self::Instructions { update } => instructions::run(update),
            Self::Powerset => features::powerset(),
            Self::Unified { short } => features::unified(!short),
            Self::Minimal => features::minimal_versions(),
            Self::Api { update } => features::public_api(update),
            Self::Reproducible => reproducible::run(),
            Self::Fuzz { smoke: true, .. } => fuzz::run(fuzz::Length::Smoke),
            Self::Fuzz { seconds, .. } => fuzz::run(fuzz::Length::Seconds(seconds)),
            Self::Bench { what: None } => bench::run(),
            Self::Bench { what: Some(Bench::Endpoint) } => bench::endpoint::run(),
            Self::Bench { what: Some(Bench::Client { privy_rs }) } => bench::client::run(privy_rs),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn every_task_has_a_help() {
        Arguments::command().debug_assert();
        for task in Arguments::command().get_subcommands() {
            assert!(task.get_about().is_some(), "{} has no help", task.get_name());
        }
    }

    #[test]
    fn arguments_that_exclude_each_other_are_refused() {
        let parse = |words: &str| Arguments::try_parse_from(words.split(' '));
        for words in [
            "xtask fuzz --smoke --seconds 5",
            "xtask release",
            "xtask mutants --missed",
            "xtask mutants jcs 0/2 --missed",
            "xtask tidy client",
        ] {
            assert!(parse(words).is_err(), "{words} was taken");
        }
        assert!(parse("xtask mutants jcs 0/2").is_ok());
        assert!(parse("xtask check client signer-server").is_ok());
    }
}
