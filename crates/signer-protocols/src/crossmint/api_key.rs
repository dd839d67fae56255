use alloc::vec::Vec;
use core::str;

use signer_core::ed25519::{Signature, VerifyingKey};
use signer_core::encoding::base58;
use signer_core::signature::Verifier;
use signer_core::{Error as CoreError, SecretBytes};

use super::{ApiKeyError, Environment, ProjectId};

const MAX_LEN: usize = 1_024;

/// Where an API key may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usage {
    /// `ck`
    Client,
    /// `sk`
    Server,
}

impl Usage {
    /// `client` or `server`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
        }
    }

    const fn prefix(self) -> &'static str {
        match self {
            Self::Client => "ck",
            Self::Server => "sk",
        }
    }
}

/// The vendor's public keys that sign API keys.
#[derive(Clone, Debug)]
pub struct TrustedKeys {
    staging_and_development: Vec<VerifyingKey>,
    production: Vec<VerifyingKey>,
}

impl TrustedKeys {
    /// The vendor's own.
    ///
    /// # Errors
    /// Never in practice: the keys are constants.
    pub fn vendor() -> Result<Self, ApiKeyError> {
        Ok(Self {
            staging_and_development: [parse("3hSfN4dWSwgCg1uf2yytBtK6KxK3ySFKasd2h9J2vSK5")?]
                .into(),
            production: [parse("8erZh8YApGck3iUSUHqATBxqMTM1Ukp9mHmvGgUWHtkK")?].into(),
        })
    }

    /// Other keys, each in base58, trusted in every environment: for tests and emulators.
    ///
    /// # Errors
    /// [`ApiKeyError::TrustedKey`].
    pub fn any_environment<'a>(
        keys: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, ApiKeyError> {
        let keys = keys.into_iter().map(parse).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { staging_and_development: keys.clone(), production: keys })
    }

    /// Other keys by environment, each in base58.
    ///
    /// # Errors
    /// [`ApiKeyError::TrustedKey`].
    pub fn by_environment(
        staging_and_development: &str,
        production: &str,
    ) -> Result<Self, ApiKeyError> {
        Ok(Self {
            staging_and_development: [parse(staging_and_development)?].into(),
            production: [parse(production)?].into(),
        })
    }

    fn for_environment(&self, environment: Environment) -> &[VerifyingKey] {
        match environment {
            Environment::Production => &self.production,
            Environment::Staging | Environment::Development => &self.staging_and_development,
        }
    }
}

fn parse(text: &str) -> Result<VerifyingKey, ApiKeyError> {
    let mut bytes = [0; 32];
    match base58::decode(text.as_bytes(), &mut bytes) {
        Ok(decoded) if decoded.len() == 32 => {
            VerifyingKey::from_bytes(&bytes).map_err(|_| ApiKeyError::TrustedKey)
        }
        _ => Err(ApiKeyError::TrustedKey),
    }
}

/// What a caller demands of an API key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ApiKeyExpectation {
    /// The usage, if it matters.
    pub usage: Option<Usage>,
    /// The environment, if it matters; then only its own trusted key counts.
    pub environment: Option<Environment>,
}

/// What a verified API key says. The key itself is not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// The project.
    pub project_id: ProjectId,
    /// The environment.
    pub environment: Environment,
    /// Where the key may be used.
    pub usage: Usage,
}

impl ApiKey {
    /// Reads and verifies an API key.
    ///
    /// # Errors
    /// [`ApiKeyError`], the first rule that is broken.
    pub fn parse(
        text: &str,
        trusted: &TrustedKeys,
        expected: ApiKeyExpectation,
    ) -> Result<Self, ApiKeyError> {
        if text.len() > MAX_LEN {
            return Err(ApiKeyError::TooLong);
        }
        if text.starts_with("sk_live") || text.starts_with("sk_test") {
            return Err(ApiKeyError::OldFormat);
        }
        let (usage, rest) = [Usage::Client, Usage::Server]
            .into_iter()
            .find_map(|usage| {
                let rest = text.strip_prefix(usage.prefix())?.strip_prefix('_')?;
                Some((usage, rest))
            })
            .ok_or(ApiKeyError::Prefix)?;
        if expected.usage.is_some_and(|wanted| wanted != usage) {
            return Err(ApiKeyError::Usage);
        }
        let (name, payload) = rest.split_once('_').unwrap_or((rest, ""));
        let environment = name.parse::<Environment>().ok().filter(|_| rest.contains('_'));
        if expected.environment.is_some() && expected.environment != environment {
            return Err(ApiKeyError::Environment);
        }
        let environment = environment.ok_or(ApiKeyError::UnknownEnvironment)?;

        // What is decoded is as good as the key: it is wiped like one.
        let mut len = 0;
        let decoded = SecretBytes::<MAX_LEN>::try_init(|buffer| {
            len = base58::decode(payload.as_bytes(), buffer)?.len();
            Ok::<_, CoreError>(())
        });
        let decoded = decoded.map_err(|_| ApiKeyError::Base58)?;
        let decoded = decoded.expose_secret().get(..len).unwrap_or_default();
        let decoded = str::from_utf8(decoded).map_err(|_| ApiKeyError::Signature)?;
        let mut parts = decoded.split(':');
        let data = parts.next().unwrap_or_default();
        let signature = parts.next().and_then(read_signature).ok_or(ApiKeyError::Signature)?;

        let mut len = 0;
        let signed = SecretBytes::<{ MAX_LEN + 32 }>::init(|buffer| {
            let parts = [usage.prefix(), "_", environment.as_str(), ".", data];
            for (to, from) in buffer.iter_mut().zip(parts.iter().flat_map(|part| part.bytes())) {
                *to = from;
                len += 1;
            }
        });
        let signed = signed.expose_secret().get(..len).unwrap_or_default();
        let environments = match expected.environment {
            Some(environment) => &[environment][..],
            None => &[Environment::Staging, Environment::Production],
        };
        let verifies = environments
            .iter()
            .flat_map(|environment| trusted.for_environment(*environment))
            .any(|key| key.verify(signed, &signature).is_ok());
        if !verifies {
            return Err(ApiKeyError::Signature);
        }
        let project_id = data.split('.').next().unwrap_or_default();
        let project_id = ProjectId::parse(project_id).map_err(|_| ApiKeyError::ProjectId)?;
        Ok(Self { project_id, environment, usage })
    }
}

fn read_signature(text: &str) -> Option<Signature> {
    let mut bytes = [0; 64];
    let decoded = base58::decode(text.as_bytes(), &mut bytes).ok()?;
    (decoded.len() == 64).then(|| Signature::from_bytes(&bytes))
}
