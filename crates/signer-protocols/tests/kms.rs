//! A key in a key service: it answers in DER or r ‖ s, and knows neither low S nor recovery ids.

use signer_core::keccak::KeccakDigest;
use signer_core::p256::{DerSignature, Signature, SigningKey};
use signer_core::signature::Signer;
use signer_core::{SecretBytes, ed25519, secp256k1};
use signer_protocols::abstraxn::UnsignedStamp;
use signer_protocols::blink::{IdempotencyKey, MerchantId, Policy, SignerRequest, Timestamp};
use signer_protocols::crossmint::{Approval, ApprovalError, ChainType, ServerSigner, SigningInput};
use signer_protocols::jcs::Limits;
use signer_protocols::privy::{AuthorizationError, AuthorizationRequest, Method};

fn p256() -> SigningKey {
    SigningKey::from_scalar(&[7; 32]).unwrap()
}

/// What a service may answer for a P-256 message.
fn answers(message: &[u8]) -> [Vec<u8>; 2] {
    let der: DerSignature = p256().try_sign(message).unwrap();
    let fixed: Signature = p256().try_sign(message).unwrap();
    [der.as_bytes().to_vec(), fixed.to_bytes().to_vec()]
}

#[test]
fn privy() {
    let request = || {
        AuthorizationRequest::builder(Method::Post, "https://api.privy.io/v1/wallets", "app")
            .build()
            .unwrap()
    };
    let key = p256().verifying_key();
    let local = request().sign(&[&p256()]).unwrap();
    for answer in answers(request().signing_input()) {
        let attached = request().attach(&[(&key, &answer)]).unwrap();
        assert_eq!(attached.signature(), local.signature());
    }
    let [wrong, _] = answers(b"something else");
    let error = request().attach(&[(&key, &wrong)]).unwrap_err();
    assert!(matches!(error, AuthorizationError::Signature { index: 0, .. }));
}

#[test]
fn blink() {
    let body = br#"{"amount":50,"chainId":8453,"address":"0x1a5FdBc891c5D4E6aD68064Ae45D43146D4F9f3a","token":"0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"}"#;
    let unsigned = SignerRequest::parse(body, Limits::default())
        .unwrap()
        .validate(&Policy::catalogue())
        .unwrap()
        .into_payload(
            IdempotencyKey::from_random_bytes([1; 16]),
            Timestamp::from_unix_ms(0).unwrap(),
        );
    let merchant = MerchantId::parse("a1b2c3d4-e5f6-4a7b-8c9d-0e1f2a3b4c5d").unwrap();
    let local = unsigned.clone().sign(&merchant, &p256()).unwrap();
    for answer in answers(unsigned.signing_input()) {
        let attached =
            unsigned.clone().attach(&merchant, &p256().verifying_key(), &answer).unwrap();
        assert_eq!(attached, local);
    }
    assert!(unsigned.attach(&merchant, &p256().verifying_key(), &[0; 64]).is_err());
}

#[test]
fn abstraxn() {
    let unsigned = UnsignedStamp::new(p256().verifying_key(), b"{}".to_vec());
    let local = unsigned.clone().sign(&p256()).unwrap();
    for answer in answers(unsigned.signing_input()) {
        let attached = unsigned.clone().attach(&answer).unwrap();
        assert_eq!(attached.header_value(), local.header_value());
    }
}

#[test]
fn crossmint() {
    let seed = SecretBytes::init(|bytes| bytes.fill(7));
    let approval = Approval::evm("0xdeadbeef").unwrap();
    let SigningInput::Digest(digest) = approval.signing_input() else { panic!() };
    let key = secp256k1::SigningKey::from_scalar(&[7; 32]).unwrap();
    let local = ServerSigner::from_key(&seed, ChainType::Evm).unwrap().approve(&approval).unwrap();
    for answer in evm_answers(&key, digest) {
        assert_eq!(approval.attach_evm(&key.verifying_key(), &answer).unwrap(), local);
    }
    let other = secp256k1::SigningKey::from_scalar(&[8; 32]).unwrap();
    let [foreign, _] = evm_answers(&other, digest);
    let error = approval.attach_evm(&key.verifying_key(), &foreign);
    assert!(matches!(error, Err(ApprovalError::Signature(_))));

    for (chain, approval) in [
        (ChainType::Solana, Approval::solana_message("2g").unwrap()),
        (ChainType::Stellar, Approval::stellar("AAAA").unwrap()),
    ] {
        let SigningInput::Message(message) = approval.signing_input() else { panic!() };
        let key = ed25519::SigningKey::from_seed(&[7; 32]);
        let answer = key.try_sign(message).unwrap().to_bytes();
        let attached = approval.attach_ed25519(&key.verifying_key(), &answer).unwrap();
        let local = ServerSigner::from_key(&seed, chain).unwrap().approve(&approval).unwrap();
        assert_eq!(attached, local);
        approval.verify_ed25519(&key.verifying_key(), &attached).unwrap();
        assert!(approval.attach_ed25519(&key.verifying_key(), &answer[..63]).is_err());
        assert!(approval.attach_ed25519(&key.verifying_key(), &[0; 64]).is_err());
    }
}

/// r ‖ s with S low and with S high.
fn evm_answers(key: &secp256k1::SigningKey, digest: &KeccakDigest) -> [Vec<u8>; 2] {
    let low = key.sign_digest(digest).to_bytes()[..64].to_vec();
    let order: [u8; 32] = [
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xfe, 0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48, 0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36,
        0x41, 0x41,
    ];
    let mut high = low.clone();
    let mut borrow = 0;
    for at in (0..32).rev() {
        let difference = i16::from(order[at]) - i16::from(low[32 + at]) - borrow;
        borrow = i16::from(difference < 0);
        high[32 + at] = u8::try_from(difference.rem_euclid(256)).unwrap();
    }
    [low, high]
}
