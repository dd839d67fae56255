//! Soroban's XDR against the vendor-neutral SDK, and answers on Stellar beyond the vectors' own verdicts.

use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::Value;
use signer_core::address::stellar::{Address, ContractAddress};
use signer_protocols::Json;
use signer_protocols::crossmint::stellar::xdr::{
    AuthorizationEntry, AuthorizedFunction, Credentials, Invocation, InvocationTree, ScAddress,
    ScVal, XdrError,
};
use signer_protocols::crossmint::stellar::{
    Envelope, PUBLIC_NETWORK, TEST_NETWORK, add_signer, authorization_payload, network_passphrase,
    revoke_signer, token_transfer, verify,
};
use signer_protocols::crossmint::verify::{
    Context, Effect, Finding, Kind, Request, Token, Tokens, Verdict, Verification,
};
use signer_protocols::crossmint::{ChainId, ChainType, Environment, Locator};

use super::{cases, text, unbase64, vectors};

const XDR: &str = include_str!("vectors/stellar-xdr.json");
const APPROVALS: &str = include_str!("vectors/crossmint-approvals.json");

fn base64(bytes: &[u8]) -> String {
    let mut out = vec![0; bytes.len() * 2 + 4];
    signer_core::encoding::base64_encode(bytes, &mut out).unwrap().into()
}

fn envelope(name: &str) -> Envelope {
    let vectors = vectors(XDR);
    let found = cases(&vectors, "envelopes").iter().find(|it| text(it, "name") == name).unwrap();
    Envelope::parse(text(found, "xdr")).unwrap()
}

#[test]
fn values_are_those_of_the_sdk() {
    let seven = signer_core::ed25519::SigningKey::from_seed(&[7; 32]).verifying_key();
    let mut wide = [0; 32];
    wide[6] = 1; // 2^200
    wide[31] = 5;
    let expected = |name: &str| match name {
        "bool" => ScVal::Bool(true),
        "void" => ScVal::Void,
        "u32" => ScVal::U32(u32::MAX),
        "i32" => ScVal::I32(-5),
        "u64" => ScVal::U64(u64::MAX),
        "i64" => ScVal::I64(i64::MIN),
        "timepoint" => ScVal::Timepoint(7),
        "duration" => ScVal::Duration(8),
        "u128" => ScVal::U128(u128::MAX),
        "i128" => ScVal::I128(i128::MIN),
        "i128_small" => ScVal::I128(-2),
        "u256" => ScVal::U256(wide),
        "i256" => ScVal::I256([0xff; 32]),
        "bytes" => ScVal::Bytes(vec![1, 2, 3, 4, 5]),
        "string" => ScVal::String("hé".into()),
        "symbol" => ScVal::symbol("add_signer"),
        "vec" => ScVal::Vec(vec![ScVal::U32(1), ScVal::Vec(Vec::new())]),
        "map" => ScVal::Map(vec![(ScVal::symbol("a"), ScVal::Void)]),
        "account" => ScVal::Address(ScAddress::Account(Address::from(&seven))),
        "contract" => ScVal::Address(ScAddress::Contract(ContractAddress::from_bytes([9; 32]))),
        "instance" => ScVal::LedgerKeyContractInstance,
        "nonce" => ScVal::LedgerKeyNonce(-3),
        other => panic!("{other}"),
    };
    let vectors = vectors(XDR);
    for case in cases(&vectors, "values") {
        let (bytes, value) = (unbase64(text(case, "xdr")), expected(text(case, "name")));
        assert_eq!(ScVal::decode(&bytes), Ok(value.clone()), "{case}");
        assert_eq!(value.encode(), bytes, "{case}");
        assert_eq!(ScVal::decode(&bytes[..bytes.len() - 1]), Err(XdrError::End), "{case}");
        assert_eq!(ScVal::decode(&[bytes, vec![0]].concat()), Err(XdrError::Trailing), "{case}");
    }
    // "bytes" of five: the first of three padding bytes is not zero.
    let padded = [0, 0, 0, 13, 0, 0, 0, 5, 1, 2, 3, 4, 5, 1, 0, 0];
    assert_eq!(ScVal::decode(&padded), Err(XdrError::Padding));
    assert_eq!(ScVal::decode(&[0, 0, 0, 15, 0, 0, 0, 1, b'-', 0, 0, 0]), Err(XdrError::Symbol));
    let flag = Err(XdrError::Unsupported { part: "bool", tag: 2 });
    assert_eq!(ScVal::decode(&[0, 0, 0, 0, 0, 0, 0, 2]), flag);
    // A vector of 2^32 - 1 elements.
    let long = [0, 0, 0, 16, 0, 0, 0, 1, 255, 255, 255, 255];
    assert_eq!(ScVal::decode(&long), Err(XdrError::Limit { part: "vec" }));
}

