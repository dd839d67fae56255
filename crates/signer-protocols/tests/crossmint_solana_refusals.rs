//! Solana transactions: one honest answer, and one change at a time.

use serde_json::{Value, json};
use signer_protocols::crossmint::solana::settings::{
    SettingsAction, execute_settings_transaction_sync,
};
use signer_protocols::crossmint::solana::squads::execute_transaction_sync;
use signer_protocols::crossmint::solana::{
    AccountMeta, Instruction, LookupTable, Message, Transaction, Version, programs, transfer_sol,
};
use signer_protocols::crossmint::verify::Verdict;

use super::crossmint_solana_shapes::{
    CO_SIGNER, FEE_SOURCE, MEMO, OTHER, PAYER, RECIPIENT, SETTINGS, SIGNER, Shape, accept, foreign,
    key, limits, payment, refuse, request_of, wallet, wrap,
};

fn base() -> Shape {
    Shape::transaction()
}

#[test]
fn honest_shapes_are_as_requested() {
    accept("transaction", base());
    accept("legacy", base().with(|it| it.version = Version::Legacy));
    accept(
        "without limits and fee",
        base().with(|it| it.outer.retain(|it| it.program == programs::SQUADS)),
    );
    accept("fee payer pays itself", base().with(|it| it.outer[3] = transfer_sol(PAYER, PAYER, 1)));
    let two = |it: &mut Shape| {
        let call =
            execute_transaction_sync(SETTINGS, 0, &[CO_SIGNER, SIGNER], wallet(), &[payment()]);
        *it.squads() = call.unwrap();
    };
    accept("two signers", base().with(two));
    let nothing = |it: &mut Shape| {
        it.body = request_of(&[]);
        *it.squads() = wrap(&[]);
    };
    accept("nothing asked, nothing done", base().with(nothing));
    accept("transfer", Shape::sol());
    let locator = |it: &mut Shape| it.body["recipient"] = format!("address:{RECIPIENT}").into();
    accept("recipient locator", Shape::sol().with(locator));
    accept("direct", Shape::sol().with(|it| it.body["transactionType"] = "direct".into()));
    accept("add a signer", Shape::add_signer());
    let object = json!({ "signer": { "type": "external-wallet", "address": OTHER.to_string() } });
    accept("signer as an object", Shape::add_signer().with(|it| it.body = object));
    let less = SettingsAction::AddSigner { key: OTHER, permissions: 2 };
    accept("fewer permissions", Shape::signers("POST", "signers", vec![less]));
    let remove = vec![SettingsAction::RemoveSigner { key: OTHER }];
    let path = format!("signers/server%3A{OTHER}");
    accept("remove a signer", Shape::signers("DELETE", &path, remove));
}

#[test]
fn our_key_signs_for_the_wallet_only() {
    let writable = |it: &mut Shape| it.squads().accounts[2].is_writable = true;
    refuse(Verdict::Differs, "signer_writable", vec![("writable", base().with(writable))]);
    let pays = |it: &mut Shape| {
        it.payer = SIGNER;
        it.outer.truncate(3);
    };
    refuse(Verdict::Differs, "signer_pays", vec![("pays", base().with(pays))]);
    let silent = |it: &mut Shape| it.squads().accounts[2].is_signer = false;
    refuse(Verdict::Unverified, "not_a_signer", vec![("does not sign", base().with(silent))]);
}

