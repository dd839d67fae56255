//! The store as the program opens it.

use std::fs;

use super::serving::{AUTHORIZATION, BEARER, Serving, configured};
use super::{REQUEST, signer, stderr};

const SERVE: [&str; 3] = ["serve", "--config", "signer.toml"];
const STORE: &str = "signer-store.redb";

fn ended(folder: &std::path::Path, more: &[&str]) -> (Option<i32>, String) {
    let command = [&SERVE, more].concat();
    let output = signer(folder, command).env("SIGNER_TEST_BEARER", BEARER).output().unwrap();
    (output.status.code(), stderr(&output))
}

#[test]
fn a_restart_forgets_nothing() {
    let folder = configured("store-restart", |text| text);
    let keyed = format!("{AUTHORIZATION}idempotency-key: order-1\r\n");
    let id = |serving: &Serving| {
        let (status, response) = serving.post("x", &keyed, REQUEST);
        assert_eq!(status, 200, "{response}");
        let response: serde_json::Value = serde_json::from_str(&response).unwrap();
        response["preview"]["idempotencyKey"].clone()
    };
    let serving = Serving::start(&folder, &SERVE);
    let first = id(&serving);
    assert!(folder.join(STORE).is_file());
    // The store is one process's; a check of its configuration is good all the same.
    let (code, said) = ended(&folder, &[]);
    assert_eq!(code, Some(1));
    assert!(
        said.contains("store.path signer-store.redb: another process uses this store"),
        "{said}"
    );
    assert_eq!(ended(&folder, &["--check"]).0, Some(0));
    serving.signal("-KILL");
    assert_eq!(serving.wait(), None);
    let serving = Serving::start(&folder, &SERVE);
    assert_eq!(id(&serving), first);
    assert_eq!(serving.terminate(), Some(0));
}

#[test]
fn a_store_that_forgets_must_be_asked_for() {
    let folder = configured("store-memory", |text| format!("{text}[store]\nkind = \"memory\"\n"));
    let (code, said) = ended(&folder, &["--check"]);
    assert_eq!(code, Some(1));
    assert!(said.contains("store.forgets: a store in memory forgets"), "{said}");
    super::serving::configure(&folder, |text| {
        format!("{text}[store]\nkind = \"memory\"\nforgets = \"accepted\"\n")
    });
    let serving = Serving::start(&folder, &SERVE);
    assert_eq!(serving.post("x", AUTHORIZATION, REQUEST).0, 200);
    assert!(!folder.join(STORE).exists());
}

/// `--check` fails for each file that the start cannot open, and it leaves no file behind.
#[test]
fn a_check_opens_the_store_and_the_audit_log() {
    let folder =
        configured("store-check", |text| format!("{text}[store]\npath = \"state/s.redb\"\n"));
    for more in [&["--check"][..], &[]] {
        let (code, said) = ended(&folder, more);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains("store.path state/s.redb: no such file or folder"), "{said}");
    }
    fs::create_dir(folder.join("state")).unwrap();
    assert_eq!(ended(&folder, &["--check"]).0, Some(0));
    assert_eq!(fs::read_dir(folder.join("state")).unwrap().count(), 0);
    fs::write(folder.join("state/s.redb"), "not a store").unwrap();
    for more in [&["--check"][..], &[]] {
        let (code, said) = ended(&folder, more);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains("store.path state/s.redb: the file is damaged"), "{said}");
    }
    std::os::unix::fs::symlink("elsewhere", folder.join("state/link")).unwrap();
    super::serving::configure(&folder, |text| format!("{text}[store]\npath = \"state/link\"\n"));
    assert!(ended(&folder, &[]).1.contains("it must be a file and not a link"));
}
