use base64ct::{Base64, Encoding};
use serde_json::{Value, json};
use signer_core::keccak::keccak256;
use signer_protocols::jcs::{Limits, canonicalize};

use super::{State, authorization, wallet};
use crate::answer::{Answer, Refusal, parse, text};
use crate::emulator::{Incoming, Shared};
use crate::key::{hex, unhex};

fn invalid(rule: &'static str) -> Refusal {
    Refusal::new(400, "invalid_data", rule)
}

pub(super) fn call(
    shared: &Shared,
    state: &mut State,
    request: &Incoming,
    id: &str,
) -> Result<Answer, Refusal> {
    let found = wallet::find(state, id)?;
    authorization::check(shared, state, request, found.owner_id.as_deref())?;
    let body = parse(&request.body)?;
    let params = &body["params"];
    let method = text(&body, "method")?;
    let key = &found.key;
    let other_chain = || invalid("the wallet's chain has no such method");
    let data = match method {
        "personal_sign" => {
            let message = text(params, "message")?;
            let message = match params["encoding"].as_str() {
                Some("hex") => bare_hex(message)?,
                _ => message.as_bytes().to_vec(),
            };
            let signature = key.sign_personal(&message).ok_or_else(other_chain)?;
            json!({"signature": signature, "encoding": "hex"})
        }
        "secp256k1_sign" => {
            let hash = digest(text(params, "hash")?)?;
            json!({"signature": key.sign_digest(&hash).ok_or_else(other_chain)?, "encoding": "hex"})
        }
        "eth_signTypedData_v4" => {
            let signature = key.sign_digest(&stand_in(&params["typed_data"])?);
            json!({"signature": signature.ok_or_else(other_chain)?, "encoding": "hex"})
        }
        "eth_signTransaction" => {
            let signature = key.sign_digest(&stand_in(&params["transaction"])?);
            let signature = signature.ok_or_else(other_chain)?;
            json!({"signed_transaction": signature, "encoding": "rlp"})
        }
        "eth_sign7702Authorization" => {
            let signature = key.sign_digest(&stand_in(params)?).ok_or_else(other_chain)?;
            json!({"authorization": {
                "contract": params["contract"], "chain_id": params["chain_id"],
                "nonce": params["nonce"].as_u64().unwrap_or(0),
                "r": signature.get(..66), "s": signature.get(66..130).map(|s| format!("0x{s}")),
                "y_parity": u8::from(signature.ends_with("1c")),
            }})
        }
        "eth_sendTransaction" | "signAndSendTransaction" => {
            let caip2 = text(&body, "caip2")?.to_owned();
            let transaction_id = shared.id("transaction");
            let hash = format!("0x{}", hex(keccak256(transaction_id.as_bytes()).as_bytes()));
            let transaction = json!({
                "id": transaction_id, "status": "pending", "transaction_hash": hash,
                "caip2": caip2, "wallet_id": id,
            });
            state.transactions.insert(transaction_id.clone(), transaction);
            json!({"hash": hash, "caip2": caip2, "transaction_id": transaction_id})
        }
        "signMessage" | "signTransaction" => {
            let field = if method == "signMessage" { "message" } else { "transaction" };
            let bytes = Base64::decode_vec(text(params, field)?);
            let bytes = bytes.map_err(|_| invalid("it must be base64"))?;
            if method == "signMessage" {
                let signature = key.sign_message(&bytes).ok_or_else(other_chain)?;
                json!({"signature": Base64::encode_string(&signature), "encoding": "base64"})
            } else {
                // One signature, then the message.
                let message = bytes.get(65..).ok_or_else(|| invalid("it is no transaction"))?;
                let signature = key.sign_message(message).ok_or_else(other_chain)?;
                let signed = [&[1][..], &signature, message].concat();
                json!({"signed_transaction": Base64::encode_string(&signed), "encoding": "base64"})
            }
        }
        _ => return Err(invalid("there is no such method")),
    };
    Ok(Answer::ok(json!({"method": method, "data": data})))
}

pub(super) fn raw_sign(
    shared: &Shared,
    state: &mut State,
    request: &Incoming,
    id: &str,
) -> Result<Answer, Refusal> {
    let found = wallet::find(state, id)?;
    authorization::check(shared, state, request, found.owner_id.as_deref())?;
    let body = parse(&request.body)?;
    let params = &body["params"];
    let hash = match params["hash"].as_str() {
        Some(hash) => digest(hash)?.to_vec(),
        None => {
            let bytes = text(params, "bytes")?;
            let bytes = match text(params, "encoding")? {
                "hex" => bare_hex(bytes)?,
                "base64" => {
                    Base64::decode_vec(bytes).map_err(|_| invalid("bytes must be base64"))?
                }
                "utf-8" => bytes.as_bytes().to_vec(),
                _ => return Err(invalid("encoding is hex, base64 or utf-8")),
            };
            match text(params, "hash_function")? {
                "keccak256" => keccak256(&bytes).as_bytes().to_vec(),
                "sha256" => <sha2::Sha256 as sha2::Digest>::digest(&bytes).to_vec(),
                _ => return Err(invalid("hash_function is keccak256 or sha256")),
            }
        }
    };
    let signature = match found.key.sign_digest(&hash) {
        Some(signature) => signature,
        None => {
            let signature = found.key.sign_message(&hash);
            format!("0x{}", hex(&signature.ok_or_else(|| invalid("nothing was signed"))?))
        }
    };
    Ok(Answer::ok(
        json!({"method": "raw_sign", "data": {"signature": signature, "encoding": "hex"}}),
    ))
}

fn bare_hex(text: &str) -> Result<Vec<u8>, Refusal> {
    let digits = (!text.starts_with("0x")).then(|| unhex(text)).flatten();
    digits.ok_or_else(|| invalid("it must be hex, without 0x"))
}

fn digest(text: &str) -> Result<[u8; 32], Refusal> {
    let bytes = unhex(text).and_then(|bytes| bytes.try_into().ok());
    bytes.ok_or_else(|| invalid("hash must be 32 bytes in hex"))
}

/// What is signed where the real service would encode a transaction or typed data: Keccak-256 of the JSON.
fn stand_in(value: &Value) -> Result<[u8; 32], Refusal> {
    let json = canonicalize(value.to_string().as_bytes(), Limits::default());
    let json = json.map_err(|_| invalid("the numbers and names must be plain"))?;
    Ok(*keccak256(&json).as_bytes())
}
