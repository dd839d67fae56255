//! Honest answers of the stand-in for Crossmint: they do what was asked for by the rules of the verifier, which shares no
//! code with the encoders of EVM here, and an approval of them leads to a success.

use serde_json::{Value, json};
use signer_emulator::{Emulator, KernelVersion};
use signer_protocols::Json;
use signer_protocols::crossmint::verify::{
    Context, Request, Role, Token, Tokens, Verdict, Verification, verify,
};
use signer_protocols::crossmint::{
    ChainId, Environment, ProjectId, Scheme, ServerSigner, SignerSecret,
};

use super::http::crossmint;

pub(crate) const WALLETS: &str = "/api/2025-06-09/wallets";
pub(crate) const EVM_TO: &str = "0x1f5b872bC87de569fF318D984E3EAF90F538da7a";
const SOLANA_TO: &str = "DZptf4NmsWstKgjUQkyVp1kJBzxQyREjeXCG7AFxzWTW";
const STELLAR_TO: &str = "GAHJBXSDIBJ4UZYL6QWWDFKOBDD754YRZLR4YJCBRBIL6HHLQYOYLUQB";
const USDC: [(&str, &str); 3] = [
    ("base-sepolia", "erc20:0x036CbD53842c5426634e7929541eC2318f3dCF7e:6"),
    ("solana", "spl:4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU:6"),
    ("stellar", "sep41:CBIELTK6YBZJU5UP2WWQEUCYKLPU6AUNZ2BQ4WWFEIE3USCIHMXQDAMA:7"),
];

/// A wallet of a signer on a chain.
pub(crate) struct Owned {
    pub(crate) emulator: Emulator,
    pub(crate) chain: &'static str,
    pub(crate) address: String,
    pub(crate) admin: ServerSigner,
    pub(crate) role: Role,
    pub(crate) permission_id: Option<[u8; 4]>,
}

/// A request, and where the answer holds the transaction or signature.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    method: &'static str,
    path: String,
    body: Value,
}

pub(crate) fn signer(n: u8, chain: &str) -> ServerSigner {
    let secret = SignerSecret::parse(&format!("{n:02x}").repeat(32)).unwrap();
    let project = ProjectId::parse("5ff1e5a1-0000-4000-8000-656d756c6174").unwrap();
    let chain = ChainId::parse(chain).unwrap();
    ServerSigner::derive(&secret, &project, Environment::Staging, chain, Scheme::Current).unwrap()
}

impl Owned {
    pub(crate) async fn new(chain: &'static str) -> Self {
        Self::on(Emulator::start().await.unwrap(), chain).await
    }

    pub(crate) async fn on(emulator: Emulator, chain: &'static str) -> Self {
        let admin = signer(1, chain);
        let (_, address) = admin.locator().to_string().split_once(':').map(owned).unwrap();
        let chain_type = ChainId::parse(chain).unwrap().chain_type().as_str();
        let body = json!({
            "type": "smart",
            "chainType": chain_type,
            "config": {"adminSigner": {"type": "server", "address": address}},
        });
        let (status, wallet) = crossmint(&emulator, "POST", WALLETS, &body).await;
        assert_eq!(status, 201, "{wallet}");
        let address = wallet["address"].as_str().unwrap().to_owned();
        Self { emulator, chain, address, admin, role: Role::Admin, permission_id: None }
    }

    pub(crate) fn path(&self, rest: &str) -> String {
        format!("{WALLETS}/{}{rest}", self.address)
    }

    pub(crate) async fn send(&self, case: &Case) -> Value {
        let (status, answer) = crossmint(&self.emulator, case.method, &case.path, &case.body).await;
        assert!(matches!(status, 200 | 201), "{case:?}: {answer}");
        answer
    }

    pub(crate) fn verify(&self, case: &Case, answer: &Value) -> Verification {
        let chain = ChainId::parse(self.chain).unwrap();
        let mut context =
            Context::new(Environment::Staging, chain, &self.address, self.admin.locator());
        context.role = self.role;
        context.permission_id = self.permission_id;
        let tokens = Tokens::default();
        context.tokens = USDC.into_iter().fold(tokens, |tokens, (chain, token)| {
            tokens.with(&format!("{chain}:usdc"), Token::parse(token).unwrap())
        });
        let body = if case.body.is_null() { String::new() } else { case.body.to_string() };
        let request = Request::parse(case.method, &case.path, body.as_bytes()).unwrap();
        let answer: Json = serde_json::from_value(answer.clone()).unwrap();
        verify(&request, &answer, &context)
    }

