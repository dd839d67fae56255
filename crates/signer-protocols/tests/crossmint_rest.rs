use serde_json::{Value, json};
use signer_core::SecretBytes;
use signer_protocols::crossmint::rest::{
    AddSigner, ApiError, Approvals, CreateWallet, EvmCall, Json, Scope, SignMessage, SignTypedData,
    SignatureResponse, SignerChange, Status, StellarCall, Timestamp, Transaction,
    TransactionRequest, TransactionResponse, Transfer, TypedData, Wallet,
};
use signer_protocols::crossmint::{ChainId, ChainType, Locator, ServerSigner};

fn locator(chain: ChainType) -> Locator {
    let seed = SecretBytes::init(|bytes| bytes.fill(7));
    ServerSigner::from_key(&seed, chain).unwrap().locator()
}

fn body(request: &impl serde::Serialize) -> Value {
    serde_json::to_value(request).unwrap()
}

/// The shapes of the vendor's table.
#[test]
fn requests() {
    let evm = locator(ChainType::Evm);
    let (text, address) = (evm.to_string(), evm.address().to_string());
    let base = ChainId::parse("base-sepolia").unwrap();

    let wallet = CreateWallet::new(ChainType::Evm, &evm).alias("a").delegated_signer(&evm);
    assert_eq!(
        body(&wallet),
        json!({"type": "smart", "chainType": "evm", "alias": "a", "config": {
        "adminSigner": {"type": "server", "address": address}, "delegatedSigners": [{"signer": text}]}})
    );
    let wallet = CreateWallet::new(ChainType::Solana, &evm).owner("email:x");
    assert_eq!(body(&wallet)["owner"], "email:x");
    assert_eq!(body(&wallet)["config"].as_object().unwrap().len(), 1);

    let call = EvmCall::Parts { to: "0x1".into(), value: "5".into(), data: "0x".into() };
    let request = TransactionRequest::new(Transaction::Evm(base, vec![call]), &evm);
    assert_eq!(
        body(&request),
        json!({"params": {"signer": text, "chain": "base-sepolia",
        "calls": [{"to": "0x1", "value": "5", "data": "0x"}]}})
    );
    let call = EvmCall::Serialized { transaction: "0x02".into() };
    let request = TransactionRequest::new(Transaction::Evm(base, vec![call]), &evm);
    assert_eq!(body(&request)["params"]["calls"], json!([{"transaction": "0x02"}]));

    let request = TransactionRequest::new(Transaction::Solana("abc".into()), &evm);
    assert_eq!(body(&request), json!({"params": {"transaction": "abc", "signer": text}}));
    let call = StellarCall::new("C1", "transfer", Json::Array(vec![]));
    let request = TransactionRequest::new(Transaction::Stellar(call), &evm);
    assert_eq!(
        body(&request),
        json!({"params": {"signer": text, "transaction":
        {"type": "contract-call", "contractId": "C1", "method": "transfer", "args": []}}})
    );

    let transfer = Transfer::new("0x2", "1.5", &evm);
    assert_eq!(body(&transfer), json!({"recipient": "0x2", "amount": "1.5", "signer": text}));
    let approvals = Approvals::one("0xsig".into(), &evm);
    assert_eq!(body(&approvals), json!({"approvals": [{"signature": "0xsig", "signer": text}]}));
    let message = SignMessage::new("hi", &evm, base);
    assert_eq!(
        body(&message),
        json!({"type": "message", "params":
        {"message": "hi", "signer": text, "chain": "base-sepolia"}})
    );
    let typed = |chain_id| {
        let domain = Json::Object([("chainId".into(), Json::Unsigned(chain_id))].into());
        let (primary_type, types) = ("Mail".into(), Json::Bool(true));
        let typed = TypedData { domain, message: Json::Null, primary_type, types };
        SignTypedData::new(typed, &evm, base)
    };
    assert!(serde_json::to_vec(&typed(1 << 53)).is_err());
    let most = (1_u64 << 53) - 1;
    let typed = body(&typed(most));
    assert_eq!(typed["type"], "typed-data");
    assert_eq!(typed["params"]["typedData"]["domain"]["chainId"], most);
    assert_eq!(typed["params"]["typedData"]["primaryType"], "Mail");

    let add = AddSigner::new(&evm, base);
    assert_eq!(
        body(&add),
        json!({"signer": text, "chain": "base-sepolia", "deployImmediately": true})
    );
    let scope = Scope::transfer("base-sepolia:usdc").recipient("0x1");
    let scoped =
        add.expires_at("2027-01-31T12:00:00Z").scope(scope.spending_limit("1.5", Some(60)));
    assert_eq!(
        body(&scoped),
        json!({"signer": text, "chain": "base-sepolia", "deployImmediately": true,
            "expiresAt": "2027-01-31T12:00:00Z", "scopes": [{"type": "transfer",
            "tokenLocator": "base-sepolia:usdc", "recipients": ["0x1"],
            "spendingLimit": {"amount": "1.5", "interval": 60}}]})
    );
    let solana = locator(ChainType::Solana);
    let add = AddSigner::new(&solana, ChainId::parse("solana").unwrap());
    assert_eq!(body(&add), json!({"signer": solana.to_string()}));

    let call = EvmCall::Function {
        address: "0x1".into(),
        function_name: "mint".into(),
        abi: Json::Array(vec![]),
        args: Json::Array(vec![Json::Unsigned(1)]),
        value: "0".into(),
    };
    assert_eq!(
        body(&call),
        json!({"address": "0x1", "functionName": "mint", "abi": [], "args": [1], "value": "0"})
    );
}

