//! Signs the examples of the four vendors' own documents, and checks each as its receiver would.
//!
//! `cargo run --example vendor_documents`

use std::error::Error;

use signer_core::p256::SigningKey;
use signer_protocols::abstraxn::{AccessKey, Stamp};
use signer_protocols::blink::{
    IdempotencyKey, MerchantId, PaymentVerifier, Policy, SignerRequest, Timestamp,
};
use signer_protocols::crossmint::{
    Approval, ChainId, Environment, ProjectId, Scheme, ServerSigner, SignerSecret,
};
use signer_protocols::privy::{AuthorizationKey, AuthorizationRequest, Method};

fn main() -> Result<(), Box<dyn Error>> {
    crossmint()?;
    privy()?;
    blink()?;
    abstraxn()
}

/// A key for examples: anybody can read it here.
fn example_key() -> Result<SigningKey, signer_core::Error> {
    SigningKey::from_scalar(&[7; 32])
}

fn crossmint() -> Result<(), Box<dyn Error>> {
    println!("Crossmint: the document's secret, on three chains");
    let secret = "b62b473b3ba7d3d72bf7c3a397f1eb61c305a4193ce670dd056686c13d95bbaa";
    let secret = SignerSecret::parse(secret)?;
    let project = ProjectId::parse("dfb06708-a46f-4615-bd34-f614ae284e7b")?;
    for (chain, approval) in [
        ("base-sepolia", Approval::evm("0xdeadbeef")?),
        ("solana", Approval::solana_message("6ZRCB7AAqGre6c72PRz3MHLC73VMYvJ8bi9KHf1HFpNk")?),
        ("stellar", Approval::stellar("3q2+7w==")?),
    ] {
        let chain = ChainId::parse(chain)?.in_environment(Environment::Staging)?;
        let signer =
            ServerSigner::derive(&secret, &project, Environment::Staging, chain, Scheme::Current)?;
        println!("  {}", signer.locator());
        println!("    approval {}", signer.approve(&approval)?);
    }
    Ok(())
}

fn privy() -> Result<(), Box<dyn Error>> {
    println!("Privy: the document's request");
    let key = AuthorizationKey::from(example_key()?);
    let url = "https://api.privy.io/v1/wallets";
    let request = AuthorizationRequest::builder(Method::Post, url, "insert-your-app-id")
        .body_text(br#"{"chain_type": "ethereum"}"#, Default::default())?
        .build()?;
    println!("  signs {}", std::str::from_utf8(request.signing_input())?);
    let signed = request.clone().sign(&[&key])?;
    for (name, value) in signed.headers() {
        println!("    {name}: {value}");
    }
    request.verify(signed.signature().unwrap_or_default(), &[key.verifying_key()])?;
    println!("  verified under the registered key");
    Ok(())
}

fn blink() -> Result<(), Box<dyn Error>> {
    println!("Blink: the document's payment");
    let request = br#"{
        "amount": 50,
        "chainId": 8453,
        "address": "0x1a5FdBc891c5D4E6aD68064Ae45D43146D4F9f3a",
        "token": "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913",
        "callbackScheme": null,
        "url": "https://pay.blink.cash",
        "version": "v1",
        "reference": "order-123",
        "metadata": { "invoiceId": "INV-456" }
    }"#;
    let now = Timestamp::parse("2026-03-01T12:00:00.000Z")?;
    let unsigned = SignerRequest::parse(request, Default::default())?
        .validate(&Policy::catalogue())?
        .into_payload(IdempotencyKey::parse("f47ac10b-58cc-4372-a567-0e02b2c3d479")?, now);
    println!("  signs {}", unsigned.payment().to_json());
    let merchant = MerchantId::parse("a1b2c3d4-e5f6-4a7b-8c9d-0e1f2a3b4c5d")?;
    let key = example_key()?;
    let response = unsigned.sign(&merchant, &key)?;
    println!("    signature {}", response.signature());
    PaymentVerifier::new(key.verifying_key())
        .verify_response(response.to_json().as_bytes(), now)?;
    println!("  verified: signature, age and preview");
    Ok(())
}

fn abstraxn() -> Result<(), Box<dyn Error>> {
    println!("Abstraxn: a stamped query of the document's flow");
    let key = AccessKey::from(example_key()?);
    println!("  targetPublicKey {}", key.public_key().compressed());
    let body = br#"{"organizationId":"fdbbad46-047f-4ff7-a13c-9e14bca69857"}"#;
    let stamp = key.stamp(body.to_vec())?;
    println!("    {}: {}", stamp.header_name(), stamp.header_value());
    Stamp::verify(stamp.header_value(), body, key.public_key().as_verifying_key())?;
    println!("  verified under the public key");
    Ok(())
}
