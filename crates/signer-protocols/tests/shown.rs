//! What public types say of themselves in a log, and what the caller's generator is asked for.

use std::convert::Infallible;

use rand_core::{TryCryptoRng, TryRng};
use signer_core::p256::{DerSignature, SigningKey};
use signer_core::signature::{Signer, Verifier};
use signer_core::{Error, SecretBytes};
use signer_protocols::abstraxn::{AccessKey, ExportRecipient, Stamp, UnsignedStamp};
use signer_protocols::blink::{
    IdempotencyKey, MerchantAuthorization, MerchantId, Policy, SignerRequest, Timestamp,
};
use signer_protocols::crossmint::{Approval, ChainId, ChainType, ServerSigner, SignerSecret};
use signer_protocols::jcs::{self, Limits};
use signer_protocols::privy::{
    AuthorizationKey, AuthorizationRequest, KeyError, Method, SessionRecipient, WebhookSecret,
};

const MERCHANT: &str = "a1b2c3d4-e5f6-4a7b-8c9d-0e1f2a3b4c5d";
const TIME: &str = "2026-03-01T12:00:00.000Z";
const BODY: &[u8] = br#"{"amount":50,"chainId":8453,"address":"0x1a5FdBc891c5D4E6aD68064Ae45D43146D4F9f3a","token":"0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"}"#;

fn key() -> SigningKey {
    SigningKey::from_scalar(&[7; 32]).unwrap()
}

#[test]
fn blink() {
    let merchant = MerchantId::parse(MERCHANT).unwrap();
    assert_eq!(format!("{merchant:?}"), format!("MerchantId({MERCHANT})"));
    let id = "550e8400-e29b-41d4-a716-446655440000";
    let id = (IdempotencyKey::parse(id).unwrap(), format!("IdempotencyKey({id})"));
    assert_eq!(format!("{:?}", id.0), id.1);
    let time = Timestamp::parse(TIME).unwrap();
    assert_eq!(format!("{time:?}"), format!("Timestamp({TIME})"));
    let authorization = MerchantAuthorization::new(merchant.clone(), time);
    assert_eq!(
        format!("{authorization:?}"),
        format!("MerchantAuthorization(MerchantId({MERCHANT}))")
    );

    let payment = SignerRequest::parse(BODY, Limits::default()).unwrap();
    let unsigned = payment.validate(&Policy::catalogue()).unwrap().into_payload(id.0, time);
    let shown = format!("{unsigned:?}");
    assert!(shown.contains("8453") && shown.contains(&id.1), "{shown}");
    let input = String::from_utf8(unsigned.signing_input().to_vec()).unwrap();
    let payment = unsigned.payment().clone();
    let response = unsigned.sign(&merchant, &key()).unwrap();
    assert_eq!(response.payload(), input);
    assert_eq!(response.payment(), &payment);
    let signature = DerSignature::from_bytes(&super::unbase64url(response.signature())).unwrap();
    key().verifying_key().verify(input.as_bytes(), &signature).unwrap();
    let shown = format!("{response:?}");
    assert!(shown.contains("8453") && !shown.contains(response.signature()), "{shown}");
}

#[test]
fn crossmint() {
    for (approval, shown) in [
        (Approval::evm("0x00"), "crossmint::Approval(evm)"),
        (Approval::solana_message("2"), "crossmint::Approval(solana)"),
        (Approval::stellar("AAAA"), "crossmint::Approval(stellar)"),
    ] {
        assert_eq!(format!("{:?}", approval.unwrap()), shown);
    }
    let chain = ChainId::parse("base-sepolia").unwrap();
    assert_eq!(format!("{chain}"), "base-sepolia");
    let seed = || SecretBytes::init(|bytes| bytes.fill(7));
    for (chain, other) in [
        (ChainType::Evm, ChainType::Solana),
        (ChainType::Solana, ChainType::Stellar),
        (ChainType::Stellar, ChainType::Evm),
    ] {
        let address = |chain| *ServerSigner::from_key(&seed(), chain).unwrap().address();
        assert!(address(chain).matches(&address(chain).to_string()));
        assert!(!address(chain).matches(&address(other).to_string()));
    }
    let secret = SignerSecret::from_bytes(seed());
    use secrecy::ExposeSecret;
    assert_eq!(secret.to_text().expose_secret(), format!("xmsk1_{}", "07".repeat(32)));
}

