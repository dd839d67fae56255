//! Stamped requests: the stamp is checked over the bytes of the inner body.

use hpke::aead::AesGcm256;
use serde_json::{Value, json};
use signer_core::keccak::keccak256;
use signer_core::p256::DerSignature;
use signer_core::signature::Signer;
use signer_protocols::abstraxn::Stamp;

use super::{Account, State, unauthorized};
use crate::answer::{Answer, Refusal, parse, text};
use crate::emulator::{Incoming, Shared};
use crate::hpke_seal::seal;
use crate::key::{hex, unhex};

/// Where the url of a stamped request stands (R).
const ACTIVITIES: &str = "https://api.turnkey.com/public/v1/";

fn invalid(rule: &'static str) -> Refusal {
    Refusal::new(400, "INVALID", rule)
}

pub(super) fn answer(
    shared: &Shared,
    state: &mut State,
    request: &Incoming,
    identity: &str,
) -> Result<Answer, Refusal> {
    let account = state.accounts.get(identity).ok_or_else(|| unauthorized("nobody"))?;
    let outer = parse(&request.body)?;
    let inner = text(&outer, "body")?;
    let stamp = text(&outer["stamp"], "stampHeaderValue")?;
    if outer["stamp"]["stampHeaderName"] != "X-Stamp" {
        return Err(invalid("the stamp has not its form"));
    }
    Stamp::verify(stamp, inner.as_bytes(), &account.public_key)
        .map_err(|_| Refusal::new(401, "INVALID_STAMP", "the stamp does not verify"))?;
    let body = parse(inner.as_bytes())?;
    if body["organizationId"] != json!(account.organization) {
        return Err(Refusal::new(403, "FORBIDDEN", "it is another organization"));
    }
    let place = match (request.segments.first().map(String::as_str), body["type"].as_str()) {
        (Some("whoami"), None) => "query/whoami",
        (Some("sign"), Some("ACTIVITY_TYPE_SIGN_TRANSACTION_V2")) => "submit/sign_transaction",
        (Some("sign"), Some("ACTIVITY_TYPE_SIGN_RAW_PAYLOAD_V2")) => "submit/sign_raw_payload",
        (Some("export-wallet"), Some("ACTIVITY_TYPE_EXPORT_WALLET_ACCOUNT")) => {
            "submit/export_wallet_account"
        }
        _ => return Err(invalid("the activity is none of this path")),
    };
    if text(&outer, "url")?.strip_prefix(ACTIVITIES) != Some(place) {
        return Err(invalid("the url is not the activity's"));
    }
    if place == "query/whoami" {
        return Ok(Answer::ok(json!({"result": {
            "organizationId": account.organization,
            "userId": account.user,
            "username": account.name,
            "address": account.wallet.address(),
        }})));
    }
    // The same bytes are the same activity.
    if let Some(done) = state.activities.get(inner) {
        return Ok(Answer::ok(done.clone()));
    }
    text(&body, "timestampMs")?;
    let result = run(shared, account, &body)?;
    let done = json!({"result": {"activity": {"result": result}}});
    state.activities.insert(inner.into(), done.clone());
    Ok(Answer::ok(done))
}

fn run(shared: &Shared, account: &Account, body: &Value) -> Result<Value, Refusal> {
    let parameters = &body["parameters"];
    let wallet = account.wallet.address();
    let is_ours =
        |member| Ok::<_, Refusal>(text(parameters, member)?.eq_ignore_ascii_case(&wallet));
    match text(body, "type")? {
        "ACTIVITY_TYPE_SIGN_TRANSACTION_V2" if is_ours("signWith")? => {
            let unsigned = text(parameters, "unsignedTransaction")?;
            let unsigned = unhex(unsigned).ok_or_else(|| invalid("a transaction is hex"))?;
            let signature = account.wallet.sign_digest(keccak256(&unsigned).as_bytes());
            let signature = signature.ok_or_else(|| invalid("nothing was signed"))?;
            let signed = format!("0x{}{}", hex(&unsigned), signature.trim_start_matches("0x"));
            Ok(json!({"signTransactionResult": {"signedTransaction": signed}}))
        }
        "ACTIVITY_TYPE_SIGN_RAW_PAYLOAD_V2" if is_ours("signWith")? => {
            let digest = digest(parameters)?;
            let signature = account.wallet.sign_digest(&digest).and_then(|text| unhex(&text));
            let signature = signature.ok_or_else(|| invalid("a digest is of 32 bytes"))?;
            let part = |range| signature.get(range).map(hex).unwrap_or_default();
            let v = signature.last().map_or(0, |v| v.saturating_sub(27));
            let (r, s, v) = (part(0..32), part(32..64), format!("{v:02x}"));
            Ok(json!({"signRawPayloadResult": {"r": r, "s": s, "v": v}}))
        }
        "ACTIVITY_TYPE_EXPORT_WALLET_ACCOUNT" if is_ours("address")? => {
            let recipient = text(parameters, "targetPublicKey")?;
            let bundle = export(shared, account, recipient)
                .ok_or_else(|| invalid("targetPublicKey is an uncompressed P-256 point in hex"))?;
            Ok(json!({"exportWalletAccountResult": {"exportBundle": bundle}}))
        }
        _ => Err(invalid("there is no such activity of this wallet")),
    }
}

/// What of a raw payload is signed.
fn digest(parameters: &Value) -> Result<Vec<u8>, Refusal> {
    let payload = text(parameters, "payload")?;
    let function = text(parameters, "hashFunction")?;
    let bytes = match text(parameters, "encoding")? {
        "PAYLOAD_ENCODING_HEXADECIMAL" => unhex(payload).ok_or_else(|| invalid("it is no hex"))?,
        "PAYLOAD_ENCODING_TEXT_UTF8" => payload.into(),
        // It says itself how it is hashed. What is signed stands for that.
        "PAYLOAD_ENCODING_EIP712" if function == "HASH_FUNCTION_NO_OP" => {
            keccak256(payload.as_bytes()).as_bytes().into()
        }
        _ => return Err(invalid("there is no such encoding")),
    };
    match function {
        "HASH_FUNCTION_NO_OP" => Ok(bytes),
        "HASH_FUNCTION_KECCAK256" => Ok(keccak256(&bytes).as_bytes().into()),
        "HASH_FUNCTION_SHA256" => Ok(<sha2::Sha256 as sha2::Digest>::digest(&bytes).to_vec()),
        _ => Err(invalid("there is no such hash function")),
    }
}

/// The key, sealed to the recipient, in a bundle that the enclave's key signs.
fn export(shared: &Shared, account: &Account, recipient: &str) -> Option<String> {
    let recipient = unhex(recipient)?;
    let secret = account.wallet.secret();
    let aad = |encapsulated: &[u8]| [encapsulated, &recipient].concat();
    let (encapsulated, sealed) = seal::<AesGcm256>(&recipient, b"turnkey_hpke", &secret, aad)?;
    let data = json!({
        "encappedPublic": hex(&encapsulated),
        "ciphertext": hex(&sealed),
        "organizationId": account.organization,
    })
    .to_string();
    let quorum = &shared.abstraxn.quorum;
    let signature: DerSignature = quorum.try_sign(data.as_bytes()).ok()?;
    let bundle = json!({
        "version": "v1.0.0",
        "data": hex(data.as_bytes()),
        "dataSignature": hex(signature.as_bytes()),
        "enclaveQuorumPublic": hex(&quorum.verifying_key().to_sec1_uncompressed()),
    });
    Some(bundle.to_string())
}
