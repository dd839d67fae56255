use std::str::FromStr;

use clap::{Args, Subcommand};
use secrecy::ExposeSecret;
use signer_core::p256::{DerSignature, SigningKey};
use signer_core::signature::Signer;
use signer_protocols::jcs::Limits;
use signer_protocols::privy::{
    AuthorizationKey, AuthorizationRequest, DEFAULT_EXPIRY_MS, WebhookSecret, decode_public_key,
    encode_public_key,
};

use super::jcs::{DEFAULT_MAX_BYTES, read_body};
use super::online::privy as online;
use crate::device::{KeySource, P256Key};
use crate::failure::{Failure, OrRefuse};
use crate::input::{FileSource, SecretSource, one_standard_input};
use crate::key_file::{self, OutFile};
use crate::outcome::{Field, Outcome};
use crate::system;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make an authorization key.
    #[command(after_help = "Example:\n  signer privy generate --out privy.key")]
    Generate {
        /// Write it to a new file (mode 0600) instead of printing it.
        #[arg(long, value_name = "F")]
        out: Option<OutFile>,
    },
    /// Show the public key of an authorization key, as it is registered.
    #[command(after_help = "Example:\n  signer privy public-key --key privy.key")]
    PublicKey {
        /// The authorization key (SRC or device:SOCKET).
        #[arg(long, value_name = "SRC")]
        key: KeySource,
    },
    /// Sign a request.
    #[command(
        after_help = "Example:\n  signer privy sign --key privy.key --app-id APP --method POST \\\n    --url https://api.privy.io/v1/wallets --body body.json --json"
    )]
    Sign(SignArguments),
    /// Check the signatures of a request.
    #[command(
        after_help = "Example:\n  signer privy verify --public-key B64 --signature S --app-id APP --method POST \\\n    --url https://api.privy.io/v1/wallets --body body.json --expiry 1773679531000"
    )]
    Verify(VerifyArguments),
    /// Check the signature of a webhook.
    #[command(
        after_help = "Example:\n  signer privy webhook --secret env:PRIVY_WEBHOOK_SECRET --id \"$SVIX_ID\" \\\n    --timestamp \"$SVIX_TIMESTAMP\" --signature \"$SVIX_SIGNATURE\" --body body.json"
    )]
    Webhook(WebhookArguments),
    /// Make or show a wallet.
    #[command(subcommand)]
    Wallet(online::WalletCommand),
    /// Have a wallet do something: a call of its rpc method, as JSON.
    #[command(
        after_help = "Example:\n  signer privy rpc --app-id APP --app-secret env:PRIVY_APP_SECRET --wallet ID \\\n    --key privy.key --body call.json"
    )]
    Rpc(online::RpcArguments),
}

#[derive(Args, Debug)]
pub(crate) struct RequestArguments {
    /// The app id.
    #[arg(long, value_name = "ID")]
    app_id: String,
    /// POST, PUT, PATCH or DELETE.
    #[arg(long, value_name = "M")]
    method: String,
    /// The exact URL that is sent.
    #[arg(long, value_name = "U")]
    url: String,
    /// The JSON body, a file or - for standard input.
    #[arg(long, value_name = "F")]
    body: Option<FileSource>,
    /// The idempotency key.
    #[arg(long, value_name = "K")]
    idempotency_key: Option<String>,
    /// The most bytes of the body that are read.
    #[arg(long, value_name = "N", default_value_t = DEFAULT_MAX_BYTES)]
    max_bytes: usize,
}

#[derive(Args, Debug)]
pub(crate) struct SignArguments {
    /// An authorization key (SRC or device:SOCKET); may be repeated, and the signatures keep that order.
    #[arg(long, value_name = "SRC", required = true)]
    key: Vec<KeySource>,
    #[command(flatten)]
    request: RequestArguments,
    /// When the request expires, in Unix milliseconds, or none. Default: now + 15 minutes.
    #[arg(long, value_name = "MS|none")]
    expiry: Option<Expiry>,
}

#[derive(Args, Debug)]
pub(crate) struct VerifyArguments {
    #[command(flatten)]
    request: RequestArguments,
    /// The expiry that was signed, in Unix milliseconds, or none. Default: none.
    #[arg(long, value_name = "MS|none")]
    expiry: Option<Expiry>,
    /// A public key (base64 of SPKI DER); repeat it for each signature.
    #[arg(long, value_name = "B64", required = true)]
    public_key: Vec<String>,
    /// The value of the signature header.
    #[arg(long, value_name = "S")]
    signature: String,
}

#[derive(Args, Debug)]
pub(crate) struct WebhookArguments {
    /// The signing secret, whsec_… (SRC).
    #[arg(long, value_name = "SRC")]
    secret: SecretSource,
    /// The header svix-id.
    #[arg(long, value_name = "I")]
    id: String,
    /// The header svix-timestamp, Unix seconds.
    #[arg(long, value_name = "T", allow_hyphen_values = true)]
    timestamp: String,
    /// The header svix-signature.
    #[arg(long, value_name = "S")]
    signature: String,
    /// The body as received, a file or - for standard input.
    #[arg(long, value_name = "F")]
    body: FileSource,
    /// The time of the check, Unix seconds. Default: now.
    #[arg(long, value_name = "T")]
    now: Option<u64>,
    /// The most bytes of the body that are read.
    #[arg(long, value_name = "N", default_value_t = DEFAULT_MAX_BYTES)]
    max_bytes: usize,
}

#[derive(Clone, Copy, Debug)]
enum Expiry {
    None,
    UnixMs(u64),
}

impl FromStr for Expiry {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match (text, text.parse()) {
            ("none", _) => Ok(Self::None),
            (_, Ok(ms @ 1..)) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
                Ok(Self::UnixMs(ms))
            }
            _ => Err("a positive number of Unix milliseconds, or none".into()),
        }
    }
}

