//! What a configuration means.

use std::path::PathBuf;
use std::sync::Arc;

use axum::http::HeaderValue;
use signer_protocols::blink::{MerchantId, Policy};
use signer_server::{JwtCallers, JwtKeys, Rules, TlsIdentity};

use super::reload::Fingerprint;
use super::settings::Settings;
use crate::commands::policy::{self, Bounds};
use crate::failure::Failure;
use crate::input::{FileSource, Secret};

mod callers;
mod fixed;
pub(super) mod keys;
mod ownership;
mod store;

use callers::Callers;
pub(super) use fixed::{Fixed, LogFormat};

const MAX_SMALL_FILE_BYTES: usize = 1 << 20;

/// What a reload replaces.
pub(super) struct Replaceable {
    pub(super) rules: Rules,
    pub(super) bounds: Bounds,
    pub(super) jwt: Option<Arc<JwtCallers>>,
    pub(super) tls: Option<Tls>,
    pub(super) keys: KeyFiles,
    /// Every file that was named.
    pub(super) files: Vec<(PathBuf, Fingerprint)>,
}

/// A certificate and its key that belong together.
pub(super) struct Tls {
    pub(super) chain: Vec<u8>,
    pub(super) key: Secret,
    pub(super) identity: TlsIdentity,
}

/// Where the two keys are, so that a switch can be made to last.
#[derive(Clone, Debug, Default)]
pub(super) struct KeyFiles {
    pub(super) active: Option<PathBuf>,
    pub(super) staged: Option<PathBuf>,
}

/// Reads the configuration and everything that it names, and says all that is wrong at once. Of keys that
/// are fetched, those that are `known` are used again.
pub(super) fn read(
    file: &FileSource,
    known: Option<&JwtKeys>,
) -> Result<(Fixed, Replaceable), Failure> {
    let mut settings = Settings::read(file)?;
    let fixed = fixed::fixed(&mut settings);
    let rules = replaceable(&mut settings, known);
    if let (Some(fixed), Some(rules)) = (&fixed, &rules)
        && fixed.audit_key().is_some_and(|audit| rules.rules.key_ids().any(|key| key == audit))
    {
        settings.fault::<()>("audit.key", "must be another key than that of payments");
    }
    settings.finish()?;
    // What is missing had its fault.
    fixed.zip(rules).ok_or_else(|| Failure::refused("is not complete").about("configuration"))
}

fn replaceable(settings: &mut Settings, known: Option<&JwtKeys>) -> Option<Replaceable> {
    let merchant = settings
        .required("merchant_id")
        .and_then(|text| settings.keep("merchant_id", MerchantId::parse(&text)));
    let key = settings.secret("key.active").and_then(|(secret, source)| {
        settings.keep("key.active", keys::payment_key(&secret, &source))
    });
    let staged = keys::staged_key(settings);
    let files = KeyFiles {
        active: settings.text("key.active").as_deref().and_then(keys::file_path),
        staged: settings.text("key.staged").as_deref().and_then(keys::file_path),
    };
    let callers = callers::callers(settings, known);
    let ownership = ownership::ownership(settings, callers.as_ref());
    let policy = match settings.text("policy") {
        None => Some((Policy::catalogue(), Bounds::default())),
        Some(_) => settings
            .file("policy", MAX_SMALL_FILE_BYTES)
            .and_then(|bytes| settings.keep("policy", policy::parse(&bytes))),
    };
    let origins: Vec<Option<HeaderValue>> = settings
        .texts("origins")
        .iter()
        .map(|text| settings.keep("origins", origin(text)))
        .collect();
    let back_date_ms = settings.integer("back_date_ms", 0);
    let tls = if settings.has_section("tls") { Some(tls(settings)?) } else { None };

    let callers = callers?;
    let (policy, bounds) = policy?;
    let rules = Rules::new(merchant?, key?, callers.authenticator(), ownership?)
        .policy(policy)
        .origins(origins.into_iter().flatten())
        .staged_key(staged)
        .back_date_ms(back_date_ms);
    let rules = settings.keep("back_date_ms", rules)?;
    let jwt = match callers {
        Callers::Token(jwt) => Some(jwt),
        Callers::Bearer(..) => None,
    };
    Some(Replaceable { rules, bounds, jwt, tls, keys: files, files: settings.files() })
}

fn tls(settings: &mut Settings) -> Option<Tls> {
    let chain = settings.file("tls.certificate", MAX_SMALL_FILE_BYTES);
    let key = settings.secret("tls.key");
    let (chain, (key, _)) = (chain?, key?);
    let identity = settings.keep("tls", TlsIdentity::from_pem(&chain, key.bytes()))?;
    Some(Tls { chain, key, identity })
}

/// An origin as a browser sends it: scheme and host, without a path.
fn origin(text: &str) -> Result<HeaderValue, String> {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let default_port = if text.starts_with("https") { ":443" } else { ":80" };
    let letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.:[]".contains(&b);
    let bad = host.is_none_or(|host| {
        host.is_empty() || host.ends_with(default_port) || !host.bytes().all(letter)
    });
    match HeaderValue::from_str(text) {
        Ok(value) if !bad => Ok(value),
        _ => Err(format!("{text:?} is no origin, as https://app.example.com")),
    }
}
