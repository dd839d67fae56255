use signer_protocols::privy::rpc::{
    EthTransaction, Json, Quantity, RawSign, RpcRequest, TypedData, TypedDataField,
};

use super::privy::VECTORS;
use super::{cases, text, vectors};

#[test]
fn rpc_bodies_of_the_vectors() {
    let bodies: Vec<serde_json::Value> = cases(&vectors(VECTORS), "vectors")
        .iter()
        .filter(|case| text(case, "category").starts_with("wallet_"))
        .map(|case| serde_json::from_str(text(case, "body_json")).unwrap())
        .collect();
    let typed = |value: &serde_json::Value| bodies.contains(value);
    for request in
        [RpcRequest::personal_sign("Hello 世界 🌍"), RpcRequest::personal_sign_hex("deadbeef")]
    {
        assert!(typed(&serde_json::to_value(&request).unwrap()), "{request:?}");
        assert!(!request.moves_money());
    }
    // Every other call of the vectors, made anew from its values.
    let mut calls = 0;
    for body in bodies.iter().filter(|body| body["params"].is_object()) {
        let params = &body["params"];
        let member = |name: &str| text(params, name).to_owned();
        let caip2 = || text(body, "caip2").to_owned();
        let request = match body["method"].as_str() {
            Some("eth_sendTransaction") => {
                let transaction = &params["transaction"];
                let transaction = EthTransaction {
                    to: Some(text(transaction, "to").into()),
                    value: transaction["value"].as_u64().map(Into::into),
                    ..Default::default()
                };
                RpcRequest::eth_send_transaction(caip2(), transaction)
            }
            Some("eth_signTypedData_v4") => RpcRequest::eth_sign_typed_data(TypedData {
                types: params["typed_data"]["types"]
                    .as_object()
                    .unwrap()
                    .iter()
                    .map(|(name, fields)| (name.clone(), typed_data_fields(fields)))
                    .collect(),
                primary_type: text(&params["typed_data"], "primary_type").into(),
                domain: serde_json::from_value(params["typed_data"]["domain"].clone()).unwrap(),
                message: serde_json::from_value(params["typed_data"]["message"].clone()).unwrap(),
            }),
            Some("eth_sign7702Authorization") => RpcRequest::eth_sign_7702(
                member("contract"),
                params["chain_id"].as_u64().unwrap(),
                params["nonce"].as_u64(),
            ),
            Some("signTransaction") => RpcRequest::solana_sign_transaction(member("transaction")),
            Some("signAndSendTransaction") => {
                RpcRequest::solana_sign_and_send_transaction(caip2(), member("transaction"))
            }
            _ => continue,
        };
        calls += 1;
        let request = if body["sponsor"] == true { request.sponsored() } else { request };
        assert_eq!(&serde_json::to_value(&request).unwrap(), body);
        assert_eq!(request.moves_money(), body["caip2"].is_string(), "{body}");
    }
    assert_eq!(calls, 7);

    let hash = format!("0x{}", "ab".repeat(32));
    assert!(typed(&serde_json::to_value(RawSign::hash(hash)).unwrap()));
    assert!(typed(&serde_json::to_value(RawSign::bytes("0a0234", "hex", "sha256")).unwrap()));

    assert_eq!(RawSign::hash("0x1").as_hash(), Some("0x1"));
    assert_eq!(RawSign::bytes("00", "hex", "sha256").as_hash(), None);
}

fn typed_data_fields(fields: &serde_json::Value) -> Vec<TypedDataField> {
    let field = |field: &serde_json::Value| TypedDataField {
        name: text(field, "name").into(),
        field_type: text(field, "type").into(),
    };
    fields.as_array().unwrap().iter().map(field).collect()
}