#[test]
fn envelopes_of_the_sdk_are_read_and_written_the_same() {
    let vectors = vectors(XDR);
    for case in cases(&vectors, "envelopes") {
        let envelope = Envelope::parse(text(case, "xdr"));
        let envelope = envelope.unwrap_or_else(|error| panic!("{}: {error}", case["name"]));
        assert_eq!(envelope.to_base64(), text(case, "xdr"));
        assert_eq!(envelope.call().function, "transfer");
        let [entry] = envelope.authorizations() else { panic!("{case}") };
        assert_eq!(AuthorizationEntry::decode(&entry.encode()).as_ref(), Ok(entry));
    }
    for case in cases(&vectors, "refused") {
        let part = text(case, "part");
        match Envelope::parse(text(case, "xdr")).unwrap_err() {
            XdrError::Unsupported { part: found, .. } | XdrError::Limit { part: found } => {
                assert_eq!(found, part, "{case}");
            }
            other => panic!("{}: {other}", case["name"]),
        }
    }
}

#[test]
fn the_payload_is_that_of_the_sdk() {
    let vectors = vectors(XDR);
    let plain = envelope("plain");
    let root = &plain.authorizations()[0].root;
    let payload = authorization_payload(PUBLIC_NETWORK, -77, 123_456, root);
    assert_eq!(base64(&payload), text(&vectors["payload"], "message"));
    assert_eq!(text(&vectors["payload"], "network"), PUBLIC_NETWORK);
    assert_eq!(network_passphrase(Environment::Development), TEST_NETWORK);
}

/// A case of the vectors, whose answer and request may be changed before it is verified.
#[derive(Clone)]
struct Case(Value);

impl Case {
    fn all() -> &'static [Self] {
        static ALL: LazyLock<Vec<Case>> = LazyLock::new(|| {
            let vectors = vectors(APPROVALS);
            let cases = cases(&vectors, "cases").iter();
            cases.filter(|case| case["chainType"] == "stellar").cloned().map(Case).collect()
        });
        &ALL
    }

    fn honest() -> Vec<&'static Self> {
        Self::all().iter().filter(|it| it.0["expect"]["verdict"] == "as_requested").collect()
    }

    fn find(group: &str) -> Self {
        Self::honest().into_iter().find(|it| text(&it.0, "group") == group).unwrap().clone()
    }

    /// The operation: the answer, or its transaction if it is that of a new signer.
    fn operation(&mut self) -> &mut Value {
        let answer = &mut self.0["answer"];
        if answer["transaction"].is_object() { &mut answer["transaction"] } else { answer }
    }

    fn tx(&mut self) -> String {
        text(&self.operation()["onChain"]["transaction"], "tx").into()
    }

    fn envelope(&mut self) -> Envelope {
        Envelope::parse(&self.tx()).unwrap()
    }

    fn set_tx(&mut self, tx: &str) {
        self.operation()["onChain"]["transaction"]["tx"] = tx.into();
    }

    fn message(&mut self) -> String {
        text(&self.operation()["approvals"]["pending"][0], "message").into()
    }

    fn set_message(&mut self, message: &str) {
        self.operation()["approvals"]["pending"][0]["message"] = message.into();
    }

    fn environment(&self) -> Environment {
        text(&self.0, "environment").parse().unwrap()
    }

    fn wallet(&self) -> ContractAddress {
        ContractAddress::parse(text(&self.0, "wallet")).unwrap()
    }

    /// Makes the answer authorize `root` and call `host`, with the right message.
    fn authorize(&mut self, root: &InvocationTree, host: &Invocation) {
        let (nonce, expiration_ledger) = (5, 6);
        let credentials = Credentials::Address {
            address: ScAddress::Contract(self.wallet()),
            nonce,
            expiration_ledger,
            signature: ScVal::Void,
        };
        let entry = AuthorizationEntry { credentials, root: root.clone() };
        let source = Address::from_bytes([3; 32]);
        self.set_tx(&Envelope::new(source, 100, 1, host.clone(), vec![entry]).to_base64());
        let network = network_passphrase(self.environment());
        let payload = authorization_payload(network, nonce, expiration_ledger, root);
        self.set_message(&base64(&payload));
    }

    fn verify(&self) -> Verification {
        let case = &self.0;
        let chain = ChainId::parse("stellar").unwrap();
        let signer = Locator::parse(text(case, "signer"), ChainType::Stellar).unwrap();
        let mut context = Context::new(self.environment(), chain, text(case, "wallet"), signer);
        if let Some(contract) = case["context"]["token"]["contract"].as_str() {
            let decimals = case["context"]["token"]["decimals"].as_u64().unwrap();
            let decimals = u8::try_from(decimals).unwrap();
            let contract = ContractAddress::parse(contract).unwrap();
            context.tokens = Tokens::default().with_default(Token::Sep41 { contract, decimals });
        }
        if case["context"]["native"] == true {
            context.tokens = Tokens::default().with("stellar:xlm", Token::Native { decimals: 7 });
        }
        let request = &case["request"];
        let body = match &request["body"] {
            Value::Null => Vec::new(),
            body => serde_json::to_vec(body).unwrap(),
        };
        let request =
            Request::parse(text(request, "method"), text(request, "path"), &body).unwrap();
        verify(&request, &serde_json::from_value(case["answer"].clone()).unwrap(), &context)
    }
}

