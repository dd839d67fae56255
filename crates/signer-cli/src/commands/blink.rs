use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::{Args, Subcommand};
use signer_core::p256::{SigningKey, VerifyingKey};
use signer_protocols::blink::{
    IdempotencyKey, MAX_REQUEST_BYTES, MerchantId, PaymentVerifier, Policy, SignerRequest,
    Timestamp,
};
use signer_protocols::jcs::Limits;

use super::policy;
use crate::device::KeySource;
use crate::failure::{Failure, OrRefuse};
use crate::input::{FileSource, Secret, SecretSource, one_standard_input};
use crate::key_file;
use crate::outcome::{Field, Outcome};
use crate::system;

const MAX_FILE_BYTES: usize = 1 << 20;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a merchant key: private.pem (mode 0600) and public.pem in a folder.
    #[command(after_help = "Example:\n  signer blink generate --out keys")]
    Generate {
        /// The folder, made where there is none.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    /// Validate a payment request and sign it. Prints the response of the specification.
    #[command(
        after_help = "Example:\n  signer blink sign --key keys/private.pem --request request.json \\\n    --merchant-id a1b2c3d4-e5f6-4a7b-8c9d-0e1f2a3b4c5d"
    )]
    Sign(SignArguments),
    /// Check a signed payment.
    #[command(
        after_help = "Example:\n  signer blink verify --public-key keys/public.pem --response response.json"
    )]
    Verify(VerifyArguments),
}

#[derive(Args, Debug)]
pub(crate) struct SignArguments {
    /// The merchant's private key, PEM or DER (SRC), or device:SOCKET.
    #[arg(long, value_name = "SRC")]
    key: KeySource,
    /// The merchant id of the registration.
    #[arg(long, value_name = "UUID")]
    merchant_id: String,
    /// The request, a file or - for standard input.
    #[arg(long, value_name = "F")]
    request: FileSource,
    /// What may be signed, a TOML file. Default: the vendor's catalogue.
    #[arg(long, value_name = "F")]
    policy: Option<FileSource>,
    /// The id of the payment, a version 4 UUID. Default: a new one.
    #[arg(long, value_name = "UUID")]
    idempotency_key: Option<String>,
    /// The most bytes of the request that are read.
    #[arg(long, value_name = "N", default_value_t = MAX_REQUEST_BYTES)]
    max_bytes: usize,
    /// The time of signing, as 2026-03-01T12:00:00.000Z. Default: now.
    #[arg(long, value_name = "T")]
    timestamp: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct VerifyArguments {
    /// The merchant's public key, PEM or DER, a file or - for standard input.
    #[arg(long, value_name = "F")]
    public_key: FileSource,
    /// The response to check, a file or - for standard input.
    #[arg(long, value_name = "F")]
    response: FileSource,
    /// How old a signature may be, as 900s, 15m or 1h.
    #[arg(long, value_name = "AGE", default_value = "15m")]
    max_age: Age,
    /// The time of the check, as 2026-03-01T12:00:00.000Z. Default: now.
    #[arg(long, value_name = "T")]
    now: Option<String>,
}

/// A span of time, in milliseconds.
#[derive(Clone, Copy, Debug)]
struct Age(u64);

impl FromStr for Age {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let units = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)];
        units
            .into_iter()
            .filter_map(|(unit, ms)| Some((text.strip_suffix(unit)?, ms)))
            .filter(|(digits, _)| digits.bytes().all(|byte| byte.is_ascii_digit()))
            .find_map(|(digits, ms)| digits.parse::<u64>().ok()?.checked_mul(ms))
            .map(Self)
            .ok_or_else(|| "a number with its unit, as 900s, 15m or 1h".into())
    }
}

pub(super) fn run(command: Command) -> Result<Outcome, Failure> {
    match command {
        Command::Generate { out } => generate(&out),
        Command::Sign(arguments) => sign(&arguments),
        Command::Verify(arguments) => verify(&arguments),
    }
}

