use clap::Subcommand;
use secrecy::ExposeSecret;
use signer_protocols::abstraxn::AccessKey;

use super::jcs::DEFAULT_MAX_BYTES;
use super::online::abstraxn as online;
use crate::failure::{Failure, OrRefuse};
use crate::input::{FileSource, SecretSource, one_standard_input};
use crate::key_file::{self, OutFile};
use crate::outcome::{Field, Outcome};
use crate::system;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make an access key.
    #[command(after_help = "Example:\n  signer abstraxn generate --out access.key")]
    Generate {
        /// Write it to a new file (mode 0600) instead of printing it.
        #[arg(long, value_name = "F")]
        out: Option<OutFile>,
    },
    /// Show the public key of an access key in both encodings.
    #[command(after_help = "Example:\n  signer abstraxn public-key --access-key access.key")]
    PublicKey {
        /// The access key (SRC).
        #[arg(long, value_name = "SRC")]
        access_key: SecretSource,
    },
    /// Stamp a request body: the exact bytes of the file.
    #[command(
        after_help = "Example:\n  signer abstraxn stamp --access-key access.key --body body.json --json"
    )]
    Stamp {
        /// The access key (SRC).
        #[arg(long, value_name = "SRC")]
        access_key: SecretSource,
        /// The body, a file or - for standard input.
        #[arg(long, value_name = "F")]
        body: FileSource,
        /// The most bytes of the body that are read.
        #[arg(long, value_name = "N", default_value_t = DEFAULT_MAX_BYTES)]
        max_bytes: usize,
    },
    /// Ask the service who is signed in.
    #[command(
        after_help = "Example:\n  signer abstraxn whoami --identity user-1 --api-key env:ABSTRAXN_API_KEY"
    )]
    Whoami(online::SessionArguments),
    /// Have the wallet sign a message, a transaction or typed data.
    #[command(
        after_help = "Example:\n  signer abstraxn sign --identity user-1 --api-key env:ABSTRAXN_API_KEY --message hello"
    )]
    Sign(online::SignArguments),
    /// Export the wallet's private key.
    #[command(
        after_help = "Example:\n  signer abstraxn export --identity user-1 --api-key env:ABSTRAXN_API_KEY --out wallet.key"
    )]
    Export(online::ExportArguments),
    /// Sign out, and forget the token; the access key stays.
    #[command(
        after_help = "Example:\n  signer abstraxn logout --identity user-1 --api-key env:ABSTRAXN_API_KEY"
    )]
    Logout(online::SessionArguments),
}

pub(super) fn run(command: Command) -> Result<Outcome, Failure> {
    match command {
        Command::Whoami(arguments) => online::whoami(&arguments),
        Command::Sign(arguments) => online::sign(&arguments),
        Command::Export(arguments) => online::export(&arguments),
        Command::Logout(arguments) => online::logout(&arguments),
        Command::Generate { out } => generate(out),
        Command::PublicKey { access_key } => {
            Ok(Outcome::Fields(public_fields(&read_key(&access_key)?)))
        }
        Command::Stamp { access_key, body, max_bytes } => {
            one_standard_input([&access_key], [&body])?;
            let key = read_key(&access_key)?;
            let body = body.read(max_bytes)?;
            let stamp = key.stamp(body).map_err(Failure::refused)?;
            Ok(Outcome::Fields(vec![
                ("header", stamp.header_name().into()),
                ("value", stamp.header_value().into()),
            ]))
        }
    }
}

fn generate(out: Option<OutFile>) -> Result<Outcome, Failure> {
    let key = AccessKey::generate(&mut system::random()?);
    let text = key.to_text();
    let shown = match out {
        None | Some(OutFile::StandardOutput) => {
            ("accessKey", Field::Secret("SERVER_WALLET_ACCESS_KEY", text))
        }
        Some(OutFile::New(path)) => {
            key_file::create_secret(&path, &[text.expose_secret().as_bytes(), b"\n"])?;
            ("path", path.display().to_string().into())
        }
    };
    let mut fields = vec![shown];
    fields.extend(public_fields(&key));
    Ok(Outcome::Fields(fields))
}

fn public_fields(key: &AccessKey) -> Vec<(&'static str, Field)> {
    let public_key = key.public_key();
    vec![
        ("publicKey", public_key.compressed().into()),
        ("publicKeyUncompressed", public_key.uncompressed().into()),
    ]
}

fn read_key(source: &SecretSource) -> Result<AccessKey, Failure> {
    let text = source.read()?;
    AccessKey::parse(text.text()?).or_refuse(source)
}