fn reasons(verification: &Verification) -> Vec<&'static str> {
    verification.findings().iter().map(Finding::reason).collect()
}

fn root_of(envelope: &Envelope) -> &Invocation {
    match &envelope.authorizations()[0].root.function {
        AuthorizedFunction::Contract(invocation) => invocation,
        AuthorizedFunction::Create { .. } => panic!("creation"),
    }
}

#[test]
fn the_decoded_calls_are_those_of_the_vectors() {
    for case in Case::honest() {
        let verification = case.verify();
        assert_eq!(verification.kind(), Some(Kind::Stellar));
        let views = verification.content().unwrap().items.iter().map(|item| item.view.clone());
        let views = serde_json::to_value(Json::Array(views.collect())).unwrap();
        assert_eq!(views, case.0["expect"]["decoded"], "{}", case.0["id"]);
    }
}

#[test]
fn the_encoders_write_the_vectors_of_the_sdk() {
    for case in Case::honest() {
        let mut case = case.clone();
        let (tx, wallet) = (case.tx(), case.wallet());
        let decoded = case.envelope();
        let source = unbase64(&tx)[8..40].try_into().map(Address::from_bytes).unwrap();
        let entries = decoded.authorizations().to_vec();
        let again = Envelope::new(source, 100_000, 42, decoded.call().clone(), entries);
        assert_eq!(again.to_base64(), tx, "{}", case.0["id"]);

        let args = &case.0["expect"]["decoded"][0]["args"];
        let signer = || Address::parse(text(args, "signer")).unwrap();
        let call = match decoded.call().function.as_str() {
            "add_signer" => add_signer(wallet, signer()),
            "revoke_signer" => revoke_signer(wallet, signer()),
            "transfer" => token_transfer(
                decoded.call().contract,
                ScAddress::parse(text(args, "from")).unwrap(),
                ScAddress::parse(text(args, "to")).unwrap(),
                text(args, "amount").parse().unwrap(),
            ),
            _ => continue,
        };
        assert_eq!(&call, decoded.call());
    }
}

#[test]
fn native_transfers_go_through_the_contract_of_the_network() {
    let xlm = |case: &&&Case| text(&case.0["request"], "path").ends_with("stellar:xlm/transfers");
    let cases = Case::honest();
    let cases: Vec<_> = cases.iter().filter(xlm).copied().collect();
    assert!(cases.len() > 2);
    for case in cases {
        let mut case = case.clone();
        case.0["context"] = serde_json::json!({ "native": true });
        assert_eq!(case.verify().verdict(), Verdict::AsRequested);
    }
}

