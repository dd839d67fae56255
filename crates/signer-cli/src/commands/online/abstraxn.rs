use std::sync::Arc;

use clap::{ArgGroup, Args};
use secrecy::ExposeSecret;
use signer_client::abstraxn::{Client, Identity, Session, TransactionType};
use signer_client::{AccessKeyStore, IdentityId};
use signer_core::p256::VerifyingKey;
use signer_protocols::abstraxn::wire::DEFAULT_BASE_URL;

use super::{StoreArguments, base_url, refused, run};
use crate::failure::{Failure, OrRefuse};
use crate::input::{FileSource, SecretSource, one_standard_input};
use crate::key_file::{self, OutFile};
use crate::outcome::{Field, Outcome};

#[derive(Args, Debug)]
pub(crate) struct SessionArguments {
    /// The permanent name of the identity: the same text for ever.
    #[arg(long, value_name = "NAME")]
    identity: String,
    /// The API key (SRC).
    #[arg(long, value_name = "SRC")]
    api_key: SecretSource,
    /// The access key (SRC). Default: the stored one, or a new one that is stored.
    #[arg(long, value_name = "SRC")]
    access_key: Option<SecretSource>,
    /// The service.
    #[arg(long, value_name = "URL", default_value = DEFAULT_BASE_URL)]
    base_url: String,
    #[command(flatten)]
    store: StoreArguments,
}

#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  signer login --identity user-1 --api-key env:ABSTRAXN_API_KEY\n\nThe access key is the wallet: keep a copy of its folder where it is not lost."
)]
pub(crate) struct LoginArguments {
    #[command(flatten)]
    session: SessionArguments,
    /// A display name, for the first sign-in.
    #[arg(long, value_name = "NAME")]
    user_name: Option<String>,
    /// An e-mail address, for the first sign-in.
    #[arg(long, value_name = "ADDRESS")]
    user_email: Option<String>,
}

#[derive(Args, Debug)]
#[command(group = ArgGroup::new("what").required(true))]
pub(crate) struct SignArguments {
    #[command(flatten)]
    session: SessionArguments,
    /// A text, signed as a personal message.
    #[arg(long, value_name = "TEXT", group = "what")]
    message: Option<String>,
    /// An unsigned EVM transaction, in hex.
    #[arg(long, value_name = "HEX", group = "what")]
    transaction: Option<String>,
    /// EIP-712 typed data, a JSON file or - for standard input.
    #[arg(long, value_name = "F", group = "what")]
    typed_data: Option<FileSource>,
}

#[derive(Args, Debug)]
pub(crate) struct ExportArguments {
    #[command(flatten)]
    session: SessionArguments,
    /// Write the key to a new file (mode 0600) instead of printing it.
    #[arg(long, value_name = "F")]
    out: Option<OutFile>,
    /// The key that signs exports, uncompressed in hex, instead of the vendor's.
    #[arg(long, value_name = "HEX")]
    quorum_key: Option<String>,
}

/// Opens what was begun by `login`.
async fn reopen(
    arguments: &SessionArguments,
    quorum_key: Option<VerifyingKey>,
) -> Result<Session, Failure> {
    must_be_known(arguments).await?;
    open(arguments, |identity| identity, quorum_key).await
}

/// A name that was mistyped makes no wallet.
async fn must_be_known(arguments: &SessionArguments) -> Result<(), Failure> {
    let id = IdentityId::new(&base_url(&arguments.base_url)?, &arguments.identity);
    let stored = arguments.store.access_keys()?.load(&id).await;
    let stored = stored.map_err(|error| Failure::refused(error).about("access keys"))?;
    if stored.is_none() && arguments.access_key.is_none() {
        let rule = "no access key of this identity is here: run signer login, or give --access-key";
        return Err(Failure::refused(rule).about(&arguments.identity));
    }
    Ok(())
}

async fn open(
    arguments: &SessionArguments,
    change: impl FnOnce(Identity) -> Identity,
    quorum_key: Option<VerifyingKey>,
) -> Result<Session, Failure> {
    let (client, identity) = client(arguments, quorum_key)?;
    client.authenticate(&change(identity)).await.map_err(refused)
}

fn client(
    arguments: &SessionArguments,
    quorum_key: Option<VerifyingKey>,
) -> Result<(Client, Identity), Failure> {
    let secrets = [&arguments.api_key].into_iter().chain(&arguments.access_key);
    one_standard_input(secrets.chain(arguments.store.secret()), [])?;
    let api_key = arguments.api_key.read()?.text()?.into();
    let mut builder = Client::builder(base_url(&arguments.base_url)?, api_key)
        .token_store(arguments.store.tokens()?)
        .access_key_store(Arc::new(arguments.store.access_keys()?));
    if let Some(key) = quorum_key {
        builder = builder.quorum_key(key);
    }
    let mut identity = Identity::new(&arguments.identity);
    if let Some(key) = &arguments.access_key {
        identity = identity.access_key(key.read()?.text()?.into());
    }
    Ok((builder.build().map_err(refused)?, identity))
}

