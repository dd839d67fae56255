//! The endpoint for machines: OpenAPI 3.1.
//!
//! What is read and what is answered is written by hand elsewhere, byte for byte; the types here only say how
//! it looks.
#![allow(dead_code, reason = "shapes, of which nobody makes a value")]

use std::collections::BTreeMap;

use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi, ToSchema};

use crate::Endpoint;
use crate::endpoint::DEFAULT_PATH;

/// What is signed is decided by the policy, which is stricter than these types.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
struct SignerRequest {
    /// Dollars, more than nothing. Null, where the policy allows it, lets the payer choose.
    #[schema(exclusive_minimum = 0, example = 50, required)]
    amount: Option<f64>,
    /// The destination chain, one of the policy's.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_u64, example = 8453, format = "int64")]
    chain_id: u64,
    /// The destination, of its chain's form, and the caller's own.
    #[schema(example = "0x1a5FdBc891c5D4E6aD68064Ae45D43146D4F9f3a")]
    address: String,
    /// The token, one of the policy's on that chain.
    #[schema(example = "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913")]
    token: String,
    /// The scheme that calls a mobile application back, one of the policy's; null on the web.
    #[schema(example = json!(null))]
    callback_scheme: Option<String>,
    /// `v1`, or absent.
    #[schema(pattern = "^v1$", required = false, example = "v1")]
    version: String,
    /// The page of the payment, at one of the vendor's origins.
    #[schema(required = false, example = "https://pay.blink.cash")]
    url: String,
    /// The merchant's order id. It goes to the audit log and no further.
    #[schema(required = false)]
    reference: String,
    /// The merchant's own pairs. They go to the audit log and no further.
    #[schema(required = false)]
    metadata: BTreeMap<String, String>,
}

/// A signed payment.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
struct SignerResponse {
    /// The merchant's id, a UUID.
    #[schema(format = "uuid")]
    merchant_id: String,
    /// The signed text: JSON in base64url, without padding.
    #[schema(pattern = "^[A-Za-z0-9_-]+$")]
    payload: String,
    /// ECDSA P-256 with SHA-256 over the letters of `payload`: DER in base64url, without padding.
    #[schema(pattern = "^[A-Za-z0-9_-]+$")]
    signature: String,
    preview: Preview,
}

/// What was signed, to be shown.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
struct Preview {
    #[schema(exclusive_minimum = 0, required)]
    amount: Option<f64>,
    #[schema(minimum = 1, format = "int64")]
    chain_id: u64,
    address: String,
    token: String,
    /// The payment's id, which the endpoint made: a UUID, and never the header's.
    #[schema(format = "uuid")]
    idempotency_key: String,
}

/// Why nothing was signed.
#[derive(ToSchema)]
struct Refused {
    /// The rule, in a sentence.
    error: String,
}

/// Signs a payment to one of the caller's own addresses.
#[utoipa::path(
    post,
    path = "/api/sign-payment",
    operation_id = "signPayment",
    request_body = SignerRequest,
    params((
        "Idempotency-Key" = inline(Option<String>), Header,
        description = "A retry under the same key, with the same body, is the same payment.",
        min_length = 1, max_length = 255, pattern = "^[!-~]+$", nullable = false,
    )),
    responses(
        (status = 200, description = "Signed", body = SignerResponse),
        (status = 400, description = "The body or a header breaks a rule", body = Refused),
        (status = 401, description = "The caller is not known", body = Refused),
        (status = 403, description = "Not the caller's address, not its origin, or its day is full", body = Refused),
        (status = 404, description = "Another path", body = Refused),
        (status = 405, description = "Another method; `Allow` names those there are", body = Refused),
        (status = 409, description = "The key was used for another request", body = Refused),
        (status = 413, description = "The body is too long", body = Refused),
        (status = 415, description = "Not plain JSON in UTF-8", body = Refused),
        (status = 429, description = "Too many requests; `Retry-After` in seconds", body = Refused),
        (status = 500, description = "A fault of the signer", body = Refused),
        (status = 503, description = "Not now; `Retry-After` in seconds", body = Refused),
    ),
    security(("bearer" = [])),
)]
fn sign_payment() {}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Blink signer endpoint",
        description = "Validates a payment, checks whose address it is, and signs it.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    paths(sign_payment),
    modifiers(&Bearer),
)]
struct Document;

/// The caller's credential: a shared secret or a token.
struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("A shared secret or a signed token, as the endpoint is configured."));
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer.build()));
    }
}

/// The endpoint's `OpenAPI` 3.1 document, as JSON, with the endpoint's own path.
pub fn openapi_json(endpoint: &Endpoint) -> String {
    let mut document = Document::openapi();
    let path = &endpoint.shared().path;
    if let Some(item) = document.paths.paths.remove(DEFAULT_PATH) {
        document.paths.paths.insert(path.clone(), item);
    }
    document.to_pretty_json().unwrap_or_default()
}
