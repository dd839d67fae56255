use alloc::format;
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;
use core::slice;

use super::super::{Content, Effect, Item};
use super::*;
use crate::Json;

const USDC: &str = "0x036CbD53842c5426634e7929541eC2318f3dCF7e";
const SHOP: &str = "0x6b9cb6e03786D23b45b1C7Fd0684B8bc10e098F1";
const OTHER: &str = "0x000000000022D473030F116dDEE9F6B43aC78BA3";
const STELLAR: &str = "CDLZFC3SYJYDZT7K67VZ75HPJVIEUVNIXF47ZG2FB2RMQQVU2HHGCYSC";
const PROGRAM: &str = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA";

fn content(effects: &[Effect]) -> Content {
    let item = |effect: &Effect| Item { view: Json::Null, effect: effect.clone() };
    Content::new(effects.iter().map(item).collect())
}

fn payment(token: &str, recipient: &str, amount: u64) -> Effect {
    let asset = Asset::Token(token.into());
    Effect::Payment { asset, recipient: recipient.into(), amount: amount.into() }
}

fn call(contract: &str, function: Option<[u8; 4]>, value: u64) -> Effect {
    Effect::Call { contract: contract.into(), function, value: value.into() }
}

fn typed_data(name: Option<&str>, contract: Option<&str>, primary_type: &str) -> Effect {
    Effect::TypedData {
        domain: name.map(Into::into),
        verifying_contract: contract.map(Into::into),
        primary_type: primary_type.into(),
    }
}

fn refusal(limits: &ApprovalLimits, effects: &[Effect]) -> Option<LimitRule> {
    limits.check(&content(effects), &Grant::default()).err().map(|refusal| refusal.rule())
}

fn all_effects() -> Vec<Effect> {
    vec![
        payment(USDC, SHOP, 1),
        Effect::Allowance { asset: Asset::Native, spender: SHOP.into(), amount: U256::MAX },
        call(OTHER, None, 5),
        Effect::Instruction { program: PROGRAM.into() },
        Effect::Invocation { contract: STELLAR.into(), function: "swap".into() },
        typed_data(None, None, "Mail"),
        Effect::Message,
    ]
}

#[test]
fn without_rules_only_signer_changes_and_unknown_effects_are_refused() {
    let limits = ApprovalLimits::new();
    for effect in all_effects() {
        assert_eq!(refusal(&limits, &[effect]), None);
    }
    assert_eq!(refusal(&limits, &[Effect::Unknown]), Some(LimitRule::UnknownEffect));
    assert_eq!(refusal(&limits, &[]), Some(LimitRule::UnknownEffect));
    let added = Effect::AddSigner { signer: SHOP.into(), permission_id: None };
    let removed = Effect::RemoveSigner { signer: SHOP.into() };
    for change in [added, removed] {
        assert_eq!(refusal(&limits, slice::from_ref(&change)), Some(LimitRule::SignerChanges));
        let allowing = limits.clone().with_signer_changes(true);
        assert_eq!(refusal(&allowing, slice::from_ref(&change)), None);
        assert!(limits.check(&content(&[change]), &Grant::signer_change()).is_ok());
    }
}

#[test]
fn an_empty_list_allows_nothing() {
    let limits = ApprovalLimits::new()
        .with_recipients([])
        .and_then(|limits| limits.with_programs([]))
        .and_then(|limits| limits.with_domains([]))
        .unwrap()
        .with_listed_tokens()
        .with_listed_contracts()
        .with_primary_types([])
        .with_messages(false);
    let rules: Vec<_> =
        all_effects().into_iter().map(|effect| refusal(&limits, &[effect]).unwrap()).collect();
    let expected = [
        LimitRule::Recipients,
        LimitRule::Recipients,
        LimitRule::Contracts,
        LimitRule::Programs,
        LimitRule::Contracts,
        LimitRule::Domains,
        LimitRule::Messages,
    ];
    assert_eq!(rules, expected);
}

