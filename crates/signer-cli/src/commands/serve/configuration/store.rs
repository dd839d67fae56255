//! The stores that record payments.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use signer_server::{
    DurableOptions, DurableStore, MemoryStore, PaymentStore, RedisStore, StoreFsync, WhenDown,
};

use super::fixed::{size, size_u64};
use crate::commands::serve::settings::Settings;
use crate::failure::{Failure, io_reason};

/// The name of the store's file where none is given.
const FILE: &str = "signer-store.redb";

/// The store that records payments.
#[derive(Debug)]
pub(in crate::commands::serve) enum Store {
    Durable(DurableOptions),
    Memory { keys: usize, keys_per_caller: usize },
    Redis(Redis),
}

#[derive(Debug)]
pub(in crate::commands::serve) struct Redis {
    url: SecretString,
    prefix: String,
    patience: Duration,
    when_down: WhenDown,
    keys_per_caller: u64,
    replicas: Option<u32>,
}

impl Store {
    /// The store. Call it in the runtime.
    pub(in crate::commands::serve) fn open(self) -> Result<Arc<dyn PaymentStore>, Failure> {
        Ok(match self {
            Self::Durable(options) => Arc::new(open_file(options)?),
            Self::Memory { keys, keys_per_caller } => {
                tracing::warn!("the store is in memory: a restart forgets every key and daily sum");
                Arc::new(MemoryStore::new(keys).keys_per_caller(keys_per_caller))
            }
            Self::Redis(redis) => {
                let store = Arc::new(redis.open()?);
                let checked = Arc::clone(&store);
                tokio::spawn(async move {
                    for warning in checked.settings_warnings().await {
                        tracing::warn!("{warning}");
                    }
                });
                store
            }
        })
    }

    /// Opens a store in a file as the start does, and leaves nothing behind. A store that a running endpoint
    /// uses is a good one.
    pub(in crate::commands::serve) fn check(self) -> Result<(), Failure> {
        let Self::Durable(options) = self else { return Ok(()) };
        let (path, is_new) = (options.path.clone(), !options.path.exists());
        match DurableStore::open(options) {
            Err(error) if error.kind() == io::ErrorKind::ResourceBusy => return Ok(()),
            verdict => drop(verdict.map_err(|error| fault(&path, &error))?),
        }
        if is_new { fs::remove_file(&path).map_err(|error| fault(&path, &error)) } else { Ok(()) }
    }

    /// The store in Redis, to give it an order.
    pub(in crate::commands::serve) fn into_redis(self) -> Result<RedisStore, Failure> {
        match self {
            Self::Redis(redis) => redis.open(),
            Self::Durable(_) | Self::Memory { .. } => {
                Err(Failure::refused("the store is not in Redis").about("store.kind"))
            }
        }
    }
}

fn open_file(options: DurableOptions) -> Result<DurableStore, Failure> {
    let path = options.path.clone();
    DurableStore::open(options).map_err(|error| fault(&path, &error))
}

fn fault(path: &Path, error: &io::Error) -> Failure {
    Failure::refused(io_reason(error)).about(format!("store.path {}", path.display()))
}

impl Redis {
    fn open(self) -> Result<RedisStore, Failure> {
        let store = RedisStore::new(&self.url, self.patience);
        let store = store.map_err(|rule| Failure::refused(rule).about("store.url"))?;
        let store = match self.replicas {
            Some(replicas) => store.replicas(replicas),
            None => store,
        };
        Ok(store
            .prefix(self.prefix)
            .when_down(self.when_down)
            .max_keys_per_caller(self.keys_per_caller))
    }
}

pub(super) fn store(settings: &mut Settings) -> Option<Store> {
    #[derive(Clone, Copy)]
    enum Kind {
        Durable,
        Memory,
        Redis,
    }
    let kinds = [("durable", Kind::Durable), ("memory", Kind::Memory), ("redis", Kind::Redis)];
    let kind = settings.choice("store.kind", &kinds)?;
    let keys_per_caller = size_u64(settings, "store.keys_per_caller", 100_000);
    match kind {
        Kind::Durable => durable(settings, keys_per_caller).map(Store::Durable),
        Kind::Memory => {
            let rule = "a store in memory forgets every key and daily sum when the process ends: use kind = \
                 \"durable\", or write \"accepted\" here";
            if settings.text("store.forgets").as_deref() != Some("accepted") {
                return settings.fault("store.forgets", rule);
            }
            let keys = size(settings, "store.remembered_keys", 100_000);
            let keys_per_caller = usize::try_from(keys_per_caller).unwrap_or(usize::MAX);
            Some(Store::Memory { keys, keys_per_caller })
        }
        Kind::Redis => redis(settings, keys_per_caller).map(Store::Redis),
    }
}

/// Without a path, the file is beside the audit log, or in the working directory where none is kept.
fn durable(settings: &mut Settings, keys_per_caller: u64) -> Option<DurableOptions> {
    let given = settings.text("store.path").map(PathBuf::from);
    let audit = settings.has_section("audit").then(|| settings.text("audit.file")).flatten();
    let beside = audit.as_deref().and_then(|file| Path::new(file).parent());
    let path = given.unwrap_or_else(|| beside.unwrap_or(Path::new("")).join(FILE));
    let fsync = settings.choice(
        "store.fsync",
        &[("always", StoreFsync::Always), ("every-second", StoreFsync::EverySecond)],
    );
    let mut options = DurableOptions::new(path);
    options.fsync = fsync?;
    options.max_keys = size_u64(settings, "store.remembered_keys", 1_000_000);
    options.max_keys_per_caller = keys_per_caller;
    Some(options)
}

fn redis(settings: &mut Settings, keys_per_caller: u64) -> Option<Redis> {
    let url = settings.secret_text("store.url");
    let prefix = settings.text("store.prefix").unwrap_or_else(|| "signer".into());
    let patience = Duration::from_millis(size_u64(settings, "store.timeout_ms", 500));
    let at_most = Duration::from_secs(size_u64(settings, "store.sign_at_most_s", 300));
    let sign = WhenDown::Sign { at_most };
    let when_down =
        settings.choice("store.when_down", &[("refuse", WhenDown::Refuse), ("sign", sign)])?;
    let replicas = settings.is_given("store.replicas").then(|| {
        let replicas = settings.integer("store.replicas", 0);
        let few = u32::try_from(replicas).ok().filter(|replicas| *replicas <= 16);
        few.or_else(|| settings.fault("store.replicas", "must be 16 at most"))
    });
    let replicas = replicas.flatten();
    Some(Redis { url: url?, prefix, patience, when_down, keys_per_caller, replicas })
}
