//! What goes wrong on demand, and where.

use std::str::FromStr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// What goes wrong with one answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The answer comes later.
    Delay(Duration),
    /// Nothing comes, and the connection stays.
    Hang,
    /// The connection is reset before anything is done.
    Reset,
    /// It is done, and the connection is reset before a byte of the answer.
    Lost,
    /// It is done, and the connection is reset in the middle of the answer's body.
    Cut,
    /// It is done, and the answer's JSON is half of what it should be, in a whole body.
    Truncated,
    /// 200 with a page for people.
    Html,
    /// A status, and nothing is done.
    Status(u16),
    /// 429 with a header that says for how long.
    TooMany(&'static str, RetryAfter),
    /// 200 with a body that never ends.
    Endless,
    /// 200 with a body that is said to be of a gibibyte, and begins.
    Huge,
    /// It is done, and the answer comes twice.
    Twice,
    /// It is done, and in the answer something else stands at a place (a JSON pointer).
    Change(String, serde_json::Value),
    /// 307 to another place.
    Redirect(String),
}

/// A form of a header that asks for time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryAfter {
    /// A number as it stands.
    Number(u64),
    /// A date that is so many seconds ahead.
    Date(u64),
    /// A Unix time that is so many seconds ahead.
    Time(u64),
}

/// A fault was not understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a fault is [METHOD] PATH=FAULT[*TIMES], the fault delay:MS, hang, reset, lost, cut, truncated, html, status:N, retry-after:S, retry-after-date:S, retry-after-ms:MS, ratelimit-reset:S, endless, huge, twice, change:POINTER:JSON or redirect:URL"
)]
pub struct FaultError;

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let (name, value) = text.split_once(':').unwrap_or((text, ""));
        let number = || value.parse::<u64>().map_err(|_| FaultError);
        Ok(match (name, value) {
            ("hang", "") => Self::Hang,
            ("reset", "") => Self::Reset,
            ("lost", "") => Self::Lost,
            ("cut", "") => Self::Cut,
            ("truncated", "") => Self::Truncated,
            ("html", "") => Self::Html,
            ("endless", "") => Self::Endless,
            ("huge", "") => Self::Huge,
            ("twice", "") => Self::Twice,
            ("delay", _) => Self::Delay(Duration::from_millis(number()?)),
            ("status", _) => {
                let status = value.parse().map_err(|_| FaultError)?;
                if !(200..600).contains(&status) {
                    return Err(FaultError);
                }
                Self::Status(status)
            }
            ("retry-after", _) => Self::TooMany("retry-after", RetryAfter::Number(number()?)),
            ("retry-after-ms", _) => Self::TooMany("retry-after-ms", RetryAfter::Number(number()?)),
            ("retry-after-date", _) => Self::TooMany("retry-after", RetryAfter::Date(number()?)),
            ("ratelimit-reset", _) => {
                Self::TooMany("x-ratelimit-reset", RetryAfter::Time(number()?))
            }
            ("change", change) => {
                let (pointer, json) = change.split_once(':').ok_or(FaultError)?;
                let value = serde_json::from_str(json).map_err(|_| FaultError)?;
                if !pointer.starts_with('/') {
                    return Err(FaultError);
                }
                Self::Change(pointer.into(), value)
            }
            ("redirect", url) if !url.is_empty() => Self::Redirect(url.into()),
            _ => return Err(FaultError),
        })
    }
}

/// A fault for the requests of a route: of a method, or any, and of paths that begin in one way.
#[derive(Clone, Debug)]
pub struct FaultRule {
    method: Option<String>,
    path: String,
    fault: Fault,
    /// How often still; without an end where it is `None`.
    times: Option<u32>,
}

impl FaultRule {
    /// `fault` for each request of `method` (any, where it is empty) to a path that begins with `path`.
    pub fn new(method: &str, path: &str, fault: Fault) -> Self {
        let method = (!method.is_empty()).then(|| method.to_ascii_uppercase());
        Self { method, path: path.into(), fault, times: None }
    }

    /// Only so often.
    #[must_use]
    pub const fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }
}

impl FromStr for FaultRule {
    type Err = FaultError;

    /// `[METHOD] PATH=FAULT[*TIMES]`
    fn from_str(text: &str) -> Result<Self, FaultError> {
        let (route, fault) = text.split_once('=').ok_or(FaultError)?;
        let (method, path) = route.split_once(' ').unwrap_or(("", route));
        let (fault, times) = match fault.rsplit_once('*') {
            Some((fault, times)) => (fault, Some(times.parse().map_err(|_| FaultError)?)),
            None => (fault, None),
        };
        if !path.starts_with('/') {
            return Err(FaultError);
        }
        Ok(Self { times, ..Self::new(method, path, fault.parse()?) })
    }
}

/// The rules in force; the first that fits counts.
#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<Vec<FaultRule>>);

impl Faults {
    pub(crate) fn add(&self, rule: FaultRule) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(rule);
    }

    pub(crate) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The fault for a request, which is used up by it.
    pub(crate) fn take(&self, method: &str, path: &str) -> Option<Fault> {
        let mut rules = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let rule = rules.iter_mut().find(|rule| {
            rule.times != Some(0)
                && rule.method.as_deref().is_none_or(|wanted| wanted == method)
                && path.starts_with(&rule.path)
        })?;
        rule.times = rule.times.map(|times| times - 1);
        Some(rule.fault.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_read_and_used_up() {
        let faults = Faults::default();
        faults.add("POST /privy/v1=status:503*2".parse().unwrap());
        faults.add("/=delay:20".parse().unwrap());
        let fault = |method, path| faults.take(method, path);
        assert_eq!(fault("POST", "/privy/v1/wallets"), Some(Fault::Status(503)));
        assert_eq!(
            fault("GET", "/privy/v1/wallets"),
            Some(Fault::Delay(Duration::from_millis(20)))
        );
        assert_eq!(fault("POST", "/privy/v1/wallets"), Some(Fault::Status(503)));
        assert_eq!(fault("POST", "/privy/v1"), Some(Fault::Delay(Duration::from_millis(20))));
        let change = r#"GET /x=change:/a/b:{"c":"d:e"}"#.parse::<FaultRule>().unwrap().fault;
        assert_eq!(change, Fault::Change("/a/b".into(), serde_json::json!({"c": "d:e"})));
        for bad in [
            "",
            "hang",
            "x=hang",
            "/x=",
            "/x=hangs",
            "/x=status:20",
            "/x=hang*often",
            "/x=delay",
            "/x=change:/a:b",
            "/x=change:a:1",
        ] {
            assert_eq!(bad.parse::<FaultRule>().map(|_| ()), Err(FaultError), "{bad}");
        }
    }
}
