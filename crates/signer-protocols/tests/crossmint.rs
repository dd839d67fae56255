use serde_json::Value;
use signer_core::encoding::base58;
use signer_core::keccak::eip191_digest;
use signer_core::{SecretBytes, secp256k1};
use signer_protocols::crossmint::{
    ApiKey, ApiKeyError, ApiKeyExpectation, Approval, ApprovalError, ChainId, ChainType,
    DerivationInfo, Environment, Locator, ProjectId, Scheme, SecretError, ServerSigner,
    SignerResolution, SignerSecret, SigningInput, TrustedKeys, Usage, resolve_signer,
};

use super::{cases, text, unhex, vectors};

const VECTORS: &str = include_str!("vectors/crossmint.json");

struct Input {
    secret: SignerSecret,
    project: ProjectId,
    environment: Environment,
}

fn input(value: &Value) -> Input {
    Input {
        secret: SignerSecret::parse(text(value, "secret")).unwrap(),
        project: ProjectId::parse(text(value, "projectId")).unwrap(),
        environment: text(value, "environment").parse().unwrap(),
    }
}

fn derive(value: &Value, chain: &str, scheme: Scheme) -> ServerSigner {
    let input = input(value);
    let chain = ChainId::parse(chain).unwrap();
    ServerSigner::derive(&input.secret, &input.project, input.environment, chain, scheme).unwrap()
}

#[test]
fn derivation_in_both_schemes() {
    let (mut current, mut legacy) = (0, 0);
    for case in cases(&vectors(VECTORS), "derive") {
        let chain = text(&case["input"], "chain");
        let Ok(id) = ChainId::parse(chain) else {
            // 0.21 let unknown names pass; they are errors here.
            continue;
        };
        let project = text(&case["input"], "projectId");
        if project.is_empty() || project.contains(':') {
            // The vendor derives with these; here they would make `info` ambiguous.
            assert!(ProjectId::parse(project).is_err());
            continue;
        }
        let input = input(&case["input"]);
        for (scheme, member) in [(Scheme::Current, "v1_primary"), (Scheme::Legacy, "v0_or_legacy")]
        {
            let expected = &case[member];
            if expected.get("privateKeyHex").is_none() {
                continue;
            }
            let info = DerivationInfo::new(&input.project, input.environment, id, scheme);
            assert_eq!(info.to_string(), text(expected, "info"));
            let key = info.derive_key(&input.secret);
            assert_eq!(key.expose_secret().as_slice(), unhex(text(expected, "privateKeyHex")));
            let signer = derive(&case["input"], chain, scheme);
            assert_eq!(signer.address().to_string(), text(expected, "address"));
            assert_eq!(signer.locator().to_string(), text(expected, "locator"));
            assert_eq!(signer.public_key_hex(), text(expected, "publicKeyHex"));
            assert_eq!(signer.chain_type().as_str(), text(case, "chainType"));
            match scheme {
                Scheme::Current => current += 1,
                Scheme::Legacy => legacy += 1,
            }
        }
    }
    assert!(current > 150 && legacy > 150, "{current} {legacy}");
}

/// The vendor document's secret with the project of the specification's check values.
#[test]
fn check_values() {
    let input = serde_json::json!({
        "secret": "b62b473b3ba7d3d72bf7c3a397f1eb61c305a4193ce670dd056686c13d95bbaa",
        "projectId": "dfb06708-a46f-4615-bd34-f614ae284e7b",
        "environment": "staging",
    });
    for (chain, scheme, address) in [
        ("base-sepolia", Scheme::Current, "0x6b9cb6e03786D23b45b1C7Fd0684B8bc10e098F1"),
        ("base-sepolia", Scheme::Legacy, "0xeFC7ed98dD9d841482A51f93A18958DF59D1D806"),
        ("solana", Scheme::Current, "9r5nFjc8wa4gkAzU6iUNT2SnyBR6rTZmkr1hN2c7vis6"),
        ("solana", Scheme::Legacy, "9r5nFjc8wa4gkAzU6iUNT2SnyBR6rTZmkr1hN2c7vis6"),
        ("stellar", Scheme::Current, "GATI23RKXJWKWOU24HOHQWNV2PHAQSW6G7LP52KQNUWWJF4JVA46VACB"),
    ] {
        assert_eq!(derive(&input, chain, scheme).address().to_string(), address);
    }
}

