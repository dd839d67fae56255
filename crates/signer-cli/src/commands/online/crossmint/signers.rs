//! `crossmint signer add`, `remove` and `list`.

use clap::{Args, Subcommand};
use signer_client::crossmint::{NewSigner, PermissionId};
use signer_protocols::crossmint::rest::Scope;
use signer_protocols::crossmint::{ChainType, Locator, Scheme};

use super::approving::Shown;
use super::send::WalletArguments;
use super::{ProjectArguments, open, refused, run, signer_fields};
use crate::commands::crossmint::read_secret;
use crate::failure::Failure;
use crate::input::{SecretSource, one_standard_input};
use crate::outcome::Outcome;

#[derive(Debug, Subcommand)]
pub(crate) enum SignerCommand {
    /// Add a signer. On EVM the permission id is printed: a later removal is verified by it.
    #[command(
        after_help = "Example:\n  signer crossmint signer add server:0x… --api-key env:CROSSMINT_API_KEY --wallet 0x… \\\n    --chain base-sepolia --secret admin.secret"
    )]
    Add(Box<AddArguments>),
    /// Remove a signer.
    #[command(
        after_help = "Example:\n  signer crossmint signer remove server:0x… --permission-id 0x12859af0 \\\n    --api-key env:CROSSMINT_API_KEY --wallet 0x… --chain base-sepolia --secret admin.secret"
    )]
    Remove(Box<RemoveArguments>),
    /// List the signers of a wallet.
    #[command(
        after_help = "Example:\n  signer crossmint signer list --api-key env:CROSSMINT_API_KEY --wallet 0x… --chain base-sepolia"
    )]
    List(ListArguments),
}

