use std::future::Future;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::http::HeaderValue;
use clap::Args;
use secrecy::SecretString;
use serde::Deserialize;
use signer_native::P256SigningKey;
use signer_protocols::blink::{MerchantId, Policy, UsdMicros};
use signer_server::{
    BearerSecret, CallerId, Endpoint, ListedOwnership, MemoryStore, ServiceLimits, check_path,
    serve,
};
use tokio::net::TcpListener;

use super::blink::{parse_key, read_policy};
use crate::failure::{Failure, OrRefuse, say};
use crate::input::{FileSource, Secret, SecretSource};
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
    remembered_keys: Option<usize>,
}

pub(super) fn run(arguments: &Arguments) -> Result<Outcome, Failure> {
    let Some(file) = &arguments.config else { return dev::run(arguments.port) };
    let (listen, endpoint) = configure(file)?;
    if arguments.check {
        return Ok(Outcome::Fields(vec![("configuration", "good".into())]));
    }
    start(listen, endpoint, |listen| {
        say(&format!("signer: listening on {listen}"));
    })
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
    let caller = faults.keep("caller", caller(&configuration.caller));
    let ownership = faults.keep("ownership", ownership(&configuration.ownership, caller.as_ref()));
    let path = configuration.path.as_deref().unwrap_or("/");
    faults.keep("path", check_path(path));
    let policy = match &configuration.policy {
        Some(path) => faults.keep("policy", read_policy(&FileSource::File(path.clone()))),
        None => Some(Policy::catalogue()),
    };
    let ceiling = configuration.max_per_day.as_deref().map(|dollars| {
        let dollars = UsdMicros::parse_dollars(dollars).map_err(|error| error.to_string());
        let positive = dollars.and_then(|limit| {
            if limit.0 == 0 { Err("must be more than nothing".into()) } else { Ok(limit) }
        });
        faults.keep("max_per_day", positive)
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
    if let Some(capacity) = configuration.remembered_keys {
        builder = builder.store(Arc::new(MemoryStore::new(capacity)));
    }
    if let Some(Some(ceiling)) = ceiling {
        builder = builder.day_ceiling(ceiling);
    }
    if let Some(path) = configuration.path {
        builder = builder.path(path);
    }
    let endpoint = faults.keep("endpoint", builder.build());
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
    let (secret, source) = configured_secret(source)?;
    if dev::is_development_key(secret.bytes()) {
        return Err(Failure::refused("a development key serves --dev only"));
    }
    P256SigningKey::try_from(&parse_key(&secret, &source)?).map_err(Failure::refused)
}

fn bearer(configuration: &Configuration) -> Result<BearerSecret, Failure> {
    let (secret, _) = configured_secret(&configuration.bearer)?;
    let secret = SecretString::from(secret.text()?);
    BearerSecret::new(CallerId::new(&configuration.caller), &secret).map_err(Failure::refused)
}

/// Reads a secret that the configuration names. The name is not shown: somebody may have put the secret in
/// its place.
fn configured_secret(name: &str) -> Result<(Secret, SecretSource), Failure> {
    let hint = "cannot be read: it is the name of a file, or env:NAME, and never the secret itself";
    let source: SecretSource = name.parse().map_err(|_| Failure::refused(hint))?;
    if matches!(source, SecretSource::StandardInput) {
        return Err(Failure::refused(hint));
    }
    let secret = source.read().map_err(|_| Failure::refused(hint))?;
    Ok((secret, source))
}

/// A word that can stand in a line of the ownership file.
fn caller(name: &str) -> Result<CallerId, Failure> {
    if name.is_empty() || name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '#') {
        return Err(Failure::refused("must be one word without #"));
    }
    Ok(CallerId::new(name))
}

fn ownership(path: &Path, caller: Option<&CallerId>) -> Result<ListedOwnership, Failure> {
    let text = FileSource::File(path.into()).read(64 << 20)?;
    let text = String::from_utf8(text).map_err(|_| Failure::refused("not utf-8"))?;
    let owned = ListedOwnership::parse(&text).map_err(|line| {
        Failure::refused(format!("line {line} must be a caller, white space and an address"))
    })?;
    match caller {
        Some(caller) if !owned.lists(caller) => {
            Err(Failure::refused("no line gives the caller an address"))
        }
        _ => Ok(owned),
    }
}

/// An origin as a browser sends it: scheme and host, without a path.
fn origin(text: &str) -> Result<HeaderValue, Failure> {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let default_port = if text.starts_with("https") { ":443" } else { ":80" };
    let letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.:[]".contains(&b);
    let bad = host.is_none_or(|host| {
        host.is_empty() || host.ends_with(default_port) || !host.bytes().all(letter)
    });
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
