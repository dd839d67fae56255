//! The figures of `cargo xtask bench client`.
//!
//! `stub PORT` answers every request on loopback with one JSON text, at once. The others print a line of JSON for
//! each figure: `vendor STUB-URL REDIS-URL` those that have a peer among the vendors' SDKs, and of signing in;
//! `bare STUB-URL` calls beside those of bare reqwest.
#![allow(missing_docs, clippy::disallowed_methods)]

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64ct::{Base64, Encoding};
use memchr::memmem;
use rustix::time::{ClockId, clock_gettime};
use signer_client::abstraxn::{Client as AbstraxnClient, Identity};
use signer_client::privy::{Authorization, Client};
use signer_client::{BaseUrl, FileAccessKeyStore, FileTokenStore, RedisTokenStore, TokenStore};
use signer_core::p256::DerSignature;
use signer_core::signature::Signer;
use signer_native::P256SigningKey;
use signer_protocols::crossmint::{
    Approval, ChainId, Environment, ProjectId, Scheme, ServerSigner, SignerSecret,
};
use signer_protocols::privy::rpc::RpcRequest;
use signer_protocols::privy::{AuthorizationKey, AuthorizationRequest, Method};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

type Failure = Box<dyn std::error::Error>;

const A_WHILE: Duration = Duration::from_secs(1);
/// Turns beside bare calls are short and many: a machine that gets slower slows all of them.
const TURN: Duration = Duration::from_millis(100);
const ROUNDS: u32 = 90;
const LENGTH: &[u8] = b"\r\ncontent-length: ";
const ANSWER: &str = r#"{"method":"personal_sign","data":{"signature":"0x00","encoding":"hex"}}"#;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["stub", port] => stub(port.parse()?).await,
        ["vendor", stub, redis] => beside_vendor(stub, redis).await,
        ["bare", stub] => {
            let (own, native) = keys()?;
            beside_bare(stub, "", native).await?;
            beside_bare(stub, "-own-p256", own).await
        }
        _ => Err("figures stub PORT | vendor STUB-URL REDIS-URL | bare STUB-URL".into()),
    }
}

async fn stub(port: u16) -> Result<(), Failure> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(async move {
            // Who goes away is not missed.
            let _ = serve(stream).await;
        });
    }
}

async fn serve(mut stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{ANSWER}",
        ANSWER.len()
    );
    let mut held = Vec::new();
    let mut chunk = [0; 16 * 1024];
    loop {
        let read = stream.read(&mut chunk).await?;
        if read == 0 {
            return Ok(());
        }
        held.extend_from_slice(chunk.get(..read).unwrap_or_default());
        // As long for many headers as for few, or the stub's time would count for who sends more.
        while let Some(head) = memmem::find(&held, b"\r\n\r\n") {
            let head = held.get(..head + 4).unwrap_or_default();
            let length = memmem::find(head, LENGTH).and_then(|at| head.get(at + LENGTH.len()..));
            let digits = length.unwrap_or_default().iter().take_while(|it| it.is_ascii_digit());
            let length = digits.fold(0, |all, digit| all * 10 + usize::from(digit - b'0'));
            let end = head.len() + length;
            if held.len() < end {
                break;
            }
            held.drain(..end);
            stream.write_all(answer.as_bytes()).await?;
        }
    }
}

fn say(name: &str, value: f64) {
    println!("{{\"name\":\"{name}\",\"value\":{value}}}");
}

fn micros(mut work: impl FnMut() -> Result<(), Failure>) -> Result<f64, Failure> {
    for _ in 0..200 {
        work()?;
    }
    let (begun, mut count) = (Instant::now(), 0_u32);
    while begun.elapsed() < A_WHILE {
        for _ in 0..20 {
            work()?;
        }
        count += 20;
    }
    Ok(begun.elapsed().as_secs_f64() * 1e6 / f64::from(count))
}

type Key = Arc<dyn Signer<DerSignature> + Send + Sync>;

