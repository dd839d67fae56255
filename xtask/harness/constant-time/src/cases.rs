//! The secret paths. Lengths and prefixes are public; what comes after them is not.

use std::hint::black_box;

use axum::http::{HeaderMap, HeaderValue, header};
use secrecy::SecretString;
use signer_core::encoding::{base64_decode, base64_encode, base64url_decode, hex};
use signer_core::signature::Signer;
use signer_core::{SecretBytes, ed25519, hkdf_sha256_into, keccak, p256, secp256k1};
use signer_protocols::abstraxn::AccessKey;
use signer_protocols::crossmint::{
    ChainId, DerivationInfo, Environment, ProjectId, Scheme, ServerSigner, SignerSecret,
};
use signer_protocols::privy::{AuthorizationKey, WebhookSecret};
use subtle::ConstantTimeEq;
use signer_server::{BearerSecret, CallerAuthenticator, CallerId};

use crate::memcheck::{mark_public, mark_secret};

type Case = (&'static str, fn());

pub(crate) const ALL: &[Case] = &[
    ("control-variable-time", control),
    ("hex-decode", hex_decode),
    ("hex-encode", hex_encode),
    ("base64-decode", base64_decode_key),
    ("base64url-decode", base64url_decode_key),
    ("base64-encode", base64_encode_key),
    ("secret-compare", secret_compare),
    ("hkdf", hkdf),
    ("p256-load", p256_load),
    ("p256-load-der", p256_load_der),
    ("p256-load-pem", p256_load_pem),
    ("p256-sign", p256_sign),
    ("p256-write-der", p256_write_der),
    ("secp256k1-load", secp256k1_load),
    ("secp256k1-sign", secp256k1_sign),
    ("ed25519-load", ed25519_load),
    ("ed25519-sign", ed25519_sign),
    ("crossmint-secret-parse", crossmint_secret_parse),
    ("crossmint-derive-evm", || crossmint_derive("base-sepolia")),
    ("crossmint-derive-solana", || crossmint_derive("solana")),
    ("crossmint-derive-stellar", || crossmint_derive("stellar")),
    ("privy-key-parse", privy_key_parse),
    ("privy-webhook-mac", privy_webhook_mac),
    ("abstraxn-key-parse", abstraxn_key_parse),
    ("bearer-token-compare", bearer_token_compare),
];

/// A result that must be good: a case that was refused early would show nothing.
fn must(good: bool) {
    mark_public(&good);
    assert!(good, "the case was refused");
}

/// A test key, marked as the secret that it stands for.
fn secret() -> [u8; 32] {
    let mut bytes = black_box(*b"a test key of this harness, 32 b");
    mark_secret(&mut bytes);
    bytes
}

/// A text whose bytes from `public` on are secret. Where it is padded, its last group is not: it tells
/// the length.
fn secret_text(text: &str, public: usize) -> Vec<u8> {
    let mut bytes = black_box(text.as_bytes().to_vec());
    let end = if text.ends_with('=') { text.len() - 4 } else { text.len() };
    mark_secret(&mut bytes[public..end]);
    bytes
}

fn as_text(bytes: &[u8]) -> &str {
    // SAFETY: made of a `str` by `secret_text`. Checking it here would branch on the secret.
    unsafe { std::str::from_utf8_unchecked(bytes) }
}

const HEX: &str = "4A9f00c1d2e3f4a5b6c7d8e9fa0b1c2d3e4f5061728394a5b6c7d8e9fa0b1c2d";
const BASE64: &str = "Sp8AwdLj9KW2x9jp+gscLT5PUGFyg5SltsfY6foLHC0=";

/// What must be seen: an inversion by the table of a cipher, a comparison that stops early.
fn control() {
    let table: [u8; 256] = std::array::from_fn(|place| (place as u8).wrapping_mul(167) ^ 99);
    let looked_up = secret().map(|byte| black_box(&table)[usize::from(byte)]);
    let known = black_box([7; 32]);
    black_box(looked_up.iter().zip(&known).all(|(one, other)| one == other));
}

fn hex_decode() {
    let mut out = [0; 32];
    let result = hex::decode_into(&secret_text(HEX, 0), &mut out);
    must(result.is_ok());
}

fn hex_encode() {
    let mut out = [0; 64];
    must(hex::encode(&secret(), &mut out).is_ok());
}

fn base64_decode_key() {
    let mut out = [0; 33];
    must(base64_decode(&secret_text(BASE64, 0), &mut out).is_ok());
}

fn base64url_decode_key() {
    let text = BASE64.trim_end_matches('=').replace('+', "-");
    let mut out = [0; 33];
    must(base64url_decode(&secret_text(&text, 0), &mut out).is_ok());
}

fn base64_encode_key() {
    let mut out = [0; 64];
    must(base64_encode(&secret(), &mut out).is_ok());
}

fn secret_compare() {
    let one = SecretBytes::<32>::init(|bytes| *bytes = secret());
    let other = SecretBytes::<32>::init(|bytes| *bytes = [7; 32]);
    let same = bool::from(one.ct_eq(&other));
    mark_public(&same);
    black_box(same);
}

fn hkdf() {
    let mut key = SecretBytes::init(|_| {});
    hkdf_sha256_into(&secret(), b"crossmint", &[b"project", b":", b"staging"], &mut key);
    black_box(&key);
}

fn p256_load() {
    must(p256::SigningKey::from_scalar(&secret()).is_ok());
}

/// PKCS#8 without the public key, which would be compared with the one that follows from the secret.
const FRAME: &[u8] = b"\x30\x41\x02\x01\x00\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x04\x27\x30\x25\x02\x01\x01\x04\x20";

/// The frame is public, the scalar in it is not.
fn p256_load_der() {
    let der = [FRAME, &secret()].concat();
    must(p256::SigningKey::from_der(&der).is_ok());
}

fn pkcs8_base64() -> Vec<u8> {
    let der = [FRAME, b"a test key of this harness, 32 b"].concat();
    let mut text = [0; 128];
    base64_encode(&der, &mut text).expect("room").as_bytes().to_vec()
}

fn p256_load_pem() {
    let mut body = pkcs8_base64();
    mark_scalar(&mut body);
    let pem = [
        b"-----BEGIN PRIVATE KEY-----\n",
        &body[..64],
        b"\n",
        &body[64..],
        b"\n-----END PRIVATE KEY-----\n",
    ]
    .concat();
    must(p256::SigningKey::from_pem(&pem).is_ok());
}

fn mark_scalar(base64: &mut [u8]) {
    let end = base64.len() - 4;
    mark_secret(&mut base64[FRAME.len().div_ceil(3) * 4..end]);
}

fn p256_sign() {
    let key = loaded(|bytes| p256::SigningKey::from_scalar(bytes).expect("a key"));
    let signature: Result<p256::Signature, _> = key.try_sign(b"a signing input");
    must(signature.is_ok());
}

fn p256_write_der() {
    let key = loaded(|bytes| p256::SigningKey::from_scalar(bytes).expect("a key"));
    black_box(key.to_pkcs8_der());
}

fn secp256k1_load() {
    must(secp256k1::SigningKey::from_scalar(&secret()).is_ok());
}

fn secp256k1_sign() {
    let key = loaded(|bytes| secp256k1::SigningKey::from_scalar(bytes).expect("a key"));
    black_box(key.sign_digest(&keccak::eip191_digest(b"a message")));
}

fn ed25519_load() {
    black_box(ed25519::SigningKey::from_seed(&secret()));
}

fn ed25519_sign() {
    let mut key = loaded(ed25519::SigningKey::from_seed);
    mark_whole(&mut key);
    must(key.try_sign(b"a signing input").is_ok());
}

/// A key that was loaded before it became secret: signing alone is looked at.
fn loaded<K>(load: impl FnOnce(&[u8; 32]) -> K) -> K {
    let mut key = load(b"a test key of this harness, 32 b");
    mark_whole(&mut key);
    key
}

fn mark_whole<K>(key: &mut K) {
    // SAFETY: the bytes of a value that is borrowed for as long; they are marked and not changed.
    let bytes = unsafe {
        std::slice::from_raw_parts_mut(std::ptr::from_mut(key).cast::<u8>(), size_of::<K>())
    };
    mark_secret(bytes);
}

fn crossmint_secret_parse() {
    let text = secret_text(&format!("xmsk1_{HEX}"), 6);
    must(SignerSecret::parse(as_text(&text)).is_ok());
}

/// To the key; what it signs with is the curve's own case.
fn crossmint_derive(chain: &str) {
    let secret = SignerSecret::from_bytes(SecretBytes::init(|bytes| *bytes = secret()));
    let project = ProjectId::parse("project-123").expect("a project");
    let chain = ChainId::parse(chain).expect("a chain");
    let info = DerivationInfo::new(&project, Environment::Staging, chain, Scheme::Current);
    let key = info.derive_key(&secret);
    must(ServerSigner::from_key(&key, chain.chain_type()).is_ok());
}

fn privy_key_parse() {
    let mut body = pkcs8_base64();
    mark_scalar(&mut body);
    let text = [b"wallet-auth:", body.as_slice()].concat();
    must(AuthorizationKey::parse(as_text(&text)).is_ok());
}

fn privy_webhook_mac() {
    let text = secret_text(&format!("whsec_{BASE64}"), 6);
    let secret = WebhookSecret::parse(as_text(&text));
    let Ok(secret) = secret else { panic!("the secret is not read") };
    let tag = "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    must(secret.verify("msg_1", "1700000000", tag, b"{}", 1_700_000_000).is_err());
}

fn abstraxn_key_parse() {
    must(AccessKey::parse(as_text(&secret_text(HEX, 0))).is_ok());
}

fn bearer_token_compare() {
    let known = SecretString::from("a-test-token-that-has-32-letters-or-more");
    let caller = CallerId::new("shop");
    let authenticator = BearerSecret::new(caller, &known).expect("long enough");
    let mut value = b"Bearer a-test-token-that-has-32-letters-or-MORE".to_vec();
    let mut headers = HeaderMap::new();
    mark_secret(&mut value[7..]);
    // SAFETY: visible ASCII; checking it here would branch on the secret.
    let value = unsafe { HeaderValue::from_maybe_shared_unchecked(axum::body::Bytes::from(value)) };
    headers.insert(header::AUTHORIZATION, value);
    must(futures_executor::block_on(authenticator.authenticate(&headers)).is_err());
}
