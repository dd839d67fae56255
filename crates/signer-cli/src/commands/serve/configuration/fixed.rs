//! What a start needs once.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use signer_server::{AuditOptions, Fsync, IpNet, KeyId, Rate, Rates, check_path};

use super::keys::signing_key;
use super::store::{Store, store};
use crate::commands::serve::settings::Settings;

/// What a start needs once.
#[derive(Debug)]
pub(in crate::commands::serve) struct Fixed {
    pub(in crate::commands::serve) listen: SocketAddr,
    pub(in crate::commands::serve) path: Option<String>,
    pub(in crate::commands::serve) max_body_bytes: usize,
    pub(in crate::commands::serve) queue: usize,
    pub(in crate::commands::serve) connections: usize,
    pub(in crate::commands::serve) store: Store,
    pub(in crate::commands::serve) rates: Rates,
    pub(in crate::commands::serve) audit: Option<AuditOptions>,
    pub(in crate::commands::serve) status: Option<SocketAddr>,
    pub(in crate::commands::serve) control: Option<PathBuf>,
    pub(in crate::commands::serve) log: LogFormat,
    pub(in crate::commands::serve) level: tracing::Level,
    /// What was said of all that.
    pub(in crate::commands::serve) said: BTreeMap<String, Option<toml::Value>>,
}

impl Fixed {
    pub(super) fn audit_key(&self) -> Option<KeyId> {
        self.audit.as_ref().map(|audit| KeyId::of(&audit.public))
    }
}

#[derive(Clone, Copy, Debug)]
pub(in crate::commands::serve) enum LogFormat {
    Json,
    Pretty,
}

pub(super) fn fixed(settings: &mut Settings) -> Option<Fixed> {
    let listen = settings.required("listen").and_then(|text| address(settings, "listen", &text));
    let path = settings.text("path");
    if let Some(path) = &path {
        settings.keep("path", check_path(path));
    }
    let max_body_bytes = size(settings, "max_body_bytes", 16 * 1024);
    let queue = size(settings, "queue", 512);
    let connections = size(settings, "connections", 16_384);
    let store = store(settings);
    let rates = rates(settings);
    let audit = if settings.has_section("audit") { audit(settings) } else { None };
    let status = match settings.text("status.listen").as_deref() {
        None => Some(SocketAddr::from(([127, 0, 0, 1], 3002))),
        Some("off") => None,
        Some(text) => address(settings, "status.listen", text),
    };
    let control = settings.text("control.socket").map(PathBuf::from);
    let formats = [("json", LogFormat::Json), ("pretty", LogFormat::Pretty)];
    let log = settings.choice("log.format", &formats)?;
    let level = settings.choice(
        "log.level",
        &[
            ("info", tracing::Level::INFO),
            ("warn", tracing::Level::WARN),
            ("error", tracing::Level::ERROR),
        ],
    )?;
    Some(Fixed {
        listen: listen?,
        path,
        max_body_bytes,
        queue,
        connections,
        store: store?,
        rates,
        audit,
        status,
        control,
        log,
        level,
        said: settings.said(),
    })
}

pub(super) fn size(settings: &mut Settings, key: &str, default: u64) -> usize {
    usize::try_from(size_u64(settings, key, default)).unwrap_or(usize::MAX)
}

pub(super) fn size_u64(settings: &mut Settings, key: &str, default: u64) -> u64 {
    let size = settings.integer(key, default);
    if size == 0 {
        settings.fault::<()>(key, "must be 1 or more");
    }
    size
}

fn address(settings: &mut Settings, key: &str, text: &str) -> Option<SocketAddr> {
    settings
        .keep(key, text.parse().map_err(|_| "must be an ip address and a port, as 127.0.0.1:3001"))
}

fn rates(settings: &mut Settings) -> Rates {
    let mut rate = |name: &str, per_second: u64, burst: u64| {
        let mut count = |key: &str, default| {
            let key = format!("rates.{name}_{key}");
            let count = settings.integer(&key, default);
            u32::try_from(count).ok().or_else(|| settings.fault(&key, "is too much"))
        };
        let (per_second, burst) = (count("per_second", per_second)?, count("burst", burst)?);
        if per_second > 0 && burst == 0 {
            return settings.fault(&format!("rates.{name}_burst"), "must be 1 or more");
        }
        // Zero a second is no rate at all.
        Some(Rate { per_second: NonZeroU32::new(per_second)?, burst: NonZeroU32::new(burst)? })
    };
    let (peer, caller) = (rate("peer", 100, 200), rate("caller", 100, 200));
    let destination = rate("destination", 10, 20);
    let proxies = settings.texts("rates.trusted_proxies");
    let proxies = proxies.iter().filter_map(|text| {
        let network = text.parse::<IpNet>().ok();
        let network = network.or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
        network.or_else(|| {
            settings
                .fault("rates.trusted_proxies", format!("{text:?} is no network, as 10.0.0.0/8"))
        })
    });
    let mut rates = Rates::unlimited().trusted_proxies(proxies.collect());
    if let Some(rate) = peer {
        rates = rates.per_peer(rate);
    }
    if let Some(rate) = caller {
        rates = rates.per_caller(rate);
    }
    if let Some(rate) = destination {
        rates = rates.per_destination(rate);
    }
    rates
}

fn audit(settings: &mut Settings) -> Option<AuditOptions> {
    let file = settings.required("audit.file").map(PathBuf::from);
    let folder = file.as_deref().and_then(Path::parent).filter(|path| !path.as_os_str().is_empty());
    if folder.is_some_and(|folder| !folder.is_dir()) {
        settings.fault::<()>("audit.file", "its folder is not there");
    }
    let key = settings
        .secret("audit.key")
        .and_then(|(secret, source)| settings.keep("audit.key", signing_key(&secret, &source)));
    let every = size_u64(settings, "audit.checkpoint_every", 1_000);
    let fsync = settings.choice(
        "audit.fsync",
        &[
            ("always", Fsync::Always),
            ("every-second", Fsync::EverySecond),
            ("at-checkpoints", Fsync::AtCheckpoints),
        ],
    );
    let key = key?;
    let public = *key.verifying_key();
    let mut options = AuditOptions::new(file?, Arc::new(key), public);
    options.checkpoint_every = every;
    options.fsync = fsync?;
    Some(options)
}
