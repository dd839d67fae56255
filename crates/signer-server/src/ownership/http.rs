use std::fmt;

use async_trait::async_trait;
use axum::http::header::{AUTHORIZATION, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use signer_protocols::blink::ValidPayment;
use zeroize::Zeroizing;

use super::{Ownership, OwnershipError};
use crate::Caller;
use crate::fetch::{Fetcher, HttpUrl, secret_header};

const MAX_ANSWER_BYTES: usize = 4 * 1024;

/// The merchant's own check. It is asked by POST, within 5 seconds, for each payment:
/// `{"caller":…,"chainId":…,"address":…,"token":…}`, and answers 200 with `{"owned":true}` or
/// `{"owned":false}`. Anything else is no answer.
pub struct HttpOwnership {
    url: HttpUrl,
    fetcher: Fetcher,
    headers: Vec<(HeaderName, HeaderValue)>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Question<'a> {
    caller: &'a str,
    chain_id: u64,
    address: &'a str,
    token: &'a str,
}

#[derive(Deserialize)]
struct Answer {
    owned: bool,
}

impl HttpOwnership {
    /// Asks at `url`: https, or http on loopback. With a secret it is sent as `Authorization: Bearer …`.
    ///
    /// # Errors
    /// A text for the operator when it is no such address or the secret is no header value.
    pub fn new(url: &str, bearer: Option<&SecretString>) -> Result<Self, &'static str> {
        let mut headers = Vec::new();
        if let Some(secret) = bearer {
            let value = Zeroizing::new(["Bearer ", secret.expose_secret()].concat());
            let value = secret_header(value).ok_or("bearer is no header value")?;
            headers.push((AUTHORIZATION, value));
        }
        Ok(Self { url: HttpUrl::parse(url)?, fetcher: Fetcher::new()?, headers })
    }
}

#[async_trait]
impl Ownership for HttpOwnership {
    async fn owns(&self, caller: &Caller, payment: &ValidPayment) -> Result<bool, OwnershipError> {
        let question = Question {
            caller: caller.id.as_str(),
            chain_id: payment.chain_id(),
            address: payment.address(),
            token: payment.token(),
        };
        let question = serde_json::to_string(&question).map_err(|_| OwnershipError)?;
        let answer = self.fetcher.post(&self.url, &self.headers, question, MAX_ANSWER_BYTES).await;
        let answer = answer.map_err(|_| OwnershipError)?;
        serde_json::from_slice(&answer).map(|Answer { owned }| owned).map_err(|_| OwnershipError)
    }
}

impl fmt::Debug for HttpOwnership {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HttpOwnership")
    }
}
