//! What a service asks of its process: descriptors, a log, signals.

use std::future::Future;
use std::io;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tracing_subscriber::fmt::MakeWriter;

use super::configuration::LogFormat;
use super::json_line::JsonLine;
use super::log_writer::{LogGuard, LogWriter};

/// Descriptors that are not connections.
const OWN_DESCRIPTORS: u64 = 64;

/// As many descriptors as are allowed, and the number of connections that they are enough for.
pub(super) fn raise_descriptors(wanted: usize) -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let current =
        if setrlimit(Resource::Nofile, raised).is_ok() { limit.maximum } else { limit.current };
    let room = current.map_or(u64::MAX, |most| most.saturating_sub(OWN_DESCRIPTORS).max(1));
    wanted.min(usize::try_from(room).unwrap_or(usize::MAX))
}

/// Writes the log to standard error, from a thread of its own; where that falls behind, lines are dropped
/// and counted, and nobody waits. The log ends when the guard is dropped.
pub(super) fn start_log(format: LogFormat, level: tracing::Level) -> io::Result<LogGuard> {
    let (writer, guard) = LogWriter::start(io::stderr())?;
    subscribe(format, level, move || writer.clone());
    Ok(guard)
}

fn subscribe(
    format: LogFormat,
    level: tracing::Level,
    writer: impl for<'a> MakeWriter<'a> + Send + Sync + 'static,
) {
    let log = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_ansi(false)
        .with_target(false)
        .with_writer(writer);
    // Another log may be there already, and then that is the one.
    let _ = match format {
        LogFormat::Json => {
            tracing::subscriber::set_global_default(log.event_format(JsonLine).finish())
        }
        LogFormat::Pretty => tracing::subscriber::set_global_default(log.finish()),
    };
}

/// SIGHUP. The handler is there once this returns.
#[cfg(unix)]
pub(super) fn hangups() -> io::Result<tokio::signal::unix::Signal> {
    tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup())
}

/// Ends at SIGTERM or SIGINT; a second one ends the process. The handlers are there once this returns.
#[cfg(unix)]
pub(super) fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut next = async move || {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    Ok(async move {
        next().await;
        tokio::spawn(async move {
            next().await;
            std::process::exit(1);
        });
    })
}

#[cfg(not(unix))]
pub(super) fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}
