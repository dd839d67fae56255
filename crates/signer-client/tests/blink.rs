//! Blink: an endpoint that is signed by hand, and the emulator that checks a link.

use std::sync::Arc;

use signer_client::BaseUrl;
use signer_client::blink::{
    MerchantAuthorizer, PaymentRequest, SignerEndpoint, merchant_authorization, payment_link,
    verify,
};
use signer_core::p256::SigningKey;
use signer_emulator::Emulator;
use signer_protocols::blink::{
    IdempotencyKey, MerchantId, Policy, PolicyFile, SignerRequest, Timestamp,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const ADDRESS: &str = "0x1111111111111111111111111111111111111111";
const TOKEN: &str = "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913";
const MERCHANT: &str = "a1b2c3d4-e5f6-4a7b-8c9d-0e1f2a3b4c5d";

/// An endpoint that signs whatever `change` makes of a request.
async fn endpoint(key: u8, change: fn(String) -> String) -> BaseUrl {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/api/sign-payment", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = Vec::new();
            let (head, length) = loop {
                let mut chunk = [0; 4_096];
                let read = stream.read(&mut chunk).await.unwrap();
                request.extend_from_slice(&chunk[..read]);
                let text = String::from_utf8_lossy(&request).into_owned();
                if let Some((head, _)) = text.split_once("\r\n\r\n") {
                    let length =
                        head.lines().find_map(|line| line.strip_prefix("content-length: "));
                    let length: usize = length.unwrap().parse().unwrap();
                    if request.len() >= head.len() + 4 + length {
                        break (head.to_owned(), length);
                    }
                }
            };
            assert!(head.contains("idempotency-key: ") && head.contains("authorization: Bearer t"));
            let body = String::from_utf8(request[request.len() - length..].to_vec()).unwrap();
            let request =
                SignerRequest::parse(change(body).as_bytes(), Default::default()).unwrap();
            let policy = r#"{"callback_schemes":["myapp"],"open_amounts":true}"#;
            let policy = serde_json::from_str::<PolicyFile>(policy).unwrap();
            let payment = request.validate(&Policy::try_from(policy).unwrap()).unwrap();
            let id = IdempotencyKey::from_random_bytes(rand(&stream));
            let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_millis().try_into().unwrap();
            let payment = payment.into_payload(id, Timestamp::from_unix_ms(now).unwrap());
            let merchant = MerchantId::parse(MERCHANT).unwrap();
            let signer = SigningKey::from_scalar(&[key; 32]).unwrap();
            let json = payment.sign(&merchant, &signer).unwrap().to_json();
            let answer = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{json}",
                json.len()
            );
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    BaseUrl::parse(&base).unwrap()
}

/// Other bytes for each connection.
fn rand(stream: &tokio::net::TcpStream) -> [u8; 16] {
    let port = stream.peer_addr().unwrap().port().to_be_bytes();
    std::array::from_fn(|at| port[at % 2])
}

fn request() -> PaymentRequest {
    crate::trace::look();
    PaymentRequest::new(50.0, 8453, ADDRESS, TOKEN).reference("order-1").metadata("cart", "7")
}

#[tokio::test]
async fn a_payment_is_signed_linked_and_paid_once() {
    let emulator = Emulator::start().await.unwrap();
    let key = SigningKey::from_scalar(&[5; 32]).unwrap();
    emulator.blink_register(MERCHANT, key.verifying_key());
    let url = endpoint(5, |body| body).await;
    let client = SignerEndpoint::new(url, key.verifying_key()).unwrap().bearer("t".into()).unwrap();
    let signed = client.sign(&request()).await.unwrap();
    let base = BaseUrl::parse(&format!("{}/pay", emulator.blink_url())).unwrap();
    let link = payment_link(&base, &signed).unwrap();
    let shown = format!("{signed:?}");
    assert!(shown.contains("8453") && !shown.contains(&signed.signature), "{shown}");
    let pay = || reqwest::Client::builder().no_proxy().build().unwrap().get(&link).send();
    let paid = pay().await.unwrap();
    assert_eq!(paid.status(), 200);
    assert!(paid.text().await.unwrap().contains("\"amount\":\"50\""));
    assert_eq!(pay().await.unwrap().status(), 409, "a link is paid once");
    emulator.skew_clock(16 * 60 * 1_000);
    let signed = client.sign(&request()).await.unwrap();
    let link = payment_link(&base, &signed).unwrap();
    let late = reqwest::Client::builder().no_proxy().build().unwrap().get(&link).send();
    assert_eq!(late.await.unwrap().status(), 403, "and within 15 minutes");
}

#[tokio::test]
async fn an_endpoint_that_signs_something_else_is_not_believed() {
    let key = SigningKey::from_scalar(&[5; 32]).unwrap().verifying_key();
    let changes: [fn(String) -> String; 3] = [
        |body| body.replace("50.0", "51.0"),
        |body| body.replace("0x1111", "0x2111"),
        |body| {
            body.replace("8453", "1").replace(TOKEN, "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48")
        },
    ];
    for change in changes {
        let client = SignerEndpoint::new(endpoint(5, change).await, key).unwrap();
        let error = client.bearer("t".into()).unwrap().sign(&request()).await.unwrap_err();
        assert!(error.is_mismatch(), "{error:?}");
    }
    let client = SignerEndpoint::new(endpoint(6, |body| body).await, key).unwrap();
    let error = client.bearer("t".into()).unwrap().sign(&request()).await.unwrap_err();
    assert!(error.is_mismatch(), "the key of another merchant: {error:?}");
}

