//! Events that others paid for, each as a test that this code could have failed.

use signer_protocols::blink::{Policy, SignerRequest};
use signer_protocols::crossmint::{
    Approval, ChainId, DerivationInfo, Environment, ProjectId, Scheme, SignerSecret,
};
use signer_protocols::jcs::{self, JsonErrorKind, Limits};
use signer_protocols::privy::WebhookSecret;

fn refused(document: &str) -> JsonErrorKind {
    jcs::canonicalize(document.as_bytes(), Limits::default()).unwrap_err().kind().clone()
}

/// 2017, a document store: two parsers read two members of the same name, one the first and one the last, and
/// what was checked was not what was done.
#[test]
fn duplicate_keys_2017_couchdb() {
    for document in [
        r#"{"amount":1,"amount":1000000}"#,
        r#"{"amount":1,"\u0061mount":1000000}"#,
        r#"{"a":{"roles":[],"roles":["_admin"]}}"#,
    ] {
        assert_eq!(refused(document), JsonErrorKind::DuplicateKey, "{document}");
        assert!(SignerRequest::parse(document.as_bytes(), Limits::default()).is_err());
    }
}

/// 2010, a social network's ids: beyond 2^53 a double names its neighbour. RFC 8785 prints the double that was
/// read, so the text of what is signed is that of the number that is meant by every reader.
#[test]
fn number_precision_2010_snowflake_ids() {
    for (document, canonical) in [
        ("10765432100123456789", "10765432100123458000"),
        ("9007199254740993", "9007199254740992"),
        ("-9007199254740993", "-9007199254740992"),
        ("0.1000000000000000055511151231257827", "0.1"),
    ] {
        let read = jcs::canonicalize(document.as_bytes(), Limits::default()).unwrap();
        assert_eq!(String::from_utf8(read).unwrap(), canonical);
    }
    assert_eq!(refused("1e400"), JsonErrorKind::NumberRange);
}

/// Canonicalisers that sorted keys as UTF-8 signed other bytes than the verifier: surrogates (U+1F600) come
/// before U+FB33. The example is that of RFC 8785, section 3.2.3.
#[test]
fn utf16_key_order_rfc_8785() {
    let document = "{\"\\u20ac\":1,\"\\r\":2,\"\\ufb33\":3,\"1\":4,\"\\ud83d\\ude00\":5,\"\\u0080\":6,\"\\u00f6\":7}";
    let expected = "{\"\\r\":2,\"1\":4,\"\u{80}\":6,\"ö\":7,\"€\":1,\"😀\":5,\"\u{fb33}\":3}";
    let canonical = jcs::canonicalize(document.as_bytes(), Limits::default()).unwrap();
    assert_eq!(String::from_utf8(canonical).unwrap(), expected);
}

/// 2023, threshold signers: fields were joined before they were hashed, so [1, 1, 30] and [11, 30] were one
/// message. Where fields are joined here, none can hold what joins them.
#[test]
fn joined_fields_2023_tsshock() {
    for project in ["a:staging", "a:", ":a", "a:staging:evm"] {
        assert!(ProjectId::parse(project).is_err(), "{project}");
    }
    let project = ProjectId::parse("project-1").unwrap();
    let chain = ChainId::parse("base-sepolia").unwrap();
    let secret = SignerSecret::parse(&"4a".repeat(32)).unwrap();
    let mut keys = Vec::new();
    for environment in [Environment::Development, Environment::Staging, Environment::Production] {
        for chain in [chain, ChainId::parse("solana").unwrap(), ChainId::parse("stellar").unwrap()]
        {
            for scheme in [Scheme::Current, Scheme::Legacy] {
                let info = DerivationInfo::new(&project, environment, chain, scheme);
                keys.push((info.to_string(), *info.derive_key(&secret).expose_secret()));
            }
        }
    }
    for (at, (info, key)) in keys.iter().enumerate() {
        let same = keys[at + 1..].iter().filter(|(other, _)| other == info).count();
        let alike = keys[at + 1..].iter().filter(|(_, other)| other == key).count();
        assert_eq!(same, alike, "{info}: another info, the same key");
    }

    // A webhook signs `id.time.body`: an id with a dot would lend the time to the body.
    let secret = WebhookSecret::parse("whsec_c2VjcmV0IG9mIGEgdGVzdCB0aGF0IGlzIGxvbmc=").unwrap();
    let tag = {
        use hmac::{KeyInit, Mac};
        let mut mac =
            hmac::Hmac::<sha2::Sha256>::new_from_slice(b"secret of a test that is long").unwrap();
        mac.update(b"msg_1.1700000000.1700000001.{}");
        let mut text = [0; 44];
        let tag = mac.finalize().into_bytes();
        format!("v1,{}", signer_core::encoding::base64_encode(&tag, &mut text).unwrap())
    };
    let verify = |id, time, body| secret.verify(id, time, &tag, body, 1_700_000_000);
    assert!(verify("msg_1", "1700000000", b"1700000001.{}").is_ok());
    assert!(verify("msg_1.1700000000", "1700000001", b"{}").is_err());
}

/// A signature of a message must never be one of a transaction: EVM messages are signed under EIP-191, whose first
/// byte no transaction has.
#[test]
fn blind_signing_of_a_transaction_as_a_message() {
    let digest = |message: &str| match Approval::evm(message).unwrap().signing_input() {
        signer_protocols::crossmint::SigningInput::Digest(digest) => *digest.as_bytes(),
        other => panic!("{other:?}"),
    };
    let transaction = "0x02f86c01808459682f0085174876e800825208943535353535353535353535353535353535353535880de0b6b3a764000080c0";
    let bytes: Vec<u8> = (2..transaction.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&transaction[at..at + 2], 16).unwrap())
        .collect();
    assert_ne!(digest(transaction), *signer_core::keccak::keccak256(&bytes).as_bytes());
    assert_eq!(digest(transaction), *signer_core::keccak::eip191_digest(&bytes).as_bytes());
}

/// Readers that descend by recursion end with the stack: 100,000 brackets are 100 kB.
#[test]
fn memory_exhaustion_by_nesting() {
    for open in ["[", "{\"a\":", "[{\"a\":"] {
        let deep = open.repeat(100_000);
        assert!(matches!(refused(&deep), JsonErrorKind::TooDeep { .. }), "{open}");
        assert!(SignerRequest::parse(deep.as_bytes(), Limits::default()).is_err());
    }
    // Many members cost no more than they are long: a million of them end in time.
    let wide = format!("[{}0]", "{},".repeat(300_000));
    assert!(
        jcs::canonicalize(wide.as_bytes(), Limits::default().with_max_bytes(2_000_000)).is_ok()
    );
}

/// 2018 and later, wallets: a chain id beyond 32 or 53 bits came round to that of another chain.
#[test]
fn chain_id_overflow() {
    for chain in ["4294975749", "18446744073709560069", "-8453", "8.4531e3", "\"8453\"", "true"] {
        let body = format!(
            r#"{{"amount":50,"chainId":{chain},"address":"0x1a5FdBc891c5D4E6aD68064Ae45D43146D4F9f3a","token":"0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"}}"#
        );
        let request = SignerRequest::parse(body.as_bytes(), Limits::default());
        let validated = request.and_then(|request| request.validate(&Policy::catalogue()));
        assert!(validated.is_err(), "{chain}");
    }
}
