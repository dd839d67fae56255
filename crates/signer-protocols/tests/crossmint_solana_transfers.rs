//! Solana transfers and changes of signers: one honest answer each, and one change at a time.

use serde_json::{Value, json};
use signer_core::address::solana::Address;
use signer_protocols::crossmint::solana::pda::associated_token_account;
use signer_protocols::crossmint::solana::settings::SettingsAction;
use signer_protocols::crossmint::solana::{
    AccountMeta, Instruction, create_token_account, programs, transfer_checked,
};
use signer_protocols::crossmint::verify::{Token, Verdict};

use super::crossmint_solana_shapes::{
    CO_SIGNER, MINT, OTHER, PAYER, RECIPIENT, SIGNER, Shape, accept, payment, refuse, wallet, wrap,
};

#[test]
fn transfers_are_compared_with_the_request_and_the_table() {
    let body = |member: &'static str, value: Value| Shape::sol().with(|it| it.body[member] = value);
    let unverified = |reason, shape| refuse(Verdict::Unverified, reason, vec![("", shape)]);
    unverified("token", Shape::sol().with(|it| it.token = None));
    unverified(
        "token",
        Shape::sol().with(|it| {
            it.path = it.path.replace("sol/", &format!("{MINT}/"));
        }),
    );
    let program = Some(OTHER);
    unverified(
        "token",
        Shape::sol().with(|it| {
            it.token = Some(Token::Spl { mint: MINT, decimals: 6, program });
        }),
    );
    unverified("amount", body("amount", Value::Null));
    unverified("amount", body("amount", "1e3".into()));
    unverified("amount", body("amount", "0.0000000001".into()));
    unverified("amount", body("amount", "18446744074".into()));
    unverified("recipient", body("recipient", "email:a@b.example".into()));
    unverified("recipient", body("recipient", format!("address:{RECIPIENT}:base").into()));
    unverified("transfer_type", body("transactionType", "regulated-transfer".into()));
    unverified(
        "request_form",
        Shape::sol().with(|it| it.path = it.path.replace("solana:", "base:")),
    );

    let ata = |owner: &Address| associated_token_account(owner, &programs::TOKEN, &MINT).unwrap();
    let (from, to) = (ata(&wallet()), ata(&RECIPIENT));
    let checked = transfer_checked(programs::TOKEN, [from, MINT, to, wallet()], 1_500_000, 6);
    let create =
        |funder, owner| create_token_account(funder, owner, MINT, programs::TOKEN).unwrap();
    accept("spl", Shape::spl(std::slice::from_ref(&checked)));
    accept("the wallet creates", Shape::spl(&[create(wallet(), RECIPIENT), checked.clone()]));
    accept("the fee payer creates", Shape::spl(&[create(PAYER, RECIPIENT), checked.clone()]));
    let mut with_mint = checked.clone();
    with_mint.accounts[1].is_writable = true;
    refuse(Verdict::Differs, "writable", vec![("the mint", Shape::spl(&[with_mint]))]);
    let changed = |change: fn(&mut Instruction)| {
        let mut call = checked.clone();
        change(&mut call);
        Shape::spl(&[call])
    };
    let mut nested = create(PAYER, RECIPIENT);
    nested.data = vec![2];
    let mut unsigned = create(OTHER, RECIPIENT);
    unsigned.accounts[0].is_signer = false;
    refuse(
        Verdict::Differs,
        "instructions",
        vec![
            (
                "an account of another owner is created",
                Shape::spl(&[create(PAYER, OTHER), checked.clone()]),
            ),
            (
                "two accounts are created",
                Shape::spl(&[create(PAYER, RECIPIENT), create(PAYER, RECIPIENT), checked.clone()]),
            ),
            (
                "the account is created afterwards",
                Shape::spl(&[checked.clone(), create(PAYER, RECIPIENT)]),
            ),
            ("only the account is created", Shape::spl(&[create(PAYER, RECIPIENT)])),
            ("RecoverNested", Shape::spl(&[nested, checked.clone()])),
            ("a funder that does not sign", Shape::spl(&[unsigned, checked.clone()])),
            ("Token-2022", changed(|it| it.program = programs::TOKEN_2022)),
            ("a fifth account", changed(|it| it.accounts.push(AccountMeta::readonly(OTHER)))),
            ("other decimals", changed(|it| it.data[9] = 5)),
            ("another amount", changed(|it| it.data[1] ^= 1)),
            (
                "a plain Transfer",
                changed(|it| {
                    it.data.truncate(9);
                    it.data[0] = 3;
                    it.accounts.remove(1);
                }),
            ),
            ("to the wallet of the recipient", changed(|it| it.accounts[2].key = RECIPIENT)),
        ],
    );
}

