//! The configuration: a TOML file in which each key can be overridden by an environment variable. All that
//! is wrong is gathered.

use std::collections::BTreeMap;
use std::env;
use std::fmt::Display;
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use toml::{Table, Value};

use super::reload::Fingerprint;
use crate::failure::Failure;
use crate::input::{FileSource, Secret, SecretSource};

const MAX_CONFIGURATION_BYTES: usize = 1 << 20;
/// Before the name of a key, in capitals and with `_` for dots.
const PREFIX: &str = "SIGNER_SERVE_";

pub(super) struct Settings {
    table: Table,
    /// What was asked for, and what was said.
    asked: BTreeMap<String, Option<Value>>,
    faults: Vec<String>,
    files: Vec<(PathBuf, Fingerprint)>,
}

impl Settings {
    pub(super) fn read(file: &FileSource) -> Result<Self, Failure> {
        let files = match file {
            FileSource::File(path) => vec![(path.clone(), Fingerprint::of(path))],
            FileSource::StandardInput => Vec::new(),
        };
        let text = file.read(MAX_CONFIGURATION_BYTES)?;
        let text = String::from_utf8(text)
            .map_err(|_| Failure::refused("not utf-8").about("configuration"))?;
        let table = text.parse().map_err(|error: toml::de::Error| {
            let line = error.span().map_or(1, |span| 1 + text[..span.start].matches('\n').count());
            Failure::refused(format!("line {line}: {}", error.message())).about("configuration")
        })?;
        Ok(Self { table, asked: BTreeMap::new(), faults: Vec::new(), files })
    }

    /// The value of a key, as `section.name`; the environment goes before the file.
    fn value(&mut self, key: &str) -> Option<Value> {
        let given = match (env::var(variable(key)), key.split_once('.')) {
            (Ok(text), _) => Some(Value::String(text)),
            (Err(_), Some((section, name))) => {
                self.table.get(section).and_then(|section| section.get(name)).cloned()
            }
            (Err(_), None) => self.table.get(key).cloned(),
        };
        self.asked.insert(key.into(), given.clone());
        given
    }

    /// What was asked for so far, and what was said.
    pub(super) fn said(&self) -> BTreeMap<String, Option<Value>> {
        self.asked.clone()
    }

    /// Whether anything is said in a section.
    pub(super) fn has_section(&self, section: &str) -> bool {
        let variables = variable(section) + "_";
        self.table.contains_key(section)
            || env::vars_os().any(|(name, _)| name.to_string_lossy().starts_with(&variables))
    }

    /// Whether a key has a value.
    pub(super) fn is_given(&mut self, key: &str) -> bool {
        self.value(key).is_some()
    }

    pub(super) fn text(&mut self, key: &str) -> Option<String> {
        match self.value(key)? {
            Value::String(text) => Some(text),
            _ => self.fault(key, "must be a text in quotes"),
        }
    }

    pub(super) fn required(&mut self, key: &str) -> Option<String> {
        let faults = self.faults.len();
        let text = self.text(key);
        if text.is_none() && self.faults.len() == faults {
            return self.fault(key, "is missing");
        }
        text
    }

    pub(super) fn texts(&mut self, key: &str) -> Vec<String> {
        match self.value(key) {
            None => Vec::new(),
            // From the environment.
            Some(Value::String(text)) => text
                .split(',')
                .map(|part| part.trim().into())
                .filter(|part: &String| !part.is_empty())
                .collect(),
            Some(Value::Array(values)) if values.iter().all(Value::is_str) => {
                values.iter().filter_map(|value| value.as_str().map(str::to_owned)).collect()
            }
            Some(_) => self.fault(key, "must be a list of texts").unwrap_or_default(),
        }
    }

    pub(super) fn integer(&mut self, key: &str, default: u64) -> u64 {
        let integer = match self.value(key) {
            None => return default,
            Some(Value::Integer(integer)) => u64::try_from(integer).ok(),
            Some(Value::String(text)) => text.parse().ok(),
            Some(_) => None,
        };
        integer.or_else(|| self.fault(key, "must be an integer, 0 or more")).unwrap_or(default)
    }

