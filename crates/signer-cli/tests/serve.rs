//! The endpoint as the program runs it.

use std::fs;

use super::serving::{AUTHORIZATION, BEARER, OWNERS, Serving, configure, configured};
use super::{MERCHANT, REQUEST, folder, private_file, run, run_with, signer, stderr};

#[test]
fn development_without_a_configuration() {
    let folder = folder("serve-dev");
    let serving = Serving::start(&folder, &["serve", "--dev", "--port", "0"]);
    assert!(serving.log[0].contains("for this machine only"));
    let (status, response) = serving.post("localhost", "", REQUEST);
    assert_eq!(status, 200, "{response}");
    let public = "data/signer/development.public.pem";
    let verify = ["blink", "verify", "--public-key", public, "--response", "-"];
    let verdict = run_with(&folder, &verify, response.as_bytes());
    assert_eq!(verdict.stdout, b"valid\n", "{}", stderr(&verdict));
    // Another name for this machine, and a page from elsewhere.
    for host in
        ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:80", "", "[::1]x"]
    {
        assert_eq!(serving.post(host, "", REQUEST).0, 403, "{host}");
    }
    assert_eq!(serving.post("[::1]:3001", "", REQUEST).0, 200);
    assert_eq!(serving.post("localhost", "origin: https://evil.example\r\n", REQUEST).0, 403);
    assert_eq!(serving.terminate(), Some(0));

    // The same key the next time.
    let serving = Serving::start(&folder, &["serve", "--dev", "--port", "0"]);
    let (_, response) = serving.post("127.0.0.1", "", REQUEST);
    assert_eq!(run_with(&folder, &verify, response.as_bytes()).stdout, b"valid\n");
}

#[test]
fn a_configured_endpoint() {
    let folder = configured("serve-config", |text| text);
    let serving = Serving::start(&folder, &["serve", "--config", "signer.toml"]);
    assert_eq!(serving.post("any.example", AUTHORIZATION, REQUEST).0, 200);
    assert_eq!(serving.post("any.example", "", REQUEST).0, 401);
    let other = REQUEST.replace("0x1a5F", "0x1111");
    assert_eq!(serving.post("any.example", AUTHORIZATION, &other).0, 403);
    assert_eq!(serving.terminate(), Some(0));
}

#[test]
fn all_that_is_wrong_at_once() {
    let folder = configured("serve-check", |text| {
        let text = text
            .replace(MERCHANT, "YOUR_MERCHANT_ID")
            .replace("\"127.0.0.1:0\"\nm", "\"nowhere\"\nm");
        format!("origins = [\"*\"]\nqueue = -1\nsurprise = 1\n{text}peer_burts = 1\n[tls]\n")
    });
    fs::write(folder.join("owners"), "backend\n").unwrap();
    let check = || {
        signer(&folder, ["serve", "--config", "signer.toml", "--check"])
            .env("SIGNER_TEST_BEARER", BEARER)
            .output()
            .unwrap()
    };
    let output = check();
    assert_eq!(output.status.code(), Some(1));
    for fault in [
        "listen: must be an ip address",
        "merchant_id: ",
        "ownership.file: line 1 ",
        "origins: \"*\" is no origin",
        "queue: must be an integer",
        "surprise: is no setting",
        "status.peer_burts: is no setting",
        "tls.certificate: is missing",
        "tls.key: is missing",
    ] {
        assert!(stderr(&output).contains(fault), "{fault} in {}", stderr(&output));
    }

    fs::write(folder.join("owners"), "").unwrap();
    configure(&folder, |text| text);
    assert!(stderr(&check()).contains("ownership.file: no line gives the caller an address"));
    fs::write(folder.join("owners"), OWNERS).unwrap();
    for (bad, fault) in [
        ("origins = [\"https://APP.example.com\"]\n", "origins: "),
        ("origins = [\"https://app.example.com:443\"]\n", "origins: "),
        ("back_date_ms = 60001\n", "back_date_ms: "),
        ("path = \"nopath\"\n", "path: "),
        ("policy = \"absent.toml\"\n", "policy: "),
        ("connections = 0\n", "connections: must be 1 or more"),
        ("listen = \"127.0.0.1:1\"\n", "line 2: duplicate key"),
    ] {
        configure(&folder, |text| bad.to_owned() + &text);
        assert!(stderr(&check()).contains(fault), "{bad}: {}", stderr(&check()));
    }
    for (place, bad, fault) in [
        ("\"backend\"", "\"\"", "callers.name: "),
        ("\"backend\"", "\"two words\"", "callers.name: "),
        ("\"backend\"", "\"a#b\"", "callers.name: "),
        ("\"bearer\"", "\"nobody\"", "callers.kind: must be one of"),
        ("kind = \"bearer\"", "", "callers.kind: is missing"),
        ("\"file\"\n", "\"claims\"\n", "ownership.kind: claims needs"),
        ("kind = \"file\"\n", "", "ownership.kind: is missing"),
        (
            "[status]",
            "[audit]\nfile = \"none/log\"\nkey = \"keys/private.pem\"\n[status]",
            "audit.file: its folder",
        ),
        (
            "[status]",
            "[audit]\nfile = \"log\"\nkey = \"keys/private.pem\"\n[status]",
            "audit.key: must be another",
        ),
        (
            "[status]",
            "[tls]\ncertificate = \"keys/public.pem\"\nkey = \"keys/private.pem\"\n[status]",
            "tls: ",
        ),
    ] {
        configure(&folder, |text| text.replace(place, bad));
        assert!(stderr(&check()).contains(fault), "{bad}: {}", stderr(&check()));
    }
    // The secret itself where its name was asked for.
    configure(&folder, |text| {
        text.replace("env:SIGNER_TEST_BEARER", "correct-horse-battery-staple-very-long")
    });
    let said = stderr(&check());
    assert!(said.contains("callers.secret: cannot be read") && !said.contains("horse"), "{said}");
    // A weak secret, and none at all.
    configure(&folder, |text| text.replace("env:SIGNER_TEST_BEARER", "weak"));
    private_file(&folder, "weak", "hunter2");
    assert!(stderr(&check()).contains("callers.secret: bearer secret must be 32"));
    configure(&folder, |text| text.replace("secret = \"env:SIGNER_TEST_BEARER\"\n", ""));
    assert!(stderr(&check()).contains("callers.secret: is missing"));
    configure(&folder, |text| text);
    assert_eq!(check().stdout, b"configuration: good\n");
}

