//! Crossmint, against the emulator.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use signer_client::BaseUrl;
use signer_client::crossmint::{
    AllowUnverified, ApprovalPolicy, ApprovalRequest, Cancel, Client, NewWallet, Waiting, Wallet,
};
use signer_emulator::{Emulator, Fault, FaultRule, KernelVersion, Tampering};
use signer_protocols::Json;
use signer_protocols::crossmint::rest::{EvmCall, StellarCall, Transaction, TypedData};
use signer_protocols::crossmint::verify::{Kind, Token, Tokens, Verdict};
use signer_protocols::crossmint::{ChainId, Scheme, SignerSecret, TrustedKeys};

pub(crate) const CHAINS: [&str; 3] = ["base", "solana", "stellar"];

pub(crate) async fn start() -> (Emulator, Client) {
    crate::trace::look();
    let emulator = Emulator::start().await.unwrap();
    // Earlier releases give a further signer no power by a transaction.
    emulator.crossmint_kernel(KernelVersion::V0_3_3);
    let client = client(&emulator);
    (emulator, client)
}

pub(crate) fn client(emulator: &Emulator) -> Client {
    let base = BaseUrl::parse(&emulator.crossmint_url()).unwrap();
    let trusted =
        TrustedKeys::any_environment([emulator.crossmint_trusted_key().as_str()]).unwrap();
    let waiting = Waiting { pause: Duration::from_millis(10), ..Waiting::default() };
    let client = Client::new(base, emulator.crossmint_api_key().into(), &trusted).unwrap();
    client.waiting(waiting).tokens(tokens())
}

/// The tokens that the tests transfer.
pub(crate) fn tokens() -> Tokens {
    [
        ("base-sepolia:usdc", "erc20:0x036CbD53842c5426634e7929541eC2318f3dCF7e:6"),
        ("base-sepolia:eth", "native:18"),
        ("solana:usdc", "spl:4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU:6"),
        ("solana:sol", "native:9"),
        ("stellar:usdc", "sep41:CBIELTK6YBZJU5UP2WWQEUCYKLPU6AUNZ2BQ4WWFEIE3USCIHMXQDAMA:7"),
    ]
    .into_iter()
    .fold(Tokens::default(), |table, (locator, spec)| {
        table.with(locator, Token::parse(spec).unwrap())
    })
}

/// A client that signs what cannot be verified, too.
pub(crate) fn trusting(client: &Client) -> Client {
    client.clone().allow_unverified(AllowUnverified::only(Kind::ALL))
}

/// Typed data with every member that its domain must have.
pub(crate) fn typed_data() -> TypedData {
    let parse = |text: &str| serde_json::from_str::<Json>(text).unwrap();
    TypedData {
        domain: parse(
            r#"{"name":"Shop","version":"1","chainId":84532,
                "verifyingContract":"0x1111111111111111111111111111111111111111"}"#,
        ),
        message: parse(r#"{"item":"tea","count":"2"}"#),
        primary_type: "Order".into(),
        types: parse(
            r#"{"Order":[{"name":"item","type":"string"},{"name":"count","type":"uint256"}]}"#,
        ),
    }
}

/// A secret of a test.
pub(crate) fn secret(digit: u8) -> SignerSecret {
    SignerSecret::parse(&format!("{digit:x}").repeat(64)).unwrap()
}

pub(crate) fn chain(name: &str) -> ChainId {
    ChainId::parse(name).unwrap()
}

