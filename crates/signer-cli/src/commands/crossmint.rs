pub(super) mod facts;
mod inspect;
pub(super) mod report;

use clap::{Args, Subcommand, ValueEnum};
use secrecy::ExposeSecret;
use signer_core::SecretBytes;
use signer_core::encoding::base58;
use signer_protocols::crossmint::{
    ApiKey, ApiKeyExpectation, Approval, ChainId, ChainType, DerivationInfo, Environment,
    ProjectId, Scheme, ServerSigner, SignerSecret, TrustedKeys, solana,
};

use super::online::crossmint as online;
use crate::failure::{Failure, OrRefuse, say};
use crate::input::{SecretSource, one_standard_input};
use crate::key_file::{self, OutFile};
use crate::outcome::{Field, Outcome};
use crate::system;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a signer secret.
    #[command(after_help = "Example:\n  signer crossmint generate --out crossmint.secret")]
    Generate {
        /// Write it to a new file (mode 0600) instead of printing it.
        #[arg(long, value_name = "F")]
        out: Option<OutFile>,
    },
    /// Show what an API key says, once its signature is verified.
    #[command(after_help = "Example:\n  signer crossmint api-key --api-key env:CROSSMINT_API_KEY")]
    ApiKey(ApiKeyArguments),
    /// Derive the signer of a chain and show its address.
    #[command(
        after_help = "Example:\n  signer crossmint address --secret crossmint.secret \\\n    --api-key env:CROSSMINT_API_KEY --chain base-sepolia"
    )]
    Address(SignerArguments),
    /// Sign an approval.
    #[command(
        after_help = "Example:\n  signer crossmint sign --secret crossmint.secret --project-id P --environment staging \\\n    --chain base-sepolia --message 0xdeadbeef"
    )]
    Sign(SignArguments),
    /// Show what an answer of the service asks to approve, compared with the request. Needs no network.
    ///
    /// Exit codes: 0 as requested, 1 another verdict, 2 anything else.
    #[command(
        after_help = "Example:\n  signer crossmint inspect --answer answer.json --request request.json \\\n    --request-path /api/2025-06-09/wallets/0x…/transactions --wallet 0x… --chain base-sepolia \\\n    --signer server:0x… --environment staging --json"
    )]
    Inspect(Box<inspect::InspectArguments>),
    /// Make or show a wallet.
    #[command(subcommand)]
    Wallet(online::WalletCommand),
    /// Send tokens, and wait until they are sent.
    #[command(
        after_help = "Example:\n  signer crossmint transfer --api-key env:CROSSMINT_API_KEY --secret crossmint.secret \\\n    --wallet 0x… --chain base-sepolia --token usdc --to 0x… --amount 1.5"
    )]
    Transfer(Box<online::TransferArguments>),
    /// Send a transaction: show the content to approve, approve it, and wait until it is done.
    #[command(
        after_help = "Example:\n  signer crossmint send --api-key env:CROSSMINT_API_KEY --secret crossmint.secret \\\n    --wallet 0x… --chain base-sepolia --call 0x…,0,0xa9059cbb…"
    )]
    Send(Box<online::SendArguments>),
    /// Have a wallet sign a message (EVM).
    #[command(
        after_help = "Example:\n  signer crossmint sign-message --api-key env:CROSSMINT_API_KEY --secret crossmint.secret \\\n    --wallet 0x… --chain base-sepolia --message hello"
    )]
    SignMessage(Box<online::SignMessageArguments>),
    /// Have a wallet sign EIP-712 typed data (EVM).
    #[command(
        after_help = "Example:\n  signer crossmint sign-typed-data typed.json --api-key env:CROSSMINT_API_KEY \\\n    --secret crossmint.secret --wallet 0x… --chain base-sepolia"
    )]
    SignTypedData(Box<online::SignTypedDataArguments>),
    /// Approve a transaction or signature that somebody else created: show the content, compare it, approve it.
    #[command(
        after_help = "Example:\n  signer crossmint approve --transaction-id I --request request.json \\\n    --request-path /api/2025-06-09/wallets/0x…/transactions --api-key env:CROSSMINT_API_KEY \\\n    --secret crossmint.secret --wallet 0x… --chain base-sepolia"
    )]
    Approve(Box<online::ApproveArguments>),
    /// Add, remove or list the signers of a wallet.
    #[command(subcommand)]
    Signer(online::SignerCommand),
    /// Replace the server signer of a wallet by one of a new secret. May be run again after any failure.
    #[command(
        after_help = "Example:\n  signer crossmint rotate --api-key env:CROSSMINT_API_KEY --wallet 0x… --chain base-sepolia \\\n    --secret old.secret --new-secret new.secret --admin-secret admin.secret"
    )]
    Rotate(Box<online::RotateArguments>),
}