fn generate(folder: &Path) -> Result<Outcome, Failure> {
    let key = SigningKey::generate(&mut system::random()?);
    let (private, public) = (folder.join("private.pem"), folder.join("public.pem"));
    key_file::create_folder(folder)?;
    key_file::create_public(&public, &key.verifying_key().to_spki_pem())?;
    let pem = key.to_pkcs8_pem();
    if let Err(failure) = key_file::create_secret(&private, &[pem.expose_secret()]) {
        // A public key without its private key would only mislead.
        let _ = std::fs::remove_file(&public);
        return Err(failure);
    }
    Ok(Outcome::Fields(vec![
        ("privateKey", private.display().to_string().into()),
        ("publicKey", public.display().to_string().into()),
    ]))
}

fn sign(arguments: &SignArguments) -> Result<Outcome, Failure> {
    one_standard_input(
        arguments.key.secret(),
        [&arguments.request].into_iter().chain(&arguments.policy),
    )?;
    let merchant = MerchantId::parse(&arguments.merchant_id).map_err(Failure::refused)?;
    let idempotency_key = match &arguments.idempotency_key {
        Some(text) => IdempotencyKey::parse(text).map_err(Failure::refused)?,
        None => system::uuid()?,
    };
    let signed_at = timestamp(arguments.timestamp.as_deref())?;
    let policy = match &arguments.policy {
        Some(file) => read_policy(file)?,
        None => Policy::catalogue(),
    };
    let body = arguments.request.read(arguments.max_bytes)?;
    let limits = Limits::default().with_max_bytes(arguments.max_bytes);
    let payment = SignerRequest::parse(&body, limits)
        .and_then(|request| request.validate(&policy))
        .or_refuse("request")?;
    let key = arguments.key.open(|source| {
        let key = parse_key(&source.read()?, source)?;
        let verifying_key = key.verifying_key();
        Ok((key, verifying_key))
    })?;
    let response = payment
        .into_payload(idempotency_key, signed_at)
        .sign(&merchant, key.signer.as_ref())
        .map_err(Failure::refused)?;
    Ok(Outcome::Json(response.to_json()))
}

fn verify(arguments: &VerifyArguments) -> Result<Outcome, Failure> {
    one_standard_input([], [&arguments.public_key, &arguments.response])?;
    let file = arguments.public_key.read(MAX_FILE_BYTES)?;
    let key = match file.first() {
        Some(0x30) => VerifyingKey::from_spki_der(&file),
        _ => VerifyingKey::from_spki_pem(&file),
    };
    let key = key.or_refuse("public key")?;
    let now = timestamp(arguments.now.as_deref())?;
    let response = arguments.response.read(MAX_FILE_BYTES)?;
    let verifier = PaymentVerifier::new(key).max_age_ms(arguments.max_age.0);
    Ok(match verifier.verify_response(&response, now) {
        Ok(payment) => Outcome::Valid(vec![("payload", Field::Json(payment.to_json()))]),
        Err(error) => Outcome::Invalid(error.to_string()),
    })
}

fn timestamp(text: Option<&str>) -> Result<Timestamp, Failure> {
    match text {
        Some(text) => Timestamp::parse(text),
        None => Timestamp::from_unix_ms(system::now_ms()?),
    }
    .map_err(Failure::refused)
}

fn read_policy(file: &FileSource) -> Result<Policy, Failure> {
    policy::parse(&file.read(MAX_FILE_BYTES)?).map(|(policy, _)| policy)
}

/// A merchant's key, PEM or DER, that was read from `source`.
pub(super) fn parse_key(secret: &Secret, source: &SecretSource) -> Result<SigningKey, Failure> {
    if let Some(der) = secret.der() {
        return SigningKey::from_der(der).or_refuse(source);
    }
    SigningKey::from_pem(secret.text()?.as_bytes()).or_refuse(source)
}
