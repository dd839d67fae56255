//! The commands that talk to a service.

pub(crate) mod abstraxn;
pub(crate) mod crossmint;
pub(crate) mod privy;

use std::future::Future;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::Args;
use signer_client::crossmint::ProgressListener;
use signer_client::{
    BaseUrl, Error, FileAccessKeyStore, FileTokenStore, RedisTokenStore, TokenStore,
};

pub(crate) use self::abstraxn::{LoginArguments, login};
use crate::failure::{Failure, OrRefuse, say};
use crate::input::SecretSource;
use crate::system;

/// How long a Redis may take to answer.
const REDIS_PATIENCE: Duration = Duration::from_secs(3);

/// Where tokens and access keys are kept.
#[derive(Args, Debug)]
pub(crate) struct StoreArguments {
    /// The folder of tokens and access keys. Default: `signer` in the user's data folder.
    #[arg(long, value_name = "DIR")]
    store: Option<PathBuf>,
    /// Keep tokens in a Redis instead, for many machines: its address (SRC).
    #[arg(long, value_name = "SRC")]
    redis: Option<SecretSource>,
}

impl StoreArguments {
    /// Where an address comes from that holds a secret.
    fn secret(&self) -> Option<&SecretSource> {
        self.redis.as_ref()
    }

    fn folder(&self, name: &str) -> Result<PathBuf, Failure> {
        let folder = match &self.store {
            Some(folder) => folder.clone(),
            None => system::data_folder()?,
        };
        Ok(folder.join(name))
    }

    fn tokens(&self) -> Result<Arc<dyn TokenStore>, Failure> {
        let Some(redis) = &self.redis else {
            return Ok(Arc::new(FileTokenStore::new(self.folder("tokens")?)));
        };
        let url = redis.read()?.text()?.into();
        Ok(Arc::new(RedisTokenStore::new(&url, REDIS_PATIENCE).or_refuse(redis)?))
    }

    fn access_keys(&self) -> Result<FileAccessKeyStore, Failure> {
        Ok(FileAccessKeyStore::new(self.folder("access-keys")?))
    }
}

/// Runs what talks to a service, and says what came of it in words for the user.
pub(crate) fn run<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    // What goes on behind a call is said where it matters: a token that could not be kept.
    let warnings = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::WARN)
        .with_writer(io::stderr)
        .with_ansi(false)
        .with_target(false)
        .without_time()
        .finish();
    let _ = tracing::subscriber::set_global_default(warnings);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.or_refuse("runtime")?;
    let done = runtime.block_on(work);
    // A file that hangs does not hold up the end.
    runtime.shutdown_background();
    done
}

pub(crate) fn base_url(text: &str) -> Result<BaseUrl, Failure> {
    BaseUrl::parse(text).map_err(Failure::refused)
}

/// What a service's refusal says, with what the user can do about it.
#[allow(clippy::needless_pass_by_value, reason = "it stands in map_err")]
pub(crate) fn refused(error: Error) -> Failure {
    let id = error.request_id().map(|id| format!("; request id {id}")).unwrap_or_default();
    match error.idempotency_key().filter(|_| error.is_outcome_unknown()) {
        Some(key) => Failure::refused(format!(
            "{error}{id}; to ask again without doing it twice: --idempotency-key {key}"
        )),
        None => Failure::refused(format!("{error}{id}")),
    }
}

/// A new idempotency key, said before anything is sent: whoever breaks a call off must be able to ask again without
/// doing it twice.
fn asked_under(call: &str) -> Result<String, Failure> {
    let key = system::uuid()?.as_str().to_owned();
    say(&format!("to ask again for this {call}: --idempotency-key {key}"));
    Ok(key)
}

/// A line that says how a long wait goes on, where somebody looks at it.
pub(crate) fn progress() -> Option<ProgressListener> {
    io::stderr().is_terminal().then(|| -> ProgressListener {
        let line = Line::default();
        Arc::new(move |progress| {
            let seconds = progress.elapsed.as_secs();
            let filled = usize::try_from(seconds / 2).unwrap_or(30).min(30);
            let bar = format!("{}{}", "=".repeat(filled), " ".repeat(30 - filled));
            let status = format!("{:?}", progress.status);
            let _ = write!(io::stderr(), "\r[{bar}] {seconds:>3} s {status:<18}");
            line.is_open.store(true, Ordering::Relaxed);
        })
    })
}

/// A line without its end. Whatever becomes of the wait, what is said next stands on its own.
#[derive(Default)]
struct Line {
    is_open: AtomicBool,
}

impl Drop for Line {
    fn drop(&mut self) {
        if *self.is_open.get_mut() {
            let _ = writeln!(io::stderr());
        }
    }
}