#[test]
fn keys_at_the_edges() {
    for case in cases(&vectors(VECTORS), "private_key_edges") {
        let bytes = unhex(text(case, "keyHex"));
        let Ok(bytes) = <[u8; 32]>::try_from(bytes) else {
            continue; // another length is no `SecretBytes<32>`
        };
        let chain = ChainId::parse(text(case, "chain")).unwrap();
        let key = SecretBytes::init(|out| *out = bytes);
        let signer = ServerSigner::from_key(&key, chain.chain_type());
        let address = signer.ok().map(|signer| signer.address().to_string());
        assert_eq!(address.as_deref(), case["address"].as_str(), "{case}");
    }
}

#[test]
fn secrets_in_every_form() {
    let digits = "b62b473b3ba7d3d72bf7c3a397f1eb61c305a4193ce670dd056686c13d95bbaa";
    for good in [
        digits.to_owned(),
        digits.to_uppercase(),
        format!("xmsk1_{digits}"),
        format!("xmsk1_{}", digits.to_uppercase()),
    ] {
        let secret = SignerSecret::parse(&good).unwrap();
        use secrecy::ExposeSecret;
        assert_eq!(secret.to_text().expose_secret(), format!("xmsk1_{digits}"));
    }
    for case in cases(&vectors(VECTORS), "secret_negative") {
        let Some(bad) = case["secret"].as_str() else { continue };
        assert!(SignerSecret::parse(bad).is_err(), "{case}");
    }
    for bad in [
        format!("XMSK1_{digits}"),
        format!("xmsk1_xmsk1_{digits}"),
        format!("{digits}xmsk1_"),
        format!(" {digits}"),
        format!("{digits}\n"),
        format!("+f{}", &digits[2..]),
        format!("0x{digits}"),
    ] {
        assert!(SignerSecret::parse(&bad).is_err(), "{bad}");
    }
    let short = SignerSecret::parse(&digits[..63]).unwrap_err();
    assert_eq!(short, SecretError::Length { found: 63 });
}

#[test]
fn evm_approvals() {
    let all = vectors(VECTORS);
    for case in cases(&all, "sign_evm") {
        let chain = if text(&case["input"], "chainToken") == "evm" {
            "base-sepolia"
        } else {
            text(&case["input"], "chainToken")
        };
        let scheme = if text(&case["input"], "chainToken") == "evm" {
            Scheme::Current
        } else {
            Scheme::Legacy
        };
        let message = text(case, "message");
        let approval = Approval::evm(message);
        if case["note"].as_str().is_some_and(|note| note.starts_with("odd-length")) {
            assert_eq!(approval, Err(ApprovalError::EvmHex), "{message}");
            continue;
        }
        let approval = approval.unwrap();
        let SigningInput::Digest(digest) = approval.signing_input() else { panic!("{case}") };
        assert_eq!(digest.as_bytes().as_slice(), unhex(text(case, "digestHex")));
        let signer = derive(&case["input"], chain, scheme);
        assert_eq!(signer.address().to_string(), text(case, "address"));
        assert_eq!(signer.approve(&approval).unwrap(), text(case, "signature"));
        let key = secp256k1::SigningKey::from_scalar(
            &unhex(text(case, "privateKeyHex")).try_into().unwrap(),
        );
        approval.verify_evm(&key.unwrap().verifying_key(), text(case, "signature")).unwrap();
    }
    assert_eq!(eip191_digest(b"").as_bytes()[0], 0x5f);
}

#[test]
fn solana_approvals() {
    let all = vectors(VECTORS);
    for case in cases(&all, "sign_solana_message") {
        let signer = derive(&case["input"], "solana", Scheme::Current);
        assert_eq!(signer.address().to_string(), text(case, "address"));
        let approval = Approval::solana_message(text(case, "message")).unwrap();
        let SigningInput::Message(message) = approval.signing_input() else { panic!("{case}") };
        assert_eq!(message, unhex(text(case, "messageHex")));
        assert_eq!(signer.approve(&approval).unwrap(), text(case, "signature"));
    }
    for case in cases(&all, "sign_solana_transaction") {
        let approval = Approval::solana_transaction(text(case, "transaction"));
        if case.get("error").is_some() {
            assert_eq!(approval, Err(ApprovalError::SolanaTransaction), "{case}");
            continue;
        }
        let approval = approval.unwrap();
        if let Some(signed) = case["signedMessageHex"].as_str() {
            assert_eq!(approval.signing_input(), SigningInput::Message(&unhex(signed)));
        }
        let signer = derive(&case["input"], "solana", Scheme::Current);
        assert_eq!(signer.approve(&approval).unwrap(), text(case, "signature"), "{case}");
    }
}

