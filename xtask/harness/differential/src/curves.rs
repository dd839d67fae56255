//! The three curves beside OpenSSL and libsecp256k1.

use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey, EcPoint};
use openssl::ecdsa::EcdsaSig;
use openssl::nid::Nid;
use openssl::pkey::{Id, PKey, Private};
use openssl::sign::{Signer as OpensslSigner, Verifier as OpensslVerifier};
use secp256k1::ecdsa::RecoverableSignature as LibSignature;
use secp256k1::{Message, PublicKey, Secp256k1, SecretKey};
use sha2::{Digest, Sha256};
use signer_core::signature::Signer;
use signer_core::{ed25519, keccak, p256, secp256k1 as ours};

/// Checks `count` keys of each curve, each with a message of its own.
pub(crate) fn run(count: u64, seed: u64) -> Result<String, String> {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).map_err(|error| error.to_string())?;
    let library = Secp256k1::new();
    for round in 0..count {
        let key = digest(seed, round, "key");
        let long = digest(seed, round, "message");
        // Lengths from none to beyond a block of each hash.
        let message = long.repeat(8);
        let message = &message[..usize::from(long[0])];
        for (name, agrees) in [
            ("P-256", p256(&group, &key, message)),
            ("Ed25519", ed25519(&key, message)),
            ("secp256k1", secp256k1(&library, &key, message)),
        ] {
            match agrees {
                Ok(true) => {}
                Ok(false) => return Err(format!("{name} differs: seed {seed}, round {round}")),
                Err(error) => return Err(format!("{name}: seed {seed}, round {round}: {error}")),
            }
        }
    }
    Ok(count.to_string())
}

type Fallible = Result<bool, Box<dyn std::error::Error>>;

fn digest(seed: u64, round: u64, name: &str) -> [u8; 32] {
    Sha256::new().chain_update(seed.to_le_bytes()).chain_update(round.to_le_bytes()).chain_update(name).finalize().into()
}

/// The public keys are one, each side verifies the other's signature, and ours refuses theirs over another
/// message.
fn p256(group: &EcGroup, key: &[u8; 32], message: &[u8]) -> Fallible {
    let our_key = p256::SigningKey::from_scalar(key)?;
    let scalar = BigNum::from_slice(key)?;
    let mut context = openssl::bn::BigNumContext::new()?;
    let mut point = EcPoint::new(group)?;
    point.mul_generator2(group, &scalar, &mut context)?;
    let their_key = EcKey::from_private_components(group, &scalar, &point)?;
    let public = point.to_bytes(group, openssl::ec::PointConversionForm::UNCOMPRESSED, &mut context)?;

    let our_signature: p256::DerSignature = our_key.try_sign(message)?;
    let digest = Sha256::digest(message);
    let accepted = EcdsaSig::from_der(our_signature.as_bytes())?.verify(&digest, &their_key)?;
    let theirs = EcdsaSig::sign(&digest, &their_key)?.to_der()?;
    let our_public = our_key.verifying_key();
    let other = [message, b"x"].concat();
    Ok(accepted
        && our_public.to_sec1_uncompressed().as_slice() == public
        && our_public.accept(message, &theirs).is_ok()
        && our_public.accept(&other, &theirs).is_err())
}

/// Ed25519 is deterministic: the bytes are one.
fn ed25519(seed: &[u8; 32], message: &[u8]) -> Fallible {
    let our_key = ed25519::SigningKey::from_seed(seed);
    let their_key: PKey<Private> = PKey::private_key_from_raw_bytes(seed, Id::ED25519)?;
    let theirs = OpensslSigner::new_without_digest(&their_key)?.sign_oneshot_to_vec(message)?;
    let our_signature = our_key.try_sign(message)?.to_bytes();
    let accepted =
        OpensslVerifier::new_without_digest(&their_key)?.verify_oneshot(&our_signature, message)?;
    let public = their_key.raw_public_key()?;
    Ok(accepted && our_signature.as_slice() == theirs && our_key.verifying_key().to_bytes().as_slice() == public)
}

/// Both take the nonce of RFC 6979 and the low S: the bytes and the recovery id are one, and so is what is
/// recovered.
fn secp256k1<C: secp256k1::Signing + secp256k1::Verification>(
    library: &Secp256k1<C>,
    key: &[u8; 32],
    message: &[u8],
) -> Fallible {
    let our_key = ours::SigningKey::from_scalar(key)?;
    let their_key = SecretKey::from_byte_array(*key)?;
    let digest = keccak::keccak256(message);
    let our_signature = our_key.sign_digest(&digest).to_bytes();
    let theirs = Message::from_digest(*digest.as_bytes());
    let their_signature: LibSignature = library.sign_ecdsa_recoverable(theirs, &their_key);
    let (id, fixed) = their_signature.serialize_compact();
    let public = PublicKey::from_secret_key(library, &their_key).serialize_uncompressed();
    let recovered = library.recover_ecdsa(theirs, &their_signature)?.serialize_uncompressed();
    let ours_recovers = ours::RecoverableSignature::from_bytes(&our_signature)?.recover(&digest)?;
    Ok(ours_recovers.to_sec1_uncompressed() == recovered
        && our_signature[..64] == fixed
        && i32::from(our_signature[64]) == 27 + i32::from(id)
        && our_key.verifying_key().to_sec1_uncompressed() == public
        && recovered == public)
}
