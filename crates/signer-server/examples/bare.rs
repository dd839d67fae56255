//! The least that answers with a signature: the peer of the benchmark. It checks nothing; do not run it.
//! The arguments are a port of loopback and a key file.
#![allow(missing_docs, clippy::disallowed_methods)]

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::routing::post;
use base64ct::{Base64UrlUnpadded, Encoding};
use signer_core::signature::Signer;
use signer_native::P256SigningKey;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let port: u16 = arguments.next().ok_or("a port")?.parse()?;
    let key = std::fs::read(arguments.next().ok_or("a key file")?)?;
    let key = Arc::new(P256SigningKey::from_pem(&key)?);
    let sign = move |body: Bytes| {
        let key = Arc::clone(&key);
        async move {
            let payload = Base64UrlUnpadded::encode_string(&body);
            let signature = key.try_sign(payload.as_bytes()).map_err(|error| error.to_string())?;
            let signature = Base64UrlUnpadded::encode_string(signature.as_bytes());
            let answer = format!("{{\"payload\":\"{payload}\",\"signature\":\"{signature}\"}}");
            Ok::<_, String>(([(CONTENT_TYPE, "application/json")], answer))
        }
    };
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    axum::serve(listener, Router::new().route("/api/sign-payment", post(sign))).await?;
    Ok(())
}