    /// Approves the answer's operation, and looks until it is done.
    pub(crate) async fn approve(&self, case: &Case, answer: &Value, verified: &Verification) {
        let operation = operation(self.chain, answer);
        let kind = if case.path.ends_with("/signatures") { "signatures" } else { "transactions" };
        let path = self.path(&format!("/{kind}/{}", operation["id"].as_str().unwrap()));
        let signature = self.admin.approve(verified.approval().unwrap()).unwrap();
        let locator = self.admin.locator().to_string();
        let body = json!({"approvals": [{"signature": signature, "signer": locator}]});
        let (status, approved) =
            crossmint(&self.emulator, "POST", &format!("{path}/approvals"), &body).await;
        assert_eq!((status, approved["status"].as_str()), (201, Some("pending")), "{approved}");
        for expected in ["pending", "success"] {
            let (_, seen) = crossmint(&self.emulator, "GET", &path, &Value::Null).await;
            assert_eq!(seen["status"], expected, "{}", case.name);
        }
    }

    /// Requests of each kind that the verifier can compare.
    pub(crate) fn cases(&self) -> Vec<Case> {
        let locator = self.admin.locator().to_string();
        let case =
            |name, path: &str, body| Case { name, method: "POST", path: self.path(path), body };
        let transfer = |name, path: &str, to: &str, amount: &str| {
            case(name, path, json!({"recipient": to, "amount": amount, "signer": locator}))
        };
        let added = signer(2, self.chain).locator().to_string();
        match self.chain {
            "solana" => vec![
                transfer("transfer", "/tokens/solana:usdc/transfers", SOLANA_TO, "1.5"),
                case("add signer", "/signers", json!({"signer": added})),
                case(
                    "transaction",
                    "/transactions",
                    json!({
                        "params": {"transaction": solana_transaction(&self.address), "signer": locator},
                    }),
                ),
            ],
            "stellar" => vec![
                transfer("transfer", "/tokens/stellar:usdc/transfers", STELLAR_TO, "1.5"),
                case("add signer", "/signers", json!({"signer": added})),
                case(
                    "transaction",
                    "/transactions",
                    json!({"params": {
                        "transaction": {
                            "type": "contract-call",
                            "contractId": "CBIELTK6YBZJU5UP2WWQEUCYKLPU6AUNZ2BQ4WWFEIE3USCIHMXQDAMA",
                            "method": "transfer",
                            "args": {"from": self.address, "to": STELLAR_TO, "amount": "5"},
                        },
                        "signer": locator,
                    }}),
                ),
            ],
            chain => vec![
                transfer("transfer", "/tokens/base-sepolia:usdc/transfers", EVM_TO, "1.5"),
                case(
                    "add signer",
                    "/signers",
                    json!({
                        "signer": added, "chain": chain, "deployImmediately": true,
                    }),
                ),
                case(
                    "transaction",
                    "/transactions",
                    json!({"params": {
                        "calls": [
                            {"to": EVM_TO, "value": "5", "data": "0x"},
                            {"to": EVM_TO, "value": "0", "data": "0x12345678"},
                        ],
                        "chain": chain,
                        "signer": locator,
                    }}),
                ),
                case(
                    "message",
                    "/signatures",
                    json!({
                        "type": "message",
                        "params": {"message": "Hello", "chain": chain, "signer": locator},
                    }),
                ),
                case(
                    "typed data",
                    "/signatures",
                    json!({"type": "typed-data", "params": {
                        "typedData": {
                            "domain": {
                                "name": "Ether Mail", "version": "1", "chainId": 84532,
                                "verifyingContract": EVM_TO,
                            },
                            "types": {"Mail": [{"name": "contents", "type": "string"}]},
                            "primaryType": "Mail",
                            "message": {"contents": "Hello, Bob!"},
                        },
                        "chain": chain,
                        "signer": locator,
                    }}),
                ),
            ],
        }
    }

    pub(crate) fn removal(&self, of: &str) -> Case {
        let query = if self.chain.starts_with('s') { "" } else { "?chain=base-sepolia" };
        let path = self.path(&format!("/signers/{of}{query}"));
        Case { name: "remove signer", method: "DELETE", path, body: Value::Null }
    }
}

fn owned((kind, address): (&str, &str)) -> (String, String) {
    (kind.to_owned(), address.to_owned())
}

/// A System transfer of 5 lamports from the wallet, as `@solana/web3.js` compiles it with a placeholder that pays.
fn solana_transaction(wallet: &str) -> String {
    use signer_core::address::solana::Address;
    use signer_protocols::crossmint::solana::{Message, Transaction, Version, transfer_sol};

    let address = |text: &str| Address::parse(text).unwrap();
    let transfer = transfer_sol(address(wallet), address(SOLANA_TO), 5);
    let payer = address("11111111111111111111111111111112");
    let message = Message::compile(Version::V0, payer, [0; 32], &[transfer]).unwrap();
    Transaction::unsigned(message).to_base58()
}

