use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use axum::http::HeaderValue;
use clap::Args;
use secrecy::SecretString;
use serde::Deserialize;
use signer_native::P256SigningKey;
use signer_protocols::blink::{MerchantId, Policy};
use signer_server::{BearerSecret, CallerId, Endpoint, ListedOwnership, ServiceLimits, serve};
use tokio::net::TcpListener;

use super::blink::{read_key, read_policy};
use crate::failure::{Failure, OrRefuse};
use crate::input::{FileSource, SecretSource};
use crate::outcome::Outcome;

mod dev;

const MAX_CONFIGURATION_BYTES: usize = 1 << 20;

#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  signer serve --dev\n  signer serve --config signer.toml --check\n  signer serve --config signer.toml"
)]
pub(crate) struct Arguments {
    /// The configuration, a TOML file (docs/serve.example.toml).
    #[arg(long, value_name = "F", required_unless_present = "dev")]
    config: Option<FileSource>,
    /// Say everything that is wrong with the configuration, and start nothing.
    #[arg(long, requires = "config")]
    check: bool,
    /// Develop without a configuration: a key of its own, no callers, this machine only.
    #[arg(long, conflicts_with = "config")]
    dev: bool,
    /// With --dev, another port of 127.0.0.1.
    #[arg(long, value_name = "P", default_value_t = 3001, requires = "dev")]
    port: u16,
}

/// The configuration file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Configuration {
    listen: String,
    merchant_id: String,
    key: String,
    bearer: String,
    caller: String,
    ownership: PathBuf,
    path: Option<String>,
    policy: Option<PathBuf>,
    max_per_day: Option<String>,
    #[serde(default)]
    origins: Vec<String>,
    #[serde(default)]
    back_date_ms: u64,
}

pub(super) fn run(arguments: &Arguments) -> Result<Outcome, Failure> {
    let Some(file) = &arguments.config else { return dev::run(arguments.port) };
    let (listen, endpoint) = configure(file)?;
    if arguments.check {
        return Ok(Outcome::Fields(vec![("configuration", "good".into())]));
    }
    start(listen, endpoint, |listen| eprintln!("signer: listening on {listen}"))
}

/// Reads the configuration and everything that it names, and says all that is wrong at once.
fn configure(file: &FileSource) -> Result<(SocketAddr, Endpoint), Failure> {
    let text = file.read(MAX_CONFIGURATION_BYTES)?;
    let text = String::from_utf8(text).or_refuse("configuration")?;
    let configuration: Configuration = toml::from_str(&text)
        .map_err(|error| Failure::refused(error.message()).about("configuration"))?;

    let mut faults = Faults::default();
    let listen = faults.keep("listen", configuration.listen.parse::<SocketAddr>());
    let merchant = faults.keep("merchant_id", MerchantId::parse(&configuration.merchant_id));
    let key = faults.keep("key", merchant_key(&configuration.key));
    let bearer = faults.keep("bearer", bearer(&configuration));
    let ownership = faults.keep("ownership", ownership(&configuration.ownership));
    let policy = match &configuration.policy {
        Some(path) => faults.keep("policy", read_policy(&FileSource::File(path.clone()))),
        None => Some(Policy::catalogue()),
    };
    let ceiling = configuration.max_per_day.as_deref().map(|dollars| {
        faults.keep("max_per_day", signer_protocols::blink::UsdMicros::parse_dollars(dollars))
    });
    let origins: Vec<Option<HeaderValue>> =
        configuration.origins.iter().map(|text| faults.keep("origins", origin(text))).collect();

    let (Some(listen), Some(merchant), Some(key), Some(bearer), Some(ownership), Some(policy)) =
        (listen, merchant, key, bearer, ownership, policy)
    else {
        return Err(faults.into_failure());
    };
    let mut builder =
        Endpoint::builder(merchant, Arc::new(key), Arc::new(bearer), Arc::new(ownership))
            .policy(policy)
            .origins(origins.into_iter().flatten())
            .back_date_ms(configuration.back_date_ms);
    if let Some(Some(ceiling)) = ceiling {
        builder = builder.day_ceiling(ceiling);
    }
    if let Some(path) = configuration.path {
        builder = builder.path(path);
    }
    let endpoint = faults.keep("path", builder.build());
    match endpoint {
        Some(endpoint) if faults.0.is_empty() => Ok((listen, endpoint)),
        _ => Err(faults.into_failure()),
    }
}

#[derive(Default)]
struct Faults(Vec<String>);

impl Faults {
    fn keep<T, E: std::fmt::Display>(&mut self, name: &str, value: Result<T, E>) -> Option<T> {
        value.map_err(|error| self.0.push(format!("{name}: {error}"))).ok()
    }

    fn into_failure(self) -> Failure {
        Failure::refused(self.0.join("; ")).about("configuration")
    }
}

fn merchant_key(source: &str) -> Result<P256SigningKey, Failure> {
    let source: SecretSource = source.parse().map_err(Failure::refused)?;
    if dev::is_development_key(source.read()?.bytes()) {
        return Err(Failure::refused("a development key serves --dev only"));
    }
    P256SigningKey::try_from(&read_key(&source)?).map_err(Failure::refused)
}

fn bearer(configuration: &Configuration) -> Result<BearerSecret, Failure> {
    let source: SecretSource = configuration.bearer.parse().map_err(Failure::refused)?;
    let secret = SecretString::from(source.read()?.text()?);
    BearerSecret::new(CallerId::new(&configuration.caller), &secret).map_err(Failure::refused)
}

fn ownership(path: &std::path::Path) -> Result<ListedOwnership, Failure> {
    let text = FileSource::File(path.into()).read(64 << 20)?;
    let text = String::from_utf8(text).map_err(|_| Failure::refused("not utf-8"))?;
    ListedOwnership::parse(&text).map_err(|line| {
        Failure::refused(format!("line {line} must be a caller, white space and an address"))
    })
}

/// An origin as a browser sends it: scheme and host, without a path.
fn origin(text: &str) -> Result<HeaderValue, Failure> {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let bad = host.is_none_or(|host| host.is_empty() || host.contains(['/', '*', '?', '#', '@']));
    match HeaderValue::from_str(text) {
        Ok(value) if !bad => Ok(value),
        _ => Err(Failure::refused(format!("{text:?} is no origin, as https://app.example.com"))),
    }
}

/// Serves until SIGTERM or SIGINT.
fn start(
    listen: SocketAddr,
    endpoint: Endpoint,
    ready: impl FnOnce(SocketAddr),
) -> Result<Outcome, Failure> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().or_refuse("runtime")?;
    runtime.block_on(async {
        let listener = TcpListener::bind(listen).await.or_refuse(listen)?;
        let stop = stop_signal().or_refuse("signals")?;
        ready(listener.local_addr().or_refuse(listen)?);
        serve(listener, endpoint, ServiceLimits::default(), stop).await.or_refuse("service")
    })?;
    Ok(Outcome::Raw(Vec::new()))
}

/// Ends at SIGTERM or SIGINT. The handlers are there once this returns.
#[cfg(unix)]
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}