#[test]
fn solana_transactions_that_are_refused() {
    let all = vectors(VECTORS);
    let good = cases(&all, "sign_solana_transaction")
        .iter()
        .find_map(|case| {
            case["wireHex"]
                .as_str()
                .filter(|_| case["label"].as_str().unwrap().starts_with("legacy"))
        })
        .map(unhex)
        .unwrap();
    let encode = |wire: &[u8]| {
        let mut out = vec![0; base58::encoded_len(wire.len())];
        base58::encode(wire, &mut out).unwrap().to_owned()
    };
    assert!(Approval::solana_transaction(&encode(&good)).is_ok());
    // The long form of the signature count, as far as it goes, and bytes after the message.
    for long in [&[0x81, 0x00][..], &[0x81, 0x80, 0x00], &[0x81, 0x80, 0x80, 0x80, 0x80, 0x00]] {
        let wire = [long, &good[1..], b"more"].concat();
        let approval = Approval::solana_transaction(&encode(&wire)).unwrap();
        assert_eq!(approval, Approval::solana_transaction(&encode(&good)).unwrap());
    }
    let beyond = [&[0x81, 0x80, 0x80, 0x01][..], &good[1..]].concat();
    assert!(Approval::solana_transaction(&encode(&beyond)).is_err());
    for cut in 0..good.len() {
        let verdict = Approval::solana_transaction(&encode(&good[..cut]));
        assert_eq!(verdict, Err(ApprovalError::SolanaTransaction), "cut at {cut}");
    }
    let mut version_1 = good.clone();
    version_1.insert(65, 0x81);
    let mut two_signatures = good.clone();
    two_signatures[0] = 2;
    // As many signatures as it says, but not as many as its message asks for.
    let one_too_many = [&[2][..], &good[1..65], &good[1..]].concat();
    let none = [&[0][..], &good[65..]].concat();
    for bad in [version_1, two_signatures, one_too_many, none, good[65..].to_vec()] {
        assert_eq!(
            Approval::solana_transaction(&encode(&bad)),
            Err(ApprovalError::SolanaTransaction)
        );
    }
    assert!(Approval::solana_transaction("0OIl").is_err());
    assert!(Approval::solana_message(&"2".repeat(8_193)).is_err());
}

#[test]
fn stellar_approvals() {
    let mut refused = 0;
    for case in cases(&vectors(VECTORS), "sign_stellar") {
        let message = text(case, "message");
        let approval = Approval::stellar(message);
        let note = case["note"].as_str().unwrap_or("canonical");
        let canonical = note == "canonical" || note.starts_with("hex-looking");
        assert_eq!(approval.is_ok(), canonical, "{message} {note}");
        let Ok(approval) = approval else {
            refused += 1;
            continue;
        };
        let SigningInput::Message(bytes) = approval.signing_input() else { panic!("{case}") };
        assert_eq!(bytes, unhex(text(case, "messageHex")));
        let signer = derive(&case["input"], "stellar", Scheme::Current);
        assert_eq!(signer.approve(&approval).unwrap(), text(case, "signature"));
    }
    assert!(refused > 0);
}

#[test]
fn messages_that_are_refused() {
    for case in cases(&vectors(VECTORS), "sign_negative") {
        let message = text(case, "message");
        let refused = match text(case, "chainType") {
            "evm" => Approval::evm(message).is_err(),
            "solana" if text(case, "method") == "signTransaction" => {
                Approval::solana_transaction(message).is_err()
            }
            "solana" => Approval::solana_message(message).is_err(),
            "stellar" => Approval::stellar(message).is_err(),
            other => panic!("{other}"),
        };
        // The one Stellar text among them is canonical base64 by accident.
        let accident = Approval::stellar(message).is_ok() && text(case, "chainType") == "stellar";
        assert!(refused || accident, "{case}");
    }
    for bad in ["0x0", "0xabc", "0x+f", "0xzz", "0x12 34", "0X00", "00", "hello", ""] {
        assert_eq!(Approval::evm(bad), Err(ApprovalError::EvmHex), "{bad}");
    }
}

#[test]
fn an_approval_of_another_chain_is_refused() {
    let seed = SecretBytes::init(|bytes| bytes.fill(7));
    let signers = [ChainType::Evm, ChainType::Solana, ChainType::Stellar]
        .map(|chain| ServerSigner::from_key(&seed, chain).unwrap());
    let approvals = [
        Approval::evm("0x00").unwrap(),
        Approval::solana_message("2").unwrap(),
        Approval::stellar("AAAA").unwrap(),
    ];
    for (at, signer) in signers.iter().enumerate() {
        for (other, approval) in approvals.iter().enumerate() {
            assert_eq!(signer.approve(approval).is_ok(), at == other);
        }
    }
}

