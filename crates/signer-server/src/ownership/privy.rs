use std::fmt;

use async_trait::async_trait;
use axum::http::header::{AUTHORIZATION, HeaderName, HeaderValue};
use base64ct::{Base64, Encoding};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use signer_protocols::blink::ValidPayment;
use zeroize::Zeroizing;

use super::{Ownership, OwnershipError, wallets};
use crate::Caller;
use crate::fetch::{FetchError, Fetcher, HttpUrl, secret_header};

const MAX_RECORD_BYTES: usize = 1024 * 1024;

/// Privy's record of the user: the destination must be one of its linked wallets. It is read for each
/// payment, within 5 seconds: `GET {base}/v1/users/{caller}` with the application's secret.
pub struct PrivyOwnership {
    users: HttpUrl,
    fetcher: Fetcher,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl PrivyOwnership {
    /// Privy's service.
    pub const BASE: &'static str = "https://api.privy.io";

    /// Reads the records of an application at `base`, as [`PrivyOwnership::BASE`].
    ///
    /// # Errors
    /// A text for the operator when a value cannot be sent.
    pub fn new(base: &str, app_id: &str, app_secret: &SecretString) -> Result<Self, &'static str> {
        let users = HttpUrl::parse(base)?.segment("v1").segment("users");
        let pair = Zeroizing::new([app_id, ":", app_secret.expose_secret()].concat());
        let mut encoded = Zeroizing::new(String::from("Basic "));
        encoded.push_str(&Zeroizing::new(Base64::encode_string(pair.as_bytes())));
        let authorization = secret_header(encoded).ok_or("app_secret is no header value")?;
        let app_id = HeaderValue::from_str(app_id).map_err(|_| "app_id is no header value")?;
        let headers =
            vec![(AUTHORIZATION, authorization), (HeaderName::from_static("privy-app-id"), app_id)];
        Ok(Self { users, fetcher: Fetcher::new()?, headers })
    }
}

#[async_trait]
impl Ownership for PrivyOwnership {
    async fn owns(&self, caller: &Caller, payment: &ValidPayment) -> Result<bool, OwnershipError> {
        let url = self.users.segment(caller.id.as_str());
        let record = match self.fetcher.get(&url, &self.headers, MAX_RECORD_BYTES).await {
            Ok(record) => record,
            // Nobody of that name owns anything.
            Err(FetchError::Status(404)) => return Ok(false),
            Err(_) => return Err(OwnershipError),
        };
        let record: Value = serde_json::from_slice(&record).map_err(|_| OwnershipError)?;
        // Another user's record would be as good as none.
        if record["id"].as_str() != Some(caller.id.as_str()) {
            return Err(OwnershipError);
        }
        let owned = wallets(&record["linked_accounts"]).ok_or(OwnershipError)?;
        Ok(owned.iter().any(|address| payment.is_destination(address)))
    }
}

impl fmt::Debug for PrivyOwnership {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivyOwnership")
    }
}
