use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::Json;
use crate::jcs::{JsonError, Limits};

/// A request as it was sent: the operation of its path, and its body.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    wallet: String,
    operation: Operation,
    body: Json,
}

/// The operation that a method and a path name.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation {
    /// `POST …/transactions`
    Transaction,
    /// `POST …/tokens/{chain}:{token}/transfers`
    Transfer {
        /// The chain.
        chain: String,
        /// The symbol or the contract of the token, as written in the path.
        token: String,
    },
    /// `POST …/signatures`
    Signature,
    /// `POST …/signers`
    AddSigner,
    /// `DELETE …/signers/{locator}?chain=…`
    RemoveSigner {
        /// The locator of the signer to remove.
        signer: String,
        /// The chain, if the query names one.
        chain: Option<String>,
    },
    /// Not known: somebody else created the operation. It is decoded and compared with nothing.
    Unknown,
}

/// The reason of the finding for [`Operation::Unknown`].
pub const NO_REQUEST: &str = "no_request";

/// The cause why a request cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The method and path are none that asks for an approval.
    #[error(
        "request path must be /wallets/{{wallet}}/ and transactions, tokens/{{chain}}:{{token}}/transfers, signatures, signers or signers/{{locator}} (DELETE)"
    )]
    Path,
    /// The body is not one JSON text in the strict form.
    #[error("request body: {0}")]
    Body(#[from] JsonError),
}

impl Request {
    /// Reads a request as it was sent. `path` may start with a prefix or an origin, its segments may be percent-encoded,
    /// and it may end with a query; the body of a `DELETE` may be empty.
    ///
    /// # Errors
    /// [`RequestError`].
    ///
    /// ```
    /// use signer_protocols::crossmint::verify::{Operation, Request};
    ///
    /// let path = "/api/2025-06-09/wallets/0xabc/tokens/base-sepolia%3Ausdc/transfers";
    /// let body = br#"{"recipient":"0xdef","amount":"1.5"}"#;
    /// let request = Request::parse("POST", path, body)?;
    /// let (chain, token) = ("base-sepolia".into(), "usdc".into());
    /// assert_eq!(request.operation(), &Operation::Transfer { chain, token });
    /// # Ok::<(), signer_protocols::crossmint::verify::RequestError>(())
    /// ```
    pub fn parse(method: &str, path: &str, body: &[u8]) -> Result<Self, RequestError> {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let (_, path) = path.split_once("wallets/").ok_or(RequestError::Path)?;
        let segments: Option<Vec<String>> =
            path.trim_end_matches('/').split('/').map(percent_decoded).collect();
        let segments = segments.ok_or(RequestError::Path)?;
        let mut segments = segments.iter().map(String::as_str);
        let wallet =
            segments.next().filter(|wallet| !wallet.is_empty()).ok_or(RequestError::Path)?;
        let rest: Vec<&str> = segments.collect();
        let operation = match (method.to_ascii_uppercase().as_str(), rest.as_slice()) {
            ("POST", ["transactions"]) => Operation::Transaction,
            ("POST", ["signatures"]) => Operation::Signature,
            ("POST", ["signers"]) => Operation::AddSigner,
            ("POST", ["tokens", locator, "transfers"]) => {
                let (chain, token) = locator.split_once(':').ok_or(RequestError::Path)?;
                Operation::Transfer { chain: chain.into(), token: token.into() }
            }
            ("DELETE", ["signers", signer]) => {
                let chain = query.split('&').find_map(|pair| pair.strip_prefix("chain="));
                let chain = chain.map(|chain| percent_decoded(chain).ok_or(RequestError::Path));
                Operation::RemoveSigner { signer: signer.to_string(), chain: chain.transpose()? }
            }
            _ => return Err(RequestError::Path),
        };
        let body = match body {
            [] if matches!(operation, Operation::RemoveSigner { .. }) => Json::Null,
            body => Json::parse(body, Limits::default())?,
        };
        Ok(Self { wallet: wallet.into(), operation, body })
    }

    /// The request of an operation that somebody else created. Every rule holds that needs no request; the missing
    /// comparison is a finding with the reason [`NO_REQUEST`], so the verdict is never `as_requested`.
    pub fn unknown(wallet: &str) -> Self {
        Self { wallet: wallet.into(), operation: Operation::Unknown, body: Json::Null }
    }

    /// The wallet as the path names it: an address or a locator.
    pub fn wallet(&self) -> &str {
        &self.wallet
    }

    /// The operation.
    pub const fn operation(&self) -> &Operation {
        &self.operation
    }

    /// The body; `null` if there is none.
    pub const fn body(&self) -> &Json {
        &self.body
    }

    /// A member of `params`, for a transaction or a signature.
    pub fn param(&self, name: &str) -> Option<&Json> {
        self.body.member("params")?.member(name)
    }
}

/// `None` if a `%` is not followed by two hex digits, or the bytes are not UTF-8.
fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => {
                let mut digit = || char::from(bytes.next()?).to_digit(16);
                u8::try_from(digit()? * 16 + digit()?).ok()?
            }
            byte => byte,
        });
    }
    String::from_utf8(decoded).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_is_read() {
        let parse = |method: &str, path: &str, body: &[u8]| {
            Request::parse(method, path, body).map(|request| request.operation().clone())
        };
        let prefix = "https://example.invalid/api/2025-06-09/wallets/evm:alias:shop";
        let path = |rest: &str| alloc::format!("{prefix}/{rest}");
        assert_eq!(parse("POST", &path("transactions"), b"{}"), Ok(Operation::Transaction));
        assert_eq!(parse("post", &path("signatures/"), b"{}"), Ok(Operation::Signature));
        assert_eq!(parse("POST", &path("signers"), b"{}"), Ok(Operation::AddSigner));
        let signer: String = "server:0xab".into();
        let chain = Some("base".into());
        let remove = Operation::RemoveSigner { signer: signer.clone(), chain };
        assert_eq!(parse("DELETE", &path("signers/server%3A0xab?a=b&chain=base"), b""), Ok(remove));
        let remove = Operation::RemoveSigner { signer, chain: None };
        assert_eq!(parse("DELETE", &path("signers/server:0xab"), b""), Ok(remove));
        let transfer = Operation::Transfer { chain: "base".into(), token: "usdc.e".into() };
        assert_eq!(parse("POST", &path("tokens/base:usdc.e/transfers"), b"{}"), Ok(transfer));
        for (method, rest) in [
            ("GET", "transactions"),
            ("POST", "transactions/id"),
            ("POST", "tokens/base/transfers"),
            ("POST", "signers/%zz"),
            ("DELETE", "signers"),
        ] {
            assert_eq!(parse(method, &path(rest), b"{}"), Err(RequestError::Path), "{rest}");
        }
        let duplicate = parse("POST", &path("signers"), br#"{"signer":"a","signer":"b"}"#);
        assert!(matches!(duplicate, Err(RequestError::Body(_))));
    }
}
