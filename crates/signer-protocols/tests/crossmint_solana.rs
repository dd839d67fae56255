//! Solana approvals: the decoded content, the encoders and single-byte changes of the answers in the vectors.

use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::{Value, json};
use signer_core::address::solana::Address;
use signer_protocols::crossmint::solana::squads::execute_transaction_sync;
use signer_protocols::crossmint::solana::{
    AccountMeta, Call, Instruction, Message, Transaction, TransactionError, Version, programs,
};
use signer_protocols::crossmint::verify::{Asset, Effect, Verdict};

use super::crossmint_approvals::{VECTORS, run};
use super::{cases, text, vectors};

static SOLANA: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let vectors = vectors(VECTORS);
    cases(&vectors, "cases").iter().filter(|case| case["chainType"] == "solana").cloned().collect()
});

fn is_honest(case: &Value) -> bool {
    case["expect"]["verdict"] == "as_requested"
}

/// The transaction object of an answer.
fn part(answer: &mut Value) -> &mut Value {
    let nested = answer["transaction"].is_object();
    if nested { &mut answer["transaction"] } else { answer }
}

fn wire(case: &Value) -> String {
    let mut answer = case["answer"].clone();
    text(&part(&mut answer)["onChain"], "transaction").to_owned()
}

fn base58(bytes: &[u8]) -> String {
    let mut out = vec![0; signer_core::encoding::base58::encoded_len(bytes.len())];
    signer_core::encoding::base58::encode(bytes, &mut out).unwrap().to_owned()
}

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

#[test]
fn the_content_is_that_of_the_vectors() {
    let mut compared = 0;
    for case in SOLANA.iter() {
        let expected = &case["expect"]["decoded"];
        let verification = run(case).verification;
        let items = verification.content().map(|it| it.items.as_slice()).unwrap_or_default();
        let views: Vec<_> =
            items.iter().map(|it| serde_json::to_value(&it.view).unwrap()).collect();
        // Only what cannot be read has no content.
        let unreadable = ["transaction_form", "wrapper", "squads_args"];
        let is_unreadable = unreadable.contains(&case["expect"]["reason"].as_str().unwrap_or(""));
        let not_wrapped = text(case, "note").contains("not wrapped");
        if expected.is_null() || views.is_empty() && (is_unreadable || not_wrapped) {
            continue;
        }
        assert_eq!(json!(views), *expected, "{}: {}", case["id"], case["note"]);
        compared += 1;
    }
    assert!(compared >= 137, "{compared} compared");
}

#[test]
fn every_transaction_that_is_read_is_written_with_equal_bytes() {
    for case in SOLANA.iter() {
        let text = wire(case);
        match Transaction::from_base58(&text) {
            Ok(transaction) => assert_eq!(transaction.to_base58(), text, "{}", case["id"]),
            Err(_) => assert_eq!(case["expect"]["reason"], "transaction_form", "{}", case["id"]),
        }
    }
}

fn with_rights(call: &Call, message: &Message) -> Instruction {
    let meta = |key: &Option<Address>| {
        let key = key.unwrap();
        let is_signer = message.signers().contains(&key);
        AccountMeta { key, is_signer, is_writable: message.is_writable(&key) }
    };
    let accounts = call.accounts.iter().map(meta).collect();
    Instruction { program: call.program.unwrap(), accounts, data: call.data.clone() }
}

/// The vectors were laid out by `@solana/kit`.
#[test]
fn messages_are_laid_out_as_the_vectors_are() {
    let mut compared = 0;
    for case in SOLANA.iter().filter(|case| is_honest(case)) {
        let message = Transaction::from_base58(&wire(case)).unwrap().message;
        let calls = message.calls();
        let instructions: Vec<_> = calls.iter().map(|it| with_rights(it, &message)).collect();
        let payer = message.fee_payer().unwrap();
        let rebuilt =
            Message::compile(message.version, payer, message.blockhash, &instructions).unwrap();
        assert_eq!(rebuilt, message, "{}", case["id"]);
        compared += 1;
    }
    assert_eq!(compared, 54);
}

