//! Keys that sign.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use signer_native::P256SigningKey;
use signer_protocols::blink::Timestamp;
use signer_server::{KeyId, PaymentKey};

use crate::commands::blink::parse_key;
use crate::commands::serve::dev;
use crate::commands::serve::settings::Settings;
use crate::failure::Failure;
use crate::input::{Secret, SecretSource};

pub(super) fn signing_key(
    secret: &Secret,
    source: &SecretSource,
) -> Result<P256SigningKey, Failure> {
    if dev::is_development_key(secret.bytes()) {
        return Err(Failure::refused("a development key serves --dev only"));
    }
    P256SigningKey::try_from(&parse_key(secret, source)?).map_err(Failure::refused)
}

pub(super) fn payment_key(secret: &Secret, source: &SecretSource) -> Result<PaymentKey, Failure> {
    let key = signing_key(secret, source)?;
    let public = *key.verifying_key();
    let key = PaymentKey::new(Arc::new(key), public).map_err(Failure::refused)?;
    Ok(match made_at(source) {
        Some(time) => key.made_at(time),
        None => key,
    })
}

/// The name of the key in a file.
pub(in crate::commands::serve) fn id_of(path: &Path) -> Result<KeyId, Failure> {
    let source = SecretSource::File(path.to_owned());
    Ok(KeyId::of(signing_key(&source.read()?, &source)?.verifying_key()))
}

/// When a key file was last written.
fn made_at(source: &SecretSource) -> Option<Timestamp> {
    let SecretSource::File(path) = source else { return None };
    let modified = path.metadata().ok()?.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    Timestamp::from_unix_ms(u64::try_from(modified.as_millis()).ok()?).ok()
}

pub(super) fn file_path(name: &str) -> Option<PathBuf> {
    match name.parse() {
        Ok(SecretSource::File(path)) => Some(path),
        _ => None,
    }
}

/// A key that is not there is not staged yet.
pub(super) fn staged_key(settings: &mut Settings) -> Option<PaymentKey> {
    let name = settings.text("key.staged")?;
    if let Some(path) = file_path(&name).filter(|path| !path.exists()) {
        settings.watch(&path);
        return None;
    }
    let (secret, source) = settings.secret("key.staged")?;
    settings.keep("key.staged", payment_key(&secret, &source))
}