fn trusted(all: &Value, which: &str) -> TrustedKeys {
    if which == "real" {
        return TrustedKeys::vendor().unwrap();
    }
    let keys = &all["testTrustedKeys"];
    let keys = if keys.is_null() { &all["$schema_note"]["testTrustedKeys"] } else { keys };
    TrustedKeys::by_environment(text(keys, "staging_and_development"), text(keys, "production"))
        .unwrap()
}

fn read(all: &Value, case: &Value, expected: ApiKeyExpectation) -> Result<ApiKey, ApiKeyError> {
    ApiKey::parse(text(case, "apiKey"), &trusted(all, text(case, "trustedKeys")), expected)
}

fn check_verdict(verdict: Result<ApiKey, ApiKeyError>, expected: &Value) {
    if expected["isValid"] == true {
        let key = verdict.unwrap_or_else(|error| panic!("{error}: {expected}"));
        assert_eq!(key.project_id.as_str(), text(expected, "projectId"));
        assert_eq!(key.environment.as_str(), text(expected, "environment"));
        assert_eq!(key.usage.as_str(), text(expected, "usageOrigin"));
    } else {
        assert!(verdict.is_err(), "{verdict:?}: {expected}");
    }
}

#[test]
fn api_keys() {
    let all = vectors(VECTORS);
    for case in cases(&all, "api_key_positive") {
        check_verdict(read(&all, case, ApiKeyExpectation::default()), &case["expected"]);
    }
    for case in cases(&all, "api_key_negative") {
        let Some(key) = case["apiKey"].as_str() else { continue };
        let verdict = read(&all, case, ApiKeyExpectation::default());
        check_verdict(verdict, &case["validateAPIKey"]["result"]);
        let error = read(&all, case, ApiKeyExpectation::default()).unwrap_err();
        assert!(key.len() < 12 || !format!("{error} {error:?}").contains(key), "{error}");
    }
    for case in cases(&all, "api_key_expectations") {
        let wanted = &case["expectations"];
        let expected = ApiKeyExpectation {
            environment: wanted["environment"].as_str().map(|text| text.parse().unwrap()),
            usage: wanted["usageOrigin"].as_str().map(|text| match text {
                "server" => Usage::Server,
                _ => Usage::Client,
            }),
        };
        check_verdict(read(&all, case, expected), &case["result"]);
    }
}

#[test]
fn api_key_rules_in_their_order() {
    let trusted = TrustedKeys::vendor().unwrap();
    let server_in_staging =
        ApiKeyExpectation { usage: Some(Usage::Server), environment: Some(Environment::Staging) };
    for (key, expected, error) in [
        ("sk_live_x", ApiKeyExpectation::default(), ApiKeyError::OldFormat),
        ("sk_test_x", server_in_staging, ApiKeyError::OldFormat),
        ("sk", ApiKeyExpectation::default(), ApiKeyError::Prefix),
        ("pk_staging_x", server_in_staging, ApiKeyError::Prefix),
        ("", ApiKeyExpectation::default(), ApiKeyError::Prefix),
        ("ck_staging_x", server_in_staging, ApiKeyError::Usage),
        ("sk_production_x", server_in_staging, ApiKeyError::Environment),
        ("sk_nowhere_x", server_in_staging, ApiKeyError::Environment),
        ("sk_nowhere_x", ApiKeyExpectation::default(), ApiKeyError::UnknownEnvironment),
        ("sk_staging", ApiKeyExpectation::default(), ApiKeyError::UnknownEnvironment),
        ("sk_staging_0", ApiKeyExpectation::default(), ApiKeyError::Base58),
        ("sk_staging_2g", ApiKeyExpectation::default(), ApiKeyError::Signature),
        ("sk_staging_", ApiKeyExpectation::default(), ApiKeyError::Signature),
    ] {
        assert_eq!(ApiKey::parse(key, &trusted, expected), Err(error), "{key}");
    }
    let long = "sk_staging_".to_owned() + &"2".repeat(1_100);
    assert_eq!(
        ApiKey::parse(&long, &trusted, ApiKeyExpectation::default()),
        Err(ApiKeyError::TooLong)
    );
    assert_eq!(TrustedKeys::any_environment(["x"]).unwrap_err(), ApiKeyError::TrustedKey);
    assert!(TrustedKeys::any_environment([]).is_ok());
}

