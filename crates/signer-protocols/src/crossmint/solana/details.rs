use alloc::string::ToString;
use alloc::vec::Vec;

use signer_core::address::solana::Address;

use super::outer::Outer;
use super::{Call, Message};
use crate::Json;

pub(super) type Details = Vec<(&'static str, Json)>;

pub(super) fn outline(message: &Message) -> Details {
    let payer = message.fee_payer().map_or(Json::Null, |it| it.to_string().into());
    [
        ("version", message.version.as_str().into()),
        ("feePayer", payer),
        ("blockhash", Address::from_bytes(message.blockhash).to_string().into()),
    ]
    .into()
}

/// The fee payer pays for compute units; the fee transfer repays it.
pub(super) fn costs(outer: &Outer) -> Details {
    let mut details = Vec::new();
    let limit = outer.compute_unit_limit.map(|it| Json::Unsigned(u64::from(it)));
    details.extend(limit.map(|it| ("computeUnitLimit", it)));
    details.extend(outer.compute_unit_price.map(|it| ("computeUnitPrice", it.to_string().into())));
    details.extend(outer.fee.map(|(from, lamports)| {
        let members = [("from", from.to_string()), ("lamports", lamports.to_string())];
        ("feeTransfer", members.map(|(name, text)| (name, Json::from(text))).into_iter().collect())
    }));
    details
}

pub(super) fn wallet(call: &Call, account_index: u8, signers: &[Address]) -> Details {
    let settings = call.accounts.first().copied().flatten();
    let signers = signers.iter().map(|it| Json::from(it.to_string())).collect();
    [
        ("settings", settings.map_or(Json::Null, |it| it.to_string().into())),
        ("accountIndex", Json::Unsigned(u64::from(account_index))),
        ("walletSigners", Json::Array(signers)),
    ]
    .into()
}

pub(super) fn trusted() -> Json {
    let texts = [
        "the deployed Squads smart account program does what its published source does",
        "the threshold and the other signers in the settings of the wallet",
    ];
    Json::Array(texts.into_iter().map(Json::from).collect())
}