#[test]
fn outer_instructions_that_name_our_side_differ() {
    let named =
        |meta: AccountMeta| base().with(|it| it.outer.push(foreign(MEMO, vec![meta], b"gm")));
    let budget = |it: &mut Shape| it.outer[0].accounts.push(AccountMeta::readonly(SIGNER));
    let fee = |it: &mut Shape| it.outer[3].accounts[0] = AccountMeta::writable(SETTINGS).signer();
    let delegate = foreign(
        programs::TOKEN,
        vec![
            AccountMeta::writable(OTHER),
            AccountMeta::readonly(CO_SIGNER),
            AccountMeta::readonly(SIGNER).signer(),
        ],
        &[4, 1, 0, 0, 0, 0, 0, 0, 0],
    );
    refuse(
        Verdict::Differs,
        "outer_ours",
        vec![
            ("names the settings", named(AccountMeta::readonly(SETTINGS))),
            ("names the wallet", named(AccountMeta::readonly(wallet()))),
            ("the wallet is writable", named(AccountMeta::writable(wallet()))),
            ("the wallet signs", named(AccountMeta::readonly(wallet()).signer())),
            ("names our signer", named(AccountMeta::readonly(SIGNER))),
            ("a limit names our signer", base().with(budget)),
            ("the fee comes from the settings", base().with(fee)),
            ("delegates tokens of our signer", base().with(|it| it.outer.push(delegate.clone()))),
            ("the same without a wrapper", base().with(|it| it.outer[2] = delegate.clone())),
        ],
    );
}

#[test]
fn other_outer_instructions_are_unverified() {
    let push = |instruction: Instruction| base().with(|it| it.outer.push(instruction));
    let budget = |data: &[u8]| push(foreign(programs::COMPUTE_BUDGET, Vec::new(), data));
    let elsewhere = |it: &mut Shape| it.outer[3] = transfer_sol(FEE_SOURCE, OTHER, 1);
    let longer = |it: &mut Shape| it.outer[3].data.push(0);
    let third = |it: &mut Shape| it.outer[3].accounts.push(AccountMeta::readonly(OTHER));
    let limit_longer = |it: &mut Shape| it.outer[0].data.push(0);
    refuse(
        Verdict::Unverified,
        "outer_instruction",
        vec![
            ("the fee goes elsewhere", base().with(elsewhere)),
            ("the fee has a byte more", base().with(longer)),
            ("the fee has a third account", base().with(third)),
            ("a second fee", push(transfer_sol(FEE_SOURCE, PAYER, 1))),
            ("a second limit", budget(&[2, 1, 0, 0, 0])),
            ("a second price", budget(&[3, 1, 0, 0, 0, 0, 0, 0, 0])),
            ("a heap frame", budget(&[1, 0, 0, 4, 0])),
            ("an empty instruction", budget(&[])),
            ("a limit with a byte more", base().with(limit_longer)),
            ("a program that is not known", push(foreign(MEMO, Vec::new(), b"gm"))),
        ],
    );
}

#[test]
fn squads_arguments_are_read_to_the_last_byte() {
    let data = |change: fn(&mut Vec<u8>)| base().with(|it| change(&mut it.squads().data));
    let accounts =
        |change: fn(&mut Vec<AccountMeta>)| base().with(|it| change(&mut it.squads().accounts));
    refuse(
        Verdict::Unverified,
        "squads_args",
        vec![
            ("a byte after the arguments", data(|it| it.push(0))),
            ("a byte less", data(|it| it.truncate(it.len() - 1))),
            ("the length of the inner bytes is larger", data(|it| it[10] += 1)),
            ("the length of the inner bytes is smaller", data(|it| it[10] -= 1)),
            ("the length of the inner bytes is at its maximum", data(|it| it[10..14].fill(0xff))),
            ("more inner instructions than there are", data(|it| it[14] = 255)),
            ("fewer inner instructions than there are", data(|it| it[14] = 0)),
            ("a program beyond the accounts", data(|it| it[15] = 255)),
            ("more accounts than there are", data(|it| it[16] = 255)),
            ("an account beyond the accounts", data(|it| it[17] = 255)),
            ("an account that is counted from the settings", data(|it| it[18] = 4)),
            ("more data than there is", data(|it| it[20] = 255)),
            (
                "no inner bytes",
                data(|it| {
                    it.truncate(10);
                    it.extend([0; 4]);
                }),
            ),
            ("only the discriminator", data(|it| it.truncate(8))),
            ("another program at account 1", accounts(|it| it[1].key = OTHER)),
            ("the settings are writable", accounts(|it| it[0].is_writable = true)),
            ("our signer as the only account", accounts(|it| *it = vec![it[2]])),
        ],
    );
}