#[test]
fn a_change_of_signers_is_the_one_that_was_requested() {
    let add = |key, permissions| SettingsAction::AddSigner { key, permissions };
    let actions = |actions: Vec<SettingsAction>| Shape::signers("POST", "signers", actions);
    refuse(
        Verdict::Differs,
        "signer_change",
        vec![
            ("another key", actions(vec![add(CO_SIGNER, 7)])),
            ("two keys", actions(vec![add(OTHER, 7), add(CO_SIGNER, 7)])),
            ("twice", actions(vec![add(OTHER, 7), add(OTHER, 7)])),
            ("removed instead", actions(vec![SettingsAction::RemoveSigner { key: OTHER }])),
            ("a threshold too", actions(vec![add(OTHER, 7), SettingsAction::ChangeThreshold(1)])),
            ("a time lock", actions(vec![SettingsAction::SetTimeLock(1)])),
            ("a spending limit less", actions(vec![SettingsAction::RemoveSpendingLimit(OTHER)])),
            ("no action", actions(vec![])),
            ("a payment", Shape::add_signer().with(|it| *it.squads() = wrap(&[payment()]))),
            (
                "a spending limit",
                Shape::add_signer().with(|it| {
                    // seed, index 0, mint, amount, period, no signers, no destinations, expiration
                    let data = &mut it.squads().data;
                    data.truncate(13);
                    data.push(4);
                    data.extend(
                        [&[7; 32][..], &[0], &[0; 32], &[9; 8], &[1], &[0; 8], &[0xff; 8]].concat(),
                    );
                    data.push(0);
                }),
            ),
        ],
    );
    let data =
        |change: fn(&mut Vec<u8>)| Shape::add_signer().with(|it| change(&mut it.squads().data));
    let accounts = |change: fn(&mut Vec<AccountMeta>)| {
        Shape::add_signer().with(|it| change(&mut it.squads().accounts))
    };
    refuse(
        Verdict::Unverified,
        "squads_args",
        vec![
            ("permissions of 8", data(|it| it[46] = 8)),
            ("an action that is not known", data(|it| it[13] = 7)),
            ("more actions than there are", data(|it| it[9] = 2)),
            ("the largest number of actions", data(|it| it[9..13].fill(0xff))),
            ("a byte after the memo", data(|it| it.push(0))),
            ("a flag of 2", data(|it| *it.last_mut().unwrap() = 2)),
            ("no memo", data(|it| it.truncate(it.len() - 1))),
            ("another system program", accounts(|it| it[2].key = OTHER)),
            ("another program", accounts(|it| it[3].key = OTHER)),
            ("an account after the signers", accounts(|it| it.push(AccountMeta::readonly(OTHER)))),
            ("three accounts", accounts(|it| *it = vec![it[0], it[1], it[4]])),
        ],
    );
    refuse(
        Verdict::Differs,
        "scopes_missing",
        vec![
            (
                "scopes",
                Shape::add_signer().with(|it| it.body["scopes"] = json!([{ "type": "transfer" }])),
            ),
            ("an end", Shape::add_signer().with(|it| it.body["expiresAt"] = "2030-01-01".into())),
        ],
    );
    let rent = |it: &mut Shape| it.squads().accounts[1].key = SIGNER;
    refuse(
        Verdict::Differs,
        "outer_ours",
        vec![("our signer pays the rent", Shape::add_signer().with(rent))],
    );
    let wallet_pays = |it: &mut Shape| it.squads().accounts[1].key = wallet();
    refuse(
        Verdict::Differs,
        "outer_ours",
        vec![("the wallet pays the rent", Shape::add_signer().with(wallet_pays))],
    );
}