#[test]
fn responses_survive_what_is_unknown() {
    let wallet: Wallet = serde_json::from_value(json!({
        "chainType": "evm", "type": "smart", "address": "0x1", "createdAt": 1700000000000_u64,
        "config": {"adminSigner": {"type": "server", "address": "0x2", "locator": "server:0x2", "new": 1},
            "delegatedSigners": [{"locator": "server:0x3"}]},
        "surprise": [1, 2]
    })).unwrap();
    assert_eq!(wallet.config.delegated_signers[0].locator.as_deref(), Some("server:0x3"));
    assert_eq!(wallet.created_at, Some(Timestamp::Number(1_700_000_000_000.0)));

    let transaction: TransactionResponse = serde_json::from_value(json!({
        "id": "t", "status": "awaiting-approval", "createdAt": "2026-01-01", "params": {"x": -1},
        "onChain": {"transaction": "abc", "txHash": "0xh", "other": null},
        "approvals": {"pending": [{"signer": {"locator": "server:0x2"}, "message": "0x00"}]}
    }))
    .unwrap();
    assert_eq!(transaction.status, Status::AwaitingApproval);
    assert_eq!(transaction.approvals.pending[0].message.as_deref(), Some("0x00"));
    assert_eq!(transaction.on_chain.unwrap().hash(), Some("0xh"));

    let signature: SignatureResponse =
        serde_json::from_value(json!({"id": "s", "status": "on-hold"})).unwrap();
    assert_eq!(signature.status, Status::Other("on-hold".into()));

    for (text, status) in [
        ("pending", Status::Pending),
        ("success", Status::Success),
        ("failed", Status::Failed),
        ("Failed", Status::Other("Failed".into())),
    ] {
        assert_eq!(Status::from(text), status);
    }

    for error in [
        json!({"error": true, "message": "no", "code": "X"}),
        json!({"error": {"reason": "r", "message": "m"}, "message": "no"}),
    ] {
        let error: ApiError = serde_json::from_value(error).unwrap();
        assert_eq!(error.message.as_deref(), Some("no"));
    }
}

#[test]
fn a_memo_is_sent_as_it_is() {
    let call = StellarCall::new("C1", "transfer", Json::Object([].into()))
        .memo(Json::Object([("type".into(), Json::String("text".into()))].into()));
    assert_eq!(
        body(&call),
        json!({"type": "contract-call", "contractId": "C1", "method": "transfer", "args": {},
        "memo": {"type": "text"}})
    );
}