#[test]
fn the_settings_signers_are_signers_of_the_transaction() {
    let number = |number: u8| base().with(|it| it.squads().data[9] = number);
    let only = |signer| {
        base().with(|it| {
            *it.squads() =
                execute_transaction_sync(SETTINGS, 0, &[signer], wallet(), &[payment()]).unwrap();
            it.squads().accounts.push(AccountMeta::readonly(SIGNER).signer());
        })
    };
    refuse(
        Verdict::Unverified,
        "squads_signers",
        vec![
            ("none", number(0)),
            ("the wallet counts too", number(2)),
            ("more than there are accounts", number(200)),
            ("the maximum", number(255)),
            ("ours comes after them", only(CO_SIGNER)),
        ],
    );
}

#[test]
fn the_wallet_is_the_one_of_the_request() {
    let index = |it: &mut Shape| it.squads().data[8] = 1;
    let settings = |it: &mut Shape| it.squads().accounts[0].key = OTHER;
    refuse(
        Verdict::Differs,
        "wallet",
        vec![
            ("another account of the settings", base().with(index)),
            ("other settings", base().with(settings)),
            ("other settings of a signer", Shape::add_signer().with(settings)),
        ],
    );
}

#[test]
fn other_squads_instructions_are_refused() {
    let other = |discriminator: [u8; 8]| {
        let call = move |it: &mut Shape| it.squads().data[..8].copy_from_slice(&discriminator);
        base().with(call)
    };
    let beside = base().with(|it| {
        let mut call = it.squads().clone();
        call.data[..8].copy_from_slice(&[0x29, 0xb3, 0x46, 0x05, 0xc2, 0x93, 0xef, 0x9e]);
        it.outer.push(call);
    });
    refuse(
        Verdict::Unverified,
        "squads_instruction",
        vec![
            ("version 2", other([0x5a, 0x51, 0xbb, 0x51, 0x27, 0x46, 0x80, 0x4e])),
            ("create_transaction", other([0xe3, 0xc1, 0x35, 0xef, 0x37, 0x7e, 0x70, 0x69])),
            ("not known", other([0; 8])),
            ("without data", base().with(|it| it.squads().data.clear())),
            ("a spending limit beside", beside),
        ],
    );
    let settings = |it: &mut Shape| {
        let threshold = vec![SettingsAction::ChangeThreshold(1)];
        let call = execute_settings_transaction_sync(SETTINGS, None, &[SIGNER], threshold).unwrap();
        it.outer.push(call);
    };
    let alone = |it: &mut Shape| {
        settings(it);
        it.outer.remove(2);
    };
    refuse(
        Verdict::Differs,
        "wallet_power",
        vec![("beside", base().with(settings)), ("alone", base().with(alone))],
    );
    let twice = |it: &mut Shape| {
        let call = it.squads().clone();
        it.outer.push(call);
    };
    let both = |it: &mut Shape| it.outer.push(wrap(&[payment()]));
    refuse(
        Verdict::Differs,
        "wrapper_twice",
        vec![
            ("the same twice", base().with(twice)),
            ("a change of signers twice", Shape::add_signer().with(twice)),
            ("a payment beside a change of signers", Shape::add_signer().with(both)),
        ],
    );
    let foreign = |it: &mut Shape| it.squads().program = OTHER;
    refuse(Verdict::Unverified, "wrapper", vec![("another program", base().with(foreign))]);
}

