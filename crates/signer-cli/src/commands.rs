//! The commands: one file for each provider.

mod abstraxn;
mod audit;
mod blink;
mod crossmint;
mod demo;
#[cfg(unix)]
mod device;
mod emulate;
mod jcs;
mod online;
mod policy;
mod privy;
mod serve;

use clap::{CommandFactory, Parser, Subcommand};

use crate::failure::Failure;
use crate::outcome::Outcome;

/// Keys, signatures and checks for wallet platforms: Crossmint, Privy, Blink, Abstraxn.
///
/// Secrets (SRC) come from a file, - (standard input) or env:NAME, never from an argument. A key that signs may
/// stay where it is: device:SOCKET is a hardware signer behind a socket, device:SOCKET#SLOT one of its keys.
/// Exit codes: 0 done, 1 refused, 2 usage.
#[derive(Debug, Parser)]
#[command(name = "signer", version, propagate_version = true, arg_required_else_help = true)]
pub(crate) struct Cli {
    /// Print one JSON object.
    #[arg(long, global = true)]
    pub(crate) json: bool,

    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Server signers: keys derived from one secret, approvals.
    #[command(subcommand)]
    Crossmint(crossmint::Command),
    /// Authorization signatures and webhooks.
    #[command(subcommand)]
    Privy(privy::Command),
    /// Signed payments of a merchant.
    #[command(subcommand)]
    Blink(blink::Command),
    /// Access keys and stamps.
    #[command(subcommand)]
    Abstraxn(abstraxn::Command),
    /// Hardware signers.
    #[cfg(unix)]
    #[command(subcommand)]
    Device(device::Command),
    /// Print the canonical form (RFC 8785) of a JSON file.
    Jcs(jcs::Arguments),
    /// Sign an identity in at Abstraxn and keep its token.
    Login(online::LoginArguments),
    /// Show all four providers at work on this machine, without a network or an account.
    Demo,
    /// Run a stand-in for the services of all four providers on this machine.
    Emulate(emulate::Arguments),
    /// Run the signer endpoint of a Blink merchant.
    Serve(serve::Arguments),
    /// Let the staged key of a running endpoint sign, and the other no more.
    #[cfg(unix)]
    SwitchKey(serve::SwitchKeyArguments),
    /// Orders to the store of an endpoint.
    #[command(subcommand)]
    Store(StoreCommand),
    /// Check the audit log of an endpoint.
    #[command(subcommand)]
    Audit(audit::Command),
    /// Print the manual page of the program or of a command (roff).
    #[command(after_help = "Example:\n  signer man privy sign | man -l -")]
    Man {
        /// The words of the command.
        #[arg(value_name = "COMMAND")]
        command: Vec<String>,
    },
    /// Print the completions of a shell.
    #[command(after_help = "Example:\n  signer completions bash > /etc/bash_completion.d/signer")]
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum StoreCommand {
    /// Accept that the Redis of an endpoint lost its records, and sign again.
    ///
    /// Idempotency keys and daily sums from before are gone: a retry may be a second payment.
    AcceptLoss(serve::AcceptLossArguments),
}

/// Runs a command, whose answer is to be one JSON object or text.
pub(crate) fn run(command: Command, json: bool) -> Result<Outcome, Failure> {
    match command {
        Command::Crossmint(command) => crossmint::run(command),
        Command::Privy(command) => privy::run(command),
        Command::Blink(command) => blink::run(command),
        Command::Abstraxn(command) => abstraxn::run(command),
        #[cfg(unix)]
        Command::Device(command) => device::run(&command),
        Command::Jcs(arguments) => jcs::run(&arguments),
        Command::Login(arguments) => online::login(&arguments),
        Command::Demo => demo::run(),
        Command::Emulate(arguments) => emulate::run(&arguments),
        Command::Serve(arguments) => serve::run(&arguments),
        #[cfg(unix)]
        Command::SwitchKey(arguments) => serve::switch_key(&arguments),
        Command::Store(StoreCommand::AcceptLoss(arguments)) => serve::accept_loss(&arguments),
        Command::Audit(command) => audit::run(&command, json),
        Command::Man { command } => man(&command),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "signer", &mut script);
            Ok(Outcome::Raw(script))
        }
    }
}

/// The page of one command; `signer` and its words are its name.
fn man(words: &[String]) -> Result<Outcome, Failure> {
    let mut command = Cli::command();
    command.build();
    let mut found = &command;
    for word in words {
        found = found
            .find_subcommand(word)
            .ok_or_else(|| Failure::usage("there is no such command: see signer --help"))?;
    }
    let name = std::iter::once("signer").chain(words.iter().map(String::as_str));
    let name = name.collect::<Vec<_>>().join("-");
    let mut page = Vec::new();
    let mut manual = clap_mangen::Man::new(found.clone());
    manual = manual.title(name);
    manual
        .render(&mut page)
        .map_err(|error| Failure::refused(crate::failure::io_reason(&error)))?;
    Ok(Outcome::Raw(page))
}