/// The transaction or signature within an answer.
pub(crate) fn operation<'a>(chain: &str, answer: &'a Value) -> &'a Value {
    match (answer.get("chains"), answer.get("transaction")) {
        (Some(chains), _) => &chains[chain],
        (None, Some(transaction)) => transaction,
        (None, None) => answer,
    }
}

fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.iter().any(has_null),
        Value::Object(members) => members.values().any(has_null),
        _ => false,
    }
}

#[tokio::test]
async fn honest_answers_do_what_was_requested() {
    for chain in ["base-sepolia", "solana", "stellar"] {
        let owned = Owned::new(chain).await;
        for case in owned.cases() {
            let answer = owned.send(&case).await;
            let verified = owned.verify(&case, &answer);
            let findings = verified.findings();
            assert_eq!(verified.verdict(), Verdict::AsRequested, "{case:?}: {findings:?}");
            assert!(!has_null(&answer), "{answer}");
            owned.approve(&case, &answer, &verified).await;
        }
        let (_, wallet) = crossmint(&owned.emulator, "GET", &owned.path(""), &Value::Null).await;
        assert_eq!(wallet["config"]["delegatedSigners"].as_array().unwrap().len(), 1, "{wallet}");
    }
}

#[tokio::test]
async fn a_signer_is_removed_by_the_permission_that_its_installation_named() {
    for chain in ["base-sepolia", "solana", "stellar"] {
        let mut owned = Owned::new(chain).await;
        let addition = owned.cases().remove(1);
        let answer = owned.send(&addition).await;
        let verified = owned.verify(&addition, &answer);
        owned.approve(&addition, &answer, &verified).await;
        // `grantAccess` begins with the id of the permission, after its type.
        let granted = operation(chain, &answer)["params"]["calls"][1]["data"].as_str();
        owned.permission_id =
            granted.map(|data| u32::from_str_radix(&data[12..20], 16).unwrap().to_be_bytes());
        let case = owned.removal(&signer(2, chain).locator().to_string());
        let answer = owned.send(&case).await;
        let verified = owned.verify(&case, &answer);
        assert_eq!(verified.verdict(), Verdict::AsRequested, "{:?}", verified.findings());
        owned.approve(&case, &answer, &verified).await;
        let (status, _) = crossmint(&owned.emulator, "GET", &case.path, &Value::Null).await;
        assert_eq!(status, 404);
    }
}

#[tokio::test]
async fn only_the_first_operation_of_an_account_deploys_it() {
    for version in ["0.3.0", "0.3.1", "0.3.2", "0.3.3"] {
        let emulator = Emulator::start().await.unwrap();
        emulator.crossmint_kernel(version.parse::<KernelVersion>().unwrap());
        let owned = Owned::on(emulator, "base-sepolia").await;
        for is_first in [true, false] {
            for case in owned.cases().into_iter().filter(|it| it.name != "add signer") {
                let answer = owned.send(&case).await;
                let verified = owned.verify(&case, &answer);
                let findings = verified.findings();
                assert_eq!(verified.verdict(), Verdict::AsRequested, "{version}: {findings:?}");
                if let Some(operation) = answer["onChain"].get("userOperation") {
                    assert_eq!(operation.get("factory").is_some(), is_first, "{}", case.name);
                }
                if case.name == "transaction" {
                    owned.approve(&case, &answer, &verified).await;
                    break;
                }
            }
        }
    }
}

#[tokio::test]
async fn a_further_signer_approves_under_its_own_permission() {
    for chain in ["base-sepolia", "solana", "stellar"] {
        let emulator = Emulator::start().await.unwrap();
        let (owner, further) = (signer(1, chain), signer(2, chain));
        let address = |signer: &ServerSigner| {
            signer.locator().to_string().split_once(':').map(owned).unwrap().1
        };
        let body = json!({
            "chainType": ChainId::parse(chain).unwrap().chain_type().as_str(),
            "config": {
                "adminSigner": {"type": "server", "address": address(&owner)},
                "delegatedSigners": [{"signer": further.locator().to_string()}],
            },
        });
        let (_, wallet) = crossmint(&emulator, "POST", WALLETS, &body).await;
        let admin = signer_core::address::evm::Address::parse(&address(&owner));
        let owned = Owned {
            emulator,
            chain,
            address: wallet["address"].as_str().unwrap().to_owned(),
            admin: further,
            role: Role::Delegated { admin: admin.ok().map(|it| *it.as_bytes()) },
            permission_id: None,
        };
        for case in owned.cases().into_iter().filter(|it| it.name != "add signer") {
            let answer = owned.send(&case).await;
            let verified = owned.verify(&case, &answer);
            let findings = verified.findings();
            assert_eq!(verified.verdict(), Verdict::AsRequested, "{case:?}: {findings:?}");
            owned.approve(&case, &answer, &verified).await;
        }
    }
}

