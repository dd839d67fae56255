//! Who may call.

use std::sync::Arc;

use signer_core::p256::VerifyingKey;
use signer_server::{BearerSecret, CallerAuthenticator, CallerId, JwtCallers, JwtKeys};

use super::MAX_SMALL_FILE_BYTES;
use crate::commands::serve::settings::Settings;

pub(super) enum Callers {
    Bearer(Arc<BearerSecret>, CallerId),
    Token(Arc<JwtCallers>),
}

impl Callers {
    pub(super) fn authenticator(&self) -> Arc<dyn CallerAuthenticator> {
        match self {
            Self::Bearer(bearer, _) => Arc::clone(bearer) as _,
            Self::Token(jwt) => Arc::clone(jwt) as _,
        }
    }
}

#[derive(Clone, Copy)]
enum CallerKind {
    Bearer,
    Jwt,
    Privy,
}

pub(super) fn callers(settings: &mut Settings, known: Option<&JwtKeys>) -> Option<Callers> {
    let kinds =
        [("bearer", CallerKind::Bearer), ("jwt", CallerKind::Jwt), ("privy", CallerKind::Privy)];
    match settings.required_choice("callers.kind", &kinds)? {
        CallerKind::Bearer => bearer(settings),
        CallerKind::Jwt => jwt(settings, known),
        CallerKind::Privy => privy(settings),
    }
}

fn bearer(settings: &mut Settings) -> Option<Callers> {
    let name = settings.required("callers.name");
    let name = name.and_then(|name| settings.keep("callers.name", caller_name(&name)));
    let secret = settings.secret_text("callers.secret")?;
    let name = name?;
    let bearer = settings.keep("callers.secret", BearerSecret::new(name.clone(), &secret))?;
    Some(Callers::Bearer(Arc::new(bearer), name))
}

fn jwt(settings: &mut Settings, known: Option<&JwtKeys>) -> Option<Callers> {
    let keys = settings.required("callers.keys").and_then(|keys| {
        // What is known at an address stays known over a reload.
        if let Some(known) = known.filter(|known| known.url() == Some(&keys)) {
            return Some(known.clone());
        }
        if keys.contains("://") {
            return settings.keep("callers.keys", JwtKeys::from_url(&keys));
        }
        let json = settings.file("callers.keys", MAX_SMALL_FILE_BYTES)?;
        settings.keep("callers.keys", JwtKeys::from_jwks(&json))
    });
    let (issuer, audience) =
        (settings.required("callers.issuer"), settings.required("callers.audience"));
    let claim = settings.text("callers.addresses_claim");
    let callers = JwtCallers::new(keys?, issuer?, audience?);
    let callers = match claim {
        Some(claim) => callers.addresses_claim(claim),
        None => callers,
    };
    Some(Callers::Token(Arc::new(callers)))
}

fn privy(settings: &mut Settings) -> Option<Callers> {
    let app_id = settings.required("callers.app_id");
    let key = settings.file("callers.verification_key", MAX_SMALL_FILE_BYTES);
    let key = key.and_then(|pem| {
        settings.keep("callers.verification_key", VerifyingKey::from_spki_pem(&pem))
    });
    let identity = settings.flag("callers.identity_token");
    let callers = JwtCallers::privy(app_id?, &key?);
    Some(Callers::Token(Arc::new(if identity { callers.with_identity_token() } else { callers })))
}

/// A word that can stand in a line of the ownership file.
fn caller_name(name: &str) -> Result<CallerId, &'static str> {
    if name.is_empty() || name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '#') {
        return Err("must be one word without #");
    }
    Ok(CallerId::new(name))
}
