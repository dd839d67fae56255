use proptest::prelude::*;
use signer_core::address::{evm, solana, stellar};
use signer_core::encoding::{base58, base64_decode, base64_encode, base64_len, hex};
use signer_core::keccak::eip191_digest;
use signer_core::signature::{Signer, Verifier};
use signer_core::{ed25519, p256, secp256k1};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn addresses_parse_print_parse(bytes: [u8; 32]) {
        let solana = solana::Address::from_bytes(bytes);
        prop_assert_eq!(solana::Address::parse(&solana.to_string()), Ok(solana));
        let stellar = stellar::Address::from_bytes(bytes);
        prop_assert_eq!(stellar::Address::parse(&stellar.to_string()), Ok(stellar));
        let evm = evm::Address::from_bytes(bytes[..20].try_into().unwrap());
        prop_assert_eq!(evm::Address::parse_checksummed(&evm.to_string()), Ok(evm));
    }

    #[test]
    fn encodings_parse_print_parse(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let mut text = vec![0; bytes.len() * 2 + 4];
        let mut back = vec![0; bytes.len()];
        let encoded = hex::encode(&bytes, &mut text).unwrap().to_owned();
        hex::decode_into(encoded.as_bytes(), &mut back).unwrap();
        prop_assert_eq!(&back, &bytes);
        let encoded = base58::encode(&bytes, &mut text).unwrap().to_owned();
        prop_assert_eq!(base58::decode(encoded.as_bytes(), &mut back), Ok(bytes.as_slice()));
        prop_assert!(encoded.len() <= base58::encoded_len(bytes.len()));
        let encoded = base64_encode(&bytes, &mut text).unwrap().to_owned();
        prop_assert_eq!(encoded.len(), base64_len(bytes.len()));
        prop_assert_eq!(base64_decode(encoded.as_bytes(), &mut back), Ok(bytes.as_slice()));
    }

    #[test]
    fn no_text_makes_a_parser_panic(text in ".{0,80}", bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = evm::Address::parse_checksummed(&text);
        let _ = solana::Address::parse(&text);
        let _ = stellar::Address::parse(&text);
        let _ = p256::SigningKey::from_der(&bytes);
        let _ = p256::SigningKey::from_pem(&bytes);
        let _ = secp256k1::SigningKey::from_der(&bytes);
        let _ = ed25519::SigningKey::from_der(&bytes);
        let _ = p256::VerifyingKey::from_spki_der(&bytes);
        let _ = p256::DerSignature::from_bytes(&bytes);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sign_verify_flip(scalar in proptest::array::uniform32(1_u8..255), message: Vec<u8>, bit in 0_usize..512) {
        let flip = |bytes: &mut [u8]| bytes[bit / 8 % bytes.len()] ^= 1 << (bit % 8);
        let mut other = message.clone();
        other.push(0);

        let key = p256::SigningKey::from_scalar(&scalar).unwrap();
        let fixed: p256::Signature = key.try_sign(&message).unwrap();
        prop_assert!(key.verifying_key().verify(&message, &fixed).is_ok());
        prop_assert!(key.verifying_key().verify(&other, &fixed).is_err());
        let mut bytes = fixed.to_bytes();
        flip(&mut bytes);
        prop_assert!(key.verifying_key().accept(&message, &bytes).is_err());

        let key = ed25519::SigningKey::from_seed(&scalar);
        let signature = key.try_sign(&message).unwrap();
        prop_assert!(key.verifying_key().verify(&message, &signature).is_ok());
        let mut bytes = signature.to_bytes();
        flip(&mut bytes);
        prop_assert!(key.verifying_key().accept(&message, &bytes).is_err());

        let key = secp256k1::SigningKey::from_scalar(&scalar).unwrap();
        let digest = eip191_digest(&message);
        let signature = key.sign_digest(&digest);
        prop_assert_eq!(signature.recover(&digest), Ok(key.verifying_key()));
        prop_assert!(key.verifying_key().verify_digest(&digest, &signature).is_ok());
        prop_assert!(key.verifying_key().verify_digest(&eip191_digest(&other), &signature).is_err());
        let mut bytes: [u8; 64] = signature.to_bytes()[..64].try_into().unwrap();
        flip(&mut bytes);
        prop_assert!(key.verifying_key().accept(&digest, &bytes).is_err());
    }

    #[test]
    fn key_files_parse_print_parse(scalar in proptest::array::uniform32(1_u8..255)) {
        let key = p256::SigningKey::from_scalar(&scalar).unwrap();
        let der = key.to_pkcs8_der();
        let again = p256::SigningKey::from_der(der.expose_secret()).unwrap();
        let again = again.to_scalar();
        prop_assert_eq!(again.expose_secret(), &scalar);
    }
}