pub(crate) fn login(arguments: &LoginArguments) -> Result<Outcome, Failure> {
    let named = |mut identity: Identity| {
        if let Some(name) = &arguments.user_name {
            identity = identity.user_name(name);
        }
        if let Some(email) = &arguments.user_email {
            identity = identity.user_email(email);
        }
        identity
    };
    run(async {
        let session = open(&arguments.session, named, None).await?;
        Ok(Outcome::Fields(vec![
            ("identity", session.identity().into()),
            ("didCreate", Field::Json(session.did_create().to_string())),
            ("targetPublicKey", session.target_public_key().into()),
            ("organizationId", session.organization_id().unwrap_or_default().into()),
            ("walletAddress", session.wallet_address().unwrap_or_default().into()),
        ]))
    })
}

pub(crate) fn whoami(arguments: &SessionArguments) -> Result<Outcome, Failure> {
    run(async {
        let session = reopen(arguments, None).await?;
        let identity = session.whoami().await.map_err(refused)?;
        Ok(Outcome::Fields(vec![
            ("organizationId", identity.organization_id.into()),
            ("userId", identity.user_id.into()),
            ("username", identity.username.unwrap_or_default().into()),
            ("address", identity.address.unwrap_or_default().into()),
        ]))
    })
}

pub(crate) fn sign(arguments: &SignArguments) -> Result<Outcome, Failure> {
    let session = &arguments.session;
    let secrets = [&session.api_key].into_iter().chain(&session.access_key);
    one_standard_input(secrets.chain(session.store.secret()), &arguments.typed_data)?;
    let typed_data = match &arguments.typed_data {
        Some(file) => {
            let bytes = file.read(1 << 20)?;
            Some(String::from_utf8(bytes).or_refuse("typed data is text in utf-8")?)
        }
        None => None,
    };
    run(async {
        let session = reopen(&arguments.session, None).await?;
        let (name, signed) = if let Some(message) = &arguments.message {
            ("signature", session.sign_personal(message.as_bytes()).await)
        } else if let Some(typed_data) = &typed_data {
            ("signature", session.sign_typed_data(typed_data).await)
        } else {
            let unsigned = arguments.transaction.as_deref().unwrap_or_default();
            let signed = session.sign_transaction(unsigned, TransactionType::Ethereum).await;
            ("signedTransaction", signed.map(|signed| signed.as_str().to_owned()))
        };
        Ok(Outcome::Fields(vec![
            (name, signed.map_err(refused)?.into()),
            ("address", session.wallet_address().unwrap_or_default().into()),
        ]))
    })
}

pub(crate) fn export(arguments: &ExportArguments) -> Result<Outcome, Failure> {
    let quorum_key = match &arguments.quorum_key {
        Some(text) => Some(parse_point(text).or_refuse("--quorum-key")?),
        None => None,
    };
    run(async {
        let session = reopen(&arguments.session, quorum_key).await?;
        let key = session.export().await.map_err(refused)?;
        let address = session.wallet_address().unwrap_or_default();
        let key = if address.starts_with("0x") { key.to_evm() } else { key.to_solana() };
        let shown = match &arguments.out {
            None | Some(OutFile::StandardOutput) => {
                ("privateKey", Field::Secret("WALLET_PRIVATE_KEY", key))
            }
            Some(OutFile::New(path)) => {
                key_file::create_secret(path, &[key.expose_secret().as_bytes(), b"\n"])?;
                ("path", path.display().to_string().into())
            }
        };
        Ok(Outcome::Fields(vec![shown, ("address", address.into())]))
    })
}

pub(crate) fn logout(arguments: &SessionArguments) -> Result<Outcome, Failure> {
    run(async {
        let (client, identity) = client(arguments, None)?;
        must_be_known(arguments).await?;
        client.logout(&identity).await.map_err(refused)?;
        Ok(Outcome::Fields(vec![("identity", arguments.identity.as_str().into())]))
    })
}

fn parse_point(text: &str) -> Result<VerifyingKey, &'static str> {
    let rule = "must be an uncompressed P-256 point, 130 hex digits";
    let mut point = [0; 65];
    signer_core::encoding::hex::decode_into(text.as_bytes(), &mut point).map_err(|_| rule)?;
    VerifyingKey::from_sec1_bytes(&point).map_err(|_| rule)
}
