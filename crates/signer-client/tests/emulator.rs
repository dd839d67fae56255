//! What the emulator refuses, asked by hand: a client that passes its tests because nothing is checked shows nothing.

use serde_json::{Value, json};
use signer_client::privy::{Authorization, ChainType};
use signer_core::p256::SigningKey;
use signer_emulator::Emulator;
use signer_protocols::abstraxn::AccessKey;
use signer_protocols::abstraxn::wire::{
    Activity, ActivityParameters, SignRawPayload, SignTransaction, WHOAMI_URL, WhoamiQuery,
};
use signer_protocols::privy::rpc::{RawSign, RpcRequest};

struct Reply {
    status: u16,
    cookie: String,
    json: Value,
}

/// A caller of Abstraxn without a client.
struct Caller {
    base: String,
    http: reqwest::Client,
    api_key: &'static str,
}

impl Caller {
    fn new(emulator: &Emulator) -> Self {
        crate::trace::look();
        Self {
            base: emulator.abstraxn_url(),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            api_key: "test-api-key",
        }
    }

    async fn post(&self, path: &str, header: (&str, &str), body: &Value) -> Reply {
        let request = self.http.post(format!("{}{path}", self.base)).header(header.0, header.1);
        let request = request.header("x-api-key", self.api_key).body(body.to_string());
        let answer = request.send().await.unwrap();
        let cookie = answer.headers().get("set-cookie").map(|it| it.to_str().unwrap().to_owned());
        let cookie = cookie.unwrap_or_default().split(';').next().unwrap_or_default().to_owned();
        let status = answer.status().as_u16();
        Reply {
            status,
            cookie,
            json: serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap(),
        }
    }

    async fn create(&self, key: &AccessKey) -> Value {
        let body =
            json!({"userIdentity": "user-1", "targetPublicKey": key.public_key().compressed()});
        let reply = self.post("/auth/create", NONE, &body).await;
        assert_eq!(reply.status, 200);
        reply.json
    }

    /// A token, its cookie, and the organization.
    async fn sign_in(&self, key: &AccessKey) -> (String, String, String) {
        let created = self.create(key).await;
        let code = json!({"loginCode": created["loginCode"]});
        let reply = self.post("/auth/exchange", NONE, &code).await;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let token = format!("Bearer {}", text(&reply.json["accessToken"]));
        (token, reply.cookie, text(&created["organizationId"]))
    }
}

const NONE: (&str, &str) = ("accept", "application/json");

/// An access key of a test.
fn access_key(scalar: u8) -> AccessKey {
    SigningKey::from_scalar(&[scalar; 32]).unwrap().into()
}

#[tokio::test]
async fn a_login_code_a_token_and_a_cookie_are_good_once() {
    let emulator = Emulator::start().await.unwrap();
    let caller = Caller::new(&emulator);
    let created = caller.create(&access_key(1)).await;
    let code = json!({"loginCode": created["loginCode"]});
    let exchange = async || caller.post("/auth/exchange", NONE, &code).await;
    let first = exchange().await;
    assert_eq!((first.status, exchange().await.status), (200, 401));
    let refresh =
        async |cookie: &str| caller.post("/auth/refresh", ("cookie", cookie), &json!({})).await;
    let second = refresh(&first.cookie).await;
    assert_eq!(second.status, 200);
    assert_eq!(refresh(&first.cookie).await.status, 401, "the old cookie");
    let logout = async |reply: &Reply| {
        let token = format!("Bearer {}", reply.json["accessToken"].as_str().unwrap());
        caller.post("/auth/logout", ("authorization", &token), &json!({})).await.status
    };
    assert_eq!(logout(&first).await, 401, "the old token");
    assert_eq!(logout(&second).await, 200);
    assert_eq!(refresh(&second.cookie).await.status, 401, "signed out");
    let other = Caller { api_key: "another", ..Caller::new(&emulator) };
    assert_eq!(other.post("/auth/create", NONE, &json!({})).await.status, 401);
}

