//! The kinds of keys and secrets, each in the texts that it is read from, and a command that uses it.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use signer_core::encoding::{base64_encode, hex};
use signer_core::{SecretBytes, hkdf_sha256_into, p256};

use super::needles::Needles;

/// Where the program reads it from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Source {
    File,
    StandardInput,
    Environment,
}

/// A secret and a command that reads, uses and drops it.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) text: Vec<u8>,
    pub(crate) option: &'static str,
    command: &'static str,
    pub(crate) needles: Needles,
}

const BODY: &str = r#"{"amount":50,"chainId":8453,"address":"0x1a5FdBc891c5D4E6aD68064Ae45D43146D4F9f3a","token":"0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"}"#;

impl Case {
    pub(crate) fn arguments(&self, folder: &Path) -> Result<Vec<String>, String> {
        let body = folder.join("body.json");
        fs::write(&body, BODY).map_err(|error| error.to_string())?;
        let body = body.display().to_string();
        let words = self.command.split_whitespace();
        Ok(words.map(|word| if word == "BODY" { body.clone() } else { word.into() }).collect())
    }
}

/// Every case from every source that it can come from. The keys are new in each run.
pub(crate) fn runs() -> Vec<(Case, Source)> {
    let sources = [Source::File, Source::StandardInput, Source::Environment];
    let cases = || cases().into_iter();
    sources
        .into_iter()
        .flat_map(|source| cases().map(move |case| (case, source)))
        // An environment variable cannot hold DER.
        .filter(|(case, source)| {
            std::str::from_utf8(&case.text).is_ok() || !matches!(source, Source::Environment)
        })
        .collect()
}

fn cases() -> Vec<Case> {
    let mut list = Vec::new();
    for (name, command, chain) in [
        (
            "crossmint secret, evm",
            "crossmint sign --project-id p --environment staging --chain base-sepolia --message 0xdeadbeef",
            "evm-secp256k1",
        ),
        (
            "crossmint secret, solana",
            "crossmint sign --project-id p --environment staging --chain solana --message 114ts",
            "solana-ed25519",
        ),
        (
            "crossmint secret, stellar",
            "crossmint sign --project-id p --environment staging --chain stellar --message AAAA",
            "stellar-ed25519",
        ),
        (
            "crossmint secret, inspect",
            "crossmint inspect --project-id p --environment staging --chain base-sepolia --wallet 0x1a5FdBc891c5D4E6aD68064Ae45D43146D4F9f3a --request-path /wallets/0x1a5FdBc891c5D4E6aD68064Ae45D43146D4F9f3a/transactions --answer BODY --request BODY",
            "evm-secp256k1",
        ),
    ] {
        let Some((key, text)) = random_key() else { continue };
        let mut derived = SecretBytes::init(|_| {});
        let info: [&[u8]; 2] = [b"p:staging:", chain.as_bytes()];
        hkdf_sha256_into(&key, b"crossmint", &info, &mut derived);
        let needles = Needles::of_key(&key).and(Needles::of_key(derived.expose_secret()));
        list.push(Case { name, text: text.into_bytes(), option: "--secret", command, needles });
    }
    let privy =
        "privy sign --app-id app --method POST --url https://api.privy.io/v1/wallets --body BODY";
    let blink = "blink sign --merchant-id a1b2c3d4-e5f6-4a7b-8c9d-0e1f2a3b4c5d --request BODY";
    for (name, command) in [("privy", privy), ("blink", blink)] {
        for form in ["pem", "der", "wallet-auth"] {
            let Some((key, _)) = random_key() else { continue };
            let Ok(signing_key) = p256::SigningKey::from_scalar(&key) else { continue };
            let der = signing_key.to_pkcs8_der();
            let text = match form {
                "pem" => signing_key.to_pkcs8_pem().expose_secret().to_vec(),
                "der" => der.expose_secret().to_vec(),
                _ if name == "blink" => continue,
                _ => {
                    let mut text = [0; 256];
                    let text = base64_encode(der.expose_secret(), &mut text).unwrap_or_default();
                    format!("wallet-auth:{text}").into_bytes()
                }
            };
            let needles = Needles::of_key(&key);
            list.push(Case { name, text, option: "--key", command, needles });
        }
    }
    if let Some((key, text)) = random_key() {
        let (option, command) = ("--access-key", "abstraxn stamp --body BODY");
        let needles = Needles::of_key(&key);
        list.push(Case { name: "abstraxn", text: text.into_bytes(), option, command, needles });
    }
    if let Some((key, _)) = random_key() {
        let mut text = [0; 64];
        let text = format!("whsec_{}", base64_encode(&key, &mut text).unwrap_or_default());
        let command = "privy webhook --id msg_1 --timestamp 1700000000 --now 1700000000 --signature v1,AAAA --body BODY";
        let needles = Needles::of_key(&key);
        list.push(Case {
            name: "webhook",
            text: text.into_bytes(),
            option: "--secret",
            command,
            needles,
        });
    }
    list
}

fn random_key() -> Option<([u8; 32], String)> {
    let mut key = [0; 32];
    File::open("/dev/urandom").ok()?.read_exact(&mut key).ok()?;
    // Below the order of each curve.
    key[0] &= 0x7f;
    let mut text = [0; 64];
    let text = hex::encode(&key, &mut text).ok()?.to_owned();
    Some((key, text))
}

pub(crate) fn random_hex() -> Result<String, String> {
    random_key().map(|(_, text)| text).ok_or_else(|| "no random bytes".into())
}
