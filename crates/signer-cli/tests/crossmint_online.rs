//! The commands of Crossmint that talk to the service, against `signer emulate` as another process.

use std::fs;

use serde_json::{Value, json};

use super::online::{CROSSMINT, Emulate};

const TO: &str = "0x1111111111111111111111111111111111111111";

/// An emulator, the flags of a chain, and a wallet of `admin.secret`.
struct Shop {
    emulate: Emulate,
    chain: String,
    address: String,
}

impl Shop {
    fn open(name: &str, create: &str) -> Self {
        let emulate = Emulate::start(name, &[]);
        for name in ["admin", "old", "new", "wrong"] {
            emulate.json(&format!("crossmint generate --out {name}.secret"));
        }
        let chain = format!("{CROSSMINT} --chain base-sepolia");
        let wallet = emulate.json(&format!(
            "crossmint wallet create {chain} --secret admin.secret --alias shop {create}"
        ));
        let address = wallet["address"].as_str().unwrap().to_owned();
        Self { emulate, chain, address }
    }

    /// The flags of a command that the admin approves.
    fn flags(&self) -> String {
        format!("{} --secret admin.secret --wallet {}", self.chain, self.address)
    }

    fn locator(&self, name: &str) -> String {
        let chain = "--api-key env:CROSSMINT_API_KEY --trusted-key $CROSSMINT_TRUSTED_KEY --chain base-sepolia";
        let shown = self.emulate.json(&format!("crossmint address --secret {name}.secret {chain}"));
        shown["locator"].as_str().unwrap().to_owned()
    }

    /// Standard output as JSON, and standard error.
    fn run(&self, arguments: &str) -> (Value, String) {
        let output = self.emulate.run(&format!("{arguments} --json"));
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{arguments}: {errors}");
        (serde_json::from_slice(&output.stdout).unwrap(), errors)
    }
}

#[test]
fn a_wallet_is_made_shown_and_sends_what_is_printed_first() {
    let shop = Shop::open("online-crossmint-send", "");
    let show = format!(
        "crossmint wallet show {} --secret admin.secret --wallet evm:alias:shop",
        shop.chain
    );
    assert_eq!(shop.emulate.json(&show)["address"], shop.address.as_str());
    let flags = shop.flags();
    let transfer = format!("crossmint transfer {flags} --token usdc --to {TO} --amount 1.5");
    let (dry, shown) = shop.run(&format!("{transfer} --dry-run"));
    assert_eq!(dry["approved"], "no (dry run)");
    for part in ["user_operation", "verdict: as_requested", "1500000", TO] {
        assert!(shown.to_lowercase().contains(part), "{part}: {shown}");
    }
    let (sent, shown) = shop.run(&transfer);
    assert!(sent["hash"].as_str().unwrap().starts_with("0x"));
    assert!(shown.contains("verdict: as_requested") && shown.contains("--idempotency-key"));

    let send = format!("crossmint send {flags} --call {TO},5,0x --call {TO},0,0x11223344");
    let (sent, shown) = shop.run(&send);
    assert!(sent["id"].is_string() && shown.contains("  2. "), "{shown}");
    let refused = shop.emulate.run(&format!("crossmint send {flags}"));
    assert_eq!(refused.status.code(), Some(2));
}

/// A token that the program does not know is refused with the name of the flag, and known by `--token`.
#[test]
fn a_token_is_known_by_its_facts() {
    let shop = Shop::open("online-crossmint-token", "");
    let transfer = format!("crossmint transfer {} --to {TO} --amount 1", shop.flags());
    let contract = "0x2222222222222222222222222222222222222222";
    let unknown = format!("{transfer} --token {contract}");
    let said = shop.emulate.refused(&unknown);
    assert!(said.contains("token") && said.contains("--allow-unverified user_operation"), "{said}");
    shop.emulate.json(&format!("{unknown} --token base-sepolia:{contract}=erc20:{contract}:18"));
    let mail = "email:a@b.example";
    let said =
        shop.emulate.refused(&transfer.replace(TO, mail).replace("--to", "--token usdc --to"));
    assert!(said.contains("--allow-unverified user_operation"), "{said}");
}

#[test]
fn a_wallet_signs_messages_and_typed_data() {
    let shop = Shop::open("online-crossmint-sign", "");
    let flags = shop.flags();
    let (signed, shown) = shop.run(&format!("crossmint sign-message {flags} --message hello"));
    assert!(signed["signature"].as_str().unwrap().starts_with("0x"));
    assert!(shown.contains("to approve: message"), "{shown}");
    let typed = json!({"primaryType": "Order", "message": {"item": "tea"},
        "domain": {"name": "Shop", "version": "1", "chainId": 84532, "verifyingContract": TO},
        "types": {"Order": [{"name": "item", "type": "string"}]}});
    fs::write(shop.emulate.folder.join("typed.json"), typed.to_string()).unwrap();
    let (signed, shown) = shop.run(&format!("crossmint sign-typed-data typed.json {flags}"));
    assert!(signed["signature"].is_string() && shown.contains("to approve: typed_data"), "{shown}");
}

const POLICY: &str = r#"
messages = "none"
signer_changes = "none"
[payments]
recipients = ["0x1111111111111111111111111111111111111111"]
[[payments.tokens]]
token = "erc20:0x036CbD53842c5426634e7929541eC2318f3dCF7e:6"
per_transaction = "2"
per_day = "any"
[calls]
contracts = "none"
programs = "none"
[typed_data]
domains = "none"
primary_types = "none"
"#;

