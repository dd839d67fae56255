//! The one door to HTTP: a deadline, a cap on the body, no redirects, no proxies.

use std::net::IpAddr;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, RequestBuilder, StatusCode, Url};
use zeroize::Zeroizing;

/// How long a call may take, all in all.
const DEADLINE: Duration = Duration::from_secs(5);
const CONNECT_DEADLINE: Duration = Duration::from_secs(2);

/// An address that may be called: https, or http on loopback. It holds no credentials.
#[derive(Clone)]
pub(crate) struct HttpUrl(Url);

impl HttpUrl {
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let rule = "must be an https:// address, or http:// on this machine, without credentials";
        let url = Url::parse(text).map_err(|_| rule)?;
        let plain = url.username().is_empty() && url.password().is_none();
        let loopback = url.host_str().is_some_and(|host| {
            let host = host.trim_matches(['[', ']']);
            host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
        });
        match url.scheme() {
            "https" if plain => Ok(Self(url)),
            "http" if plain && loopback => Ok(Self(url)),
            _ => Err(rule),
        }
    }

    /// The address with one more segment of the path, encoded.
    pub(crate) fn segment(&self, segment: &str) -> Self {
        let mut url = self.0.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().push(segment);
        }
        Self(url)
    }
}

/// A header that holds a secret: nothing prints it, and its bytes are wiped with the last of its clones.
pub(crate) fn secret_header(value: Zeroizing<String>) -> Option<HeaderValue> {
    let visible = value.bytes().all(|byte| (0x20..0x7f).contains(&byte));
    let mut header = HeaderValue::from_maybe_shared(Bytes::from_owner(value)).ok()?;
    header.set_sensitive(true);
    visible.then_some(header)
}

/// What a call ended with, other than a 200 whose body fits. What the other side said stays there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FetchError {
    /// Another status.
    Status(u16),
    /// No answer in time, or one that is too long.
    Failed,
}

#[derive(Clone)]
pub(crate) struct Fetcher(Client);

impl Fetcher {
    pub(crate) fn new() -> Result<Self, &'static str> {
        Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .timeout(DEADLINE)
            .connect_timeout(CONNECT_DEADLINE)
            .build()
            .map(Self)
            .map_err(|_| "no certificates to verify https with")
    }

    pub(crate) async fn get(
        &self,
        url: &HttpUrl,
        headers: &[(HeaderName, HeaderValue)],
        max_bytes: usize,
    ) -> Result<Vec<u8>, FetchError> {
        read(self.request(Method::GET, url, headers), max_bytes).await
    }

    /// Sends a JSON text.
    pub(crate) async fn post(
        &self,
        url: &HttpUrl,
        headers: &[(HeaderName, HeaderValue)],
        json: String,
        max_bytes: usize,
    ) -> Result<Vec<u8>, FetchError> {
        let json_type = HeaderValue::from_static("application/json");
        let request = self.request(Method::POST, url, headers);
        read(request.header(CONTENT_TYPE, json_type).body(json), max_bytes).await
    }

    fn request(
        &self,
        method: Method,
        url: &HttpUrl,
        headers: &[(HeaderName, HeaderValue)],
    ) -> RequestBuilder {
        let headers: HeaderMap = headers.iter().cloned().collect();
        self.0.request(method, url.0.clone()).headers(headers)
    }
}

async fn read(request: RequestBuilder, max_bytes: usize) -> Result<Vec<u8>, FetchError> {
    let mut response = request.send().await.map_err(|_| FetchError::Failed)?;
    if response.status() != StatusCode::OK {
        return Err(FetchError::Status(response.status().as_u16()));
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| FetchError::Failed)? {
        if body.len() + chunk.len() > max_bytes {
            return Err(FetchError::Failed);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