#[test]
fn the_inner_instructions_are_those_of_the_request() {
    let inner = |instructions: &[Instruction]| base().with(|it| *it.squads() = wrap(instructions));
    let more = transfer_sol(wallet(), RECIPIENT, 1_001);
    let mut settings = payment();
    settings.accounts.push(AccountMeta::readonly(SETTINGS));
    refuse(
        Verdict::Differs,
        "instructions",
        vec![
            ("another amount", inner(&[more])),
            ("another recipient", inner(&[transfer_sol(wallet(), OTHER, 1_000)])),
            ("twice", inner(&[payment(), payment()])),
            ("none", inner(&[])),
            ("the settings as a further account", inner(&[settings])),
            ("a limit that was not requested", inner(&[limits()[0].clone(), payment()])),
            (
                "the other order",
                base().with(|it| {
                    let other = transfer_sol(wallet(), OTHER, 5);
                    it.body = request_of(&[payment(), other.clone()]);
                    *it.squads() = wrap(&[other, payment()]);
                }),
            ),
            (
                "one of two limits",
                base().with(|it| {
                    let [limit, price] = limits();
                    it.body = request_of(&[limit.clone(), price, payment()]);
                    *it.squads() = wrap(&[limit, payment()]);
                }),
            ),
        ],
    );
    let call = |metas: [AccountMeta; 2]| foreign(OTHER, metas.into(), b"x");
    let readonly = [wallet(), RECIPIENT].map(AccountMeta::readonly);
    let writable = [wallet(), RECIPIENT].map(AccountMeta::writable);
    let shape = |requested, inner| {
        base().with(|it| {
            it.body = request_of(&[call(requested)]);
            *it.squads() = wrap(&[call(inner)]);
        })
    };
    refuse(Verdict::Differs, "writable", vec![("more is writable", shape(readonly, writable))]);
    accept("less is writable", shape(writable, readonly));
}

#[test]
fn other_forms_of_a_transaction_are_unverified() {
    let edit = |edit: fn(&mut Message)| base().with(|it| it.edit = edit);
    let answer = |answer: fn(&mut Value)| base().with(|it| it.answer = answer);
    refuse(
        Verdict::Unverified,
        "transaction_form",
        vec![
            ("a key twice", edit(|it| it.keys[3] = it.keys[4])),
            ("a fee payer that is read-only", edit(|it| it.header.readonly_signed = 3)),
            ("more read-only keys than there are", edit(|it| it.header.readonly_unsigned = 200)),
            ("the fee payer as a program", edit(|it| it.instructions[0].program = 0)),
            ("a program beyond the keys", edit(|it| it.instructions[0].program = 99)),
            ("an account beyond the keys", edit(|it| it.instructions[2].accounts[0] = 99)),
            (
                "a table without an index",
                edit(|it| {
                    it.tables =
                        vec![LookupTable { table: OTHER, writable: vec![], readonly: vec![] }];
                }),
            ),
            ("not base58", answer(|it| it["onChain"]["transaction"] = "0OIl".into())),
            ("too long", answer(|it| it["onChain"]["transaction"] = "1".repeat(8_193).into())),
            ("empty", answer(|it| it["onChain"]["transaction"] = "".into())),
        ],
    );
    let table = |it: &mut Message| {
        it.tables = vec![LookupTable { table: OTHER, writable: vec![1], readonly: vec![] }];
    };
    let hidden = |it: &mut Message| {
        // The recipient moves into a table.
        let at = u8::try_from(it.keys.len()).unwrap();
        let place = it.keys.iter().position(|key| *key == RECIPIENT).unwrap();
        let call = it.instructions.iter_mut().find(|it| it.accounts.len() > 4).unwrap();
        let account = call.accounts.iter_mut().find(|it| usize::from(**it) == place).unwrap();
        *account = at;
        it.tables = vec![LookupTable { table: OTHER, writable: vec![1], readonly: vec![] }];
    };
    let requested = |it: &mut Shape| {
        let payer = it.payer;
        let mut message = Message::compile(Version::V0, payer, [0; 32], &[payment()]).unwrap();
        table(&mut message);
        let transaction = Transaction::unsigned(message).to_base58();
        it.body = json!({ "params": { "transaction": transaction } });
    };
    refuse(
        Verdict::Unverified,
        "lookup_tables",
        vec![
            ("a table that is not used", edit(table)),
            ("an account in a table", edit(hidden)),
            ("a table in the request", base().with(requested)),
        ],
    );
}

