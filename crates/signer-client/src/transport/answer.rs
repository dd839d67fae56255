use reqwest::header::{HeaderMap, SET_COOKIE};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::retry_after::retry_after;
use crate::clock::unix_ms;
use crate::error::{Error, Kind, is_transient_status};

/// A whole answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Zeroizing<Vec<u8>>,
    /// Whether the call did something.
    pub(crate) repeat: bool,
}

/// The error code of a body, wherever it stands.
#[derive(Deserialize)]
struct Coded {
    code: Option<Text>,
    error: Option<Nested>,
    data: Option<Nested>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Nested {
    Inner { code: Option<Text> },
    Other(serde::de::IgnoredAny),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Text {
    Text(String),
    Other(serde::de::IgnoredAny),
}

impl Answer {
    /// The body as what it should be. A body that is not, of a call that did something, leaves its outcome
    /// unknown.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.body).map_err(|_| self.unreadable())
    }

    pub(crate) fn unreadable(&self) -> Error {
        let error = Error::new(Kind::Answer, "the answer is not what the service's documents say")
            .with_request_id(self.request_id());
        if self.repeat { error.with_unknown_outcome() } else { error }
    }

    /// The value of the `Cookie` header after this answer: what was `held`, with what the answer sets and takes away.
    pub(crate) fn cookies(&self, held: Option<&SecretString>) -> Option<SecretString> {
        let held = held.map_or("", |held| held.expose_secret());
        let mut cookies: Vec<(&str, &str)> =
            held.split("; ").filter_map(|pair| pair.split_once('=')).collect();
        for cookie in self.headers.get_all(SET_COOKIE).iter().filter_map(|it| it.to_str().ok()) {
            let mut parts = cookie.split(';').map(str::trim);
            let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else {
                continue;
            };
            cookies.retain(|(known, _)| *known != name);
            let gone = value.is_empty() || parts.any(|part| part.eq_ignore_ascii_case("max-age=0"));
            if !gone {
                cookies.push((name, value));
            }
        }
        let pairs: usize = cookies.iter().map(|(name, value)| name.len() + value.len() + 1).sum();
        let mut text = String::with_capacity(pairs + 2 * cookies.len().saturating_sub(1));
        for (name, value) in cookies {
            if !text.is_empty() {
                text.push_str("; ");
            }
            text.push_str(name);
            text.push('=');
            text.push_str(value);
        }
        // Boxed as it is, without another copy.
        (!text.is_empty()).then(|| SecretString::from(text))
    }

    /// The error that an answer stands for. Of its body only a code comes along.
    pub(crate) fn into_error(self) -> Error {
        let what = match self.status {
            300..=399 => "the service answered with a redirect, which is not followed",
            401 => "the service does not accept the credentials",
            403 => "the service does not allow it",
            404 => "the service knows no such thing",
            408 | 500..=599 => "the service did not succeed",
            409 => "it contradicts what the service has",
            429 => "the service asks for fewer calls",
            _ => "the service refused it",
        };
        let code = serde_json::from_slice::<Coded>(&self.body).ok().and_then(Coded::text);
        let error = Error::new(Kind::Status, what)
            .with_status(self.status)
            .with_code(code.as_deref())
            .with_request_id(self.request_id())
            .with_retry_after(retry_after(&self.headers, self.status == 429, unix_ms()));
        // 429 says that it was not done; a server that stumbled may have done it.
        let stumbled = is_transient_status(self.status) && self.status != 429;
        if self.repeat && stumbled { error.with_unknown_outcome() } else { error }
    }

    fn request_id(&self) -> Option<String> {
        let names = ["x-request-id", "request-id", "cf-ray"];
        let value = names.iter().find_map(|name| self.headers.get(*name))?.to_str().ok()?;
        let letters = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        ((1..=64).contains(&value.len()) && value.bytes().all(letters)).then(|| value.into())
    }
}

impl Coded {
    fn text(self) -> Option<String> {
        let inner = |nested: Option<Nested>| match nested {
            Some(Nested::Inner { code: Some(Text::Text(code)) }) => Some(code),
            _ => None,
        };
        match self.code {
            Some(Text::Text(code)) => Some(code),
            _ => inner(self.error).or_else(|| inner(self.data)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(body: &str) -> Option<String> {
        let body = Zeroizing::new(body.as_bytes().to_vec());
        let answer = Answer { status: 400, headers: HeaderMap::new(), body, repeat: false };
        answer.into_error().code().map(Into::into)
    }

    #[test]
    fn a_code_is_found_wherever_it_stands() {
        for body in [
            r#"{"code":"CONFLICT"}"#,
            r#"{"error":{"code":"CONFLICT","message":"x"}}"#,
            r#"{"data":{"code":"CONFLICT"}}"#,
            r#"{"error":"text","code":"CONFLICT"}"#,
            r#"{"error":true,"message":"m","code":"CONFLICT"}"#,
        ] {
            assert_eq!(code(body).as_deref(), Some("CONFLICT"), "{body}");
        }
        for body in
            ["", "<html>", "[]", r#"{"code":7}"#, r#"{"error":"CONFLICT"}"#, r#"{"code":null}"#]
        {
            assert_eq!(code(body), None, "{body}");
        }
    }

    #[test]
    fn cookies_are_kept_replaced_and_taken_away_by_name() {
        let mut headers = HeaderMap::new();
        headers.append(SET_COOKIE, "refresh=abc; HttpOnly; Path=/".parse().unwrap());
        headers.append(SET_COOKIE, "flag".parse().unwrap());
        headers.append(SET_COOKIE, "old=; Path=/".parse().unwrap());
        headers.append(SET_COOKIE, "older=x; Max-Age=0".parse().unwrap());
        let answer = Answer { status: 200, headers, body: Zeroizing::default(), repeat: false };
        let cookies = |held: Option<&str>| {
            let held = held.map(SecretString::from);
            answer.cookies(held.as_ref()).unwrap().expose_secret().to_owned()
        };
        assert_eq!(cookies(None), "refresh=abc");
        assert_eq!(cookies(Some("refresh=old; other=1; old=2; older=3")), "other=1; refresh=abc");
    }
}
