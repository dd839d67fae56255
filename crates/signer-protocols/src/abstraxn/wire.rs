//! The wire types. **Inferred**: the vendor's server SDK was not to be had, so these shapes come from
//! its document, its sibling SDK and the services behind it. Each says its source: D the vendor's
//! document, R run against the sibling SDK, I inferred. When the truth is seen, this file changes.

use alloc::string::String;
use core::fmt;

use serde::{Deserialize, Serialize};

/// The base URL (R, of the sibling SDK).
pub const DEFAULT_BASE_URL: &str = "https://signer.abstraxn.com";
/// The header of the API key (R).
pub const API_KEY_HEADER: &str = "x-api-key";

/// `POST /auth/create` (path D, body I).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateRequest {
    /// The permanent identity.
    pub user_identity: String,
    /// The public key of the access key. Which encoding is not known; this one is compressed.
    pub target_public_key: String,
    /// A display name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_name: Option<String>,
    /// An e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_email: Option<String>,
}

/// The answer to [`CreateRequest`] (I). It holds a code that is worth a token.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateResponse {
    /// To be exchanged for a token, once.
    pub login_code: secrecy::SecretString,
    /// The organization.
    pub organization_id: Option<String>,
    /// The wallet's address.
    pub wallet_address: Option<String>,
}

/// The answer to `POST /auth/exchange` and `POST /auth/refresh` (R). The refresh token is a cookie.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenResponse {
    /// A JWT.
    pub access_token: secrecy::SecretString,
}

/// A stamped request (R): `{"url","body","stamp":{…}}`. The body is a JSON text inside a string. Whoever has it can send
/// it: `Debug` shows only where it goes.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct StampedRequest {
    url: String,
    body: String,
    stamp: StampHeader,
}

#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct StampHeader {
    stamp_header_name: &'static str,
    stamp_header_value: String,
}

impl StampedRequest {
    pub(super) const fn new(url: String, body: String, stamp: String) -> Self {
        let stamp =
            StampHeader { stamp_header_name: super::STAMP_HEADER, stamp_header_value: stamp };
        Self { url, body, stamp }
    }
}

impl fmt::Debug for StampedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StampedRequest").field("url", &self.url).finish_non_exhaustive()
    }
}

/// The body that is stamped for `POST /whoami` (R).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WhoamiQuery {
    /// The organization.
    pub organization_id: String,
}

/// The answer to `POST /whoami` (R).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct WhoamiResponse {
    /// What is known of the caller.
    pub result: Identity,
}

/// What is known of the caller (R).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Identity {
    /// The organization.
    pub organization_id: String,
    /// The user's id in it.
    pub user_id: String,
    /// The user's name.
    pub username: Option<String>,
    /// The wallet's address.
    pub address: Option<String>,
}

/// An activity that is stamped (R): signing, or the export of a key. A retry sends the same
/// `timestamp_ms`, for the service tells activities apart by their bodies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Activity<P> {
    #[serde(rename = "type")]
    activity_type: &'static str,
    timestamp_ms: String,
    organization_id: String,
    parameters: P,
}

/// Parameters of `ACTIVITY_TYPE_SIGN_TRANSACTION_V2` (R).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SignTransaction {
    /// The address that signs.
    pub sign_with: String,
    /// Hex of the unsigned transaction.
    pub unsigned_transaction: String,
    /// `TRANSACTION_TYPE_ETHEREUM`, `TRANSACTION_TYPE_SOLANA`, …
    #[serde(rename = "type")]
    pub transaction_type: String,
}

/// Parameters of `ACTIVITY_TYPE_SIGN_RAW_PAYLOAD_V2` (R).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SignRawPayload {
    /// The address that signs.
    pub sign_with: String,
    /// The payload, in `encoding`.
    pub payload: String,
    /// `PAYLOAD_ENCODING_HEXADECIMAL`, `PAYLOAD_ENCODING_TEXT_UTF8`, …
    pub encoding: String,
    /// `HASH_FUNCTION_KECCAK256`, `HASH_FUNCTION_NO_OP`, …
    pub hash_function: String,
}

/// Parameters of `ACTIVITY_TYPE_EXPORT_WALLET_ACCOUNT` (R).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExportWalletAccount {
    /// The account's address.
    pub address: String,
    /// The recipient's key, uncompressed hex.
    pub target_public_key: String,
}

/// The `url` of a stamped [`WhoamiQuery`] (R).
pub const WHOAMI_URL: &str = "https://api.turnkey.com/public/v1/query/whoami";

/// The parameters of an activity, which name its type and its address.
pub trait ActivityParameters: Serialize {
    /// The `type` of the activity.
    const TYPE: &'static str;
    /// The `url` of the stamped request (R).
    const URL: &'static str;
}

impl ActivityParameters for SignTransaction {
    const TYPE: &'static str = "ACTIVITY_TYPE_SIGN_TRANSACTION_V2";
    const URL: &'static str = "https://api.turnkey.com/public/v1/submit/sign_transaction";
}

impl ActivityParameters for SignRawPayload {
    const TYPE: &'static str = "ACTIVITY_TYPE_SIGN_RAW_PAYLOAD_V2";
    const URL: &'static str = "https://api.turnkey.com/public/v1/submit/sign_raw_payload";
}

impl ActivityParameters for ExportWalletAccount {
    const TYPE: &'static str = "ACTIVITY_TYPE_EXPORT_WALLET_ACCOUNT";
    const URL: &'static str = "https://api.turnkey.com/public/v1/submit/export_wallet_account";
}

impl<P: ActivityParameters> Activity<P> {
    /// An activity of `organization_id` at `timestamp_ms`, Unix milliseconds.
    pub fn new(organization_id: impl Into<String>, timestamp_ms: u64, parameters: P) -> Self {
        Self {
            activity_type: P::TYPE,
            timestamp_ms: alloc::string::ToString::to_string(&timestamp_ms),
            organization_id: organization_id.into(),
            parameters,
        }
    }
}

/// The answer to `POST /sign/transaction` (R), in the forms that were seen.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct SignResponse {
    /// The whole signature or signed transaction.
    pub signature: Option<String>,
    /// In parts, hex.
    pub r: Option<String>,
    /// In parts, hex.
    pub s: Option<String>,
    /// In parts; 0 and 1 stand for 27 and 28.
    pub v: Option<String>,
    /// The activity with its result.
    pub result: Option<ActivityEnvelope>,
}

/// `result` of an answer (R).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct ActivityEnvelope {
    /// The activity.
    pub activity: ActivityState,
}

/// An activity with its result (R).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct ActivityState {
    /// What came of it.
    pub result: ActivityResult,
}

/// What came of an activity (R); one member is there.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ActivityResult {
    /// Of signing a transaction.
    pub sign_transaction_result: Option<SignTransactionResult>,
    /// Of signing a raw payload.
    pub sign_raw_payload_result: Option<RawSignature>,
    /// Of exporting a key.
    pub export_wallet_account_result: Option<ExportResult>,
}

/// A signed transaction (R).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SignTransactionResult {
    /// Hex.
    pub signed_transaction: String,
}

/// A signature in parts (R).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct RawSignature {
    /// Hex.
    pub r: String,
    /// Hex.
    pub s: String,
    /// `00` or `01`.
    pub v: String,
}

/// An export bundle (R).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ExportResult {
    /// To be opened by [`ExportRecipient::open`](super::ExportRecipient::open).
    pub export_bundle: String,
}
