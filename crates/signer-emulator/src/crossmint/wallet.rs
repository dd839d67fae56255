//! Wallets: `POST /wallets`, `GET /wallets/{locator}`, after the OpenAPI document (`CreateWalletV2025DTO`,
//! `WalletV2025ResponseDTO`). Absent members are absent, and addresses have their checksum. Every creation makes a new
//! wallet, unless the idempotency key is known: whether the service returns an existing one is not documented.

use serde_json::{Value, json};
use signer_core::address::stellar::ContractAddress;
use signer_protocols::crossmint::ChainType;

use super::evm::Account;
use super::signer::{Signer, derived_address};
use super::state::{Delegated, OnChain, State, Wallet};
use super::{Tampering, invalid, operation, solana};
use crate::answer::{Answer, Refusal, parse, text};
use crate::emulator::{Incoming, Shared};

pub(super) fn create(
    shared: &Shared,
    state: &mut State,
    request: &Incoming,
) -> Result<Answer, Refusal> {
    if let Some(address) = state.known(request)? {
        return Ok(Answer::ok(state.wallet(&address)?.to_json()));
    }
    let body = parse(&request.body)?;
    let chain_type = match text(&body, "chainType")? {
        "evm" => ChainType::Evm,
        "solana" => ChainType::Solana,
        "stellar" => ChainType::Stellar,
        _ => return Err(invalid("chainType is evm, solana or stellar")),
    };
    if !matches!(body["type"].as_str(), None | Some("smart")) {
        return Err(invalid("only smart wallets exist here"));
    }
    let config = &body["config"];
    let admin = Signer::parse(&config["adminSigner"], chain_type)?;
    if admin.kind == "device" || admin.kind == "passkey" && chain_type != ChainType::Evm {
        return Err(invalid("adminSigner has a type that the chain does not allow"));
    }
    let mut delegated = Vec::new();
    for entry in config["delegatedSigners"].as_array().into_iter().flatten() {
        let signer = Signer::parse(&entry["signer"], chain_type)?.with_limits(entry);
        delegated.push(Delegated { signer, chains: Vec::new() });
    }
    let (address, account) = place(state, &admin, chain_type)?;
    let text_of = |name: &str| body[name].as_str().map(Into::into);
    let wallet = Wallet {
        chain_type,
        address: address.clone(),
        admin,
        delegated,
        owner: text_of("owner"),
        alias: text_of("alias"),
        created_at: shared.clock.now_ms(),
        account,
        received: Default::default(),
        sent: Default::default(),
    };
    let mut json = wallet.to_json();
    if state.is(Tampering::FewerSigners) {
        json["config"]["delegatedSigners"] = json!([]);
    }
    state.remember(request, &address);
    state.wallets.push(wallet);
    Ok(Answer { status: 201, ..Answer::ok(json) })
}

/// The address of a new wallet, and what stands behind it.
fn place(
    state: &State,
    admin: &Signer,
    chain_type: ChainType,
) -> Result<(String, OnChain), Refusal> {
    match chain_type {
        ChainType::Evm => {
            let stranger = Signer::parse(
                &json!(format!("server:{}", derived_address("another owner", chain_type))),
                chain_type,
            )?;
            let owner = if state.is(Tampering::OtherOwner) { &stranger } else { admin };
            let account = Account::new(state.kernel_version, owner);
            let account = account.ok_or_else(|| invalid("adminSigner has no owner on EVM"))?;
            Ok((account.address().to_string(), OnChain::Evm(Box::new(account))))
        }
        ChainType::Solana => {
            let (settings, wallet) = solana::new_wallet()
                .ok_or_else(|| Refusal::new(500, "internal", "no program-derived address"))?;
            Ok((wallet.to_string(), OnChain::Solana { settings }))
        }
        ChainType::Stellar => {
            let contract = ContractAddress::from_bytes(operation::random_bytes());
            Ok((contract.to_string(), OnChain::Stellar))
        }
    }
}

impl Wallet {
    pub(super) fn to_json(&self) -> Value {
        let delegated: Vec<_> =
            self.delegated.iter().map(|it| it.signer.to_json_with_limits()).collect();
        let mut json = json!({
            "chainType": self.chain_type.as_str(),
            "type": "smart",
            "address": self.address,
            "config": {"adminSigner": self.admin.to_json(), "delegatedSigners": delegated},
            "createdAt": operation::timestamp(self.created_at),
        });
        for (name, value) in [("owner", &self.owner), ("alias", &self.alias)] {
            if let Some(value) = value {
                json[name] = json!(value);
            }
        }
        json
    }
}
