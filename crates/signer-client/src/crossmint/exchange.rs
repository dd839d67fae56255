//! Requests to the service, frozen: the bytes that are sent are those that an answer is compared with.

use bytes::Bytes;
use reqwest::header::{HeaderMap, HeaderName};
use reqwest::{Method, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;
use signer_protocols::Json;
use signer_protocols::crossmint::rest::{API_KEY_HEADER, API_VERSION, IDEMPOTENCY_KEY_HEADER};
use signer_protocols::crossmint::verify::Request;

use super::Client;
use crate::error::Error;
use crate::random;
use crate::transport::{Call, Outgoing, Repeat, check_key, header, json};

/// A request with its body as bytes. Neither changes between the attempts.
pub(super) struct Frozen {
    method: Method,
    url: Url,
    body: Option<Bytes>,
}

impl Frozen {
    /// The request as the check of an approval reads it.
    pub(super) fn request(&self) -> Result<Request, Error> {
        let path = match self.url.query() {
            Some(query) => format!("{}?{query}", self.url.path()),
            None => self.url.path().to_owned(),
        };
        let body = self.body.as_deref().unwrap_or_default();
        Request::parse(self.method.as_str(), &path, body)
            .map_err(|error| Error::input("the request cannot be compared").with_detail(error))
    }
}

impl Client {
    pub(super) fn freeze<B: Serialize>(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        body: Option<&B>,
    ) -> Result<Frozen, Error> {
        let prefix = ["api", API_VERSION, "wallets"];
        let segments = prefix.into_iter().chain(path.iter().copied());
        let url = self.transport().base().join(segments, query)?;
        let body = body.map(json).transpose()?.map(Bytes::from);
        Ok(Frozen { method, url, body })
    }

    /// Sends a frozen request, and reads the answer as JSON of any shape.
    pub(super) async fn ask(
        &self,
        frozen: &Frozen,
        route: &'static str,
        repeat: Repeat<'_>,
    ) -> Result<Json, Error> {
        self.exchange(frozen, route, repeat).await
    }

    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        route: &'static str,
    ) -> Result<T, Error> {
        let frozen = self.freeze(Method::GET, path, query, None::<&()>)?;
        self.exchange(&frozen, route, Repeat::Freely).await
    }

    /// Posts under an idempotency key: the given one, or a new one.
    pub(super) async fn post<B: Serialize, T: DeserializeOwned>(
        &self,
        path: &[&str],
        route: &'static str,
        body: &B,
        key: Option<&str>,
    ) -> Result<T, Error> {
        let key = key.map_or_else(random::uuid, |key| check_key(key).map(|()| key.into()))?;
        let frozen = self.freeze(Method::POST, path, &[], Some(body))?;
        self.exchange(&frozen, route, Repeat::Under(&key)).await
    }

    /// Posts a body that may be sent twice.
    pub(super) async fn post_safely<B: Serialize, T: DeserializeOwned>(
        &self,
        path: &[&str],
        route: &'static str,
        body: &B,
    ) -> Result<T, Error> {
        let frozen = self.freeze(Method::POST, path, &[], Some(body))?;
        self.exchange(&frozen, route, Repeat::Safely).await
    }

    async fn exchange<T: DeserializeOwned>(
        &self,
        frozen: &Frozen,
        route: &'static str,
        repeat: Repeat<'_>,
    ) -> Result<T, Error> {
        let call = Call { method: frozen.method.clone(), url: &frozen.url, route, repeat };
        let outgoing = || {
            let name = HeaderName::from_static(API_KEY_HEADER);
            let mut headers = HeaderMap::from_iter([(name, self.api_key())]);
            if let Repeat::Under(key) = repeat {
                let rule = "an idempotency key must be 1 to 256 visible characters";
                header(&mut headers, HeaderName::from_static(IDEMPOTENCY_KEY_HEADER), key, rule)?;
            }
            Ok(Outgoing { headers, json: frozen.body.clone() })
        };
        let answer = self.transport().call(&call, outgoing).await?;
        answer.json().map_err(|error| match repeat {
            Repeat::Under(key) => error.with_idempotency_key(key),
            Repeat::Never | Repeat::Freely | Repeat::Safely => error,
        })
    }
}
