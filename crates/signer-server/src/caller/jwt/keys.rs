//! A JSON Web Key Set (RFC 7517).

use std::sync::Arc;

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Header};
use serde::Deserialize;
use serde_json::Value;

use super::claims::ALGORITHMS;

/// The Base64 letters of the shortest RSA modulus, 2,048 bits.
const MIN_RSA_LETTERS: usize = 342;

/// A key, and the one algorithm that it is for.
pub(super) struct Key {
    id: Option<String>,
    pub(super) algorithm: Algorithm,
    pub(super) decoding: DecodingKey,
}

/// Keys that can verify.
pub(super) struct KeySet(Vec<Arc<Key>>);

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

impl KeySet {
    /// Reads a set and leaves out what cannot verify a token here. `None` when nothing is left.
    pub(super) fn parse(json: &[u8]) -> Option<Self> {
        let document: Document = serde_json::from_slice(json).ok()?;
        let keys: Vec<_> = document.keys.into_iter().filter_map(Key::from_json).collect();
        (!keys.is_empty()).then_some(Self(keys))
    }

    pub(super) fn of_one(key: Key) -> Self {
        Self(vec![Arc::new(key)])
    }

    pub(super) const fn empty() -> Self {
        Self(Vec::new())
    }

    /// The key that the header names; else one that is alone in not being named, or in not having a name.
    pub(super) fn find(&self, header: &Header) -> Option<&Arc<Key>> {
        let fitting = || self.0.iter().filter(|key| key.algorithm == header.alg);
        let named = fitting().find(|key| header.kid.is_some() && key.id == header.kid);
        let mut others = fitting().filter(|key| header.kid.is_none() || key.id.is_none());
        named.or_else(|| others.next().filter(|_| others.next().is_none()))
    }
}

impl Key {
    /// A key that has no name.
    pub(super) const fn unnamed(algorithm: Algorithm, decoding: DecodingKey) -> Self {
        Self { id: None, algorithm, decoding }
    }

    fn from_json(value: Value) -> Option<Arc<Self>> {
        let jwk: Jwk = serde_json::from_value(value).ok()?;
        let algorithm = match &jwk.algorithm {
            AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
                Algorithm::ES256
            }
            AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
                Algorithm::EdDSA
            }
            AlgorithmParameters::RSA(key) if key.n.len() >= MIN_RSA_LETTERS => Algorithm::RS256,
            _ => return None,
        };
        let common = &jwk.common;
        let stated = common.key_algorithm.and_then(|stated| stated.to_string().parse().ok());
        let other_algorithm = common.key_algorithm.is_some() && stated != Some(algorithm);
        let other_use =
            common.public_key_use.as_ref().is_some_and(|used| *used != PublicKeyUse::Signature);
        let verifies = common
            .key_operations
            .as_ref()
            .is_none_or(|operations| operations.contains(&KeyOperations::Verify));
        if other_algorithm || other_use || !verifies || !ALGORITHMS.contains(&algorithm) {
            return None;
        }
        let decoding = DecodingKey::from_jwk(&jwk).ok()?;
        Some(Arc::new(Self { id: common.key_id.clone(), algorithm, decoding }))
    }
}
