//! Signing and verifying with aws-lc-rs beside the reference; `cargo xtask bench` prints the ratios.
#![allow(missing_docs, clippy::unwrap_used)]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use signer_core::signature::Signer;
use signer_core::{ed25519, p256};

const MESSAGE: [u8; 300] = [b'x'; 300];

fn p256_sign(c: &mut Criterion) {
    let key = p256::SigningKey::from_scalar(&[7; 32]).unwrap();
    let native = signer_native::P256SigningKey::try_from(&key).unwrap();
    let mut group = c.benchmark_group("sign-p256");
    group.bench_function("ours", |bencher| {
        bencher
            .iter(|| Signer::<p256::DerSignature>::try_sign(&native, black_box(&MESSAGE)).unwrap());
    });
    group.bench_function("peer", |bencher| {
        bencher.iter(|| Signer::<p256::DerSignature>::try_sign(&key, black_box(&MESSAGE)).unwrap());
    });
}

fn ed25519_sign(c: &mut Criterion) {
    let key = ed25519::SigningKey::from_seed(&[7; 32]);
    let native = signer_native::Ed25519SigningKey::try_from(&key).unwrap();
    let mut group = c.benchmark_group("sign-ed25519");
    group.bench_function("ours", |bencher| {
        bencher.iter(|| native.try_sign(black_box(&MESSAGE)).unwrap());
    });
    group.bench_function("peer", |bencher| {
        bencher.iter(|| key.try_sign(black_box(&MESSAGE)).unwrap());
    });
}

criterion_group!(benches, p256_sign, ed25519_sign);
criterion_main!(benches);
