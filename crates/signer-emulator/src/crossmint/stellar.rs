//! Stellar wallets: contracts whose signer signs the payload of a Soroban authorization.
//!
//! No answer was ever recorded. `onChain.transaction = {method, tx}` and `expiration` follow the OpenAPI document, `tx` the
//! JSON of stellar-sdk's `AssembledTransaction`, the payload and the changes of signers the source of the wallet contract.
//! Arguments of functions outside of SEP-41 are encoded in the order of the request, by the kind of their JSON: made up.

use base64ct::{Base64, Encoding};
use serde_json::{Value, json};
use signer_core::address::stellar::{Address, ContractAddress};
use signer_protocols::crossmint::stellar::xdr::{
    AuthorizationEntry, Credentials, Invocation, InvocationTree, ScAddress, ScVal,
};
use signer_protocols::crossmint::stellar::{
    Envelope, PUBLIC_NETWORK, TEST_NETWORK, add_signer, authorization_payload, revoke_signer,
    token_transfer,
};

use super::invalid;
use super::operation::random_bytes;
use super::tampering::Tampering;
use crate::answer::{Refusal, text};

const ATTACKER: [u8; 32] = [0xa7; 32];

/// Parameters of SEP-41 by position.
const SEP41: [(&str, &[&str]); 5] = [
    ("transfer", &["from", "to", "amount"]),
    ("transfer_from", &["spender", "from", "to", "amount"]),
    ("approve", &["from", "spender", "amount", "expiration_ledger"]),
    ("burn", &["from", "amount"]),
    ("burn_from", &["spender", "from", "amount"]),
];

/// The call of `params.transaction`.
pub(super) fn invocation(
    transaction: &Value,
    wallet: ContractAddress,
) -> Result<Invocation, Refusal> {
    match text(transaction, "type")? {
        "contract-call" => {
            let contract = ContractAddress::parse(text(transaction, "contractId")?);
            let contract = contract.map_err(|_| invalid("contractId is not a contract"))?;
            let method = text(transaction, "method")?;
            let arguments = arguments(method, &transaction["args"]);
            let arguments = arguments.ok_or_else(|| invalid("args cannot be encoded"))?;
            Ok(Invocation::new(contract, method, arguments))
        }
        "serialized-transaction" => {
            let envelope = Envelope::parse(text(transaction, "serializedTransaction")?);
            let envelope = envelope.map_err(|error| invalid(error.to_string()))?;
            Ok(envelope.call().clone())
        }
        "upgrade-wallet" => {
            let code = ScVal::Bytes(random_bytes::<32>().to_vec());
            Ok(Invocation::new(wallet, "upgrade", vec![code]))
        }
        "migrate-wallet" => Ok(Invocation::new(wallet, "migrate", Vec::new())),
        _ => Err(invalid("the type of the transaction is not known")),
    }
}

fn arguments(method: &str, args: &Value) -> Option<Vec<ScVal>> {
    let Some(members) = args.as_object() else { return args.is_null().then(Vec::new) };
    let sep41 = SEP41.iter().find(|(name, _)| *name == method);
    match sep41.filter(|(_, names)| names.len() == members.len()) {
        Some((_, names)) => names
            .iter()
            .map(|name| {
                let alias = members.get("live_until_ledger").filter(|_| name.ends_with("_ledger"));
                let value = members.get(*name).or(alias)?;
                match (*name, value) {
                    ("expiration_ledger", value) => {
                        Some(ScVal::U32(integer(value)?.try_into().ok()?))
                    }
                    ("amount", value) => Some(ScVal::I128(integer(value)?)),
                    (_, value) => Some(ScVal::Address(ScAddress::parse(value.as_str()?).ok()?)),
                }
            })
            .collect(),
        None => members.values().map(argument).collect(),
    }
}

fn integer(value: &Value) -> Option<i128> {
    match value {
        Value::String(text) => text.parse().ok(),
        Value::Number(number) => number.to_string().parse().ok(),
        _ => None,
    }
}