pub(super) fn run(command: Command) -> Result<Outcome, Failure> {
    match command {
        Command::Wallet(command) => online::wallet(&command),
        Command::Rpc(arguments) => online::rpc(&arguments),
        Command::Generate { out } => generate(out),
        Command::PublicKey { key } => {
            let public_key = encode_public_key(&open_key(&key)?.verifying_key);
            Ok(Outcome::Fields(vec![("publicKey", public_key.into())]))
        }
        Command::Sign(arguments) => sign(&arguments),
        Command::Verify(arguments) => verify(&arguments),
        Command::Webhook(arguments) => webhook(&arguments),
    }
}

fn generate(out: Option<OutFile>) -> Result<Outcome, Failure> {
    let key = AuthorizationKey::from(SigningKey::generate(&mut system::random()?));
    let public_key = Field::from(encode_public_key(&key.verifying_key()));
    let text = key.to_wallet_auth();
    let shown = match out {
        None | Some(OutFile::StandardOutput) => {
            ("authorizationKey", Field::Secret("PRIVY_AUTHORIZATION_KEY", text))
        }
        Some(OutFile::New(path)) => {
            key_file::create_secret(&path, &[text.expose_secret().as_bytes(), b"\n"])?;
            ("path", path.display().to_string().into())
        }
    };
    Ok(Outcome::Fields(vec![shown, ("publicKey", public_key)]))
}

fn sign(arguments: &SignArguments) -> Result<Outcome, Failure> {
    let secrets = arguments.key.iter().filter_map(KeySource::secret);
    one_standard_input(secrets, &arguments.request.body)?;
    let expiry = match arguments.expiry {
        Some(expiry) => expiry,
        None => Expiry::UnixMs(system::now_ms()?.saturating_add(DEFAULT_EXPIRY_MS)),
    };
    let request = build(&arguments.request, expiry)?;
    let keys = open_keys(&arguments.key)?;
    let signers: Vec<&dyn Signer<DerSignature>> =
        keys.iter().map(|key| key.signer.as_ref() as _).collect();
    let signed = request.sign(&signers).map_err(Failure::refused)?;
    let payload = String::from_utf8_lossy(signed.request().signing_input()).into_owned();
    let headers = signed.headers().map(|(name, value)| (name.into(), value.into())).collect();
    Ok(Outcome::Fields(vec![
        ("payload", payload.into()),
        ("signature", signed.signature().unwrap_or_default().into()),
        ("headers", Field::Pairs(headers)),
    ]))
}

fn verify(arguments: &VerifyArguments) -> Result<Outcome, Failure> {
    let keys = arguments
        .public_key
        .iter()
        .map(|text| decode_public_key(text).or_refuse("public key"))
        .collect::<Result<Vec<_>, _>>()?;
    let request = build(&arguments.request, arguments.expiry.unwrap_or(Expiry::None))?;
    Ok(match request.verify(&arguments.signature, &keys) {
        Ok(()) => Outcome::Valid(vec![]),
        Err(error) => Outcome::Invalid(error.to_string()),
    })
}

fn build(arguments: &RequestArguments, expiry: Expiry) -> Result<AuthorizationRequest, Failure> {
    let method = arguments.method.parse().map_err(Failure::refused)?;
    let mut request = AuthorizationRequest::builder(method, &arguments.url, &arguments.app_id);
    if let Some(file) = &arguments.body {
        let body = read_body(file, arguments.max_bytes)?;
        let limits = Limits::default().with_max_bytes(arguments.max_bytes);
        request = request.body_text(&body, limits).map_err(Failure::refused)?;
    }
    if let Some(key) = &arguments.idempotency_key {
        request = request.idempotency_key(key).map_err(Failure::refused)?;
    }
    if let Expiry::UnixMs(ms) = expiry {
        request = request.expiry_unix_ms(ms).map_err(Failure::refused)?;
    }
    request.build().map_err(Failure::refused)
}

fn webhook(arguments: &WebhookArguments) -> Result<Outcome, Failure> {
    one_standard_input([&arguments.secret], [&arguments.body])?;
    let text = arguments.secret.read()?;
    let secret = WebhookSecret::parse(text.text()?).or_refuse(&arguments.secret)?;
    let body = read_body(&arguments.body, arguments.max_bytes)?;
    let now = match arguments.now {
        Some(now) => now,
        None => system::now_ms()? / 1_000,
    };
    let verdict =
        secret.verify(&arguments.id, &arguments.timestamp, &arguments.signature, &body, now);
    Ok(match verdict {
        Ok(()) => Outcome::Valid(vec![]),
        Err(error) => Outcome::Invalid(error.to_string()),
    })
}

pub(super) fn open_keys(sources: &[KeySource]) -> Result<Vec<P256Key>, Failure> {
    for (at, key) in sources.iter().enumerate() {
        if sources.iter().skip(at + 1).any(|other| key.is_same_device(other)) {
            return Err(Failure::usage("a device signs with one of its keys in a call"));
        }
    }
    sources.iter().map(open_key).collect()
}

fn open_key(source: &KeySource) -> Result<P256Key, Failure> {
    source.open(|secret| {
        let key = read_key(secret)?;
        let verifying_key = key.verifying_key();
        Ok((key, verifying_key))
    })
}

fn read_key(source: &SecretSource) -> Result<AuthorizationKey, Failure> {
    let secret = source.read()?;
    if let Some(der) = secret.der() {
        return SigningKey::from_der(der).map(AuthorizationKey::from).or_refuse(source);
    }
    AuthorizationKey::parse(secret.text()?).or_refuse(source)
}