/// Entries of a shape that nobody here knows do not make the rest unreadable.
#[test]
fn foreign_entries_of_any_shape_are_read_one_by_one() {
    let odd =
        [json!(null), json!(7), json!([]), json!({"signer": 1}), json!({"signer": {"type": {}}})];
    let ours = json!({"signer": {"locator": "server:0x2"}, "message": "0x00"});
    let pending: Vec<Value> = odd.iter().cloned().chain([ours]).collect();
    let answer = json!({"id": "t", "status": 7, "createdAt": {}, "onChain": [], "chainType": null,
        "approvals": {"pending": pending, "submitted": odd}});
    let transaction: TransactionResponse = serde_json::from_value(answer).unwrap();
    assert_eq!((transaction.id.as_str(), transaction.approvals.pending.len()), ("t", 6));
    assert_eq!(transaction.approvals.pending[5].message.as_deref(), Some("0x00"));
    for approvals in [json!(null), json!([]), json!({"pending": {}}), json!("none")] {
        let answer = json!({"id": "t", "approvals": approvals});
        let transaction: TransactionResponse = serde_json::from_value(answer).unwrap();
        assert_eq!(
            (transaction.status, transaction.approvals.pending),
            (Status::Other("".into()), vec![])
        );
    }
    let record = json!({"chainType": "evm", "type": "smart", "address": "0x1",
        "config": {"adminSigner": {"type": "email", "email": "a@b.c"}, "delegatedSigners": odd}});
    let wallet: Wallet = serde_json::from_value(record).unwrap();
    assert_eq!(wallet.config.admin_signer.unwrap().name().as_deref(), Some("email"));
    assert_eq!(wallet.config.delegated_signers.len(), 5);
    assert!(serde_json::from_value::<TransactionResponse>(json!({"status": "success"})).is_err());
}

/// The answer to a change of signers: a transaction, one inside, or a state by chain.
#[test]
fn the_transaction_of_a_change_is_found() {
    let change = |value: Value| serde_json::from_value::<SignerChange>(value).unwrap();
    let top = change(json!({"id": "t1", "status": "awaiting-approval"}));
    assert_eq!(top.transaction.unwrap().id, "t1");
    let inside = change(json!({"id": "t1", "transaction": {"id": "t2", "status": "success"}}));
    assert_eq!(inside.transaction.unwrap().id, "t2");
    let chains = change(json!({"chains": {"base": {"id": "1", "onChain": {}},
        "polygon": {"id": "2", "onChain": null}, "mode": 3}}))
    .chains;
    let is_transaction = |chain: &str| chains.get(chain).map(|it| it.is_transaction);
    assert_eq!(is_transaction("base"), Some(true));
    assert_eq!((is_transaction("polygon"), is_transaction("mode")), (Some(false), None));
    assert_eq!(change(json!(null)), SignerChange::default());
}

/// In the shapes of the vendor's own types: on Stellar an object, a signer that is done without an id, both names of the hash.
#[test]
fn answers_in_the_shapes_of_the_vendors_types_are_read() {
    let stellar: TransactionResponse = serde_json::from_str(
        r#"{"id":"1","status":"awaiting-approval","chainType":"stellar",
            "onChain":{"transaction":{"method":"transfer","tx":"AAAA"}},"createdAt":1,"approvals":{}}"#,
    )
    .unwrap();
    assert_eq!(stellar.on_chain.as_ref().unwrap().solana_transaction(), None);
    let done: TransactionResponse = serde_json::from_str(
        r#"{"id":"1","status":"success","onChain":{"txId":"0x1","txHash":"0x2","transaction":"2bc"}}"#,
    )
    .unwrap();
    let on_chain = done.on_chain.unwrap();
    assert_eq!((on_chain.hash(), on_chain.solana_transaction()), (Some("0x1"), Some("2bc")));
    let signer: SignerChange = serde_json::from_str(
        r#"{"type":"server","chains":{"base":{"status":"success"},"polygon":{"id":"7","status":"awaiting-approval"}}}"#,
    )
    .unwrap();
    assert_eq!(signer.chains["base"].id, None);
    assert_eq!(signer.chains["polygon"].status, Status::AwaitingApproval);
}
