//! The sealing side of HPKE, base mode, DHKEM(P-256, HKDF-SHA256).

use base64ct::{Base64, Encoding};
use hpke::aead::Aead;
use hpke::kdf::HkdfSha256;
use hpke::kem::DhP256HkdfSha256;
use hpke::{Deserializable, Kem, OpModeS, Serializable};
use signer_protocols::privy::decode_public_key;

use crate::key::random;

/// The encapsulated key and the ciphertext of a message.
pub(crate) fn seal<A: Aead>(
    recipient: &[u8],
    info: &[u8],
    message: &[u8],
    aad: impl FnOnce(&[u8]) -> Vec<u8>,
) -> Option<(Vec<u8>, Vec<u8>)> {
    let public = <DhP256HkdfSha256 as Kem>::PublicKey::from_bytes(recipient).ok()?;
    let (encapsulated, mut context) =
        hpke::setup_sender_with_rng::<A, HkdfSha256, DhP256HkdfSha256>(
            &OpModeS::Base,
            &public,
            info,
            &mut random(),
        )
        .ok()?;
    let encapsulated = encapsulated.to_bytes().to_vec();
    let sealed = context.seal(message, &aad(&encapsulated)).ok()?;
    Some((encapsulated, sealed))
}

/// The same to a key in base64 of SPKI DER, without info and additional data; both in base64.
pub(crate) fn seal_to_spki<A: Aead>(recipient: &str, message: &[u8]) -> Option<(String, String)> {
    let recipient = decode_public_key(recipient).ok()?.to_sec1_uncompressed();
    let (encapsulated, sealed) = seal::<A>(&recipient, b"", message, |_| Vec::new())?;
    Some((Base64::encode_string(&encapsulated), Base64::encode_string(&sealed)))
}