#[derive(Args, Debug)]
pub(crate) struct AddArguments {
    #[command(flatten)]
    wallet: WalletArguments,
    /// The new signer, such as server:0x….
    #[arg(value_name = "LOCATOR", required_unless_present = "new_secret")]
    signer: Option<String>,
    /// The secret of the new signer (SRC), instead of its locator.
    #[arg(long, value_name = "SRC", conflicts_with = "signer")]
    new_secret: Option<SecretSource>,
    /// Ask for a limit: transfers of one token; may be repeated. How the service enforces it cannot be verified.
    #[arg(long, value_name = "CHAIN:TOKEN[,recipient=A][,limit=AMOUNT][,interval=N]", value_parser = scope)]
    scope: Vec<Scope>,
    /// Ask for an end: ISO 8601 in UTC, such as 2027-01-31T12:00:00Z.
    #[arg(long, value_name = "TIME")]
    expires_at: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct RemoveArguments {
    #[command(flatten)]
    wallet: WalletArguments,
    /// The signer to remove, such as server:0x….
    #[arg(value_name = "LOCATOR")]
    signer: String,
    /// Its permission id (EVM), as `signer add` printed it. Without it the removal cannot be verified.
    #[arg(long, value_name = "HEX")]
    permission_id: Option<PermissionId>,
}

#[derive(Args, Debug)]
pub(crate) struct ListArguments {
    #[command(flatten)]
    project: ProjectArguments,
    /// The wallet: an address, or a locator, such as evm:alias:shop.
    #[arg(long, value_name = "W")]
    wallet: String,
}

fn scope(text: &str) -> Result<Scope, String> {
    let mut parts = text.split(',');
    let token = parts.next().filter(|token| token.contains(':'));
    let mut scope = Scope::transfer(token.ok_or("must start with CHAIN:TOKEN")?);
    let (mut limit, mut interval) = (None, None);
    for part in parts {
        match part.split_once('=') {
            Some(("recipient", recipient)) => scope = scope.recipient(recipient),
            Some(("limit", amount)) => limit = Some(amount.to_owned()),
            Some(("interval", number)) => {
                let number = number.parse().map_err(|_| "interval must be a whole number")?;
                interval = Some(number);
            }
            _ => return Err(format!("unknown part {part:?}")),
        }
    }
    match (limit, interval) {
        (Some(amount), interval) => Ok(scope.spending_limit(amount, interval)),
        (None, Some(_)) => Err("interval needs a limit".into()),
        (None, None) => Ok(scope),
    }
}

fn locator(text: &str, chain_type: ChainType) -> Result<Locator, Failure> {
    Locator::parse(text, chain_type).map_err(|error| Failure::refused(error).about("the signer"))
}

pub(crate) fn signer(command: &SignerCommand) -> Result<Outcome, Failure> {
    match command {
        SignerCommand::Add(arguments) => add(arguments),
        SignerCommand::Remove(arguments) => remove(arguments),
        SignerCommand::List(arguments) => list(arguments),
    }
}

fn add(arguments: &AddArguments) -> Result<Outcome, Failure> {
    let secrets = arguments.wallet.secrets();
    one_standard_input(secrets.into_iter().chain(&arguments.new_secret), [])?;
    let (client, chain) = open(&arguments.wallet.project)?;
    let client = arguments.wallet.approval.apply(client, &[])?;
    let (client, shown) = Shown::on(client, None);
    let secret = read_secret(&arguments.wallet.secret)?;
    let new = match (&arguments.signer, &arguments.new_secret) {
        (Some(text), _) => locator(text, chain.chain_type())?,
        (None, Some(source)) => {
            let signer = client.signer(&read_secret(source)?, chain, Scheme::Current);
            signer.map_err(refused)?.locator()
        }
        (None, None) => return Err(Failure::usage("the locator of the new signer is needed")),
    };
    let mut new_signer = NewSigner::new(new);
    for scope in &arguments.scope {
        new_signer = new_signer.scope(scope.clone());
    }
    if let Some(time) = &arguments.expires_at {
        new_signer = new_signer.expires_at(time);
    }
    run(async {
        let wallet = client.wallet(&arguments.wallet.wallet, chain, &secret).await;
        let added = wallet.map_err(refused)?.add_signer(new_signer).await;
        shown.outcome(added, |added| {
            let id = added.permission_id.map(|id| ("permissionId", id.to_string().into()));
            let fields = [("signer", new.to_string().into())];
            Outcome::Fields(fields.into_iter().chain(id).collect())
        })
    })
}

fn remove(arguments: &RemoveArguments) -> Result<Outcome, Failure> {
    one_standard_input(arguments.wallet.secrets(), [])?;
    let (client, chain) = open(&arguments.wallet.project)?;
    let client = arguments.wallet.approval.apply(client, &[])?;
    let (client, shown) = Shown::on(client, None);
    let secret = read_secret(&arguments.wallet.secret)?;
    let old = locator(&arguments.signer, chain.chain_type())?;
    run(async {
        let wallet = client.wallet(&arguments.wallet.wallet, chain, &secret).await;
        let wallet = wallet.map_err(refused)?;
        let removed = wallet.remove_signer(&old, arguments.permission_id).await;
        shown.outcome(removed, |()| Outcome::Fields(vec![("removed", old.to_string().into())]))
    })
}

fn list(arguments: &ListArguments) -> Result<Outcome, Failure> {
    one_standard_input([&arguments.project.api_key], [])?;
    let (client, _) = open(&arguments.project)?;
    run(async {
        let signers = client.signers(&arguments.wallet).await.map_err(refused)?;
        Ok(Outcome::Fields(signer_fields(&signers).into()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_a_token_with_limits() {
        let expected = Scope::transfer("base:usdc")
            .recipient("0x1")
            .recipient("0x2")
            .spending_limit("1.5", Some(60));
        let text = "base:usdc,recipient=0x1,limit=1.5,interval=60,recipient=0x2";
        assert_eq!(scope(text), Ok(expected));
        assert_eq!(scope("base:usdc"), Ok(Scope::transfer("base:usdc")));
        for text in ["", "usdc", "base:usdc,interval=1", "base:usdc,limit", "base:usdc,other=1"] {
            assert!(scope(text).is_err(), "{text}");
        }
    }
}
