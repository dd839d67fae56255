//! Each figure beside its peer in one run; `cargo xtask bench` prints the ratios.
#![allow(missing_docs, clippy::unwrap_used)]

use std::hint::black_box;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use hkdf::Hkdf;
use serde_json::{Value, json};
use sha2::Sha256;
use sha3::{Digest, Keccak256};
use signer_core::address::evm;
use signer_core::p256::DerSignature;
use signer_core::signature::Signer;
use signer_protocols::crossmint::evm::{Call, Paymaster, UserOperation, encode_execute, verify};
use signer_protocols::crossmint::verify::{Context, Request, Role, Verdict};
use signer_protocols::crossmint::{
    ChainId, DerivationInfo, Environment, Locator, ProjectId, Scheme, ServerSigner, SignerSecret,
};
use signer_protocols::jcs::{self, Limits};
use signer_protocols::privy::{AuthorizationRequest, Method};
use signer_protocols::{Json, U256};

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

/// An operation decoded, hashed and compared with its request, beside the bare hashes of the same bytes.
fn verify_operation(c: &mut Criterion) {
    let wallet = "0x6b9cb6e03786D23b45b1C7Fd0684B8bc10e098F1";
    let sender = evm::Address::parse(wallet).unwrap();
    let chain = ChainId::parse("base-sepolia").unwrap();
    let signer = Locator::parse(&format!("server:{wallet}"), chain.chain_type()).unwrap();
    let mut context = Context::new(Environment::Staging, chain, wallet, signer);
    context.role = Role::Admin;
    for (name, size) in [("1KB", 1_000), ("10KB", 10_000)] {
        let call = Call { to: sender_of(7), value: U256::from(5_u64), data: vec![0xa9; size] };
        let mut operation = UserOperation::new(sender, U256::ZERO);
        operation.call_data = encode_execute(std::slice::from_ref(&call));
        operation.paymaster = Some(Paymaster {
            address: sender_of(8),
            verification_gas_limit: 1,
            post_op_gas_limit: 1,
            data: vec![1; 84],
        });
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let message = format!("0x{}", hex(&operation.hash(84_532)));
        let body = json!({"params": {"chain": "base-sepolia", "calls": [
            {"to": call.to.to_string(), "value": "5", "data": format!("0x{}", hex(&call.data))}]}});
        let path = format!("/wallets/{wallet}/transactions");
        let request = Request::parse("POST", &path, body.to_string().as_bytes()).unwrap();
        let answer = json!({
            "walletType": "smart",
            "onChain": {"userOperation": operation.to_json(), "userOperationHash": message},
            "approvals": {"pending": [{"signer": {"locator": signer.to_string()}, "message": message}]},
        });
        let answer = Json::parse(answer.to_string().as_bytes(), Limits::default()).unwrap();
        let verdict = verify(&request, &answer, &context).verdict();
        assert_eq!(verdict, Verdict::AsRequested);
        let mut group = c.benchmark_group(format!("crossmint-evm-{name}"));
        group.bench_function("ours", |bencher| {
            bencher.iter(|| verify(&request, black_box(&answer), &context));
        });
        group.bench_function("peer", |bencher| {
            bencher.iter(|| {
                let call_data = Keccak256::digest(black_box(&operation.call_data));
                let paymaster = Keccak256::digest([1_u8; 136]);
                let deployment = Keccak256::digest([]);
                let inner = Keccak256::digest([call_data, paymaster].concat().repeat(4));
                let hash = Keccak256::digest([&inner[..], &deployment, &call_data].concat());
                // The approval of the hash, as a personal message.
                Keccak256::digest([&hash[..], &[0; 28]].concat())
            });
        });
        group.finish();
    }
}

const fn sender_of(byte: u8) -> evm::Address {
    evm::Address::from_bytes([byte; 20])
}

criterion_group!(benches, derive, privy, canonicalize, verify_operation);
criterion_main!(benches);