#[test]
fn the_nonce_is_no_part_of_the_project() {
    let all = vectors(VECTORS);
    let trusted = trusted(&all, "test");
    for case in cases(&all, "third_party_interop") {
        let key =
            ApiKey::parse(text(case, "apiKey"), &trusted, ApiKeyExpectation::default()).unwrap();
        assert_eq!(key.project_id.as_str(), text(&case["sdk"], "projectId"));
        let secret = SignerSecret::parse(text(case, "secret")).unwrap();
        let chain = ChainId::parse("solana").unwrap();
        let signer =
            ServerSigner::derive(&secret, &key.project_id, key.environment, chain, Scheme::Current);
        assert_eq!(signer.unwrap().address().to_string(), text(&case["sdk"], "address"));
    }
}

#[test]
fn chains_in_their_environment() {
    let all = vectors(VECTORS);
    for case in cases(&all, "chain_for_environment") {
        let Some(chain) = case["chain"].as_str() else { continue };
        let environment: Environment = text(case, "environment").parse().unwrap();
        let converted = ChainId::parse(chain).and_then(|chain| chain.in_environment(environment));
        let expected = case["v1_10_0"]["chain"].as_str();
        assert_eq!(converted.ok().map(ChainId::as_str), expected, "{case}");
    }
    for case in cases(&all, "chain_type") {
        let Ok(chain) = ChainId::parse(text(case, "chain")) else { continue };
        assert_eq!(chain.chain_type().as_str(), text(case, "chainType"));
    }
    for bad in ["", "project:x"] {
        assert!(ProjectId::parse(bad).is_err());
    }
    assert!("Staging".parse::<Environment>().is_err());
}

#[test]
fn a_wallet_finds_its_signer() {
    let all = vectors(VECTORS);
    for case in cases(&all, "resolver") {
        let chain = text(case, "chain");
        let current = derive(case, chain, Scheme::Current).locator();
        let legacy = derive(case, chain, Scheme::Legacy).locator();
        let strings = |value: &Value| -> Vec<String> {
            let items = value.as_array().map_or(&[][..], Vec::as_slice);
            items.iter().map(|item| item.as_str().unwrap().to_owned()).collect()
        };
        let mut registered = strings(&case["registeredLocators"]);
        let known = strings(&case["params"]["knownOnChainAddresses"]);
        registered.extend(known.iter().map(|address| format!("server:{address}")));
        let registered = registered.iter().map(String::as_str);
        let recovery = case["params"]["apiRecoveryAddress"].as_str();
        let found = resolve_signer(&current, &legacy, registered, recovery);
        let used = match found {
            SignerResolution::Current => Some(current),
            SignerResolution::Legacy => Some(legacy),
            SignerResolution::Unregistered => None,
        };
        if text(case, "method") == "apiLocator" {
            // Of a wallet that is not there yet: the current one unless something says otherwise.
            assert_eq!(used.unwrap_or(current).to_string(), text(case, "result"), "{case}");
        } else {
            let expected = case["signerAddressUsed"].as_str();
            let used = used.map(|locator| locator.address().to_string());
            assert_eq!(used.as_deref(), expected, "{case}");
            assert_eq!(used.is_none(), case["result"]["kind"] == "unregistered", "{case}");
        }
    }
}

#[test]
fn both_registered_is_current_and_echoes_in_lower_case_count() {
    let seed = |byte: u8| SecretBytes::init(|bytes| bytes.fill(byte));
    let locator = |byte| ServerSigner::from_key(&seed(byte), ChainType::Evm).unwrap().locator();
    let (current, legacy) = (locator(1), locator(2));
    let lower = |locator: &Locator| locator.to_string().to_lowercase();
    let (one, two) = (lower(&current), lower(&legacy));
    let find = |registered: &[&str], recovery: Option<&str>| {
        resolve_signer(&current, &legacy, registered.iter().copied(), recovery)
    };
    assert_eq!(find(&[&two, &one], None), SignerResolution::Current);
    assert_eq!(find(&[&two], None), SignerResolution::Legacy);
    assert_eq!(find(&[], Some(&one[7..])), SignerResolution::Current);
    assert_eq!(find(&[], Some(&two[7..])), SignerResolution::Legacy);
    assert_eq!(find(&[&two], Some(&one[7..])), SignerResolution::Legacy);
    assert_eq!(find(&["api-key", "server:", "server:0x"], None), SignerResolution::Unregistered);
}