#[test]
fn what_somebody_else_created_is_approved_against_its_request_or_by_limits() {
    let shop = Shop::open("online-crossmint-approve", "");
    let flags = shop.flags();
    fs::write(shop.emulate.folder.join("policy.toml"), POLICY).unwrap();
    let dry_run = |amount: &str| {
        let transfer =
            format!("crossmint transfer {flags} --token usdc --to {TO} --amount {amount}");
        shop.run(&format!("{transfer} --dry-run")).0["id"].as_str().unwrap().to_owned()
    };
    let body = |amount: &str| {
        let body = json!({"recipient": TO, "amount": amount, "signer": shop.locator("admin")});
        fs::write(shop.emulate.folder.join("request.json"), body.to_string()).unwrap();
    };
    let path = format!("/wallets/{}/tokens/base-sepolia:usdc/transfers", shop.address);
    let by_request = |id: &str| {
        format!(
            "crossmint approve {flags} --transaction-id {id} --request request.json --request-path {path}"
        )
    };
    let id = dry_run("1.5");
    body("1");
    let said = shop.emulate.refused(&by_request(&id));
    assert!(said.contains("differs") && said.contains("calls"), "{said}");
    body("1.5");
    assert_eq!(shop.emulate.json(&by_request(&id))["id"], id.as_str());

    let by_limits =
        |id: &str| format!("crossmint approve {flags} --transaction-id {id} --policy policy.toml");
    let (allowed, too_much) = (dry_run("2"), dry_run("2.1"));
    let said = shop.emulate.refused(&by_limits(&too_much));
    assert!(said.contains("payments.tokens.per_transaction"), "{said}");
    let without = format!("crossmint approve {flags} --transaction-id {allowed}");
    assert!(shop.emulate.refused(&without).contains("limits"));
    assert_eq!(shop.emulate.json(&by_limits(&allowed))["id"], allowed.as_str());
}

#[test]
fn signers_are_added_listed_and_removed_by_their_permission_id() {
    let shop = Shop::open("online-crossmint-signer", "");
    let flags = shop.flags();
    let old = shop.locator("old");
    let (added, shown) = shop.run(&format!("crossmint signer add {old} {flags}"));
    let id = added["permissionId"].as_str().unwrap();
    assert!(shown.contains("verdict: as_requested"), "{shown}");
    let list = format!("crossmint signer list {} --wallet {}", shop.chain, shop.address);
    assert!(shop.emulate.json(&list)["delegatedSigners"].to_string().contains(&old));
    let remove = format!("crossmint signer remove {old} {flags}");
    let said = shop.emulate.refused(&remove);
    assert!(said.contains("permission_id") && said.contains("--allow-unverified user_operation"));
    shop.emulate.json(&format!("{remove} --permission-id {id}"));
    assert_eq!(shop.emulate.json(&list)["delegatedSigners"], json!([]));
    let scoped = format!("crossmint signer add {old} {flags} --scope base-sepolia:usdc,limit=10");
    assert!(shop.emulate.refused(&scoped).contains("--allow-unverified"));
}

#[test]
fn a_signer_is_rotated_knowingly() {
    let shop = Shop::open("online-crossmint-rotate", "--delegated-secret old.secret");
    let Shop { emulate, chain, address } = &shop;
    let rotate = |old: &str, admin: &str| {
        format!(
            "crossmint rotate {chain} --wallet {address} --secret {old} --new-secret new.secret --admin-secret {admin}"
        )
    };
    let said = emulate.refused(&rotate("admin.secret", "admin.secret"));
    assert!(said.contains("cannot replace") && said.contains("nothing was changed"), "{said}");
    let said = emulate.refused(&rotate("wrong.secret", "admin.secret"));
    assert!(said.contains("no signer of the wallet") && said.contains("nothing was changed"));
    let (old, new) = (shop.locator("old"), shop.locator("new"));
    // The permission id of a signer from the start is not known.
    let said = emulate.refused(&rotate("old.secret", "admin.secret"));
    assert!(said.contains("permission id of the new signer: 0x"), "{said}");
    assert!(said.contains("--allow-unverified user_operation"), "{said}");
    for _ in 0..2 {
        let allowed = rotate("old.secret", "admin.secret") + " --allow-unverified user_operation";
        let signers = emulate.json(&allowed)["delegatedSigners"].to_string();
        assert!(signers.contains(&new) && !signers.contains(&old), "{signers}");
    }
}

/// The signature of a bare message of a Solana transaction approves the transaction.
#[test]
fn a_solana_message_that_is_a_transaction_is_pointed_out() {
    let emulate = Emulate::start("online-crossmint-solana", &[]);
    emulate.json("crossmint generate --out admin.secret");
    let sign = |message: &str| {
        let command = "crossmint sign --secret admin.secret --project-id p --environment staging --chain solana";
        let output = emulate.run(&format!("{command} --message {message}"));
        assert!(output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    // One signer, one instruction of the system program.
    let mut message = vec![1, 0, 1, 2];
    message.extend([[5; 32], [0; 32], [7; 32]].concat());
    message.extend([1, 1, 1, 0, 0]);
    let mut text = vec![0; 400];
    let text = signer_core::encoding::base58::encode(&message, &mut text).unwrap();
    assert!(sign(text).contains("warning: --message"));
    assert_eq!(sign("2NEpo7TZRRrLZSi2U"), "");
}
