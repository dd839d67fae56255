//! Each figure beside its peer in one run; `cargo xtask bench` prints the ratios.
#![allow(missing_docs, clippy::unwrap_used)]

use std::hint::black_box;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use hkdf::Hkdf;
use serde_json::{Value, json};
use sha2::Sha256;
use sha3::{Digest, Keccak256};
use signer_core::p256::DerSignature;
use signer_core::signature::Signer;
use signer_protocols::crossmint::{
    ChainId, DerivationInfo, Environment, ProjectId, Scheme, ServerSigner, SignerSecret,
};
use signer_protocols::jcs::{self, Limits};
use signer_protocols::privy::{AuthorizationRequest, Method};

const SECRET: &str = "b62b473b3ba7d3d72bf7c3a397f1eb61c305a4193ce670dd056686c13d95bbaa";
const INFO: &[u8] = b"dfb06708-a46f-4615-bd34-f614ae284e7b:staging:evm-secp256k1";

/// Secret to address, beside the bare cost of its curve and hashes.
fn derive(c: &mut Criterion) {
    let secret = SignerSecret::parse(SECRET).unwrap();
    let project = ProjectId::parse("dfb06708-a46f-4615-bd34-f614ae284e7b").unwrap();
    let bare_key = || {
        let mut key = [0; 32];
        Hkdf::<Sha256>::new(Some(b"crossmint"), black_box(&[7; 32]))
            .expand(INFO, &mut key)
            .unwrap();
        key
    };
    for chain in ["base-sepolia", "solana", "stellar"] {
        let chain = ChainId::parse(chain).unwrap();
        let name = chain.chain_type().as_str();
        let mut group = c.benchmark_group(format!("derive-{name}"));
        group.bench_function("ours", |bencher| {
            bencher.iter(|| {
                let signer = ServerSigner::derive(
                    black_box(&secret),
                    &project,
                    Environment::Staging,
                    chain,
                    Scheme::Current,
                );
                signer.unwrap().address().to_string()
            });
        });
        group.bench_function("peer", |bencher| match name {
            "evm" => bencher.iter(|| {
                let key = k256::SecretKey::from_slice(&bare_key()).unwrap();
                let point = k256::elliptic_curve::sec1::ToSec1Point::to_sec1_point(
                    &key.public_key(),
                    false,
                );
                // The address, and the hash of its text that EIP-55 asks for.
                let address = Keccak256::digest(&point.as_bytes()[1..]);
                Keccak256::digest([&address[..], &address[..8]].concat())
            }),
            _ => bencher.iter(|| {
                ed25519_dalek::SigningKey::from_bytes(&bare_key()).verifying_key().to_bytes()
            }),
        });
        group.finish();
    }
    // What the derivation itself costs.
    c.bench_function("derive-key", |bencher| {
        let chain = ChainId::parse("solana").unwrap();
        let info = DerivationInfo::new(&project, Environment::Staging, chain, Scheme::Current);
        bencher.iter(|| info.derive_key(black_box(&secret)));
    });
}

/// A request with a body of 300 bytes from its text to its headers, beside one bare signature.
fn privy(c: &mut Criterion) {
    let mut body = json!({"method": "personal_sign", "chain_type": "ethereum", "params": {"encoding": "utf-8", "message": ""}});
    let missing = 300 - body.to_string().len();
    body["params"]["message"] = "m".repeat(missing).into();
    let body = body.to_string();
    let key = signer_core::p256::SigningKey::from_scalar(&[7; 32]).unwrap();
    let bare = p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap();
    let mut group = c.benchmark_group("privy-request");
    group.bench_function("ours", |bencher| {
        bencher.iter(|| {
            AuthorizationRequest::builder(
                Method::Post,
                "https://api.privy.io/v1/wallets/x/rpc",
                "app",
            )
            .body_text(black_box(body.as_bytes()), Limits::default())
            .unwrap()
            .expiry_unix_ms(1_773_679_531_000)
            .unwrap()
            .build()
            .unwrap()
            .sign(&[&key])
            .unwrap()
        });
    });
    group.bench_function("peer", |bencher| {
        bencher.iter(|| -> p256::ecdsa::DerSignature {
            bare.try_sign(black_box(body.as_bytes())).unwrap()
        });
    });
    group.finish();
    c.bench_function("p256-sign", |bencher| {
        bencher.iter(|| -> DerSignature { key.try_sign(black_box(body.as_bytes())).unwrap() });
    });
}

/// From text to canonical bytes, beside `serde_json` → `serde_jcs`.
fn canonicalize(c: &mut Criterion) {
    for (name, size) in [("1KiB", 1 << 10), ("100KiB", 100 << 10)] {
        for (kind, item) in [
            ("strings", string_item as fn(usize) -> Value),
            ("numbers", number_item),
            ("mixed", mixed_item),
        ] {
            let text = document(size, item);
            let mut group = c.benchmark_group(format!("jcs-{kind}-{name}"));
            group.bench_function("ours", |bencher| {
                bencher.iter(|| jcs::canonicalize(black_box(&text), Limits::default()).unwrap());
            });
            group.bench_function("peer", |bencher| {
                bencher.iter_batched(
                    || (),
                    |()| {
                        let value: Value = serde_json::from_slice(black_box(&text)).unwrap();
                        serde_jcs::to_vec(&value).unwrap()
                    },
                    BatchSize::SmallInput,
                );
            });
            group.finish();
        }
    }
}

/// Items until the text has `size` bytes.
fn document(size: usize, item: fn(usize) -> Value) -> Vec<u8> {
    let mut items = Vec::new();
    let mut len = 0;
    while len < size {
        let next = item(items.len());
        len += next.to_string().len() + 1;
        items.push(next);
    }
    serde_json::to_vec(&items).unwrap()
}

/// Members as of a wallet API: names, addresses, texts.
fn string_item(at: usize) -> Value {
    json!({
        "wallet_id": format!("o5zuf7fbygwze9l9gaxyc{at:04}"),
        "address": "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913",
        "data": "0x095ea7b3000000000000000000000000833589fcd6edb6e08f4c7c32d4f71b54bda02913",
        "memo": "an order of an ordinary customer with an ordinary name",
    })
}

/// Doubles of every length, as prices and measurements are.
#[allow(clippy::cast_precision_loss)]
fn number_item(at: usize) -> Value {
    let x = (at + 1) as f64;
    json!([at, x / 100.0, x.sqrt(), x.sin() * 1e-3, x.powi(7), x / 7.0])
}

fn mixed_item(at: usize) -> Value {
    json!({"s": string_item(at), "n": number_item(at), "ok": true, "none": null})
}

criterion_group!(benches, derive, privy, canonicalize);
criterion_main!(benches);
