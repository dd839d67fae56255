mod approve;
mod approving;
mod send;
mod signers;
mod tokens;

use clap::{Args, Subcommand};
use secrecy::{ExposeSecret, SecretString};
use signer_client::crossmint::{Client, NewWallet, PermissionId, Rotation, Signers, Waiting};
use signer_protocols::crossmint::{ChainId, Scheme};

pub(crate) use self::approve::{ApproveArguments, approve};
use self::approving::{ApprovalArguments, Shown};
pub(crate) use self::send::{
    SendArguments, SignMessageArguments, SignTypedDataArguments, TransferArguments, send,
    sign_message, sign_typed_data, transfer,
};
pub(crate) use self::signers::{SignerCommand, signer};
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
pub(crate) struct RotateArguments {
    #[command(flatten)]
    project: ProjectArguments,
    /// The wallet: an address, or a locator as evm:alias:shop.
    #[arg(long, value_name = "W")]
    wallet: String,
    /// Secret of the signer to remove (SRC).
    #[arg(long, value_name = "SRC")]
    secret: SecretSource,
    /// Secret of the signer to add (SRC).
    #[arg(long, value_name = "SRC")]
    new_secret: SecretSource,
    /// The secret of the wallet's admin signer (SRC), which approves.
    #[arg(long, value_name = "SRC")]
    admin_secret: SecretSource,
    /// Permission id of the signer to remove (EVM), as an earlier rotation or `signer add` printed it. Without it the
    /// removal cannot be verified.
    #[arg(long, value_name = "HEX")]
    permission_id: Option<PermissionId>,
    #[command(flatten)]
    approval: ApprovalArguments,
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

pub(crate) fn rotate(arguments: &RotateArguments) -> Result<Outcome, Failure> {
    let RotateArguments { project, wallet, secret, new_secret, admin_secret, .. } = arguments;
    one_standard_input([secret, new_secret, admin_secret, &project.api_key], [])?;
    let (client, chain) = open(project)?;
    let (client, _) = Shown::on(arguments.approval.apply(client, &[])?, None);
    let (old, new) = (read_secret(secret)?, read_secret(new_secret)?);
    let admin = read_secret(admin_secret)?;
    run(async {
        let mut rotation = Rotation::new(wallet, chain, &old, &new, &admin);
        if let Some(id) = arguments.permission_id {
            rotation = rotation.permission_id(id);
        }
        let mut begun = false;
        let rotated = client.rotate(rotation, |step| {
            begun = true;
            say(step);
        });
        let rotated = match rotated.await {
            Ok(rotated) => rotated,
            Err(error) if begun && !error.is_refused() => {
                let rest = "what was begun is ended by running it again";
                return Err(Failure::refused(format!("{error}; {rest}")));
            }
            Err(error) => return Err(refused(error)),
        };
        let id = rotated.permission_id.map(|id| ("permissionId", id.to_string().into()));
        Ok(Outcome::Fields(signer_fields(&rotated.signers).into_iter().chain(id).collect()))
    })
}