#[test]
fn the_instructions_of_the_request_are_wrapped_as_in_the_vectors() {
    let mut compared = 0;
    for case in SOLANA.iter().filter(|it| is_honest(it) && it["group"] == "solana-transaction") {
        let transaction = text(&case["request"]["body"]["params"], "transaction");
        let requested = Transaction::from_base58(transaction).unwrap().message;
        let wallet = address(text(case, "wallet"));
        let answer = Transaction::from_base58(&wire(case)).unwrap().message;
        let calls = answer.calls();
        let call = calls.iter().find(|it| it.program == Some(programs::SQUADS)).unwrap();
        let (index, num_signers) = (call.data[8], usize::from(call.data[9]));
        let signers: Vec<_> =
            call.accounts.iter().skip(2).take(num_signers).map(|it| it.unwrap()).collect();
        let mut instructions: Vec<_> =
            requested.calls().iter().map(|it| with_rights(it, &requested)).collect();
        if !text(case, "note").contains("wrapped too") {
            instructions.retain(|it| it.program != programs::COMPUTE_BUDGET);
        }
        let settings = call.accounts[0].unwrap();
        let wrapped =
            execute_transaction_sync(settings, index, &signers, wallet, &instructions).unwrap();
        let keys: Vec<_> = wrapped.accounts.iter().map(|it| Some(it.key)).collect();
        assert_eq!((&wrapped.data, &keys), (&call.data, &call.accounts), "{}", case["id"]);
        assert!(wrapped.accounts.iter().all(|it| it.key != wallet || !it.is_signer));
        compared += 1;
    }
    assert_eq!(compared, 33);
}

#[test]
fn effects_name_the_owner_of_a_token_account_if_it_is_known() {
    let effects = |note: &str| {
        let case = SOLANA.iter().find(|case| case["note"] == note).unwrap();
        let content = run(case).verification.content().unwrap().clone();
        let effects: Vec<_> = content.items.into_iter().map(|it| it.effect).collect();
        (case, effects)
    };
    let (case, sol) = effects("transfer of 0.5 SOL");
    let recipient = text(&case["request"]["body"], "recipient").to_owned();
    let amount = 500_000_000_u64.into();
    assert_eq!(sol, [Effect::Payment { asset: Asset::Native, recipient, amount }]);

    let (case, usdc) = effects("transfer of 1.5 USDC, the recipient has an account");
    let asset = Asset::Token("EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v".into());
    let recipient = text(&case["request"]["body"], "recipient").to_owned();
    let amount = 1_500_000_u64.into();
    assert_eq!(usdc, [Effect::Payment { asset, recipient, amount }]);

    // The owner follows from the creation of the account.
    let (case, created) = effects("a token account is made, then a transfer");
    let owner = case["expect"]["decoded"][0]["accounts"][2].as_str().unwrap();
    let program = programs::ASSOCIATED_TOKEN.to_string();
    assert_eq!(created[0], Effect::Instruction { program });
    assert!(matches!(&created[1], Effect::Payment { recipient, .. } if recipient == owner));

    // Without that the token account stands for its owner.
    let (case, unknown) = effects("SPL TransferChecked");
    let account = case["expect"]["decoded"][0]["accounts"][2].as_str().unwrap();
    assert!(matches!(&unknown[0], Effect::Payment { recipient, .. } if recipient == account));

    let (_, approve) = effects("an Approve of a delegate appended");
    assert!(matches!(approve.last(), Some(Effect::Allowance { .. })));
}

/// The Squads calls of an answer, and whether our key may do more than sign for the wallet. Other
/// signers, who pay or sign for the wallet too, sign for themselves: the program knows who may.
fn signed(case: &Value, message: &Message) -> (Vec<Call>, bool) {
    let ours = address(text(case, "signer").trim_start_matches("server:"));
    let mut calls = message.calls();
    let named = calls.iter().filter(|it| it.accounts.contains(&Some(ours))).count();
    calls.retain(|it| it.program == Some(programs::SQUADS));
    // The text of a memo, here of four bytes, has no effect.
    if case["note"] == "add a signer, with a memo" {
        calls.iter_mut().for_each(|it| it.data.truncate(it.data.len() - 4));
    }
    for key in calls.iter_mut().flat_map(|it| &mut it.accounts) {
        *key = key.filter(|it| *it == ours || !message.signers().contains(it));
    }
    let has_power = named != 1 || message.is_writable(&ours) || !message.signers().contains(&ours);
    (calls, has_power)
}