/// The commented configuration of the docs, and a variable for each kind of value.
#[test]
fn the_environment_goes_before_the_file() {
    let folder = configured("serve-environment", |text| text);
    let check = |variable: &str, value: &str| {
        let output = signer(&folder, ["serve", "--config", "signer.toml", "--check"])
            .env("SIGNER_TEST_BEARER", BEARER)
            .env(variable, value)
            .output()
            .unwrap();
        stderr(&output)
    };
    for (variable, bad, fault, good) in [
        ("SIGNER_SERVE_LISTEN", "nowhere", "listen: ", "127.0.0.1:9"),
        ("SIGNER_SERVE_QUEUE", "many", "queue: ", "7"),
        (
            "SIGNER_SERVE_ORIGINS",
            "https://a.example,x",
            "origins: \"x\"",
            "https://a.example,https://b.example",
        ),
        ("SIGNER_SERVE_CALLERS_KIND", "x", "callers.kind: ", "bearer"),
        ("SIGNER_SERVE_KEY_ACTIVE", "absent.pem", "key.active: ", "keys/private.pem"),
        ("SIGNER_SERVE_AUDIT_FILE", "log", "audit.key: is missing", ""),
        ("SIGNER_SERVE_POLCY", "x", "SIGNER_SERVE_POLCY: is no setting here", ""),
        ("SIGNER_SERVE_RATES_PEER_PER_SECOND", "-1", "rates.peer_per_second: must be an", "7"),
    ] {
        assert!(check(variable, bad).contains(fault), "{variable}: {}", check(variable, bad));
        if !good.is_empty() {
            assert_eq!(check(variable, good), "", "{variable}");
        }
    }
    assert!(run(&folder, &["blink", "generate", "--out", "audit"]).status.success());
    let example = include_str!("../../../docs/serve.example.toml");
    configure(&folder, |_| {
        example
            .replace("env:SIGNER_BEARER", "env:SIGNER_TEST_BEARER")
            .replace("owners.txt", "owners")
    });
    assert_eq!(check("UNUSED", ""), "");
}

#[test]
fn a_development_key_serves_nothing_else() {
    let folder = folder("serve-mark");
    drop(Serving::start(&folder, &["serve", "--dev", "--port", "0"]));
    fs::write(folder.join("owners"), OWNERS).unwrap();
    let marked = fs::read_to_string(folder.join("data/signer/development.pem")).unwrap();
    private_file(&folder, "crlf.pem", &marked.replace('\n', "\r\n"));
    configure(&folder, |text| text.replace("keys/private.pem", "crlf.pem"));
    let check = signer(&folder, ["serve", "--config", "signer.toml", "--check"])
        .env("SIGNER_TEST_BEARER", BEARER)
        .output()
        .unwrap();
    assert!(stderr(&check).contains("a development key serves --dev only"));
    configure(&folder, |text| text.replace("keys/private.pem", "data/signer/development.pem"));
    let output = signer(&folder, ["serve", "--config", "signer.toml"])
        .env("SIGNER_TEST_BEARER", BEARER)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("a development key serves --dev only"));
    // And a real key is not taken for one of development.
    let path = folder.join("data/signer/development.pem");
    assert!(run(&folder, &["blink", "generate", "--out", "keys"]).status.success());
    fs::copy(folder.join("keys/private.pem"), &path).unwrap();
    let output = signer(&folder, ["serve", "--dev", "--port", "0"])
        .env("XDG_DATA_HOME", folder.join("data"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("not a development key"));
}
