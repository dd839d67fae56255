use std::sync::Arc;

use clap::{Args, Subcommand};
use secrecy::{ExposeSecret, SecretString};
use signer_client::crossmint::{Client, NewWallet, Rotation, ServiceWritten, Signers, Waiting};
use signer_protocols::crossmint::{ChainId, Scheme};

use super::{asked_under, base_url, progress, refused, run};
use crate::commands::crossmint::{read_secret, trusted_keys};
use crate::failure::{Failure, say};
use crate::input::{SecretSource, one_standard_input};
use crate::outcome::{Field, Outcome};

#[derive(Args, Debug)]
pub(crate) struct ProjectArguments {
    /// The API key of a server (SRC).
    #[arg(long, value_name = "SRC")]
    api_key: SecretSource,
    /// Trust this key (base58) instead of the vendor's; may be repeated.
    #[arg(long, value_name = "B58")]
    trusted_key: Vec<String>,
    /// The service. Default: that of the API key's environment.
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// The chain, as base-sepolia, polygon, solana or stellar.
    #[arg(long, value_name = "C")]
    chain: String,
    /// On Solana, approve what the service writes by itself: transfers and changes of signers. It cannot be compared
    /// with what was asked for.
    #[arg(long)]
    allow_service_written: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum WalletCommand {
    /// Make a wallet whose admin is our signer.
    #[command(
        after_help = "Example:\n  signer crossmint wallet create --api-key env:CROSSMINT_API_KEY \\\n    --secret crossmint.secret --chain base-sepolia --alias shop"
    )]
    Create {
        #[command(flatten)]
        project: ProjectArguments,
        /// The signer secret (SRC).
        #[arg(long, value_name = "SRC")]
        secret: SecretSource,
        /// A further signer from the start: that of another secret (SRC). It is the one that can be rotated.
        #[arg(long, value_name = "SRC")]
        delegated_secret: Option<SecretSource>,
        /// An alias.
        #[arg(long, value_name = "A")]
        alias: Option<String>,
        /// The owner, as email:user@example.com.
        #[arg(long, value_name = "L")]
        owner: Option<String>,
        /// The key under which it is made once, however often it is asked for.
        #[arg(long, value_name = "K")]
        idempotency_key: Option<String>,
    },
    /// Show a wallet, our signer of it, and who can sign.
    #[command(
        after_help = "Example:\n  signer crossmint wallet show --api-key env:CROSSMINT_API_KEY \\\n    --secret crossmint.secret --chain base-sepolia --wallet evm:alias:shop"
    )]
    Show {
        #[command(flatten)]
        project: ProjectArguments,
        /// The signer secret (SRC).
        #[arg(long, value_name = "SRC")]
        secret: SecretSource,
        /// The wallet: an address, or a locator as evm:alias:shop.
        #[arg(long, value_name = "W")]
        wallet: String,
    },
}

