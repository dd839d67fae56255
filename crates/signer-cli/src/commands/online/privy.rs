use clap::{Args, Subcommand};
use signer_client::privy::{
    Authorization, ChainType, Client, CreateWallet, DEFAULT_BASE_URL, Owner, Wallet,
};
use signer_protocols::Json;
use signer_protocols::privy::decode_public_key;

use super::{asked_under, base_url, refused, run};
use crate::commands::privy::open_keys;
use crate::device::KeySource;
use crate::failure::{Failure, OrRefuse};
use crate::input::{FileSource, SecretSource, one_standard_input};
use crate::outcome::{Field, Outcome};

#[derive(Args, Debug)]
pub(crate) struct AppArguments {
    /// The app id.
    #[arg(long, value_name = "ID")]
    app_id: String,
    /// The app secret (SRC).
    #[arg(long, value_name = "SRC")]
    app_secret: SecretSource,
    /// The service.
    #[arg(long, value_name = "URL", default_value = DEFAULT_BASE_URL)]
    base_url: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum WalletCommand {
    /// Make a wallet.
    #[command(
        after_help = "Example:\n  signer privy wallet create --app-id APP --app-secret env:PRIVY_APP_SECRET \\\n    --chain-type ethereum --owner-public-key B64"
    )]
    Create(CreateArguments),
    /// Show a wallet.
    #[command(
        after_help = "Example:\n  signer privy wallet show --app-id APP --app-secret env:PRIVY_APP_SECRET --wallet ID"
    )]
    Show {
        #[command(flatten)]
        app: AppArguments,
        /// The wallet's id.
        #[arg(long, value_name = "ID")]
        wallet: String,
    },
}

#[derive(Args, Debug)]
pub(crate) struct CreateArguments {
    #[command(flatten)]
    app: AppArguments,
    /// ethereum, solana, or another that the service knows.
    #[arg(long, value_name = "T")]
    chain_type: String,
    /// The owner's public key, base64 of SPKI DER, as of `signer privy public-key`.
    #[arg(long, value_name = "B64")]
    owner_public_key: Option<String>,
    /// An authorization key (SRC, or device:SOCKET) that signs the creation, where the app asks for it; may be repeated.
    #[arg(long, value_name = "SRC")]
    key: Vec<KeySource>,
    /// The key under which it is made once, however often it is asked for.
    #[arg(long, value_name = "K")]
    idempotency_key: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct RpcArguments {
    #[command(flatten)]
    app: AppArguments,
    /// The wallet's id.
    #[arg(long, value_name = "ID")]
    wallet: String,
    /// An authorization key (SRC, or device:SOCKET); may be repeated.
    #[arg(long, value_name = "SRC")]
    key: Vec<KeySource>,
    /// The call, JSON with method and params, a file or - for standard input.
    #[arg(long, value_name = "F")]
    body: FileSource,
    /// The key under which it is done once, however often it is asked for.
    #[arg(long, value_name = "K")]
    idempotency_key: Option<String>,
}

fn client(app: &AppArguments) -> Result<Client, Failure> {
    let secret = app.app_secret.read()?.text()?.into();
    Client::new(base_url(&app.base_url)?, &app.app_id, secret).map_err(refused)
}

/// Opens the keys, where what is read from standard input is one thing of the call.
fn authorization(
    keys: &[KeySource],
    app: &AppArguments,
    body: Option<&FileSource>,
) -> Result<Authorization, Failure> {
    let secrets = keys.iter().filter_map(KeySource::secret).chain([&app.app_secret]);
    one_standard_input(secrets, body)?;
    let keys = open_keys(keys)?.into_iter();
    Ok(keys.fold(Authorization::none(), |signed, key| signed.and_key(key.signer)))
}

pub(crate) fn wallet(command: &WalletCommand) -> Result<Outcome, Failure> {
    let wallet = match command {
        WalletCommand::Create(arguments) => {
            let authorization = authorization(&arguments.key, &arguments.app, None)?;
            let mut wallet = CreateWallet::new(ChainType::other(arguments.chain_type.clone()));
            if let Some(key) = &arguments.owner_public_key {
                let key = decode_public_key(key).or_refuse("--owner-public-key")?;
                wallet = wallet.owner(Owner::public_key(&key));
            }
            let client = client(&arguments.app)?;
            let mut request = client.create_wallet(&wallet).authorization(authorization);
            if let Some(key) = &arguments.idempotency_key {
                request = request.idempotency_key(key);
            }
            run(async { request.send().await.map_err(refused) })?
        }
        WalletCommand::Show { app, wallet } => {
            let client = client(app)?;
            run(async { client.wallet(wallet).await.map_err(refused) })?
        }
    };
    Ok(fields(wallet))
}

fn fields(wallet: Wallet) -> Outcome {
    Outcome::Fields(vec![
        ("id", wallet.id.into()),
        ("address", wallet.address.into()),
        ("chainType", wallet.chain_type.as_str().into()),
        ("ownerId", wallet.owner_id.unwrap_or_default().into()),
    ])
}

pub(crate) fn rpc(arguments: &RpcArguments) -> Result<Outcome, Failure> {
    let authorization = authorization(&arguments.key, &arguments.app, Some(&arguments.body))?;
    let body = arguments.body.read(1 << 20)?;
    let client = client(&arguments.app)?;
    let key = match &arguments.idempotency_key {
        Some(key) => key.clone(),
        None => asked_under("call")?,
    };
    let request = client.rpc_json(&arguments.wallet, &body);
    let request = request.authorization(authorization).idempotency_key(key);
    let answer = run(async { request.send().await.map_err(refused) })?;
    let data = serde_json::to_string(&Json::Object(answer.data)).or_refuse("data")?;
    Ok(Outcome::Fields(vec![("method", answer.method.into()), ("data", Field::Json(data))]))
}