/// What the vectors do not have, in the shape of the vendor's table.
#[test]
fn rpc_bodies_beyond_the_vectors() {
    let transaction = || EthTransaction {
        to: Some("0x1".into()),
        gas_limit: Some(Quantity::Hex("0x5208".into())),
        transaction_type: Some(2),
        ..Default::default()
    };
    for (request, expected) in [
        (
            RpcRequest::eth_sign_transaction(transaction()).sponsored(),
            r#"{"chain_type":"ethereum","method":"eth_signTransaction","params":{"transaction":{"gas_limit":"0x5208","to":"0x1","type":2}}}"#,
        ),
        (
            RpcRequest::secp256k1_sign("0xab"),
            r#"{"chain_type":"ethereum","method":"secp256k1_sign","params":{"hash":"0xab"}}"#,
        ),
        (
            RpcRequest::solana_sign_message("AAAA"),
            r#"{"chain_type":"solana","method":"signMessage","params":{"encoding":"base64","message":"AAAA"}}"#,
        ),
    ] {
        let body = signer_protocols::jcs::to_vec(&request).unwrap();
        assert_eq!(std::str::from_utf8(&body).unwrap(), expected);
        assert!(!request.moves_money());
    }
    let send = RpcRequest::eth_send_transaction(
        "eip155:8453",
        EthTransaction { to: Some("0x1".into()), value: Some(2.into()), ..Default::default() },
    );
    assert!(send.moves_money());
    let body = signer_protocols::jcs::to_vec(&send.sponsored()).unwrap();
    assert_eq!(
        std::str::from_utf8(&body).unwrap(),
        r#"{"caip2":"eip155:8453","chain_type":"ethereum","method":"eth_sendTransaction","params":{"transaction":{"to":"0x1","value":2}},"sponsor":true}"#
    );
}

/// A number of a transaction is the one that was given: as an integer, as a text where it may be rounded, or not at all.
#[test]
fn a_number_of_a_transaction_is_never_rounded() {
    let value = |value| {
        let transaction = EthTransaction { value: Some(value), ..Default::default() };
        signer_protocols::jcs::to_vec(&RpcRequest::eth_sign_transaction(transaction))
            .map(|body| String::from_utf8(body).unwrap())
    };
    let most = (1 << 53) - 1;
    for (number, expected) in [
        (Quantity::Integer(most), r#"{"value":9007199254740991}"#),
        (Quantity::from(most + 1), r#"{"value":"0x20000000000000"}"#),
        (Quantity::from(u64::MAX), r#"{"value":"0xffffffffffffffff"}"#),
    ] {
        let body = value(number).unwrap();
        assert!(body.ends_with(&format!(r#""params":{{"transaction":{expected}}}}}"#)), "{body}");
    }
    assert!(value(Quantity::Integer(most + 1)).is_err());

    let body = |call: &RpcRequest| String::from_utf8(signer_protocols::jcs::to_vec(call).unwrap());
    let authorization = body(&RpcRequest::eth_sign_7702("0x1", most + 2, Some(u64::MAX))).unwrap();
    assert!(authorization.contains(r#""chain_id":"0x20000000000001""#), "{authorization}");
    assert!(authorization.contains(r#""nonce":"0xffffffffffffffff""#), "{authorization}");
}

/// Typed data says what is paid: no integer of it becomes another one.
#[test]
fn an_integer_of_typed_data_that_would_be_rounded_is_refused() {
    let call = |amount: Json| {
        let message = Json::Object([("amounts".into(), Json::Array(vec![amount]))].into());
        let (types, domain) = (Default::default(), Json::Object(Default::default()));
        let data = TypedData { types, primary_type: "Payment".into(), domain, message };
        signer_protocols::jcs::to_vec(&RpcRequest::eth_sign_typed_data(data))
    };
    let most = (1 << 53) - 1;
    let text = Json::String("9007199254740993".into());
    for good in [Json::Unsigned(most), Json::Signed(-(most as i64)), Json::Number(0.5), text] {
        assert!(call(good.clone()).is_ok(), "{good:?}");
    }
    for bad in [
        Json::Unsigned(most + 1),
        Json::Unsigned(u64::MAX),
        Json::Signed(i64::MIN),
        Json::Number(1e20),
    ] {
        let error = call(bad.clone()).unwrap_err();
        assert_eq!(error.to_string(), "json: an integer from 2^53 on must be a text", "{bad:?}");
    }
}