#[derive(Args, Debug)]
pub(crate) struct ApiKeyArguments {
    /// The API key (SRC).
    #[arg(long, value_name = "SRC")]
    api_key: SecretSource,
    /// Trust this key (base58) instead of the vendor's; may be repeated.
    #[arg(long, value_name = "B58")]
    trusted_key: Vec<String>,
}

#[derive(Args, Debug)]
pub(crate) struct SignerArguments {
    /// The signer secret (SRC).
    #[arg(long, value_name = "SRC")]
    secret: SecretSource,
    /// The API key (SRC), which names the project and the environment.
    #[arg(
        long,
        value_name = "SRC",
        required_unless_present = "project_id",
        conflicts_with_all = ["project_id", "environment"]
    )]
    api_key: Option<SecretSource>,
    /// Trust this key (base58) instead of the vendor's; may be repeated.
    #[arg(long, value_name = "B58", requires = "api_key")]
    trusted_key: Vec<String>,
    /// The project id.
    #[arg(long, value_name = "P", requires = "environment")]
    project_id: Option<String>,
    /// development, staging or production.
    #[arg(long, value_name = "E", requires = "project_id")]
    environment: Option<String>,
    /// The chain, as base-sepolia, polygon, solana or stellar.
    #[arg(long, value_name = "C")]
    chain: String,
    /// The derivation: current (SDK 1.3 and later) or legacy (0.21 to 1.2).
    #[arg(long, value_enum, default_value = "current")]
    scheme: SchemeName,
}

