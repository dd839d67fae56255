//! What public types say of themselves in a log, and what the caller's generator is asked for.

use std::convert::Infallible;

use rand_core::{TryCryptoRng, TryRng};
use signer_core::address::{evm, solana, stellar};
use signer_core::keccak::keccak256;
use signer_core::signature::Signer;
use signer_core::signature::hazmat::{PrehashSigner, PrehashVerifier};
use signer_core::{Error, ed25519, p256, secp256k1};

use super::{unhex, unhex32};

/// SHA-256 of "Satoshi Nakamoto".
const DIGEST: &str = "a0dc65ffca799873cbea0ac274015b9526505daaaed385155425f7337704883e";

/// The signature of Bitcoin's known test of RFC 6979 on secp256k1: the key 1, SHA-256 of "Satoshi Nakamoto".
const SATOSHI: &str = "934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8\
                       2442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5";

fn one() -> secp256k1::SigningKey {
    let mut scalar = [0; 32];
    scalar[31] = 1;
    secp256k1::SigningKey::from_scalar(&scalar).unwrap()
}

#[test]
fn secp256k1_digests_made_elsewhere() {
    let digest = unhex32(DIGEST);
    let signature: secp256k1::RecoverableSignature = one().sign_prehash(&digest).unwrap();
    assert_eq!(signature.to_bytes()[..64], unhex(SATOSHI));
    let recovered = secp256k1::hazmat::recover(&signature, &digest);
    assert_eq!(recovered, Ok(one().verifying_key()));
    let plain = secp256k1::Signature::from_bytes(&unhex(SATOSHI)).unwrap();
    assert_eq!(plain.to_bytes().as_slice(), unhex(SATOSHI));
    one().verifying_key().verify_prehash(&digest, &plain).unwrap();
    assert!(one().verifying_key().verify_prehash(&digest[..31], &plain).is_err());
    assert_eq!(format!("{plain:?}"), format!("secp256k1::Signature(0x{SATOSHI})"));
    // 27 and the recovery id, which @noble/curves gives as 1.
    assert_eq!(format!("{signature:?}"), format!("secp256k1::RecoverableSignature(0x{SATOSHI}1c)"));
}

/// The other known test of Bitcoin's, whose recovery id @noble/curves gives as 0.
#[test]
fn a_recovery_id_of_zero_is_27() {
    let digest = unhex32("7d1833f54854ac51659521afcd0ec6dca2ce2351429614bfa28a756b1b3c637f");
    let signature: secp256k1::RecoverableSignature = one().sign_prehash(&digest).unwrap();
    let expected = "8600dbd41e348fe5c9465ab92d23e3db8b98b873beecd930736488696438cb6b\
                    547fe64427496db33bf66019dacbf0039c04199abb0122918601db38a72cfc211b";
    assert_eq!(signature.to_bytes().as_slice(), unhex(expected));
}

/// The generator of secp256k1 (SEC 2, section 2.4.1).
#[test]
fn secp256k1_public_keys_are_shown_compressed() {
    assert_eq!(
        format!("{:?}", one().verifying_key()),
        "secp256k1::VerifyingKey(0x0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798)"
    );
}

/// RFC 6979, appendix A.2.5: SHA-256 of "sample".
#[test]
fn p256_digests_made_elsewhere() {
    let scalar = "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721";
    let digest = unhex32("af2bdbe1aa9b6ec1e2ade1d694f41fc71a831d0268e9891562113d8a62add1bf");
    let r = "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716";
    let s = "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8";
    let key = p256::SigningKey::from_scalar(&unhex32(scalar)).unwrap();
    let signature: p256::Signature = key.sign_prehash(&digest).unwrap();
    assert_eq!(format!("{signature:?}"), format!("p256::Signature(0x{r}{s})"));
    // Both integers have their first bit set, so each gets a zero in front.
    let der = signature.to_der();
    assert_eq!(format!("{der:?}"), format!("p256::DerSignature(0x3046022100{r}022100{s})"));
    assert_eq!(der.as_ref(), der.as_bytes());
    assert_eq!(der, p256::DerSignature::from_bytes(der.as_bytes()).unwrap());
    assert_ne!(der, p256::DerSignature::from_bytes(&unhex("3006020101020101")).unwrap());
    // Appendix A.2.5 names the public key, too.
    assert_eq!(
        format!("{:?}", key.verifying_key()),
        "p256::VerifyingKey(0x0360fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6)"
    );
}

/// RFC 8032, section 7.1, test 1.
#[test]
fn ed25519_keys_and_signatures_are_shown_in_hex() {
    let seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
    let key = ed25519::SigningKey::from_seed(&unhex32(seed));
    assert_eq!(
        format!("{:?}", key.verifying_key()),
        "ed25519::VerifyingKey(0xd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a)"
    );
    assert_eq!(
        format!("{:?}", key.try_sign(b"").unwrap()),
        "ed25519::Signature(0xe5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b)"
    );
}

#[test]
fn digests_and_addresses_are_shown_as_their_text() {
    assert_eq!(
        format!("{:?}", keccak256(b"")),
        "KeccakDigest(0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470)"
    );
    // The address of the secp256k1 key 1, and the addresses of all zeros.
    let text = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf";
    let address =
        evm::Address::from_uncompressed_point(&one().verifying_key().to_sec1_uncompressed());
    assert_eq!(format!("{address:?}"), format!("evm::Address({text})"));
    assert_eq!(address.as_bytes().as_slice(), unhex(&text[2..]));
    let text = "11111111111111111111111111111111";
    let address = solana::Address::parse(text).unwrap();
    assert_eq!(format!("{address:?}"), format!("solana::Address({text})"));
    let text = "GAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAWHF";
    let address = stellar::Address::parse(text).unwrap();
    assert_eq!(format!("{address:?}"), format!("stellar::Address({text})"));
    assert_eq!(address.as_bytes(), &[0; 32]);
}

/// Gives 32 zeros, which is no scalar, then sevens.
struct ZeroThenSevens(usize);

impl TryRng for ZeroThenSevens {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        for byte in out {
            *byte = if self.0 < 32 { 0 } else { 7 };
            self.0 += 1;
        }
        Ok(())
    }
}

impl TryCryptoRng for ZeroThenSevens {}

#[test]
fn a_generator_is_asked_again_until_it_gives_a_scalar() {
    let key = p256::SigningKey::generate(&mut ZeroThenSevens(0));
    assert_eq!(key.to_scalar().expose_secret(), &[7; 32]);
    let key = secp256k1::SigningKey::generate(&mut ZeroThenSevens(0));
    assert_eq!(key.to_scalar().expose_secret(), &[7; 32]);
    // Any 32 bytes are a seed.
    let key = ed25519::SigningKey::generate(&mut ZeroThenSevens(0));
    assert_eq!(key.to_seed().expose_secret(), &[0; 32]);
}

#[test]
fn signatures_that_are_no_numbers_are_refused() {
    assert_eq!(secp256k1::Signature::from_bytes(&[0; 64]), Err(Error::SignatureFormat));
    assert_eq!(secp256k1::Signature::from_bytes(&[1; 63]), Err(Error::SignatureFormat));
    assert_eq!(secp256k1::Signature::from_der(&[0x30, 0]), Err(Error::SignatureFormat));
    assert_eq!(p256::Signature::from_bytes(&[1; 65]), Err(Error::SignatureFormat));
    let zero = secp256k1::RecoverableSignature::from_bytes(&[0; 65]);
    assert_eq!(zero, Err(Error::SignatureFormat));
}