#[test]
fn the_rest_of_the_answer_is_checked() {
    let answer = |answer: fn(&mut Value)| vec![("", base().with(|it| it.answer = answer))];
    let missing = |it: &mut Value| it["onChain"] = json!({});
    refuse(Verdict::Unverified, "no_transaction", answer(missing));
    let number = |it: &mut Value| it["onChain"]["transaction"] = 1.into();
    refuse(Verdict::Unverified, "malformed", answer(number));
    let mpc = |it: &mut Value| it["walletType"] = "mpc".into();
    refuse(Verdict::Unverified, "wallet_type", answer(mpc));
    let nothing = |it: &mut Value| it["approvals"]["pending"] = json!([]);
    refuse(Verdict::Unverified, "no_pending", answer(nothing));
    let whole = |it: &mut Value| {
        it["approvals"]["pending"][0]["message"] = it["onChain"]["transaction"].clone();
    };
    refuse(Verdict::Differs, "message", answer(whole));
    let hash =
        |it: &mut Value| it["approvals"]["pending"][0]["message"] = RECIPIENT.to_string().into();
    refuse(Verdict::Differs, "message", answer(hash));
    let two = |it: &mut Value| {
        let mut entry = it["approvals"]["pending"][0].clone();
        entry["message"] = "2".into();
        it["approvals"]["pending"].as_array_mut().unwrap().push(entry);
    };
    refuse(Verdict::Differs, "two_messages", answer(two));
}

#[test]
fn a_request_that_cannot_be_compared_is_unverified() {
    let body = |body: Value| base().with(|it| it.body = body);
    let path = |path: String| base().with(|it| it.path = path);
    let signer =
        |signer: Value| Shape::add_signer().with(|it| it.body = json!({ "signer": signer }));
    refuse(
        Verdict::Unverified,
        "request_form",
        vec![
            ("no transaction", body(json!({ "params": {} }))),
            ("not base58", body(json!({ "params": { "transaction": "0x00" } }))),
            ("a message without signatures", body(json!({ "params": { "transaction": "1112" } }))),
            ("another wallet", path(format!("/wallets/{OTHER}/transactions"))),
            ("a signature", path(format!("/wallets/{}/signatures", wallet()))),
            ("a signer by email", signer("email:a@b.example".into())),
            ("a passkey", signer(json!({ "type": "passkey", "address": OTHER.to_string() }))),
            ("another chain", Shape::add_signer().with(|it| it.body["chain"] = "base".into())),
        ],
    );
}

#[test]
fn details_name_the_costs_and_what_remains_trusted() {
    let verification = base().verify();
    let details: Vec<_> = verification
        .content()
        .unwrap()
        .details
        .iter()
        .map(|(name, value)| (*name, serde_json::to_value(value).unwrap()))
        .collect();
    let expected = [
        ("version", json!("0")),
        ("feePayer", json!(PAYER.to_string())),
        ("blockhash", json!(key(9).to_string())),
        ("computeUnitLimit", json!(200_000)),
        ("computeUnitPrice", json!("0")),
        ("feeTransfer", json!({ "from": FEE_SOURCE.to_string(), "lamports": "15001" })),
        ("settings", json!(SETTINGS.to_string())),
        ("accountIndex", json!(0)),
        ("walletSigners", json!([SIGNER.to_string()])),
    ];
    assert_eq!(details[..9], expected);
    assert_eq!(details[9].0, "trusted");
}
