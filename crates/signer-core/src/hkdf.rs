use hkdf::Hkdf;
use sha2::Sha256;

use crate::SecretBytes;

/// HKDF-SHA256 (RFC 5869), extract and expand, for a key of 32 bytes written in place.
///
/// `info` is given in parts that are concatenated, so that no buffer for it is needed.
///
/// ```
/// use signer_core::{SecretBytes, hkdf_sha256_into};
///
/// let mut key = SecretBytes::init(|_| {});
/// hkdf_sha256_into(&[7; 32], b"crossmint", &[b"project", b":", b"staging"], &mut key);
/// ```
pub fn hkdf_sha256_into(ikm: &[u8], salt: &[u8], info: &[&[u8]], okm: &mut SecretBytes<32>) {
    let hkdf = Hkdf::<Sha256>::new(Some(salt), ikm);
    let expanded = hkdf.expand_multi_info(info, okm.expose_secret_mut());
    debug_assert!(expanded.is_ok(), "32 bytes are within 255 blocks");
}
