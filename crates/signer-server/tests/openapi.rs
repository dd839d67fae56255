//! The description for machines is committed, and is that of the code.

use serde_json::Value;
use signer_server::openapi_json;

use crate::builder;

#[test]
fn the_committed_description_is_this_one() {
    let endpoint = builder().build().unwrap();
    let committed = include_str!("../../../docs/openapi.json");
    assert_eq!(
        openapi_json(&endpoint),
        committed.trim_end(),
        "write it anew: curl -s http://127.0.0.1:3001/openapi.json > docs/openapi.json, of `signer serve --dev`"
    );
    let document: Value = serde_json::from_str(committed).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    // Each answer that the README names, and no other.
    let answers = document["paths"]["/api/sign-payment"]["post"]["responses"].as_object().unwrap();
    let statuses: Vec<_> = answers.keys().map(String::as_str).collect();
    assert_eq!(
        statuses,
        ["200", "400", "401", "403", "404", "405", "409", "413", "415", "429", "500", "503"]
    );
    let elsewhere = builder().path("/pay").build().unwrap();
    let document: Value = serde_json::from_str(&openapi_json(&elsewhere)).unwrap();
    assert!(document["paths"]["/pay"].is_object());
    assert!(document["paths"]["/api/sign-payment"].is_null());
}