/// A test key of `signer-core`, and the same of `signer-native`.
fn keys() -> Result<(Key, Key), Failure> {
    let own = AuthorizationKey::parse(concat!(
        "wallet-auth:MEECAQAwEwYHKoZIzj0CAQYIKoZIzj0DAQcEJzAlAgEBBCCzu5yEB+OtF2/aZgy3nS4FJh6sS/ACAxY+",
        "LP2P1s3C2w==",
    ))?;
    let native = P256SigningKey::try_from(own.as_signing_key())?;
    Ok((Arc::new(own), Arc::new(native)))
}

async fn beside_vendor(stub: &str, redis: &str) -> Result<(), Failure> {
    sign_in(redis).await?;
    let (_, key) = keys()?;
    let body = RpcRequest::personal_sign("hello");
    say(
        "privy-request",
        micros(|| {
            let url = "https://api.privy.io/v1/wallets/wallet-id/rpc";
            let request = AuthorizationRequest::builder(Method::Post, url, "app").body(&body)?;
            let request = request.expiry_unix_ms(1_773_679_531_000)?.build()?;
            let signed = request.sign(&[&*key])?;
            black_box(signed.signature());
            Ok(())
        })?,
    );
    let secret =
        SignerSecret::parse("b62b473b3ba7d3d72bf7c3a397f1eb61c305a4193ce670dd056686c13d95bbaa")?;
    let (project, chain) = (ProjectId::parse("project")?, ChainId::parse("base-sepolia")?);
    let hash = format!("0x{}", "ab".repeat(32));
    say(
        "crossmint-approval",
        micros(|| {
            let environment = Environment::Staging;
            let signer =
                ServerSigner::derive(&secret, &project, environment, chain, Scheme::Legacy)?;
            black_box(signer.approve(&Approval::evm(&hash)?)?);
            Ok(())
        })?,
    );

    let client = Client::new(BaseUrl::parse(stub)?, "app", "test-app-secret".into())?;
    let ours = || call(&client, &body, &key);
    calls(A_WHILE, 8, &ours).await?;
    say("calls-1", calls(A_WHILE, 1, &ours).await?.0);
    say("calls-64-per-cpu-second", calls(A_WHILE, 64, &ours).await?.1);
    Ok(())
}

async fn call(client: &Client, body: &RpcRequest, key: &Key) -> Result<(), Failure> {
    let request = client.rpc("wallet-id", body);
    request.authorization(Authorization::key(Arc::clone(key))).send().await?;
    Ok(())
}

/// Calls signed by `key`, and those of bare reqwest with one signature of the same key.
async fn beside_bare(stub: &str, suffix: &str, key: Key) -> Result<(), Failure> {
    let body = RpcRequest::personal_sign("hello");
    let client = Client::new(BaseUrl::parse(stub)?, "app", "test-app-secret".into())?;
    let ours = || call(&client, &body, &key);
    let plain = reqwest::Client::builder().no_proxy().build()?;
    let url = format!("{stub}/v1/wallets/wallet-id/rpc");
    let text = r#"{"chain_type":"ethereum","method":"personal_sign","params":{"encoding":"utf-8","message":"hello"}}"#;
    let bare = || {
        let signature: Result<DerSignature, _> = key.try_sign(text.as_bytes());
        let request = plain.post(&url).header("privy-app-id", "app").body(text);
        async move {
            black_box(signature.map_err(|_| "the signer failed")?);
            request.send().await?.bytes().await?;
            Ok(())
        }
    };
    // What the service takes, put together by hand: a key that nobody used, an expiry, and the signature over all.
    let by_hand = || {
        let (plain, key, url) = (&plain, &key, &url);
        async move {
            let mut random = [0; 16];
            getrandom::fill(&mut random).map_err(|_| "no random bytes")?;
            let once = format!("{:032x}", u128::from_le_bytes(random));
            let expiry = (std::time::UNIX_EPOCH.elapsed()?.as_millis() + 900_000).to_string();
            let input = format!(
                r#"{{"body":{text},"headers":{{"privy-app-id":"app","privy-idempotency-key":"{once}","privy-request-expiry":"{expiry}"}},"method":"POST","url":"{url}","version":1}}"#
            );
            let signature: Result<DerSignature, _> = key.try_sign(input.as_bytes());
            let signature = signature.map_err(|_| "the signer failed")?;
            let request = plain
                .post(url)
                .header("authorization", "Basic YXBwOnRlc3QtYXBwLXNlY3JldA==")
                .header("content-type", "application/json")
                .header("privy-app-id", "app")
                .header(
                    "privy-authorization-signature",
                    Base64::encode_string(signature.as_bytes()),
                )
                .header("privy-idempotency-key", once)
                .header("privy-request-expiry", expiry)
                .body(text);
            request.send().await?.bytes().await?;
            Ok(())
        }
    };
    calls(A_WHILE, 8, &ours).await?;
    calls(A_WHILE, 8, &bare).await?;
    calls(A_WHILE, 8, &by_hand).await?;
    for (callers, name) in [(1, "calls-1"), (64, "calls-64-per-cpu-second")] {
        let figure = |(rate, per_cpu_second)| if callers == 1 { rate } else { per_cpu_second };
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            let our = figure(calls(TURN, callers, &ours).await?);
            let bare = figure(calls(TURN, callers, &bare).await?);
            let hand = figure(calls(TURN, callers, &by_hand).await?);
            rounds.push([our, bare, hand, our / bare, our / hand]);
        }
        let kinds = ["", "bare-", "hand-", "bare-share-", "hand-share-"];
        for (at, kind) in kinds.iter().enumerate() {
            let figures = rounds.iter().filter_map(|round| round.get(at).copied()).collect();
            say(&format!("{kind}{name}{suffix}"), median(figures));
        }
    }
    Ok(())
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}

