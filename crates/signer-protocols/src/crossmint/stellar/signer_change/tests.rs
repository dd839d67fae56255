use alloc::string::ToString;

use super::*;

fn wallet() -> ContractAddress {
    ContractAddress::from_bytes([9; 32])
}

fn key(byte: u8) -> Address {
    Address::from_bytes([byte; 32])
}

fn body(members: &[(&str, Json)]) -> Json {
    let signer = [("signer", Json::from(format!("server:{}", key(1))))];
    signer.iter().chain(members).map(|(name, value)| (*name, value.clone())).collect()
}

/// `add_signer` of `key(1)` with another role.
fn with_role(role: &[ScVal]) -> Invocation {
    let mut invocation = add_signer(wallet(), key(1));
    if let Some(ScVal::Vec(signer)) = invocation.arguments.first_mut()
        && let Some(last) = signer.last_mut()
    {
        *last = ScVal::Vec(role.into());
    }
    invocation
}

fn addition(body: &Json, invocation: &Invocation) -> Vec<(&'static str, bool)> {
    let findings = compare_addition(body, invocation, wallet());
    let is_differs = |it: &Finding| it.verdict() == super::super::super::verify::Verdict::Differs;
    findings.iter().map(|it| (it.reason(), is_differs(it))).collect()
}

#[test]
fn an_addition_gives_the_requested_key_the_standard_role() {
    let standard =
        |policies, end| with_role(&[ScVal::symbol("Standard"), policies, ScVal::U64(end)]);
    let asked = body(&[]);
    let ended = body(&[("expiresAt", "2027-01-01T00:00:00Z".into())]);
    let scope: Json = [("type", Json::from("transfer"))].into_iter().collect();
    let scoped = body(&[("scopes", Json::Array([scope].into()))]);
    let policies = || ScVal::Vec([ScVal::Void].into());
    let cases = [
        (&asked, add_signer(wallet(), key(1)), Vec::new()),
        (&body(&[("scopes", Json::Array(Vec::new()))]), add_signer(wallet(), key(1)), Vec::new()),
        (&asked, add_signer(wallet(), key(2)), [("signer_change", true)].into()),
        (&asked, standard(ScVal::Void, 5), [("signer_change", true)].into()),
        (&asked, standard(policies(), 0), [("signer_change_form", false)].into()),
        (&asked, with_role(&[ScVal::symbol("Standard")]), [("signer_change_form", false)].into()),
        (&ended, add_signer(wallet(), key(1)), [("scopes_missing", true)].into()),
        (&ended, standard(ScVal::Void, 5), [("signer_change_form", false)].into()),
        (&scoped, add_signer(wallet(), key(1)), [("scopes_missing", true)].into()),
        (&scoped, standard(ScVal::Void, 5), [("scopes_missing", true)].into()),
        (&scoped, standard(policies(), 0), [("signer_change_form", false)].into()),
    ];
    for (body, invocation, expected) in cases {
        assert_eq!(addition(body, &invocation), expected, "{invocation:?}");
    }
    let admin = addition(&asked, &with_role(&[ScVal::symbol("Admin")]));
    assert!(admin.contains(&("signer_change", true)), "{admin:?}");
}

#[test]
fn another_call_or_kind_of_key_is_not_the_addition() {
    let asked = body(&[]);
    let elsewhere = add_signer(ContractAddress::from_bytes([8; 32]), key(1));
    for invocation in [elsewhere, revoke_signer(wallet(), key(1))] {
        let findings = addition(&asked, &invocation);
        assert!(findings.contains(&("signer_change", true)), "{findings:?}");
        assert!(findings.contains(&("invocation", true)), "{findings:?}");
    }
    let kind = ScVal::Vec([ScVal::symbol("Secp256r1"), ScVal::Void, ScVal::Void].into());
    let other = Invocation::new(wallet(), ADD, [kind].into());
    assert_eq!(addition(&asked, &other), [("signer_change", true)]);
    let unreadable = Invocation::new(wallet(), ADD, Vec::new());
    assert_eq!(addition(&asked, &unreadable), [("signer_change_form", false)]);
    let mut short = add_signer(wallet(), key(1));
    if let Some(ScVal::Vec(signer)) = short.arguments.first_mut() {
        let key = (ScVal::symbol("public_key"), ScVal::Bytes([1; 31].into()));
        signer[1] = ScVal::Map([key].into());
    }
    assert_eq!(addition(&asked, &short), [("signer_change_form", false)]);
}

#[test]
fn the_signer_of_a_request_needs_an_address() {
    let object = |kind: &str| -> Json {
        let members = [("type", Json::from(kind)), ("address", Json::from(key(1).to_string()))];
        members.into_iter().collect()
    };
    assert_eq!(requested_key(&object("server")), Some(key(1)));
    assert_eq!(requested_key(&object("external-wallet")), Some(key(1)));
    assert_eq!(key_of_locator(&format!("external-wallet:{}", key(1))), Some(key(1)));
    for kind in ["passkey", "api-key", ""] {
        assert_eq!(requested_key(&object(kind)), None);
    }
    for locator in ["email:a@b.example", "server:0x00", "server", ""] {
        assert_eq!(key_of_locator(locator), None);
        let findings = compare_removal(locator, &revoke_signer(wallet(), key(1)), wallet());
        assert_eq!(findings[0].reason(), "signer_change_form");
    }
}

#[test]
fn a_removal_names_the_requested_key() {
    let locator = format!("server:{}", key(1));
    let compare = |invocation| compare_removal(&locator, &invocation, wallet());
    assert_eq!(compare(revoke_signer(wallet(), key(1))), []);
    assert_eq!(compare(revoke_signer(wallet(), key(2)))[0].reason(), "signer_change");
    assert_eq!(compare(add_signer(wallet(), key(1)))[0].reason(), "signer_change");
    let void = Invocation::new(wallet(), REVOKE, [ScVal::Void].into());
    assert_eq!(compare(void)[0].reason(), "signer_change_form");
}
