//! `POST /wallets/{w}/signatures`: messages and typed data on EVM, wrapped as the account wraps a digest (ERC-1271).
//!
//! Typed data was recorded once, of Kernel 0.3.3; that messages are wrapped in the same way is what the SDK of `ZeroDev` does.
//! With `isSmartWalletSignature: false` the digest is not wrapped, as the OpenAPI document describes it. The output is the
//! signature that was approved: the service may add to it. `auth-entries` on Stellar are not supported.

use serde_json::{Value, json};
use signer_core::keccak::{eip191_digest, keccak256};
use signer_protocols::Json;
use signer_protocols::evm::TypedData;

use super::evm::chain_id;
use super::operation::{Draft, Kind, Pending, answer_created, begin};
use super::state::{OnChain, State};
use super::{Tampering, invalid};
use crate::answer::{Answer, Refusal, parse, text};
use crate::emulator::{Incoming, Shared};
use crate::key::hex;

pub(super) fn create(
    shared: &Shared,
    state: &mut State,
    request: &Incoming,
    locator: &str,
) -> Result<Answer, Refusal> {
    if let Some(id) = state.known(request)? {
        return answer_created(state, &id);
    }
    let body = parse(&request.body)?;
    let params = &body["params"];
    let wallet = state.wallet(locator)?;
    let OnChain::Evm(account) = &wallet.account else {
        return Err(invalid("signatures are supported on evm only"));
    };
    let chain = text(params, "chain")?;
    let mut id = chain_id(chain).ok_or_else(|| invalid("the chain is not known"))?;
    let signer = wallet.approver(params, Some(chain))?;
    let mut echo = json!({"chain": chain, "signer": signer.to_json()});
    let (kind, digest) = match text(&body, "type")? {
        "message" => {
            let message = text(params, "message")?;
            echo["message"] = json!(message);
            (Kind::Message, *eip191_digest(message.as_bytes()).as_bytes())
        }
        "typed-data" => {
            echo["typedData"] = params["typedData"].clone();
            (Kind::TypedData, typed_data(&params["typedData"])?)
        }
        _ => return Err(invalid("type is message or typed-data")),
    };
    let is_wrapped = params["isSmartWalletSignature"].as_bool();
    if kind == Kind::TypedData || is_wrapped.is_some() {
        echo["isSmartWalletSignature"] = json!(is_wrapped.unwrap_or(true));
    }
    let mut digest = digest;
    let mut account = account.as_ref().clone();
    match state.tampering {
        Some(Tampering::OtherContent | Tampering::OtherTransaction) => {
            digest = *keccak256(&digest).as_bytes();
        }
        Some(Tampering::ChainZero) => id = 0,
        Some(Tampering::OtherWallet) => account = account.sibling(),
        _ => {}
    }
    if is_wrapped != Some(false) && !state.is(Tampering::Unwrapped) {
        digest = account.wrap(id, &digest);
    }
    let message = format!("0x{}", hex(&digest));
    let draft = Draft {
        kind,
        chain: Some(chain.into()),
        on_chain: None,
        ..Draft::transaction(echo, Value::Null, vec![Pending { signer, message }])
    };
    let address = wallet.address.clone();
    let id = begin(shared, state, request, &address, draft)?;
    answer_created(state, &id)
}

fn typed_data(typed_data: &Value) -> Result<[u8; 32], Refusal> {
    let json = serde_json::from_value::<Json>(typed_data.clone());
    let json = json.map_err(|_| invalid("typedData must be an object"))?;
    let typed_data = TypedData::from_json(&json);
    let typed_data = typed_data.map_err(|error| invalid(format!("typedData: {error}")))?;
    Ok(*typed_data.digest().as_bytes())
}