fn argument(value: &Value) -> Option<ScVal> {
    Some(match value {
        Value::Null => ScVal::Void,
        Value::Bool(flag) => ScVal::Bool(*flag),
        Value::Number(_) => ScVal::I128(integer(value)?),
        Value::String(text) => match ScAddress::parse(text) {
            Ok(address) => ScVal::Address(address),
            Err(_) => ScVal::String(text.as_bytes().to_vec()),
        },
        Value::Array(items) => ScVal::Vec(items.iter().map(argument).collect::<Option<_>>()?),
        Value::Object(members) => {
            let entry = |(key, it): (&String, &Value)| Some((ScVal::symbol(key), argument(it)?));
            ScVal::Map(members.iter().map(entry).collect::<Option<_>>()?)
        }
    })
}

/// A transfer of SEP-41.
pub(super) fn transfer(
    token: ContractAddress,
    wallet: ContractAddress,
    recipient: &str,
    amount: i128,
) -> Option<Invocation> {
    let recipient = ScAddress::parse(recipient).ok()?;
    Some(token_transfer(token, ScAddress::Contract(wallet), recipient, amount))
}

/// The call that adds or removes a signer. Wallets have Ed25519 signers only, so others stand for a key made of them.
pub(super) fn change_of_signer(
    wallet: ContractAddress,
    key: Address,
    adds: bool,
    tampering: Option<Tampering>,
) -> Invocation {
    let key = match tampering {
        Some(Tampering::OtherSigner) => Address::from_bytes(ATTACKER),
        _ => key,
    };
    let mut call = if adds { add_signer(wallet, key) } else { revoke_signer(wallet, key) };
    if adds
        && tampering == Some(Tampering::MorePower)
        && let Some(ScVal::Vec(signer)) = call.arguments.first_mut()
        && let Some(role) = signer.last_mut()
    {
        *role = ScVal::Vec(vec![ScVal::symbol("Admin")]);
    }
    call
}

/// `onChain` and the message to approve of a call.
pub(super) fn build(
    wallet: ContractAddress,
    call: &Invocation,
    tampering: Option<Tampering>,
) -> (Value, String) {
    let mut authorized = call.clone();
    let attacker = ScVal::Address(ScAddress::Account(Address::from_bytes(ATTACKER)));
    match tampering {
        Some(Tampering::OtherTransaction | Tampering::Decoy) => {
            authorized = hostile(call.contract, wallet);
        }
        Some(Tampering::OtherRecipient) => {
            if let Some(recipient) = authorized.arguments.get_mut(1) {
                *recipient = attacker;
            }
        }
        Some(Tampering::OtherAmount) => {
            for argument in &mut authorized.arguments {
                if let ScVal::I128(amount) = argument {
                    *amount = amount.wrapping_add(1);
                }
            }
        }
        _ => {}
    }
    let shown = if tampering == Some(Tampering::Decoy) { call } else { &authorized };
    let mut root = InvocationTree::leaf(authorized.clone());
    if matches!(tampering, Some(Tampering::SubInvocation | Tampering::ExtraCall)) {
        root.sub_invocations.push(InvocationTree::leaf(hostile(call.contract, wallet)));
    }
    let expiration = 50_000_000 + u32::from(random_bytes::<1>()[0]);
    let nonce = i64::from_be_bytes(random_bytes());
    let holder = match tampering {
        Some(Tampering::OtherWallet) => ContractAddress::from_bytes(random_bytes()),
        _ => wallet,
    };
    let entry = |root: InvocationTree| AuthorizationEntry {
        credentials: Credentials::Address {
            address: ScAddress::Contract(holder),
            nonce,
            expiration_ledger: expiration,
            signature: ScVal::Void,
        },
        root,
    };
    let mut entries = vec![entry(root.clone())];
    if tampering == Some(Tampering::SecondInstruction) {
        entries.push(entry(InvocationTree::leaf(hostile(call.contract, wallet))));
    }
    let network =
        if tampering == Some(Tampering::ChainZero) { PUBLIC_NETWORK } else { TEST_NETWORK };
    let message = authorization_payload(network, nonce, expiration, &root);
    let source = Address::from_bytes(random_bytes());
    let envelope = Envelope::new(source, 100_000, 42, shown.clone(), entries);
    let on_chain = json!({
        "transaction": {"method": shown.function, "tx": envelope.to_base64()},
        "expiration": expiration,
    });
    (on_chain, Base64::encode_string(&message))
}

/// A transfer of everything to somebody else.
fn hostile(token: ContractAddress, wallet: ContractAddress) -> Invocation {
    let attacker = ScAddress::Account(Address::from_bytes(ATTACKER));
    token_transfer(token, ScAddress::Contract(wallet), attacker, 1_000_000_000)
}
