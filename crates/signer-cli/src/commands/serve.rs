use std::fs::{self, OpenOptions};
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Sender};

use clap::Args;
use signer_server::{AuditLog, Endpoint, JwtCallers, Service, ServiceLimits};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use self::configuration::Replaceable;
pub(super) use self::dev::{AnyDestination, LocalCallers};
use self::reload::{Order, Reloader};
use crate::failure::{Failure, OrRefuse, io_reason};
use crate::input::FileSource;
use crate::outcome::Outcome;
use crate::system;

mod configuration;
#[cfg(unix)]
mod control;
mod dev;
mod json_line;
mod log_writer;
mod process;
mod reload;
mod settings;

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

#[derive(Args, Debug)]
#[command(after_help = "Example:\n  signer switch-key --socket /run/signer/control.sock")]
pub(crate) struct SwitchKeyArguments {
    /// The `control.socket` of the running service.
    #[arg(long, value_name = "F")]
    socket: PathBuf,
}

#[derive(Args, Debug)]
#[command(after_help = "Example:\n  signer store accept-loss --config signer.toml")]
pub(crate) struct AcceptLossArguments {
    /// The configuration of the endpoint, a TOML file.
    #[arg(long, value_name = "F")]
    config: FileSource,
}

/// Lets the staged key of a running service sign.
#[cfg(unix)]
pub(super) fn switch_key(arguments: &SwitchKeyArguments) -> Result<Outcome, Failure> {
    let id = control::ask_to_switch(&arguments.socket)?;
    Ok(Outcome::Fields(vec![("keyId", id.into())]))
}

pub(super) fn run(arguments: &Arguments) -> Result<Outcome, Failure> {
    system::forbid_looking_in().or_refuse("core dumps")?;
    let Some(file) = &arguments.config else { return dev::run(arguments.port) };
    if arguments.check {
        let (fixed, _) = configuration::read(file, None)?;
        if let Some(audit) = &fixed.audit {
            check_audit_file(&audit.file)?;
        }
        fixed.store.check()?;
        return Ok(Outcome::Fields(vec![("configuration", "good".into())]));
    }
    serve(file.clone())
}

/// Whether lines can be appended to the audit log; a file that this makes is removed.
fn check_audit_file(file: &Path) -> Result<(), Failure> {
    let fault = |error: io::Error| {
        Failure::refused(io_reason(&error)).about(format!("audit.file {}", file.display()))
    };
    let is_new = !file.exists();
    drop(OpenOptions::new().append(true).create(true).open(file).map_err(fault)?);
    if is_new { fs::remove_file(file).map_err(fault) } else { Ok(()) }
}

/// Accepts that the Redis of a configuration lost its records.
pub(super) fn accept_loss(arguments: &AcceptLossArguments) -> Result<Outcome, Failure> {
    let (fixed, _) = configuration::read(&arguments.config, None)?;
    let store = fixed.store.into_redis()?;
    runtime()?.block_on(store.accept_loss()).or_refuse("store.url")?;
    Ok(Outcome::Fields(vec![("store", "accepted".into())]))
}

/// Serves until SIGTERM or SIGINT.
fn serve(file: FileSource) -> Result<Outcome, Failure> {
    let runtime = runtime()?;
    // Before the rest: a SIGHUP that comes early is no reason to end.
    let hangups = {
        let _inside = runtime.enter();
        process::hangups().or_refuse("signals")?
    };
    let (fixed, replaceable) = configuration::read(&file, None)?;
    let _log = process::start_log(fixed.log, fixed.level).or_refuse("log")?;
    let Replaceable { rules, bounds, jwt, tls, keys, files } = replaceable;
    let store = {
        let _inside = runtime.enter();
        fixed.store.open()?
    };
    let mut builder = Endpoint::builder(rules)
        .store(store)
        .rates(fixed.rates)
        .queue(fixed.queue)
        .max_body_bytes(fixed.max_body_bytes);
    if let Some(path) = fixed.path {
        builder = builder.path(path);
    }
    match fixed.audit {
        Some(options) => {
            let name = format!("audit.file {}", options.file.display());
            builder = builder.audit(AuditLog::open(options).or_refuse(name)?);
        }
        None => tracing::warn!("no audit log is kept"),
    }
    let endpoint = builder.build().map_err(Failure::refused)?;
    let mut limits = ServiceLimits::default();
    limits.connections = process::raise_descriptors(fixed.connections);
    let mut service = Service::new(endpoint.clone()).limits(limits);
    let identity = tls.map(|tls| tls.identity);
    if let Some(identity) = &identity {
        service = service.tls(identity.clone());
    }

    let (orders, ordered) = mpsc::channel();
    let reloader = Reloader {
        file,
        endpoint: endpoint.clone(),
        tls: identity,
        runtime: runtime.handle().clone(),
        files,
        keys,
        bounds,
        jwt: jwt.as_ref().map(|jwt| jwt.keys().clone()),
        said: fixed.said,
    };
    let reloading = std::thread::Builder::new().name("reload".into());
    let reloading = reloading.spawn(move || reloader.run(&ordered)).or_refuse("threads")?;
    let served = runtime.block_on(async {
        let listener = TcpListener::bind(fixed.listen).await.or_refuse(fixed.listen)?;
        let stop = process::stop_signal().or_refuse("signals")?;
        let address = listener.local_addr().or_refuse(fixed.listen)?;
        // Whoever reads the line may give orders.
        take_orders(orders, hangups, fixed.control)?;
        tracing::info!(%address, tls = service.is_secured(), "listening");
        if let Some(address) = fixed.status {
            serve_status(address, endpoint).await?;
        }
        if let Some(jwt) = jwt {
            prepare(&jwt).await;
        }
        service.serve(listener, stop).await.or_refuse("service")
    });
    // With the runtime the last one ends who could give an order.
    drop(runtime);
    let _ = reloading.join();
    served.map(|()| Outcome::Raw(Vec::new()))
}

/// A thread for each core; where there are two or more, one of them sees who else comes while others sign.
fn runtime() -> Result<Runtime, Failure> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.worker_threads(threads).enable_all().build().or_refuse("runtime")
}

async fn serve_status(address: SocketAddr, endpoint: Endpoint) -> Result<(), Failure> {
    let listener = TcpListener::bind(address).await.map_err(Failure::refused);
    let listener = listener.map_err(|failure| failure.about(format!("status.listen {address}")))?;
    let address = listener.local_addr().or_refuse(address)?;
    tracing::info!(%address, "listening for status");
    tokio::spawn(Service::status(endpoint).serve(listener, std::future::pending()));
    Ok(())
}

/// SIGHUP, and the control socket.
#[cfg(unix)]
fn take_orders(
    orders: Sender<Order>,
    mut hangups: tokio::signal::unix::Signal,
    socket: Option<PathBuf>,
) -> Result<(), Failure> {
    if let Some(socket) = socket {
        tokio::spawn(control::answer(control::bind(&socket)?, orders.clone()));
    }
    tokio::spawn(async move {
        while hangups.recv().await.is_some() && orders.send(Order::Reload).is_ok() {}
    });
    Ok(())
}

async fn prepare(jwt: &JwtCallers) {
    if jwt.prepare().await.is_err() {
        tracing::warn!("the keys of the callers could not be fetched; it is tried again for them");
    }
}
