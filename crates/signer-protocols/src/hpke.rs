//! HPKE (RFC 9180), base mode, DHKEM(P-256, HKDF-SHA256) with HKDF-SHA256, opening only.

use alloc::vec::Vec;

use hpke::aead::Aead;
use hpke::kdf::HkdfSha256;
use hpke::kem::DhP256HkdfSha256;
use hpke::{Deserializable, Kem, OpModeR, single_shot_open};
use secrecy::SecretSlice;
use signer_core::p256::SigningKey;

/// Opens a message sealed to the public key of `recipient`. `None` says no more than that it does
/// not open: an attacker learns nothing from why.
pub(crate) fn open<A: Aead>(
    recipient: &SigningKey,
    encapsulated_key: &[u8],
    info: &[u8],
    ciphertext: &[u8],
    aad: &[u8],
) -> Option<SecretSlice<u8>> {
    let scalar = recipient.to_scalar();
    let private = <DhP256HkdfSha256 as Kem>::PrivateKey::from_bytes(scalar.expose_secret()).ok()?;
    let encapsulated = <DhP256HkdfSha256 as Kem>::EncappedKey::from_bytes(encapsulated_key).ok()?;
    let plaintext: Vec<u8> = single_shot_open::<A, HkdfSha256, DhP256HkdfSha256>(
        &OpModeR::Base,
        &private,
        &encapsulated,
        info,
        ciphertext,
        aad,
    )
    .ok()?;
    Some(plaintext.into())
}