#[tokio::test]
async fn a_merchant_s_own_call_is_authorised() {
    let emulator = Emulator::start().await.unwrap();
    let key = Arc::new(SigningKey::from_scalar(&[5; 32]).unwrap());
    emulator.blink_register(MERCHANT, key.verifying_key());
    let authorizer = MerchantAuthorizer::new(MerchantId::parse(MERCHANT).unwrap(), key);
    let (name, value) = authorizer.header().unwrap();
    let call = |value: String| {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        client.post(format!("{}/merchant", emulator.blink_url())).header(name, value).send()
    };
    assert_eq!(call(value).await.unwrap().status(), 200);
    let other = Arc::new(SigningKey::from_scalar(&[6; 32]).unwrap());
    let authorizer = MerchantAuthorizer::new(MerchantId::parse(MERCHANT).unwrap(), other);
    assert_eq!(call(authorizer.header().unwrap().1).await.unwrap().status(), 401);
    // A header is good for 15 minutes, and not before it was signed.
    let now: u64 = std::time::UNIX_EPOCH.elapsed().unwrap().as_millis().try_into().unwrap();
    let key = SigningKey::from_scalar(&[5; 32]).unwrap();
    let merchant = MerchantId::parse(MERCHANT).unwrap();
    for (ms, status) in [(-14 * 60_000, 200), (-16 * 60_000, 401), (60_000, 401)] {
        let at = now.checked_add_signed(ms).unwrap();
        let value = merchant_authorization(&merchant, &key, at).unwrap();
        assert_eq!(call(value).await.unwrap().status(), status, "{ms} ms");
    }
}

#[test]
fn what_is_verified_is_young_signed_and_not_from_the_future() {
    let key = SigningKey::from_scalar(&[5; 32]).unwrap();
    let now: u64 = std::time::UNIX_EPOCH.elapsed().unwrap().as_millis().try_into().unwrap();
    let signed = |at_ms: u64| {
        let body = format!(
            "{{\"amount\":50,\"chainId\":8453,\"address\":\"{ADDRESS}\",\"token\":\"{TOKEN}\"}}"
        );
        let request = SignerRequest::parse(body.as_bytes(), Default::default()).unwrap();
        let payment = request.validate(&Policy::catalogue()).unwrap();
        let id = IdempotencyKey::from_random_bytes([7; 16]);
        let payment = payment.into_payload(id, Timestamp::from_unix_ms(at_ms).unwrap());
        let json = payment.sign(&MerchantId::parse(MERCHANT).unwrap(), &key).unwrap().to_json();
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        let text = |name: &str| value[name].as_str().unwrap().to_owned();
        (text("payload"), text("signature"))
    };
    let public = key.verifying_key();
    let (payload, signature) = signed(now);
    assert_eq!(verify(&payload, &signature, &public).unwrap().chain_id, 8453);
    for at_ms in [now + 30_000, now - 16 * 60_000] {
        let (payload, signature) = signed(at_ms);
        assert!(verify(&payload, &signature, &public).unwrap_err().is_mismatch());
    }
    let other = SigningKey::from_scalar(&[6; 32]).unwrap().verifying_key();
    assert!(verify(&payload, &signature, &other).unwrap_err().is_mismatch());
    let (other_payload, _) = signed(now - 1_000);
    assert!(verify(&other_payload, &signature, &public).unwrap_err().is_mismatch());
}

#[tokio::test]
async fn an_amount_or_a_scheme_that_was_not_asked_for_is_a_mismatch() {
    let key = SigningKey::from_scalar(&[5; 32]).unwrap().verifying_key();
    let sign = async |change: fn(String) -> String, request: PaymentRequest| {
        let client = SignerEndpoint::new(endpoint(5, change).await, key).unwrap();
        client.bearer("t".into()).unwrap().sign(&request).await
    };
    let with_scheme = || request().callback_scheme("myapp");
    let signed = sign(|body| body, with_scheme()).await.unwrap();
    assert_eq!(signed.payment.callback_scheme.as_deref(), Some("myapp"));
    let open = sign(|body| body, request().open_amount()).await.unwrap();
    assert_eq!(open.payment.amount, None);
    type Change = fn(String) -> String;
    let changes: [(Change, _); 4] = [
        (|body| body.replace("\"myapp\"", "null"), with_scheme()),
        (|body| body.replace("Scheme\":null", "Scheme\":\"myapp\""), request()),
        (|body| body.replace("50.0", "null"), request()),
        (|body| body.replace("amount\":null", "amount\":50"), request().open_amount()),
    ];
    for (change, request) in changes {
        let error = sign(change, request.clone()).await.unwrap_err();
        assert!(error.is_mismatch(), "{request:?}: {error:?}");
    }
}

#[tokio::test]
async fn a_key_that_the_endpoint_would_refuse_is_not_sent() {
    let key = SigningKey::from_scalar(&[5; 32]).unwrap().verifying_key();
    let client = SignerEndpoint::new(endpoint(5, |body| body).await, key).unwrap();
    let client = client.bearer("t".into()).unwrap();
    client.sign_under(&request(), &"k".repeat(255)).await.unwrap();
    for bad in [String::new(), "k".repeat(256), "a b".into(), "é".into()] {
        assert!(client.sign_under(&request(), &bad).await.unwrap_err().is_input(), "{bad}");
    }
}