fn change(case: &Value, at: usize, bits: u8, consistent: bool) -> Option<(Value, Message)> {
    let mut bytes = Transaction::from_base58(&wire(case)).unwrap().to_bytes();
    let at = at % bytes.len();
    bytes[at] ^= bits;
    let mut changed = case.clone();
    let answer = part(&mut changed["answer"]);
    answer["onChain"]["transaction"] = base58(&bytes).into();
    let message = Transaction::parse(&bytes).map(|it| it.message);
    if let (Ok(message), true) = (&message, consistent) {
        for entry in answer["approvals"]["pending"].as_array_mut().unwrap() {
            entry["message"] = base58(&message.to_bytes()).into();
        }
    }
    Some((changed, message.ok()?))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// A change of the transaction alone contradicts the pending message, unless it is in a signature.
    #[test]
    fn a_changed_byte_is_refused_or_not_signed(which in 0..54_usize, at: usize, bits in 1..=255_u8) {
        let honest: Vec<_> = SOLANA.iter().filter(|case| is_honest(case)).collect();
        let case = honest[which];
        let original = Transaction::from_base58(&wire(case)).unwrap().message;
        if let Some((changed, message)) = change(case, at, bits, false) {
            let verdict = run(&changed).verification.verdict();
            prop_assert_eq!(verdict == Verdict::AsRequested, message == original);
            prop_assert!(message == original || verdict == Verdict::Differs);
        }
    }

    /// A change that the pending message follows is refused, unless our key signs for the same calls of the wallet as before.
    #[test]
    fn a_consistent_change_is_refused_or_has_no_effect(which in 0..54_usize, at: usize, bits in 1..=255_u8) {
        let honest: Vec<_> = SOLANA.iter().filter(|case| is_honest(case)).collect();
        let case = honest[which];
        let original = Transaction::from_base58(&wire(case)).unwrap().message;
        if let Some((changed, message)) = change(case, at, bits, true)
            && run(&changed).verification.verdict() == Verdict::AsRequested
        {
            prop_assert_eq!(signed(case, &message), signed(case, &original));
            let more = |key: &&Address| message.is_writable(key) && !original.is_writable(key);
            let used: Vec<_> = message.keys.iter().filter(more).collect();
            let (calls, _) = signed(case, &message);
            let is_used = |key: &&Address| calls.iter().any(|it| it.accounts.contains(&Some(**key)));
            // A key that becomes writable is the payer or the source of the fee, or the program looks at it alone.
            prop_assert!(!used.iter().any(is_used), "{:?}", used);
        }
    }

    /// No bytes make the reader panic, and what is read is written with equal bytes.
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        if let Ok(transaction) = Transaction::parse(&bytes) {
            prop_assert_eq!(transaction.to_bytes(), bytes);
        }
    }
}

#[test]
fn version_1_is_named() {
    let case = SOLANA.iter().find(|case| case["note"] == "a message of version 1").unwrap();
    let verification = run(case).verification;
    assert!(verification.findings().iter().any(|it| it.detail().contains("version 1")));
    assert_eq!(verification.approval(), None);
    assert_eq!(Version::V0.as_str(), "0");
}

#[test]
fn there_is_one_signature_per_required_signer() {
    let case = SOLANA.iter().find(|case| is_honest(case)).unwrap();
    let mut transaction = Transaction::from_base58(&wire(case)).unwrap();
    let required = transaction.message.header.required_signatures;
    let mut check = |found: usize| {
        transaction.signatures.resize(found, [0; 64]);
        assert_eq!(
            Transaction::parse(&transaction.to_bytes()),
            Err(TransactionError::Signatures { found, required })
        );
    };
    check(usize::from(required) - 1);
    check(usize::from(required) + 1);
    check(0);
}