/// Calls a second, and calls for each second of this process's own time.
async fn calls<F>(
    turn: Duration,
    callers: usize,
    call: &impl Fn() -> F,
) -> Result<(f64, f64), Failure>
where
    F: Future<Output = Result<(), Failure>>,
{
    let (begun, cpu) = (Instant::now(), cpu_time());
    let count = std::cell::Cell::new(0_u32);
    let caller = || async {
        while begun.elapsed() < turn {
            call().await?;
            count.set(count.get() + 1);
        }
        Ok::<_, Failure>(())
    };
    let all: Vec<_> = (0..callers).map(|_| Box::pin(caller())).collect();
    for done in futures_util::future::join_all(all).await {
        done?;
    }
    let count = f64::from(count.get());
    Ok((count / begun.elapsed().as_secs_f64(), count / (cpu_time() - cpu).as_secs_f64()))
}

/// The time that this process has used, in user and kernel.
fn cpu_time() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ProcessCPUTime)).unwrap_or_default()
}

/// A sign-in with a token in the cache, and the first of a process with one in a file, or in Redis.
async fn sign_in(redis: &str) -> Result<(), Failure> {
    let emulator = signer_emulator::Emulator::start().await?;
    let folder = std::env::temp_dir().join(format!("signer-figures-{}", std::process::id()));
    let identity = Identity::new("user-1");
    let redis: Arc<dyn TokenStore> =
        Arc::new(RedisTokenStore::new(&redis.into(), Duration::from_secs(5))?);
    let files: Arc<dyn TokenStore> = Arc::new(FileTokenStore::new(folder.join("tokens")));
    let build = |tokens: &Arc<dyn TokenStore>| {
        AbstraxnClient::builder(BaseUrl::parse(&emulator.abstraxn_url())?, "test-api-key".into())
            .token_store(Arc::clone(tokens))
            .access_key_store(Arc::new(FileAccessKeyStore::new(folder.join("keys"))))
            .build()
    };
    for (name, tokens) in [("authenticate-file", &files), ("authenticate-redis", &redis)] {
        build(tokens)?.authenticate(&identity).await?;
        let mut times = Vec::new();
        for _ in 0..200 {
            let client = build(tokens)?;
            let begun = Instant::now();
            if client.authenticate(&identity).await?.did_create() {
                return Err("the stored token was not used".into());
            }
            times.push(begun.elapsed().as_secs_f64() * 1e6);
        }
        say(name, median(times));
    }
    let client = build(&files)?;
    client.authenticate(&identity).await?;
    let (begun, rounds) = (Instant::now(), 2_000_000_u32);
    for _ in 0..rounds {
        black_box(client.authenticate(&identity).await?);
    }
    say("authenticate-cached-ns", begun.elapsed().as_secs_f64() * 1e9 / f64::from(rounds));
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}