/// The parts of a transaction that the wallet's signature does not cover may be anything that is well-formed.
#[test]
fn another_frame_of_the_transaction_changes_nothing() {
    let vectors = vectors(XDR);
    let frames = cases(&vectors, "envelopes").iter().map(|it| text(it, "name"));
    let plain = envelope("plain");
    let wallet = ContractAddress::from_bytes([9; 32]);
    for name in frames {
        let mut case = Case::find("stellar-transaction");
        case.0["wallet"] = wallet.to_string().into();
        let path = format!("/api/2025-06-09/wallets/{wallet}/transactions");
        case.0["request"]["path"] = path.into();
        let call = plain.call();
        let ScVal::Address(to) = call.arguments[1] else { panic!("{call:?}") };
        let args = serde_json::json!({
            "from": wallet.to_string(), "to": to.to_string(), "amount": 5
        });
        let transaction = &mut case.0["request"]["body"]["params"]["transaction"];
        transaction["contractId"] = call.contract.to_string().into();
        transaction["args"] = args;
        let network = network_passphrase(case.environment());
        let changed = envelope(name);
        case.set_tx(&changed.to_base64());
        let root = &changed.authorizations()[0].root;
        case.set_message(&base64(&authorization_payload(network, -77, 123_456, root)));
        let verification = case.verify();
        let expected: &[&str] = match name {
            "creation below" | "three levels" => &["sub_invocation"],
            "creation as root" => &["invocation"],
            "source account credentials" => &["stellar_auth"],
            _ => &[],
        };
        assert_eq!(reasons(&verification), expected, "{name}: {:?}", verification.findings());
    }
}

#[test]
fn a_consistent_answer_with_another_call_differs() {
    for group in ["stellar-transfer", "stellar-transaction"] {
        let honest = Case::find(group).envelope();
        let root = root_of(&honest);
        let other = ContractAddress::from_bytes([1; 32]);
        let with = |at: usize, value: ScVal| {
            let mut invocation = root.clone();
            invocation.arguments[at] = value;
            invocation
        };
        let ScVal::I128(amount) = root.arguments[2] else { panic!("{root:?}") };
        let ScVal::Address(ScAddress::Account(to)) = root.arguments[1] else { panic!("{root:?}") };
        let mut renamed = root.clone();
        renamed.function = "transfer_".into();
        let mut moved = root.clone();
        moved.contract = other;
        let mut longer = root.clone();
        longer.arguments.push(ScVal::Void);
        let recipient = ContractAddress::from_bytes(*to.as_bytes());
        for invocation in [
            renamed,
            moved,
            longer,
            with(0, ScVal::Address(ScAddress::Contract(other))),
            with(1, ScVal::Address(ScAddress::Contract(other))),
            with(1, ScVal::Address(ScAddress::Contract(recipient))),
            with(2, ScVal::I128(amount + 1)),
            with(2, ScVal::I128(-amount)),
            with(2, ScVal::U128(amount.unsigned_abs())),
            add_signer(Case::find(group).wallet(), to),
        ] {
            let mut case = Case::find(group);
            case.authorize(&InvocationTree::leaf(invocation.clone()), &invocation);
            let verification = case.verify();
            assert_eq!(reasons(&verification), ["invocation"], "{invocation:?}");
            assert_eq!(verification.verdict(), Verdict::Differs);
        }
        let mut case = Case::find(group);
        case.authorize(&InvocationTree::leaf(root.clone()), root);
        assert_eq!(case.verify().verdict(), Verdict::AsRequested);
    }
}