#[test]
fn payments_and_allowances_are_limited_by_recipient_token_and_sum() {
    let token = Token::parse(&format!("erc20:{USDC}:6")).unwrap();
    let limits = ApprovalLimits::new()
        .with_recipients([SHOP])
        .unwrap()
        .with_token(&token, Some("1.5"), Some("2"))
        .unwrap();
    let lower = |text: &str| text.to_lowercase();
    assert_eq!(refusal(&limits, &[payment(&lower(USDC), &lower(SHOP), 1_500_000)]), None);
    let rule = |effects: &[Effect]| refusal(&limits, effects);
    assert_eq!(rule(&[payment(USDC, SHOP, 1_500_001)]), Some(LimitRule::PerTransaction));
    let half = payment(USDC, SHOP, 750_001);
    assert_eq!(rule(&[half.clone(), half]), Some(LimitRule::PerTransaction));
    assert_eq!(rule(&[payment(USDC, OTHER, 1)]), Some(LimitRule::Recipients));
    assert_eq!(rule(&[payment(OTHER, SHOP, 1)]), Some(LimitRule::Tokens));
    let native = |amount| Effect::Allowance { asset: Asset::Native, spender: SHOP.into(), amount };
    assert_eq!(rule(&[native(U256::ZERO)]), Some(LimitRule::Tokens));
    let asset = Asset::Token(USDC.into());
    let spender = SHOP.into();
    let unlimited = Effect::Allowance { asset, spender, amount: U256::MAX };
    assert_eq!(rule(slice::from_ref(&unlimited)), Some(LimitRule::PerTransaction));
    let open = ApprovalLimits::new();
    assert_eq!(refusal(&open, &[unlimited.clone(), unlimited]), Some(LimitRule::PerTransaction));

    let payments = [payment(USDC, SHOP, 1), payment(&lower(USDC), SHOP, 2)];
    let spends = limits.check(&content(&payments), &Grant::default()).unwrap();
    let per_day = Some(U256::from(2_000_000_u64));
    let (asset, amount) = (Asset::Token(USDC.into()), U256::from(3_u64));
    assert_eq!(spends, [Spend { asset, amount, per_day }]);
}

#[test]
fn calls_are_limited_by_contract_and_function() {
    let limits = ApprovalLimits::new()
        .with_contract(OTHER, Some(&["transfer(address,uint256)", "0x11223344"]))
        .and_then(|limits| limits.with_contract(STELLAR, Some(&["swap"])))
        .and_then(|limits| limits.with_contract(USDC, None))
        .and_then(|limits| limits.with_recipients([SHOP]))
        .unwrap();
    let invocation =
        |function: &str| Effect::Invocation { contract: STELLAR.into(), function: function.into() };
    for allowed in [
        call(OTHER, Some([0xa9, 0x05, 0x9c, 0xbb]), 0),
        call(&OTHER.to_lowercase(), Some([0x11, 0x22, 0x33, 0x44]), 7),
        call(USDC, None, 0),
        invocation("swap"),
    ] {
        assert_eq!(refusal(&limits, &[allowed]), None);
    }
    for refused in [
        call(OTHER, Some([0; 4]), 0),
        call(OTHER, None, 0),
        call(SHOP, Some([0x11, 0x22, 0x33, 0x44]), 0),
        invocation("transfer"),
    ] {
        assert_eq!(refusal(&limits, &[refused]), Some(LimitRule::Contracts));
    }
}

#[test]
fn the_value_of_a_call_is_a_payment() {
    let limits = ApprovalLimits::new()
        .with_recipients([SHOP])
        .and_then(|limits| limits.with_token(&Token::Native { decimals: 0 }, Some("5"), None))
        .unwrap();
    assert_eq!(refusal(&limits, &[call(OTHER, None, 0)]), None);
    assert_eq!(refusal(&limits, &[call(OTHER, None, 1)]), Some(LimitRule::Recipients));
    assert_eq!(refusal(&limits, &[call(SHOP, None, 6)]), Some(LimitRule::PerTransaction));
    assert_eq!(refusal(&limits, &[call(SHOP, None, 5)]), None);
}

#[test]
fn typed_data_is_limited_by_domain_and_primary_type() {
    let limits =
        ApprovalLimits::new().with_domains(["Shop", OTHER]).unwrap().with_primary_types(["Order"]);
    let lower = OTHER.to_lowercase();
    let rule = |name, contract, primary| refusal(&limits, &[typed_data(name, contract, primary)]);
    assert_eq!(rule(Some("Shop"), None, "Order"), None);
    assert_eq!(rule(None, Some(&lower), "Order"), None);
    assert_eq!(rule(Some("shop"), Some(SHOP), "Order"), Some(LimitRule::Domains));
    assert_eq!(rule(Some(OTHER), None, "Order"), Some(LimitRule::Domains));
    assert_eq!(rule(None, None, "Order"), Some(LimitRule::Domains));
    assert_eq!(rule(Some("Shop"), None, "Permit"), Some(LimitRule::PrimaryTypes));
}