    pub(super) fn flag(&mut self, key: &str) -> bool {
        match self.value(key) {
            None => false,
            Some(Value::Boolean(flag)) => flag,
            Some(Value::String(text)) if text == "true" || text == "false" => text == "true",
            Some(_) => self.fault(key, "must be true or false").unwrap_or_default(),
        }
    }

    /// One of some words; the first is the default.
    pub(super) fn choice<T: Copy>(&mut self, key: &str, choices: &[(&str, T)]) -> Option<T> {
        let Some(text) = self.text(key) else { return choices.first().map(|(_, value)| *value) };
        if let Some((_, value)) = choices.iter().find(|(word, _)| *word == text) {
            return Some(*value);
        }
        let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
        self.fault(key, format!("must be one of: {}", words.join(", ")))
    }

    /// One of some words, which must be given.
    pub(super) fn required_choice<T: Copy>(
        &mut self,
        key: &str,
        choices: &[(&str, T)],
    ) -> Option<T> {
        self.required(key)?;
        self.choice(key, choices)
    }

    /// A secret that the configuration names. The name is not shown: somebody may have put the secret in its
    /// place.
    pub(super) fn secret(&mut self, key: &str) -> Option<(Secret, SecretSource)> {
        let name = self.required(key)?;
        let hint =
            "cannot be read: it is the name of a file, or env:NAME, and never the secret itself";
        match name.parse() {
            Err(_) | Ok(SecretSource::StandardInput) => self.fault(key, hint),
            Ok(source) => {
                if let SecretSource::File(path) = &source {
                    self.watch(path);
                }
                match source.read() {
                    Ok(secret) => Some((secret, source)),
                    Err(_) => self.fault(key, hint),
                }
            }
        }
    }

    /// A secret that is a text.
    pub(super) fn secret_text(&mut self, key: &str) -> Option<SecretString> {
        let (secret, _) = self.secret(key)?;
        self.keep(key, secret.text()).map(SecretString::from)
    }

    /// The bytes of a file that the configuration names.
    pub(super) fn file(&mut self, key: &str, max_bytes: usize) -> Option<Vec<u8>> {
        let path = PathBuf::from(self.required(key)?);
        self.watch(&path);
        self.keep(key, FileSource::File(path).read(max_bytes))
    }

    /// A value, or a fault of its key.
    pub(super) fn keep<T, E: Display>(&mut self, key: &str, value: Result<T, E>) -> Option<T> {
        value.map_err(|error| self.faults.push(format!("{key}: {error}"))).ok()
    }

    pub(super) fn fault<T>(&mut self, key: &str, rule: impl Display) -> Option<T> {
        self.faults.push(format!("{key}: {rule}"));
        None
    }

    /// Notes a file before it is read.
    pub(super) fn watch(&mut self, path: &Path) {
        self.files.push((path.to_owned(), Fingerprint::of(path)));
    }

    /// The files that were named, the configuration itself among them, as they were before they were read.
    pub(super) fn files(&self) -> Vec<(PathBuf, Fingerprint)> {
        self.files.clone()
    }

    /// All that is wrong, keys that nobody asked for among it.
    pub(super) fn finish(mut self) -> Result<(), Failure> {
        let mut unknown = Vec::new();
        for (name, value) in &self.table {
            match value {
                Value::Table(section) => {
                    unknown.extend(section.keys().map(|key| format!("{name}.{key}")));
                }
                _ => unknown.push(name.clone()),
            }
        }
        unknown.retain(|key| !self.asked.contains_key(key));
        let variables: Vec<_> = self.asked.keys().map(|key| variable(key)).collect();
        let given = env::vars_os().filter_map(|(name, _)| name.into_string().ok());
        unknown.extend(given.filter(|name| name.starts_with(PREFIX) && !variables.contains(name)));
        self.faults.extend(unknown.iter().map(|key| format!("{key}: is no setting here")));
        if self.faults.is_empty() {
            return Ok(());
        }
        Err(Failure::refused(self.faults.join("; ")).about("configuration"))
    }
}

/// The environment variable of a key or a section.
fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.to_ascii_uppercase().replace('.', "_"))
}