#[test]
fn only_the_one_authorization_of_the_wallet_counts() {
    let mut case = Case::find("stellar-transfer");
    let honest = case.envelope();
    let source = Address::from_bytes([3; 32]);
    let [entry] = honest.authorizations() else { panic!("{honest:?}") };
    let with = |entries: Vec<AuthorizationEntry>| {
        let mut case = case.clone();
        case.set_tx(&Envelope::new(source, 1, 1, honest.call().clone(), entries).to_base64());
        case.verify()
    };
    let mut account = entry.clone();
    if let Credentials::Address { address, .. } = &mut account.credentials {
        *address = ScAddress::Account(source);
    }
    for entries in [Vec::new(), vec![entry.clone(); 2], vec![account]] {
        let verification = with(entries);
        assert_eq!(reasons(&verification), ["stellar_auth"]);
        assert!(verification.approval().is_some());
    }
    assert_eq!(with(vec![entry.clone()]).verdict(), Verdict::AsRequested);
}

#[test]
fn a_payload_of_the_other_network_differs() {
    let mut case = Case::find("stellar-transfer");
    assert_eq!(case.environment(), Environment::Staging);
    let entry = case.envelope().authorizations()[0].clone();
    let Credentials::Address { nonce, expiration_ledger, .. } = entry.credentials else {
        panic!("{entry:?}")
    };
    let payload = authorization_payload(PUBLIC_NETWORK, nonce, expiration_ledger, &entry.root);
    case.set_message(&base64(&payload));
    let verification = case.verify();
    assert_eq!(reasons(&verification), ["payload_mismatch"]);
    assert!(verification.findings()[0].detail().contains(PUBLIC_NETWORK));
    assert_eq!(verification.kind(), Some(Kind::Hash));
}

#[test]
fn a_message_that_is_not_32_bytes_is_never_an_approval() {
    let mut case = Case::find("stellar-transaction");
    let message = case.message();
    for changed in
        ["", "AAAA", "not base64", message.trim_end_matches('='), &(message.clone() + "\n")]
    {
        case.set_message(changed);
        let verification = case.verify();
        assert_eq!(verification.verdict(), Verdict::Differs, "{changed:?}");
        assert_eq!(reasons(&verification), ["payload_mismatch", "malformed"]);
        assert_eq!(verification.approval(), None);
        assert_eq!(verification.message(), None);
    }
}