/// A legacy Solana transaction that sends a lamport, written by hand.
fn solana_transaction(wallet: &str) -> String {
    use signer_core::address::solana::Address;
    use signer_core::encoding::base58;
    let mut wire = vec![1];
    wire.extend([0; 64]);
    wire.extend([1, 0, 1, 3]);
    wire.extend(Address::parse(wallet).unwrap().as_bytes());
    wire.extend([9; 32]);
    wire.extend([0; 32]);
    wire.extend([7; 32]);
    wire.extend([1, 2, 2, 0, 1, 12, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
    let mut text = vec![0; base58::encoded_len(wire.len())];
    base58::encode(&wire, &mut text).unwrap().into()
}

/// The path under which the transactions of a wallet are.
pub(crate) fn transactions_of(wallet: &Wallet) -> String {
    format!("/crossmint/api/2025-06-09/wallets/{}/transactions", wallet.address())
}

/// A transaction of a wallet: a lamport, a token of SEP-41, or five wei.
pub(crate) fn transaction(name: &str, wallet: &str) -> Transaction {
    match name {
        "solana" => Transaction::Solana(solana_transaction(wallet)),
        "stellar" => {
            let token = "CBIELTK6YBZJU5UP2WWQEUCYKLPU6AUNZ2BQ4WWFEIE3USCIHMXQDAMA";
            let to = "GATI23RKXJWKWOU24HOHQWNV2PHAQSW6G7LP52KQNUWWJF4JVA46VACB";
            let args = [("from", wallet), ("to", to), ("amount", "5")];
            let args = args.into_iter().map(|(name, value)| (name, Json::from(value))).collect();
            Transaction::Stellar(StellarCall::new(token, "transfer", args))
        }
        _ => {
            let call = EvmCall::Parts {
                to: format!("0x{}", "11".repeat(20)),
                value: "5".into(),
                data: "0x".into(),
            };
            Transaction::Evm(chain("base-sepolia"), vec![call])
        }
    }
}

#[tokio::test]
async fn wallets_are_made_found_and_used_on_every_chain_by_both_schemes() {
    let (emulator, client) = start().await;
    for name in CHAINS {
        for scheme in [Scheme::Current, Scheme::Legacy] {
            let alias = format!("{name}-{scheme:?}");
            let new =
                NewWallet::new(chain(name)).scheme(scheme).alias(&alias).owner("email:a@b.example");
            let wallet = client.create_wallet(new, &secret(1)).await.unwrap();
            let found = client
                .wallet(&format!("evm:alias:{alias}"), chain(name), &secret(1))
                .await
                .unwrap();
            assert_eq!(found.address(), wallet.address());
            assert_eq!(found.signer().address(), wallet.signer().address());
            let sent = found.send(transaction(name, found.address())).await.unwrap();
            assert!(sent.hash.is_some());
            let recipient = match name {
                "base" => format!("0x{}", "22".repeat(20)),
                _ => wallet.signer().address().to_string(),
            };
            found.transfer("usdc", &recipient, "1.5").await.unwrap();
            assert!(found.transfer("usdc", "nobody", "1.5").await.unwrap_err().is_input());
            assert!(found.transfer("", &recipient, "1.5").await.unwrap_err().is_input());
            let under = found.transfer_under("usdc", &recipient, "1.5", "").await;
            assert!(under.unwrap_err().is_input());
            for amount in ["", "0", "0.0", "-1", "1e3", "1.", ".5", "1.5.0", "a"] {
                let refused = found.transfer("usdc", &recipient, amount).await;
                assert!(refused.unwrap_err().is_input(), "{amount}");
            }
            if name == "base" {
                assert_eq!(found.chain().as_str(), "base-sepolia");
                assert!(found.sign_message("hello").await.unwrap().signature.starts_with("0x"));
                found.sign_typed_data(typed_data()).await.unwrap();
            } else {
                assert!(found.sign_message("hello").await.unwrap_err().is_input());
            }
            assert!(
                client
                    .wallet(wallet.address(), chain(name), &secret(2))
                    .await
                    .unwrap_err()
                    .is_input()
            );
        }
    }
    for seen in emulator.seen().iter().filter(|seen| seen.method == "POST") {
        let keyed = seen.headers.contains_key("x-idempotency-key");
        assert_eq!(keyed, !seen.path.ends_with("/approvals"), "{}", seen.path);
    }
}

/// The success of another transaction is not that of ours.
#[tokio::test]
async fn the_state_of_another_transaction_leaves_the_outcome_unknown() {
    let (emulator, client) = start().await;
    let wallet = client.create_wallet(NewWallet::new(chain("base")), &secret(1)).await.unwrap();
    emulator.crossmint_tampering(Some(Tampering::OtherId));
    let error = wallet.send(transaction("base", "")).await.unwrap_err();
    assert!(error.is_outcome_unknown(), "{error:?}");
}

struct Watching {
    seen: Mutex<Vec<String>>,
    allows: bool,
}

impl ApprovalPolicy for Watching {
    fn review(&self, request: &ApprovalRequest<'_>) {
        let verification = request.verification;
        assert_eq!(verification.verdict(), Verdict::AsRequested);
        let items = verification.content().unwrap().items.len();
        let kind = verification.kind().unwrap().as_str();
        self.seen.lock().unwrap().push(format!("{} {kind} {items}", request.chain));
    }

    fn allows(&self, _: &ApprovalRequest<'_>) -> Result<(), String> {
        if self.allows { Ok(()) } else { Err("not on a Sunday".into()) }
    }
}

#[tokio::test]
async fn a_policy_is_given_each_approval_and_may_refuse_it() {
    let (emulator, plain) = start().await;
    for allows in [true, false] {
        let policy = Arc::new(Watching { seen: Mutex::default(), allows });
        let client = plain.clone().approval_policy(policy.clone());
        for name in CHAINS {
            let wallet =
                client.create_wallet(NewWallet::new(chain(name)), &secret(1)).await.unwrap();
            let sent = wallet.send(transaction(name, wallet.address())).await;
            assert_eq!(sent.is_ok(), allows, "{name}: {sent:?}");
            if let Err(error) = sent {
                assert!(error.is_refused() && error.to_string().contains("Sunday"), "{error}");
            }
        }
        assert_eq!(
            *policy.seen.lock().unwrap(),
            ["base-sepolia user_operation 1", "solana solana_transaction 1", "stellar stellar 1"]
        );
    }
    let approvals = emulator.seen().iter().filter(|seen| seen.path.ends_with("/approvals")).count();
    assert_eq!(approvals, 3);
}

/// The admin alone approves a change of signers: a further signer is told so at once, and may wait for the admin.
#[tokio::test]
async fn an_approval_of_another_signer_is_left_alone() {
    let (emulator, plain) = start().await;
    let cancel = Cancel::default();
    let waiting = |deadline| Waiting {
        pause: Duration::from_millis(10),
        deadline,
        cancel: Some(cancel.clone()),
        ..Waiting::default()
    };
    let client = plain.clone().waiting(waiting(Duration::from_millis(150)));
    let wallet = client.create_wallet(NewWallet::new(chain("base")), &secret(1)).await.unwrap();
    let signer = |digit| client.signer(&secret(digit), chain("base"), Scheme::Current).unwrap();
    wallet.add_signer(signer(2).locator()).await.unwrap();
    let delegated = client.wallet(wallet.address(), chain("base"), &secret(2)).await.unwrap();
    let before = emulator.seen().iter().filter(|seen| seen.path.ends_with("/approvals")).count();
    let error = delegated.add_signer(signer(3).locator()).await.unwrap_err();
    assert!(error.is_awaiting_others() && !error.is_outcome_unknown(), "{error:?}");
    assert!(error.to_string().contains(&wallet.signer().locator().to_string()), "{error}");
    let after = emulator.seen().iter().filter(|seen| seen.path.ends_with("/approvals")).count();
    assert_eq!(after, before);

    let id = error.subject().unwrap().to_owned();
    let late = delegated.wait_for_transaction(&id).await.unwrap_err();
    assert!(late.is_awaiting_others() && !late.is_outcome_unknown(), "{late:?}");
    let patient = plain.waiting(waiting(Duration::from_secs(60)));
    let delegated = patient.wallet(wallet.address(), chain("base"), &secret(2)).await.unwrap();
    let waits = tokio::spawn(async move { delegated.wait_for_transaction(&id).await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    cancel.cancel();
    assert!(waits.await.unwrap().unwrap_err().is_refused());
}

/// From the moment an approval may have left, nobody is told that nothing was done.
#[tokio::test]
async fn after_an_approval_a_failure_leaves_the_outcome_open() {
    for fault in ["/approvals=lost", "/approvals=status:503", "/=status:500", "/=html"] {
        let (emulator, client) = start().await;
        let deadline = Duration::from_secs(3);
        let client = client.waiting(Waiting { deadline, ..Waiting::default() });
        let wallet = client.create_wallet(NewWallet::new(chain("base")), &secret(1)).await.unwrap();
        let (place, fault) = fault.split_once('=').unwrap();
        let path = transactions_of(&wallet);
        let method = if place == "/" { "GET" } else { "POST" };
        // The id is the next one of the emulator.
        let id = if place == "/" { "/".into() } else { format!("/operation-00000001{place}") };
        emulator.fault(format!("{method} {path}{id}={fault}").parse::<FaultRule>().unwrap());
        let error = wallet.send(transaction("base", "")).await.unwrap_err();
        assert!(
            error.is_outcome_unknown() && error.to_string().contains("operation-"),
            "{fault}: {error:?}"
        );
        emulator.clear_faults();
        if fault != "status:503" {
            wallet.wait_for_transaction("operation-00000001").await.unwrap();
        }
    }
}

/// The first attempt was taken and its answer lost; what a gateway says of the next does not take that back.
#[tokio::test]
async fn an_approval_that_may_have_been_taken_is_not_reported_as_refused() {
    for refusal in [429, 401, 404, 408] {
        let (emulator, client) = start().await;
        let wallet = client.create_wallet(NewWallet::new(chain("base")), &secret(1)).await.unwrap();
        let path = format!("{}/operation-00000001/approvals", transactions_of(&wallet));
        for fault in ["lost*1".to_owned(), format!("status:{refusal}")] {
            emulator.fault(format!("POST {path}={fault}").parse::<FaultRule>().unwrap());
        }
        let error = wallet.send_under(transaction("base", ""), "key-1").await.unwrap_err();
        assert!(error.is_outcome_unknown(), "{refusal}: {error:?}");
        assert_eq!(error.idempotency_key(), Some("key-1"), "{refusal}");
    }
}

#[tokio::test]
async fn a_transaction_of_another_chain_is_not_sent() {
    let (emulator, client) = start().await;
    let wallet = client.create_wallet(NewWallet::new(chain("base")), &secret(1)).await.unwrap();
    let before = emulator.seen().len();
    let Transaction::Evm(_, calls) = transaction("base", "") else { unreachable!() };
    let call = calls.into_iter().next().unwrap();
    for other in ["polygon", "ethereum-sepolia"] {
        let other = Transaction::Evm(chain(other), vec![call.clone()]);
        assert!(wallet.send(other).await.unwrap_err().is_input());
    }
    let other = Transaction::Solana("1".into());
    assert!(wallet.send(other).await.unwrap_err().is_input());
    assert_eq!(emulator.seen().len(), before);
    // As the environment has it, it is the wallet's.
    wallet.send(Transaction::Evm(chain("base"), vec![call])).await.unwrap();
}

#[tokio::test]
async fn a_lost_answer_is_one_transaction() {
    let (emulator, client) = start().await;
    let wallet = client.create_wallet(NewWallet::new(chain("base")), &secret(1)).await.unwrap();
    let path = transactions_of(&wallet);
    emulator.fault(format!("POST {path}=lost*2").parse::<FaultRule>().unwrap());
    let sent = wallet.send(transaction("base", "")).await.unwrap();
    let again = wallet.wait_for_transaction(&sent.id).await.unwrap();
    assert_eq!(again, sent);
    let ids: Vec<_> = emulator
        .seen()
        .iter()
        .filter(|seen| seen.path == path)
        .map(|seen| seen.headers["x-idempotency-key"].clone())
        .collect();
    assert!(ids.len() == 3 && ids.iter().all(|id| *id == ids[0]));
}

/// A service that stumbles for a while: what was approved is waited for all the same.
#[tokio::test]
async fn trouble_between_two_looks_does_not_end_the_waiting() {
    for fault in ["status:503*9", "reset*9", "retry-after:1*5", "truncated*1"] {
        let (emulator, client) = start().await;
        let wallet = client.create_wallet(NewWallet::new(chain("base")), &secret(1)).await.unwrap();
        let looks = format!("GET {}/={fault}", transactions_of(&wallet));
        emulator.fault(looks.parse::<FaultRule>().unwrap());
        let sent = wallet.send(transaction("base", "")).await;
        // What is no JSON stays none: it is not what the documents say.
        assert_eq!(sent.is_ok(), fault != "truncated*1", "{fault}: {sent:?}");
    }
}

#[tokio::test]
async fn a_cancel_before_the_approval_keeps_it_from_being_signed() {
    let (emulator, client) = start().await;
    let cancel = Cancel::default();
    let client = client.waiting(Waiting { cancel: Some(cancel.clone()), ..Waiting::default() });
    let wallet = client.create_wallet(NewWallet::new(chain("base")), &secret(1)).await.unwrap();
    let slow = format!("POST {}=delay:300", transactions_of(&wallet));
    emulator.fault(slow.parse::<FaultRule>().unwrap());
    let sends = tokio::spawn(async move { wallet.send(transaction("base", "")).await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    cancel.cancel();
    let error = sends.await.unwrap().unwrap_err();
    assert!(error.is_refused() && !error.is_outcome_unknown(), "{error:?}");
    assert!(!emulator.seen().iter().any(|seen| seen.path.ends_with("/approvals")));
}

#[tokio::test]
async fn a_signature_is_made_once_under_its_key_and_can_be_waited_for_again() {
    let (emulator, client) = start().await;
    let wallet = client.create_wallet(NewWallet::new(chain("base")), &secret(1)).await.unwrap();
    let signed = wallet.sign_message_under("hello", "login-1").await.unwrap();
    assert_eq!(wallet.sign_message_under("hello", "login-1").await.unwrap(), signed);
    assert_eq!(wallet.wait_for_signature(&signed.id).await.unwrap(), signed);
    let lost =
        format!("{}/approvals", transactions_of(&wallet).replace("transactions", "signatures"));
    emulator.fault(FaultRule::new("POST", &lost.replace("/approvals", "/"), Fault::Lost));
    let error = wallet.sign_message_under("again", "login-2").await.unwrap_err();
    assert_eq!((error.is_outcome_unknown(), error.idempotency_key()), (true, Some("login-2")));
    emulator.clear_faults();
    wallet.wait_for_signature(error.subject().unwrap()).await.unwrap();
}

#[tokio::test]
async fn a_recipient_is_an_address_and_not_nobody() {
    let (_emulator, client) = start().await;
    let zero = signer_core::address::stellar::Address::from_bytes([0; 32]).to_string();
    let contract = signer_core::address::stellar::ContractAddress::from_bytes([0; 32]).to_string();
    for (name, bad) in [
        ("base", "0x0000000000000000000000000000000000000000"),
        ("solana", "11111111111111111111111111111111"),
        ("stellar", zero.as_str()),
        ("stellar", contract.as_str()),
    ] {
        let wallet = client.create_wallet(NewWallet::new(chain(name)), &secret(1)).await.unwrap();
        assert!(wallet.transfer("usdc", bad, "1").await.unwrap_err().is_input(), "{bad}");
        // Addresses of Stellar contracts begin with C. One of 17 addresses of Solana does, too.
        assert!(wallet.address().starts_with('C') || name != "stellar");
    }
}
