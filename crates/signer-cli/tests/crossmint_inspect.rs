//! `crossmint inspect`, on every case of the approval vectors: verdict, reason, message, signature and exit code.

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::Value;

use super::{folder, private_file, run};

const VECTORS: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../signer-protocols/tests/vectors/crossmint-approvals.json"
);

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_else(|| panic!("{member} in {value}"))
}

fn cases() -> Vec<Value> {
    let all: Value = serde_json::from_slice(&fs::read(VECTORS).unwrap()).unwrap();
    all["cases"].as_array().unwrap().clone()
}

/// The token of a case as the program takes it.
fn token(token: &Value) -> String {
    let decimals = &token["decimals"];
    match text(token, "kind") {
        "native" => format!("native:{decimals}"),
        "erc20" => format!("erc20:{}:{decimals}", text(token, "contract")),
        "sep41" => format!("sep41:{}:{decimals}", text(token, "contract")),
        "spl" => {
            let program = token["program"].as_str().map(|it| format!(":{it}")).unwrap_or_default();
            format!("spl:{}:{decimals}{program}", text(token, "mint"))
        }
        other => panic!("token kind {other}"),
    }
}

/// Runs the program on a case; `signer` gives the flags of our signer.
fn inspect(folder: &Path, case: &Value, signer: &[&str]) -> Output {
    let request = &case["request"];
    fs::write(folder.join("answer"), case["answer"].to_string()).unwrap();
    let mut arguments = vec!["crossmint", "inspect", "--json", "--answer", "answer"];
    arguments.extend(["--request-path", text(request, "path")]);
    arguments.extend(["--request-method", text(request, "method")]);
    if !request["body"].is_null() {
        fs::write(folder.join("request"), request["body"].to_string()).unwrap();
        arguments.extend(["--request", "request"]);
    }
    arguments.extend(["--wallet", text(case, "wallet"), "--chain", text(case, "chain")]);
    arguments.extend(["--role", text(case, "signerRole")]);
    let context = &case["context"];
    let token = (!context["token"].is_null()).then(|| token(&context["token"]));
    for (flag, value) in [
        ("--max-fee", context["maxGasWei"].as_str()),
        ("--permission-id", context["permissionId"].as_str()),
        ("--token", token.as_deref()),
    ] {
        arguments.extend(value.into_iter().flat_map(|value| [flag, value]));
    }
    arguments.extend(signer);
    run(folder, &arguments)
}

/// The difference between what the program prints and what a case expects.
fn fault(case: &Value, output: &Output, with_secret: bool) -> Option<String> {
    let expect = &case["expect"];
    let errors = String::from_utf8_lossy(&output.stderr);
    let Ok(shown) = serde_json::from_slice::<Value>(&output.stdout) else {
        return Some(format!("no JSON object: {errors}"));
    };
    let is_as_requested = expect["verdict"] == "as_requested";
    let code = i32::from(!is_as_requested);
    if shown["verdict"] != expect["verdict"] || output.status.code() != Some(code) {
        return Some(format!("{} with {:?}: {shown}", shown["verdict"], output.status.code()));
    }
    let reasons = shown["reasons"].as_array().unwrap();
    if is_as_requested != reasons.is_empty()
        || !is_as_requested && !reasons.contains(&expect["reason"])
    {
        return Some(format!("reasons {reasons:?}"));
    }
    let signature = if with_secret { &expect["signature"] } else { &Value::Null };
    if shown["message"] != expect["message"] || shown["signature"] != *signature {
        return Some(format!("another message or signature: {shown}"));
    }
    let described = !is_as_requested || shown["decoded"].is_array() && shown["kind"].is_string();
    (!described).then(|| format!("nothing is shown: {shown}"))
}

fn check(chain_type: &str, least: usize) {
    let folder = folder(&format!("inspect-{chain_type}"));
    let cases: Vec<Value> =
        cases().into_iter().filter(|case| case["chainType"] == chain_type).collect();
    let mut faults = Vec::new();
    for (number, case) in cases.iter().enumerate() {
        private_file(&folder, "secret", text(case, "secret"));
        let derived = [
            ["--secret", "secret"],
            ["--project-id", text(case, "projectId")],
            ["--environment", text(case, "environment")],
            ["--scheme", text(case, "scheme")],
        ]
        .concat();
        let output = inspect(&folder, case, &derived);
        faults.extend(fault(case, &output, true).map(|it| format!("{}: {it}\n", case["id"])));
        // The locator alone gives the same verdict, without a signature.
        if number % 8 == 0 {
            let given =
                ["--signer", text(case, "signer"), "--environment", text(case, "environment")];
            let output = inspect(&folder, case, &given);
            faults.extend(fault(case, &output, false).map(|it| format!("{}: {it}\n", case["id"])));
        }
    }
    assert!(cases.len() >= least, "{} cases", cases.len());
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.concat());
}

#[test]
fn inspect_gives_each_evm_case_its_verdict() {
    check("evm", 364);
}

#[test]
fn inspect_gives_each_solana_case_its_verdict() {
    check("solana", 178);
}

#[test]
fn inspect_gives_each_stellar_case_its_verdict() {
    check("stellar", 48);
}

/// Exit 1 means a verdict; every other failure is 2.
#[test]
fn inspect_exits_with_2_when_it_cannot_give_a_verdict() {
    let folder = folder("inspect-usage");
    let case = &cases()[0];
    let signer = ["--signer", text(case, "signer"), "--environment", text(case, "environment")];
    for (flag, value) in [
        ("--answer", "missing"),
        ("--request", "missing"),
        ("--request-path", "/nothing"),
        ("--chain", "no-chain"),
        ("--signer", "server:0x"),
        ("--environment", "nowhere"),
        ("--token", "usdc"),
        ("--max-fee", "-1"),
        ("--admin", "0x00"),
    ] {
        let mut arguments: Vec<&str> = vec!["crossmint", "inspect", "--answer", "answer"];
        arguments.extend([
            "--request",
            "request",
            "--request-path",
            text(&case["request"], "path"),
        ]);
        arguments.extend(["--wallet", text(case, "wallet"), "--chain", text(case, "chain")]);
        arguments.extend(signer);
        fs::write(folder.join("answer"), case["answer"].to_string()).unwrap();
        fs::write(folder.join("request"), case["request"]["body"].to_string()).unwrap();
        match arguments.iter().position(|it| *it == flag) {
            Some(at) => arguments[at + 1] = value,
            None => arguments.extend([flag, value]),
        }
        let output = run(&folder, &arguments);
        assert_eq!(output.status.code(), Some(2), "{flag} {value}: {output:?}");
        assert!(output.stdout.is_empty(), "{flag}");
    }
}