#[derive(Args, Debug)]
pub(crate) struct SignArguments {
    #[command(flatten)]
    signer: SignerArguments,
    /// The message to approve: 0x hex (EVM), base58 (Solana) or base64 (Stellar).
    #[arg(long, value_name = "M", required_unless_present = "transaction")]
    message: Option<String>,
    /// The transaction to approve: on Solana base58 of its full wire form.
    #[arg(long, value_name = "T", conflicts_with = "message")]
    transaction: Option<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum SchemeName {
    Current,
    Legacy,
}

impl SchemeName {
    const fn scheme(self) -> Scheme {
        match self {
            Self::Current => Scheme::Current,
            Self::Legacy => Scheme::Legacy,
        }
    }
}

pub(super) fn run(command: Command) -> Result<Outcome, Failure> {
    match command {
        Command::Wallet(command) => online::wallet(&command),
        Command::Transfer(arguments) => online::transfer(&arguments),
        Command::Send(arguments) => online::send(&arguments),
        Command::SignMessage(arguments) => online::sign_message(&arguments),
        Command::SignTypedData(arguments) => online::sign_typed_data(&arguments),
        Command::Approve(arguments) => online::approve(&arguments),
        Command::Signer(command) => online::signer(&command),
        Command::Rotate(arguments) => online::rotate(&arguments),
        Command::Generate { out } => generate(out),
        Command::ApiKey(arguments) => {
            let key = read_api_key(&arguments.api_key, &arguments.trusted_key)?;
            Ok(Outcome::Fields(vec![
                ("projectId", key.project_id.as_str().into()),
                ("environment", key.environment.as_str().into()),
                ("usage", key.usage.as_str().into()),
            ]))
        }
        Command::Address(arguments) => {
            let derived = derive(&arguments)?;
            let chain_type = derived.signer.chain_type();
            Ok(Outcome::Fields(vec![
                ("address", derived.signer.address().to_string().into()),
                ("locator", derived.signer.locator().to_string().into()),
                ("publicKey", derived.signer.public_key_hex().into()),
                ("algorithm", chain_type.algorithm().into()),
                ("info", derived.info.into()),
            ]))
        }
        Command::Sign(arguments) => sign(&arguments),
        Command::Inspect(arguments) => inspect::inspect(&arguments),
    }
}

fn generate(out: Option<OutFile>) -> Result<Outcome, Failure> {
    let secret = SecretBytes::try_init(|bytes| system::fill(bytes))?;
    let text = SignerSecret::from_bytes(secret).to_text();
    let Some(OutFile::New(path)) = out else {
        let secret = Field::Secret("CROSSMINT_SIGNER_SECRET", text);
        return Ok(Outcome::Fields(vec![("secret", secret)]));
    };
    key_file::create_secret(&path, &[text.expose_secret().as_bytes(), b"\n"])?;
    Ok(Outcome::Fields(vec![("path", path.display().to_string().into())]))
}

struct Derived {
    signer: ServerSigner,
    info: String,
}

fn derive(arguments: &SignerArguments) -> Result<Derived, Failure> {
    one_standard_input([&arguments.secret].into_iter().chain(&arguments.api_key), [])?;
    let (project, environment) = match (&arguments.api_key, &arguments.project_id) {
        (Some(source), _) => {
            let key = read_api_key(source, &arguments.trusted_key)?;
            (key.project_id, key.environment)
        }
        (None, project) => {
            let environment: Environment = arguments
                .environment
                .as_deref()
                .unwrap_or_default()
                .parse()
                .map_err(Failure::refused)?;
            let project = project.as_deref().unwrap_or_default();
            (ProjectId::parse(project).map_err(Failure::refused)?, environment)
        }
    };
    let chain = ChainId::parse(&arguments.chain)
        .and_then(|chain| chain.in_environment(environment))
        .map_err(Failure::refused)?;
    let scheme = arguments.scheme.scheme();
    let secret = read_secret(&arguments.secret)?;
    let info = DerivationInfo::new(&project, environment, chain, scheme).to_string();
    let signer = ServerSigner::derive(&secret, &project, environment, chain, scheme)
        .map_err(Failure::refused)?;
    Ok(Derived { signer, info })
}

fn sign(arguments: &SignArguments) -> Result<Outcome, Failure> {
    let signer = derive(&arguments.signer)?.signer;
    let approval = match (&arguments.message, &arguments.transaction, signer.chain_type()) {
        (None, Some(transaction), ChainType::Solana) => Approval::solana_transaction(transaction),
        (Some(text), _, ChainType::Solana) => {
            warn_of_a_transaction(text);
            Approval::solana_message(text)
        }
        (Some(text), _, ChainType::Evm) | (None, Some(text), ChainType::Evm) => Approval::evm(text),
        (Some(text), _, ChainType::Stellar) | (None, Some(text), ChainType::Stellar) => {
            Approval::stellar(text)
        }
        (None, None, _) => return Err(Failure::usage("--message or --transaction is needed")),
    };
    let signature =
        approval.and_then(|approval| signer.approve(&approval)).map_err(Failure::refused)?;
    Ok(Outcome::Fields(vec![
        ("signature", signature.into()),
        ("address", signer.address().to_string().into()),
        ("locator", signer.locator().to_string().into()),
    ]))
}

/// A message may be the message of a transaction: then its signature approves that transaction.
fn warn_of_a_transaction(message: &str) {
    let mut bytes = vec![0; message.len().min(8_192)];
    let Ok(bytes) = base58::decode(message.as_bytes(), &mut bytes) else { return };
    // No text starts with the version byte of a later message, which cannot be read here.
    let is_versioned = bytes.len() > 64 && matches!(bytes.first(), Some(0x80..=0x8f));
    if is_versioned || solana::Message::parse(bytes).is_ok() {
        say(
            "warning: --message is the message of a Solana transaction: its signature approves that transaction",
        );
    }
}

pub(super) fn trusted_keys(trusted: &[String]) -> Result<TrustedKeys, Failure> {
    let keys = if trusted.is_empty() {
        TrustedKeys::vendor()
    } else {
        TrustedKeys::any_environment(trusted.iter().map(String::as_str))
    };
    keys.map_err(Failure::refused)
}

pub(super) fn read_secret(source: &SecretSource) -> Result<SignerSecret, Failure> {
    SignerSecret::parse(source.read()?.text()?).or_refuse(source)
}

fn read_api_key(source: &SecretSource, trusted: &[String]) -> Result<ApiKey, Failure> {
    let trusted = trusted_keys(trusted)?;
    let text = source.read()?;
    ApiKey::parse(text.text()?, &trusted, ApiKeyExpectation::default()).or_refuse(source)
}
