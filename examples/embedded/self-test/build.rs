//! Turns golden vectors into constants: firmware reads no JSON.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

use serde_json::Value;

fn main() {
    let vectors = Path::new("../../../crates/signer-protocols/tests/vectors");
    let crossmint = read(&vectors.join("crossmint.json"));
    let privy = read(&vectors.join("privy.json"));
    let abstraxn = read(&vectors.join("abstraxn.json"));
    let blink = read(Path::new("../golden/blink.json"));

    let mut out = String::new();
    // A golden signature of each chain, and the derivation of its key.
    for (chain, derived, signed, signature, raw_message) in [
        ("EVM", "evm", "sign_evm", "signature", "message"),
        ("SOLANA", "solana", "sign_solana_message", "signatureHex", "messageHex"),
        ("STELLAR", "stellar", "sign_stellar", "signature", "messageHex"),
    ] {
        let of_signer =
            |it: &Value, signed: &Value| it["v1_primary"]["address"] == signed["address"];
        let derived = find(&crossmint["derive"], |it| {
            it["chainType"] == derived
                && list(&crossmint[signed]).any(|signed| of_signer(it, signed))
        });
        let signed = find(&crossmint[signed], |signed| {
            of_signer(derived, signed) && text(signed, raw_message).len() > 8
        });
        let key = &derived["v1_primary"];
        let signature = match text(signed, signature) {
            hex if hex.len() >= 128 => bytes_of_hex(hex.trim_start_matches("0x")),
            base64 => bytes_of_base64(base64),
        };
        let message = text(signed, raw_message).trim_start_matches("0x");
        constant(&mut out, &format!("{chain}_SECRET"), &bytes_of_hex(text(derived, "ikmHex")));
        constant(&mut out, &format!("{chain}_KEY"), &bytes_of_hex(text(key, "privateKeyHex")));
        constant(&mut out, &format!("{chain}_MESSAGE"), &bytes_of_hex(message));
        constant(&mut out, &format!("{chain}_SIGNATURE"), &signature);
        line(&mut out, &format!("{chain}_INFO"), text(key, "info"));
        line(&mut out, &format!("{chain}_ADDRESS"), text(key, "address"));
    }

    let request = &privy["vectors"][0];
    let key = find(&privy["keys"], |key| key["id"] == request["key"]);
    let signature = bytes_of_base64(text(request, "signature"));
    p256(
        &mut out,
        "PRIVY",
        text(key, "d_hex"),
        &bytes_of_hex(text(request, "payload_hex")),
        &signature,
    );

    let stamp = &abstraxn["stamps"][0];
    let signature = bytes_of_hex(text(stamp, "signature_der_hex"));
    p256(
        &mut out,
        "ABSTRAXN",
        text(stamp, "accessKey"),
        text(stamp, "body").as_bytes(),
        &signature,
    );

    let signature = bytes_of_hex(text(&blink, "signature_der_hex"));
    p256(
        &mut out,
        "BLINK",
        text(&blink, "key_hex"),
        text(&blink, "payload").as_bytes(),
        &signature,
    );

    let folder = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    fs::write(folder.join("golden.rs"), out).expect("the constants are written");
    println!("cargo::rerun-if-changed={}", vectors.display());
    println!("cargo::rerun-if-changed=../golden");
}

fn read(path: &Path) -> Value {
    let file = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&file).expect("the vectors are JSON")
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().expect("a list of vectors").iter()
}

fn find(vectors: &Value, is_it: impl Fn(&Value) -> bool) -> &Value {
    list(vectors).find(|it| is_it(it)).expect("a vector is there")
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("a vector has no {name}"))
}

fn p256(out: &mut String, name: &str, key: &str, input: &[u8], signature: &[u8]) {
    constant(out, &format!("{name}_KEY"), &bytes_of_hex(key));
    constant(out, &format!("{name}_INPUT"), input);
    constant(out, &format!("{name}_SIGNATURE"), signature);
}

fn constant(out: &mut String, name: &str, bytes: &[u8]) {
    writeln!(out, "pub(crate) const {name}: [u8; {}] = {bytes:?};", bytes.len())
        .expect("a String grows");
}

fn line(out: &mut String, name: &str, text: &str) {
    writeln!(out, "pub(crate) const {name}: &str = {text:?};").expect("a String grows");
}

fn bytes_of_hex(text: &str) -> Vec<u8> {
    let digits = text.as_bytes().chunks_exact(2);
    assert!(digits.remainder().is_empty(), "hex has two digits a byte");
    digits
        .map(|pair| {
            let pair = std::str::from_utf8(pair).expect("hex is ASCII");
            u8::from_str_radix(pair, 16).expect("hex")
        })
        .collect()
}

fn bytes_of_base64(text: &str) -> Vec<u8> {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let letters: Vec<u8> = text.bytes().filter(|byte| *byte != b'=').collect();
    let mut bits = 0_u32;
    let mut bytes = Vec::new();
    for (place, letter) in letters.iter().enumerate() {
        let value = LETTERS.iter().position(|it| it == letter).expect("base64");
        bits = bits << 6 | value as u32;
        if place % 4 != 0 {
            bytes.push((bits >> (6 - 2 * (place % 4))) as u8);
        }
    }
    bytes
}
