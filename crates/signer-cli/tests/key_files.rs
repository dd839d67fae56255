use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::{SECRET, folder, json, private_file, run, run_with, stderr};

fn mode(path: &std::path::Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn key_files_are_private_and_never_overwritten() {
    let folder = folder("key-files");
    for (command, expected) in [
        (&["crossmint", "generate", "--out", "a"][..], 71),
        (&["privy", "generate", "--out", "b"], 197),
        (&["abstraxn", "generate", "--out", "c"], 65),
    ] {
        let name = command[3];
        let shown = json(&folder, command);
        assert_eq!(shown["path"], name);
        for secret in ["secret", "authorizationKey", "accessKey"] {
            assert!(shown.get(secret).is_none(), "{shown}");
        }
        let written = fs::read(folder.join(name)).unwrap();
        assert_eq!(written.len(), expected, "{command:?}");
        assert_eq!(mode(&folder.join(name)), 0o600);
        let again = run(&folder, command);
        assert_eq!(again.status.code(), Some(1));
        assert!(again.stdout.is_empty() && stderr(&again).contains("not overwritten"));
        assert_eq!(fs::read(folder.join(name)).unwrap(), written);
    }
    let shown = json(&folder, &["blink", "generate", "--out", "new/keys"]);
    assert_eq!(shown["privateKey"], "new/keys/private.pem");
    assert_eq!(mode(&folder.join("new/keys/private.pem")), 0o600);
    assert_eq!(mode(&folder.join("new/keys")), 0o700);
    let again = run(&folder, &["blink", "generate", "--out", "new/keys"]);
    assert_eq!(again.status.code(), Some(1));
    // A private key alone is kept, and no public key is left beside it.
    fs::remove_file(folder.join("new/keys/public.pem")).unwrap();
    assert_eq!(run(&folder, &["blink", "generate", "--out", "new/keys"]).status.code(), Some(1));
    assert!(!folder.join("new/keys/public.pem").exists());
}

const ADDRESS: [&str; 8] =
    ["crossmint", "address", "--project-id", "p", "--environment", "staging", "--chain", "solana"];

#[test]
fn secrets_from_every_source_and_in_every_wrapping() {
    let folder = folder("sources");
    let expected = {
        private_file(&folder, "plain", SECRET);
        json(&folder, &[&ADDRESS[..], &["--secret", "plain"]].concat())
    };
    for (name, text) in [
        ("lf", format!("{SECRET}\n")),
        ("crlf", format!("{SECRET}\r\n")),
        ("prefixed", format!("xmsk1_{SECRET}\n")),
        ("assigned", format!("CROSSMINT_SIGNER_SECRET=\"xmsk1_{SECRET}\"\n")),
        ("crlf-comments", format!("A=\"{SECRET}\"\r\n# a: b\r\n")),
        ("commented", format!("CROSSMINT_SIGNER_SECRET=\"xmsk1_{SECRET}\"\n# a: b\n# c: d\n")),
    ] {
        private_file(&folder, name, &text);
        assert_eq!(
            json(&folder, &[&ADDRESS[..], &["--secret", name]].concat()),
            expected,
            "{name}"
        );
        let piped = run_with(
            &folder,
            &[&ADDRESS[..], &["--secret", "-", "--json"]].concat(),
            text.as_bytes(),
        );
        let piped: serde_json::Value = serde_json::from_slice(&piped.stdout).unwrap();
        assert_eq!(piped, expected, "{name}");
    }
    for (name, text) in [
        ("two-lines", format!("{SECRET}\n\n")),
        ("space", format!("{SECRET} \n")),
        ("unquoted", format!("A={SECRET}\n")),
        ("more", format!("A=\"{SECRET}\"\nB=\"{SECRET}\"\n")),
        ("empty", String::new()),
        ("binary", "\u{0}".repeat(64)),
        ("huge", "a".repeat(100_000)),
    ] {
        private_file(&folder, name, &text);
        let output = run(&folder, &[&ADDRESS[..], &["--secret", name]].concat());
        assert_eq!(output.status.code(), Some(1), "{name}");
        assert!(output.stdout.is_empty() && stderr(&output).starts_with("error: "), "{name}");
    }
}

#[test]
fn a_dash_is_standard_output_and_never_a_file() {
    let folder = folder("dash");
    for provider in ["crossmint", "privy", "abstraxn"] {
        let output = run(&folder, &[provider, "generate", "--out", "-"]);
        assert!(output.status.success() && String::from_utf8_lossy(&output.stdout).contains("=\""));
    }
    assert!(fs::read_dir(&folder).unwrap().next().is_none());
}

/// The key files of the core's vectors, through the program.
#[test]
fn key_files_in_every_form() {
    let folder = folder("forms");
    let vectors = concat!(env!("CARGO_MANIFEST_DIR"), "/../signer-core/tests/vectors/keyfiles");
    let vectors = std::path::Path::new(vectors);
    let expect: serde_json::Value =
        serde_json::from_slice(&fs::read(vectors.join("expect.json")).unwrap()).unwrap();
    for (name, file) in expect["files"].as_object().unwrap() {
        let path = vectors.join(name);
        let key = path.to_str().unwrap();
        let output = run(&folder, &["privy", "public-key", "--key", key, "--json"]);
        match file["expect"].as_str().unwrap() {
            "accept" => assert!(output.status.success(), "{name}: {}", stderr(&output)),
            "reject" => assert_eq!(output.status.code(), Some(1), "{name}"),
            _ => assert!(matches!(output.status.code(), Some(0 | 1)), "{name}"),
        }
    }
}

#[test]
fn what_generate_prints_is_understood() {
    let folder = folder("round-trip");
    for (generate, show) in [
        (&["crossmint", "generate"][..], &[&ADDRESS[..], &["--secret", "-"]].concat()[..]),
        (&["privy", "generate"], &["privy", "public-key", "--key", "-"]),
        (&["abstraxn", "generate"], &["abstraxn", "public-key", "--access-key", "-"]),
    ] {
        let generated = run(&folder, generate);
        assert!(generated.status.success());
        let shown = run_with(&folder, show, &generated.stdout);
        assert!(shown.status.success(), "{}", stderr(&shown));
    }
}

#[test]
fn a_file_that_others_can_read_draws_a_warning() {
    let folder = folder("warning");
    private_file(&folder, "secret", SECRET);
    let arguments = [&ADDRESS[..], &["--secret", "secret"]].concat();
    assert_eq!(stderr(&run(&folder, &arguments)), "");
    for shared in [0o640, 0o604, 0o644] {
        fs::set_permissions(folder.join("secret"), fs::Permissions::from_mode(shared)).unwrap();
        let output = run(&folder, &arguments);
        assert!(output.status.success());
        assert!(stderr(&output).starts_with("warning: secret can be read by other users"));
    }
    for shared in [0o620, 0o602, 0o622] {
        fs::set_permissions(folder.join("secret"), fs::Permissions::from_mode(shared)).unwrap();
        let output = run(&folder, &arguments);
        assert!(output.status.success());
        assert!(stderr(&output).starts_with("warning: secret can be changed by other users"));
    }
}

#[test]
fn a_full_disk_is_an_error() {
    let folder = folder("full");
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let status = super::signer(&folder, ["crossmint", "generate"]).stdout(full).output().unwrap();
    assert_eq!(status.status.code(), Some(1));
    assert!(stderr(&status).contains("standard output"));
}