/// The changes of a request, each with the finding that it leads to.
#[test]
fn a_request_that_cannot_be_compared_is_unverified() {
    let json = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let cases = [
        ("stellar-transfer", "/memo", json(r#"{"type":"text","value":"a"}"#), "memo"),
        ("stellar-transfer", "/transactionType", json(r#""onramp""#), "transfer_type"),
        ("stellar-transfer", "/other", json("1"), "request_form"),
        ("stellar-transfer", "/amount", Value::Null, "amount"),
        ("stellar-transfer", "/amount", json(r#""1.00000001""#), "amount"),
        ("stellar-transfer", "/amount", json(r#""99999999999999999999999999999999""#), "amount"),
        ("stellar-transfer", "/amount", json("1"), "amount"),
        ("stellar-transfer", "/recipient", json(r#""email:a@b.example""#), "recipient"),
        ("stellar-transfer", "/recipient", json("null"), "recipient"),
        ("stellar-transaction", "/params/transaction/memo", json(r#"{"type":"id"}"#), "memo"),
        ("stellar-transaction", "/params/transaction/other", json("1"), "stellar_request"),
        ("stellar-transaction", "/params/transaction/type", json(r#""x""#), "stellar_request"),
        (
            "stellar-transaction",
            "/params/transaction/contractId",
            json(r#""C""#),
            "stellar_request",
        ),
        ("stellar-transaction", "/params/transaction/args", Value::Null, "stellar_args"),
    ];
    for (group, pointer, value, reason) in cases {
        let mut case = Case::find(group);
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        case.0["request"]["body"].pointer_mut(parent).unwrap()[name] = value;
        let verification = case.verify();
        assert_eq!(reasons(&verification), [reason], "{pointer}");
        assert_eq!(verification.verdict(), Verdict::Unverified, "{pointer}");
    }
    let mut case = Case::find("stellar-transfer");
    case.0["context"] = Value::Null;
    assert_eq!(reasons(&case.verify()), ["token"]);
    let mut case = Case::find("stellar-transfer");
    let wallet = text(&case.0, "wallet");
    let token = ContractAddress::from_bytes([4; 32]);
    let path = format!("/api/2025-06-09/wallets/{wallet}/tokens/stellar:{token}/transfers");
    case.0["request"]["path"] = path.into();
    assert_eq!(reasons(&case.verify()), ["token"]);
    let mut case = Case::find("stellar-transfer");
    case.0["request"]["path"] =
        format!("/api/2025-06-09/wallets/{token}/tokens/stellar:xlm/transfers").into();
    assert!(reasons(&case.verify()).contains(&"wallet"));
}

#[test]
fn recipients_may_be_written_as_locators_of_an_address() {
    let mut case = Case::find("stellar-transfer");
    let recipient = text(&case.0["request"]["body"], "recipient").to_string();
    for (locator, is_readable) in [
        (format!("address:{recipient}"), true),
        (format!("address:{recipient}:stellar"), true),
        (format!("address:{recipient}:solana"), false),
        (format!("{recipient}:stellar"), false),
    ] {
        case.0["request"]["body"]["recipient"] = locator.clone().into();
        let expected: &[&str] = if is_readable { &[] } else { &["recipient"] };
        assert_eq!(reasons(&case.verify()), expected, "{locator}");
    }
}

#[test]
fn calls_have_their_effects() {
    let effect = |case: &Case| case.verify().content().unwrap().items[0].effect.clone();
    let is_named = |name: &str| {
        let name = name.to_string();
        move |case: &Case| case.0["expect"]["decoded"][0]["function"] == name
    };
    let honest = Case::honest();
    let find = |name: &str| honest.iter().find(|case| is_named(name)(case)).unwrap();
    assert!(matches!(effect(find("transfer")), Effect::Payment { .. }));
    assert!(matches!(effect(find("approve")), Effect::Allowance { .. }));
    assert!(matches!(effect(find("burn")), Effect::Invocation { .. }));
    assert!(matches!(effect(find("add_signer")), Effect::AddSigner { .. }));
    assert!(matches!(effect(find("revoke_signer")), Effect::RemoveSigner { .. }));
    let all = Case::all();
    let upgrade = all.iter().find(|case| is_named("upgrade")(case)).unwrap();
    assert_eq!(effect(upgrade), Effect::Unknown);
}

#[test]
fn every_changed_byte_of_one_answer_is_noticed_or_unsigned() {
    let mut case = Case::find("stellar-transfer");
    let bytes = unbase64(&case.tx());
    let honest = case.verify();
    let mut unsigned = 0;
    for at in 0..bytes.len() {
        for mask in [1, 0x80] {
            let mut changed = bytes.clone();
            changed[at] ^= mask;
            case.set_tx(&base64(&changed));
            unsigned += usize::from(is_same_or_refused(&case.verify(), &honest));
        }
    }
    // Source account, fee, sequence number and time bounds: 60 bytes, and the signature that is still void.
    assert!((120..140).contains(&unsigned), "{unsigned}");
}

/// Whether the same bytes are to be signed for the same content; panics if others are.
fn is_same_or_refused(changed: &Verification, honest: &Verification) -> bool {
    if changed.verdict() != Verdict::AsRequested {
        return false;
    }
    assert_eq!(changed.message(), honest.message());
    assert_eq!(changed.content(), honest.content());
    true
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_changed_byte_is_refused_or_changes_nothing_that_is_signed(
        which in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        mask in 1..=u8::MAX,
    ) {
        let cases = Case::honest();
        let mut case = cases[which.index(cases.len())].clone();
        let honest = case.verify();
        let mut tx = unbase64(&case.tx());
        let index = at.index(tx.len());
        tx[index] ^= mask;
        case.set_tx(&base64(&tx));
        is_same_or_refused(&case.verify(), &honest);

        let mut case = cases[which.index(cases.len())].clone();
        let mut message = unbase64(&case.message());
        let index = at.index(message.len());
        message[index] ^= mask;
        case.set_message(&base64(&message));
        prop_assert_eq!(case.verify().verdict(), Verdict::Differs);
    }

    #[test]
    fn no_bytes_make_the_decoder_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(envelope) = Envelope::decode(&bytes) {
            prop_assert_eq!(envelope.encode(), bytes.clone());
        }
        if let Ok(value) = ScVal::decode(&bytes) {
            prop_assert_eq!(value.encode(), bytes);
        }
    }
}
