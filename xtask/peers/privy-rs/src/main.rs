//! What `privy-rs` takes to build and sign one request, without the network: a line of JSON.

use std::hint::black_box;
use std::time::{Duration, Instant};

use privy_rs::{AuthorizationContext, Method, PrivateKey, generate_authorization_signatures};
use serde_json::json;

const SECONDS: Duration = Duration::from_secs(3);
/// A test key: the one that the other peers sign with.
const KEY: &str = "-----BEGIN EC PRIVATE KEY-----
MHcCAQEEILO7nIQH460Xb9pmDLedLgUmHqxL8AIDFj4s/Y/WzcLboAoGCCqGSM49
AwEHoUQDQgAEBiMdKvqM7YIw68hDDvRzVeCuNASPieb2gfFkJPZl/msFWciA+bGP
h5PY0Mh3Hsioo7tD7T8vOemutywUdrW8zw==
-----END EC PRIVATE KEY-----
";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let context = AuthorizationContext::new().push(PrivateKey::new(KEY.into()));
    let body = json!({
        "method": "personal_sign",
        "chain_type": "ethereum",
        "params": { "message": "hello", "encoding": "utf-8" },
    });
    let (mut begun, mut count) = (Instant::now(), 0_u32);
    // The first fifth is for warming up.
    let mut warm = false;
    while begun.elapsed() < SECONDS {
        let url = "https://api.privy.io/v1/wallets/wallet-id/rpc".into();
        let signature =
            generate_authorization_signatures(&context, "app", Method::POST, url, &body, None);
        black_box(signature.await?);
        count += 1;
        if !warm && begun.elapsed() > SECONDS / 5 {
            (begun, count, warm) = (Instant::now(), 0, true);
        }
    }
    let micros = begun.elapsed().as_secs_f64() * 1e6 / f64::from(count);
    println!("{{\"name\":\"privy-request\",\"value\":{micros}}}");
    Ok(())
}