#[tokio::test]
async fn a_stamp_is_of_its_key_and_of_these_bytes() {
    let emulator = Emulator::start().await.unwrap();
    let caller = Caller::new(&emulator);
    let (token, _, organization_id) = caller.sign_in(&access_key(1)).await;
    let request = |key: u8, organization_id: &str, url: &str| {
        let query = WhoamiQuery { organization_id: organization_id.into() };
        let stamp = access_key(key).stamp(serde_json::to_vec(&query).unwrap()).unwrap();
        serde_json::to_value(stamp.into_request(url).unwrap()).unwrap()
    };
    let status =
        async |body: &Value| caller.post("/whoami", ("authorization", &token), body).await.status;
    let good = request(1, &organization_id, WHOAMI_URL);
    assert_eq!(status(&good).await, 200);
    assert_eq!(status(&request(2, &organization_id, WHOAMI_URL)).await, 401, "another key");
    let mut changed = good.clone();
    changed["body"] = json!(format!("{} ", good["body"].as_str().unwrap()));
    assert_eq!(status(&changed).await, 401, "another body");
    assert_eq!(status(&request(1, "organization-2", WHOAMI_URL)).await, 403);
    for url in ["https://example.invalid/public/v1/query/whoami", SignTransaction::URL, ""] {
        assert_eq!(status(&request(1, &organization_id, url)).await, 400, "{url}");
    }
}

#[tokio::test]
async fn a_payload_is_hashed_as_it_says() {
    let emulator = Emulator::start().await.unwrap();
    let caller = Caller::new(&emulator);
    let (token, _, organization_id) = caller.sign_in(&access_key(1)).await;
    let address = caller.create(&access_key(1)).await["walletAddress"].as_str().unwrap().to_owned();
    let digest = "00".repeat(32);
    for (payload, encoding, hash_function, expected) in [
        (digest.as_str(), "PAYLOAD_ENCODING_HEXADECIMAL", "HASH_FUNCTION_NO_OP", 200),
        ("hello", "PAYLOAD_ENCODING_TEXT_UTF8", "HASH_FUNCTION_KECCAK256", 200),
        ("hello", "PAYLOAD_ENCODING_TEXT_UTF8", "HASH_FUNCTION_SHA256", 200),
        ("hello", "PAYLOAD_ENCODING_TEXT_UTF8", "HASH_FUNCTION_NO_OP", 400),
        ("00", "PAYLOAD_ENCODING_HEXADECIMAL", "HASH_FUNCTION_NO_OP", 400),
        ("hello", "PAYLOAD_ENCODING_HEXADECIMAL", "HASH_FUNCTION_KECCAK256", 400),
        ("hello", "PAYLOAD_ENCODING_TEXT_UTF8", "HASH_FUNCTION_MD5", 400),
        ("{}", "PAYLOAD_ENCODING_EIP712", "HASH_FUNCTION_KECCAK256", 400),
        ("hello", "PAYLOAD_ENCODING_MORSE", "HASH_FUNCTION_SHA256", 400),
    ] {
        let parameters = SignRawPayload {
            sign_with: address.clone(),
            payload: payload.into(),
            encoding: encoding.into(),
            hash_function: hash_function.into(),
        };
        let activity = Activity::new(&organization_id, 1_764_000_000_000, parameters);
        let stamp = access_key(1).stamp(serde_json::to_vec(&activity).unwrap()).unwrap();
        let request = stamp.into_request(SignRawPayload::URL).unwrap();
        let request = serde_json::to_value(request).unwrap();
        let reply = caller.post("/sign/transaction", ("authorization", &token), &request).await;
        assert_eq!(reply.status, expected, "{payload} {encoding} {hash_function}");
    }
}

#[tokio::test]
async fn hex_of_privy_has_no_prefix() {
    let (_emulator, client) = crate::privy::start().await;
    let key = crate::privy::key(1);
    let wallet = crate::privy::owned(&client, ChainType::ETHEREUM, &key).await;
    for (text, is_good) in [("00ff", true), ("0x00ff", false), ("0", false), ("zz", false)] {
        let call = RpcRequest::personal_sign_hex(text);
        let sent = client.rpc(&wallet.id, &call).authorization(Authorization::key(key.clone()));
        let raw = RawSign::bytes(text, "hex", "sha256");
        let raw = client.raw_sign(&wallet, &raw).authorization(Authorization::key(key.clone()));
        for outcome in [sent.send().await, raw.send().await] {
            assert_eq!(
                outcome.map_err(|error| error.status()).err(),
                (!is_good).then_some(Some(400))
            );
        }
    }
}
