//! The least that answers with a signature: the peer of the benchmark. It knows no caller; do not run it. The
//! arguments are a port of loopback, a key file, and `echo` (signs the body as it comes) or `payment` (reads the
//! request, makes the payload, signs it and answers as Blink wants it).
#![allow(missing_docs, clippy::disallowed_methods)]

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::routing::post;
use base64ct::{Base64UrlUnpadded, Encoding};
use signer_core::signature::Signer;
use signer_native::P256SigningKey;
use signer_protocols::blink::{IdempotencyKey, MerchantId, Policy, SignerRequest, Timestamp};
use signer_protocols::jcs::Limits;

type Fault = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Fault> {
    let mut arguments = std::env::args().skip(1);
    let port: u16 = arguments.next().ok_or("a port")?.parse()?;
    let key = std::fs::read(arguments.next().ok_or("a key file")?)?;
    let key = Arc::new(P256SigningKey::from_pem(&key)?);
    let echo = arguments.next().ok_or("echo or payment")? == "echo";
    let merchant = Arc::new(MerchantId::parse("a1b2c3d4-e5f6-4a7b-8c9d-0e1f2a3b4c5d")?);
    let policy = Arc::new(Policy::catalogue());
    let sign = move |body: Bytes| {
        let (key, merchant, policy) =
            (Arc::clone(&key), Arc::clone(&merchant), Arc::clone(&policy));
        async move {
            let answer =
                if echo { sign_body(&body, &key) } else { answer(&body, &key, &merchant, &policy) };
            let answer = answer.map_err(|fault| fault.to_string())?;
            Ok::<_, String>(([(CONTENT_TYPE, "application/json")], answer))
        }
    };
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    axum::serve(listener, Router::new().route("/api/sign-payment", post(sign))).await?;
    Ok(())
}

fn sign_body(body: &[u8], key: &P256SigningKey) -> Result<String, Fault> {
    let payload = Base64UrlUnpadded::encode_string(body);
    let signature = key.try_sign(payload.as_bytes())?;
    let signature = Base64UrlUnpadded::encode_string(signature.as_bytes());
    Ok(format!("{{\"payload\":\"{payload}\",\"signature\":\"{signature}\"}}"))
}

fn answer(
    body: &[u8],
    key: &P256SigningKey,
    merchant: &MerchantId,
    policy: &Policy,
) -> Result<String, Fault> {
    let payment = SignerRequest::parse(body, Limits::default())?.validate(policy)?;
    let mut random = [0; 16];
    getrandom::fill(&mut random)?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis();
    let now = Timestamp::from_unix_ms(u64::try_from(now)?)?;
    let payload = payment.into_payload(IdempotencyKey::from_random_bytes(random), now);
    Ok(payload.sign(merchant, key)?.to_json())
}