#[derive(Args, Debug)]
pub(crate) struct TransferArguments {
    #[command(flatten)]
    project: ProjectArguments,
    /// The signer secret (SRC).
    #[arg(long, value_name = "SRC")]
    secret: SecretSource,
    /// The wallet: an address, or a locator as evm:alias:shop.
    #[arg(long, value_name = "W")]
    wallet: String,
    /// The token, as usdc.
    #[arg(long, value_name = "T")]
    token: String,
    /// The recipient's address.
    #[arg(long, value_name = "A")]
    to: String,
    /// How much, in whole tokens, as 1.5.
    #[arg(long, value_name = "N")]
    amount: String,
    /// The key under which it is sent once, however often it is asked for.
    #[arg(long, value_name = "K")]
    idempotency_key: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct RotateArguments {
    #[command(flatten)]
    project: ProjectArguments,
    /// The wallet: an address, or a locator as evm:alias:shop.
    #[arg(long, value_name = "W")]
    wallet: String,
    /// The secret of the signer that goes (SRC).
    #[arg(long, value_name = "SRC")]
    secret: SecretSource,
    /// The secret of the signer that comes (SRC).
    #[arg(long, value_name = "SRC")]
    new_secret: SecretSource,
    /// The secret of the wallet's admin signer (SRC), which approves.
    #[arg(long, value_name = "SRC")]
    admin_secret: SecretSource,
}

fn open(project: &ProjectArguments) -> Result<(Client, ChainId), Failure> {
    let text = project.api_key.read()?;
    let api_key: SecretString = text.text()?.into();
    let base = match (&project.base_url, api_key.expose_secret()) {
        (Some(url), _) => url,
        (None, key) if key.starts_with("sk_production_") => "https://www.crossmint.com",
        (None, key) if key.starts_with("sk_development_") => "http://localhost:3000",
        (None, _) => "https://staging.crossmint.com",
    };
    let trusted = trusted_keys(&project.trusted_key)?;
    let client = Client::new(base_url(base)?, api_key, &trusted).map_err(refused)?;
    let chain = ChainId::parse(&project.chain).map_err(Failure::refused)?;
    let client = client.waiting(Waiting { progress: progress(), ..Waiting::default() });
    let client = if project.allow_service_written {
        client.approval_policy(Arc::new(ServiceWritten))
    } else {
        client
    };
    Ok((client, chain))
}

pub(crate) fn wallet(command: &WalletCommand) -> Result<Outcome, Failure> {
    let (WalletCommand::Create { project, secret, .. }
    | WalletCommand::Show { project, secret, .. }) = command;
    let delegated = match command {
        WalletCommand::Create { delegated_secret, .. } => delegated_secret.as_ref(),
        WalletCommand::Show { .. } => None,
    };
    one_standard_input([secret, &project.api_key].into_iter().chain(delegated), [])?;
    let (client, chain) = open(project)?;
    let secret = read_secret(secret)?;
    let delegated = delegated.map(read_secret).transpose()?;
    run(async {
        let wallet = match command {
            WalletCommand::Create { alias, owner, idempotency_key, .. } => {
                let mut new = NewWallet::new(chain);
                if let Some(delegated) = &delegated {
                    let signer = client.signer(delegated, chain, Scheme::Current);
                    new = new.signer(signer.map_err(refused)?.locator());
                }
                if let Some(alias) = alias {
                    new = new.alias(alias);
                }
                if let Some(owner) = owner {
                    new = new.owner(owner);
                }
                if let Some(key) = idempotency_key {
                    new = new.idempotency_key(key);
                }
                client.create_wallet(new, &secret).await
            }
            WalletCommand::Show { wallet, .. } => client.wallet(wallet, chain, &secret).await,
        };
        let wallet = wallet.map_err(refused)?;
        let mut fields = vec![
            ("address", wallet.address().into()),
            ("chain", wallet.chain().as_str().into()),
            ("signer", wallet.signer().locator().to_string().into()),
        ];
        match wallet.signers().await {
            Ok(signers) => fields.extend(signer_fields(&signers)),
            // The wallet is there, and its address must not be lost.
            Err(error) => say(&format!("who else can sign could not be read: {error}")),
        }
        Ok(Outcome::Fields(fields))
    })
}

fn signer_fields(signers: &Signers) -> [(&'static str, Field); 2] {
    let delegated = serde_json::to_string(&signers.delegated).unwrap_or_default();
    [
        ("adminSigner", signers.admin.clone().unwrap_or_default().into()),
        ("delegatedSigners", Field::Json(delegated)),
    ]
}

pub(crate) fn transfer(arguments: &TransferArguments) -> Result<Outcome, Failure> {
    one_standard_input([&arguments.secret, &arguments.project.api_key], [])?;
    let (client, chain) = open(&arguments.project)?;
    let secret = read_secret(&arguments.secret)?;
    let TransferArguments { wallet, token, to, amount, .. } = arguments;
    run(async {
        let wallet = client.wallet(wallet, chain, &secret).await.map_err(refused)?;
        let key = match &arguments.idempotency_key {
            Some(key) => key.clone(),
            None => asked_under("transfer")?,
        };
        let sent = wallet.transfer_under(token, to, amount, &key).await.map_err(refused)?;
        Ok(Outcome::Fields(vec![
            ("id", sent.id.into()),
            ("hash", sent.hash.unwrap_or_default().into()),
        ]))
    })
}

pub(crate) fn rotate(arguments: &RotateArguments) -> Result<Outcome, Failure> {
    let RotateArguments { project, wallet, secret, new_secret, admin_secret } = arguments;
    one_standard_input([secret, new_secret, admin_secret, &project.api_key], [])?;
    let (client, chain) = open(project)?;
    let (old, new) = (read_secret(secret)?, read_secret(new_secret)?);
    let admin = read_secret(admin_secret)?;
    run(async {
        let rotation = Rotation::new(wallet, chain, &old, &new, &admin);
        let mut begun = false;
        let rotated = client.rotate(rotation, |step| {
            begun = true;
            say(step);
        });
        let signers = match rotated.await {
            Ok(signers) => signers,
            Err(error) if begun && !error.is_refused() => {
                let rest = "what was begun is ended by running it again";
                return Err(Failure::refused(format!("{error}; {rest}")));
            }
            Err(error) => return Err(refused(error)),
        };
        Ok(Outcome::Fields(signer_fields(&signers).into()))
    })
}