#[test]
fn a_refusal_names_the_rule_and_the_item() {
    let limits = ApprovalLimits::new().with_recipients([SHOP]).unwrap();
    let effects = [payment(USDC, SHOP, 1), payment(USDC, OTHER, 1)];
    let refusal = limits.check(&content(&effects), &Grant::default()).unwrap_err();
    let expected = format!("payments.recipients: item 2: {OTHER} is not in the list");
    assert_eq!(refusal.to_string(), expected);
    assert_eq!(refusal.item(), Some(1));
}

#[test]
fn texts_that_are_no_addresses_or_functions_are_refused() {
    let wrong_checksum = SHOP.replace('D', "d");
    for text in ["", "0x12", "shop", &wrong_checksum] {
        let limits = ApprovalLimits::new();
        assert!(limits.clone().with_recipients([text]).is_err(), "{text}");
        assert!(limits.clone().with_contract(text, None).is_err(), "{text}");
    }
    assert!(ApprovalLimits::new().with_domains([wrong_checksum.as_str()]).is_err());
    for (contract, function) in [(USDC, "transfer"), (USDC, "0x12"), (STELLAR, "f(u32)")] {
        let error = ApprovalLimits::new().with_contract(contract, Some(&[function])).unwrap_err();
        assert!(matches!(error, LimitError::Function { .. }), "{error}");
    }
}

const FILE: &str = r#"
messages = "none"
signer_changes = "any"

[payments]
recipients = ["0x6b9cb6e03786D23b45b1C7Fd0684B8bc10e098F1"]

[[payments.tokens]]
token = "erc20:0x036CbD53842c5426634e7929541eC2318f3dCF7e:6"
per_transaction = "100.5"
per_day = "any"

[calls]
programs = "any"

[[calls.contracts]]
contract = "0x000000000022D473030F116dDEE9F6B43aC78BA3"
functions = ["transfer(address,uint256)"]

[typed_data]
domains = ["Shop"]
primary_types = "none"
"#;

#[test]
fn a_file_gives_the_same_limits_as_the_builder() {
    let expected = ApprovalLimits::new()
        .with_messages(false)
        .with_signer_changes(true)
        .with_recipients([SHOP])
        .and_then(|limits| {
            let amount = Some(U256::from(100_500_000_u64));
            limits.with_asset(Asset::Token(USDC.into()), amount, None)
        })
        .and_then(|limits| limits.with_contract(OTHER, Some(&["0xa9059cbb"])))
        .and_then(|limits| limits.with_domains(["Shop"]))
        .unwrap()
        .with_primary_types([]);
    assert_eq!(toml::from_str::<ApprovalLimits>(FILE).unwrap(), expected);
}

#[test]
fn a_file_without_a_key_or_with_another_one_is_refused() {
    let keys = FILE.lines().filter(|line| line.contains(" = "));
    for line in keys {
        let shorter = FILE.replace(line, "");
        let error = toml::from_str::<ApprovalLimits>(&shorter).unwrap_err();
        let key = line.split(' ').next().unwrap();
        assert!(error.message().contains(key), "{key}: {error}");
        let longer = FILE.replace(line, &format!("{line}\nother = 1"));
        let error = toml::from_str::<ApprovalLimits>(&longer).unwrap_err();
        assert!(error.message().contains("other"), "{key}: {error}");
    }
    for (text, other) in [
        (r#""100.5""#, r#""1e3""#),
        (r#""100.5""#, "100"),
        (r#""100.5""#, r#""0.0000001""#),
        (r#"messages = "none""#, "messages = false"),
        (r#"messages = "none""#, r#"messages = "some""#),
        (r#"programs = "any""#, r#"programs = "all""#),
        ("erc20:", "erc-20:"),
        ("[[payments.tokens]]", "[payments.tokens]"),
        ("transfer(address,uint256)", "transfer"),
        ("[\"0x6b9cb6e03786D", "[\"0x6b9cb6e03786d"),
    ] {
        let changed = FILE.replacen(text, other, 1);
        assert_ne!(changed, FILE);
        assert!(toml::from_str::<ApprovalLimits>(&changed).is_err(), "{other}");
    }
    let twice = FILE.replace("[calls]", &format!(
        "[[payments.tokens]]\ntoken = \"erc20:{}:6\"\nper_transaction = \"1\"\nper_day = \"1\"\n[calls]",
        USDC.to_lowercase(),
    ));
    let error = toml::from_str::<ApprovalLimits>(&twice).unwrap_err();
    assert!(error.message().contains("listed twice"), "{error}");
}