#[test]
fn privy() {
    let url = "https://api.privy.io/v1/wallets";
    let builder = AuthorizationRequest::builder(Method::Patch, url, "app").body("canary").unwrap();
    let parts = format!("method: Patch, url: {url:?}");
    assert_eq!(format!("{builder:?}"), format!("AuthorizationRequestBuilder {{ {parts}, .. }}"));
    let request = builder.build().unwrap();
    assert_eq!((request.method(), request.url()), (Method::Patch, url));
    let shown = format!("{request:?}");
    assert!(shown.contains(&parts) && !shown.contains("canary"), "{shown}");
    let signed = request.sign(&[&key()]).unwrap();
    assert_eq!(signed.request().url(), url);
    let shown = format!("{signed:?}");
    assert!(shown.contains(&parts) && !shown.contains(signed.signature().unwrap()), "{shown}");
    for (secret, name) in [
        (format!("{:?}", SessionRecipient::from(key())), "SessionRecipient"),
        (format!("{:?}", WebhookSecret::parse("whsec_AAAA").unwrap()), "WebhookSecret"),
    ] {
        assert_eq!(secret, format!("privy::{name}([redacted])"));
    }
    assert_eq!(
        format!("{:?}", AuthorizationKey::from(key())),
        "privy::AuthorizationKey([redacted])"
    );
    let refused = AuthorizationKey::parse("wallet-auth:AAAA").unwrap_err();
    assert_eq!(refused.reason(), Error::Der);
    assert_eq!(refused, KeyError::from(Error::Der));
}

#[test]
fn abstraxn() {
    let access = AccessKey::from(key());
    let public = access.public_key().compressed();
    let shown = format!("{access:?}");
    assert!(shown.contains(&public) && shown.contains("[redacted]"), "{shown}");
    let signature: DerSignature = access.try_sign(b"message").unwrap();
    key().verifying_key().verify(b"message", &signature).unwrap();

    let recipient = ExportRecipient::from(key());
    assert_eq!(format!("{recipient:?}"), "abstraxn::ExportRecipient([redacted])");
    let unsigned = UnsignedStamp::new(key().verifying_key(), b"canary".to_vec());
    let shown = format!("{unsigned:?}");
    assert!(shown.contains(&public) && !shown.contains("canary"), "{shown}");
    let stamp: Stamp = unsigned.sign(&key()).unwrap();
    assert_eq!(stamp.body(), b"canary");
    let shown = format!("{stamp:?}");
    assert!(shown.contains(stamp.header_value()) && !shown.contains("canary"), "{shown}");
}

#[test]
fn json_faults_name_their_place_where_they_have_one() {
    let error = jcs::canonicalize(b"[01]", Limits::default()).unwrap_err();
    assert!(error.to_string().ends_with(" at byte 2"), "{error}");
    let error = jcs::to_vec(&f64::NAN).unwrap_err();
    assert!(!error.to_string().contains(" at byte "), "{error}");
}

/// Gives sevens, which are a scalar of every curve.
struct Sevens;

impl TryRng for Sevens {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(0x0707_0707)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(0x0707_0707_0707_0707)
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        out.fill(7);
        Ok(())
    }
}

impl TryCryptoRng for Sevens {}

#[test]
fn keys_are_made_from_the_callers_generator() {
    let public = AccessKey::from(key()).public_key().uncompressed();
    assert_eq!(AccessKey::generate(&mut Sevens).public_key().uncompressed(), public);
    assert_eq!(ExportRecipient::generate(&mut Sevens).target_public_key(), public);
    assert_eq!(
        SessionRecipient::generate(&mut Sevens).public_key(),
        SessionRecipient::from(key()).public_key()
    );
}