#[tokio::test]
async fn a_lazy_registration_asks_for_a_bare_hash_under_signatures() {
    let owned = Owned::new("base-sepolia").await;
    let added = signer(2, "base-sepolia").locator().to_string();
    let body = json!({
        "signer": added, "chain": "base-sepolia", "expiresAt": "2030-01-01T00:00:00Z",
        "scopes": [{"type": "transfer", "tokenLocator": "base-sepolia:usdc"}],
    });
    let (status, answer) = crossmint(&owned.emulator, "POST", &owned.path("/signers"), &body).await;
    assert_eq!(status, 201, "{answer}");
    assert_eq!((&answer["scopes"], &answer["expiresAt"]), (&body["scopes"], &body["expiresAt"]));
    let pending = &answer["chains"]["base-sepolia"];
    assert!(pending.get("onChain").is_none());
    assert_eq!(pending["approvals"]["pending"][0]["message"].as_str().unwrap().len(), 66);
    let id = pending["id"].as_str().unwrap();
    for (kind, expected) in [("transactions", 404), ("signatures", 200)] {
        let path = owned.path(&format!("/{kind}/{id}"));
        let (status, _) = crossmint(&owned.emulator, "GET", &path, &Value::Null).await;
        assert_eq!(status, expected);
    }
}

#[tokio::test]
async fn every_type_of_admin_has_a_wallet_at_an_address_of_its_chain() {
    for (chain_type, address) in [("evm", EVM_TO), ("solana", SOLANA_TO), ("stellar", STELLAR_TO)] {
        let emulator = Emulator::start().await.unwrap();
        for admin in [
            json!({"type": "server", "address": address}),
            json!({"type": "external-wallet", "address": address}),
            json!({"type": "email", "email": "somebody@example.com"}),
            json!({"type": "phone", "phone": "+15555550100"}),
            json!({"type": "api-key"}),
            json!({"type": "passkey", "id": "k", "name": "n", "publicKey": {"x": "1", "y": "0x2"}}),
        ] {
            let config = json!({"adminSigner": admin});
            let body = json!({"chainType": chain_type, "config": config});
            let (status, wallet) = crossmint(&emulator, "POST", WALLETS, &body).await;
            let is_refused = admin["type"] == "passkey" && chain_type != "evm";
            assert_eq!(status, if is_refused { 400 } else { 201 }, "{wallet}");
            assert!(!has_null(&wallet), "{wallet}");
            if !is_refused {
                let known = &wallet["config"]["adminSigner"];
                assert_eq!(known["type"], admin["type"]);
                assert!(
                    known["locator"].as_str().unwrap().contains(admin["type"].as_str().unwrap())
                );
            }
        }
    }
}

#[tokio::test]
async fn addresses_in_lower_case_come_back_with_their_checksum() {
    let emulator = Emulator::start().await.unwrap();
    let admin = json!({"type": "server", "address": EVM_TO.to_ascii_lowercase()});
    let config = json!({
        "adminSigner": admin,
        "delegatedSigners": [{"signer": format!("server:{}", EVM_TO.to_ascii_lowercase())}],
    });
    let body = json!({"chainType": "evm", "config": config});
    let (_, wallet) = crossmint(&emulator, "POST", WALLETS, &body).await;
    for signer in [&wallet["config"]["adminSigner"], &wallet["config"]["delegatedSigners"][0]] {
        assert_eq!(signer["address"], EVM_TO);
        assert_eq!(signer["locator"], format!("server:{EVM_TO}"));
    }
}

#[tokio::test]
async fn a_quorum_stands_in_front_of_the_approval_of_the_signer() {
    let owned = Owned::new("base-sepolia").await;
    owned.emulator.crossmint_quorum(true);
    let case = owned.cases().remove(2);
    let answer = owned.send(&case).await;
    assert!(answer["approvals"]["pending"][0].get("message").is_none());
    let verified = owned.verify(&case, &answer);
    assert_eq!(verified.verdict(), Verdict::AsRequested);
    owned.approve(&case, &answer, &verified).await;
}
