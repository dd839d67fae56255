//! What changes while it serves.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::serving::{self, AUTHORIZATION, OWNERS, Serving, configured};
use super::{REQUEST, run, stderr};

const SERVE: [&str; 3] = ["serve", "--config", "signer.toml"];
/// A policy with everything in it.
const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/policy.example.toml");

fn generate(folder: &Path, name: &str) {
    assert!(run(folder, &["blink", "generate", "--out", name]).status.success());
}

/// As a deployment does it: the new file is whole before it has the name.
fn replace(folder: &Path, from: &str, to: &str) {
    fs::copy(folder.join(from), folder.join("whole")).unwrap();
    fs::rename(folder.join("whole"), folder.join(to)).unwrap();
}

#[test]
fn files_are_read_again_when_they_change() {
    let folder = configured("serve-reload", |text| text);
    generate(&folder, "next");
    let serving = Serving::start(&folder, &SERVE);
    assert!(serving.is_signed_by(&folder, "keys/public.pem"));

    replace(&folder, "next/private.pem", "keys/private.pem");
    serving.wait_for("reloaded");
    assert!(serving.is_signed_by(&folder, "next/public.pem"));

    // A bad key keeps the old one, and says so.
    fs::write(folder.join("keys/private.pem"), "half a ke").unwrap();
    let line = serving.wait_for("the reload was refused");
    assert!(line.contains("key.active") && !line.contains("half"), "{line}");
    assert!(serving.is_signed_by(&folder, "next/public.pem"));
    assert!(serving.status("/metrics").contains("signer_reload_failures_total 1"));

    // And so does a list of owners.
    replace(&folder, "next/private.pem", "keys/private.pem");
    fs::write(folder.join("owners"), "backend 0x1111111111111111111111111111111111111111\n")
        .unwrap();
    for _ in 0..100 {
        if serving.post("x", AUTHORIZATION, REQUEST).0 == 403 {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(serving.post("x", AUTHORIZATION, REQUEST).0, 403);
    fs::write(folder.join("owners"), OWNERS).unwrap();
    serving.signal("-HUP");
    for _ in 0..100 {
        if serving.post("x", AUTHORIZATION, REQUEST).0 == 200 {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(serving.post("x", AUTHORIZATION, REQUEST).0, 200);
    assert_eq!(serving.terminate(), Some(0));
}

#[test]
fn a_staged_key_takes_over_for_good() {
    let folder = configured("serve-switch", |text| {
        let staged = "active = \"keys/private.pem\"\nstaged = \"keys/next.pem\"\n";
        text.replace("active = \"keys/private.pem\"\n", staged)
            + "[control]\nsocket = \"control.sock\"\n"
    });
    generate(&folder, "next");
    let serving = Serving::start(&folder, &SERVE);
    let switch = || run(&folder, &["switch-key", "--socket", "control.sock"]);
    assert!(stderr(&switch()).contains("no key is staged"));

    replace(&folder, "next/private.pem", "keys/next.pem");
    serving.wait_for("reloaded");
    let ready: serde_json::Value = serde_json::from_str(&serving.status("/readyz")).unwrap();
    let public = fs::read_to_string(folder.join("next/public.pem")).unwrap();
    assert_eq!(ready["stagedKey"]["publicKey"], public);
    assert!(serving.is_signed_by(&folder, "keys/public.pem"), "staged is not signing");

    // A fault of something else is in nobody's way.
    fs::write(folder.join("owners"), "backend\n").unwrap();
    serving.wait_for("ownership.file: line 1");
    let output = switch();
    fs::write(folder.join("owners"), OWNERS).unwrap();
    let id = ready["stagedKey"]["id"].as_str().unwrap();
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        format!("keyId: {id}\n"),
        "{}",
        stderr(&output)
    );
    assert!(serving.is_signed_by(&folder, "next/public.pem"));
    assert!(folder.join("keys/private.pem.previous").exists());
    assert!(!folder.join("keys/next.pem").exists());
    let ready: serde_json::Value = serde_json::from_str(&serving.status("/readyz")).unwrap();
    assert_eq!((ready["key"]["id"].as_str(), ready["stagedKey"].is_null()), (Some(id), true));
    // The socket is its owner's only.
    use std::os::unix::fs::PermissionsExt;
    let mode = folder.join("control.sock").metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(serving.terminate(), Some(0));

    // It outlives the process, and the socket that was left behind is in nobody's way.
    let serving = Serving::start(&folder, &SERVE);
    assert!(serving.is_signed_by(&folder, "next/public.pem"));
    // The store is another one: a process does not come as far as the socket without it.
    let second = super::signer(&folder, SERVE)
        .env("SIGNER_TEST_BEARER", serving::BEARER)
        .env("SIGNER_SERVE_STORE_PATH", "second.redb")
        .output()
        .unwrap();
    assert!(stderr(&second).contains("another process answers here"), "{}", stderr(&second));
    drop(serving);
    assert!(stderr(&switch()).contains("control.sock"));
}

/// Whoever writes a file in place leaves an empty one, or the first lines, for a moment or for good.
#[test]
fn a_policy_does_not_lose_its_ceilings_unheard() {
    let folder = configured("serve-policy", |text| format!("policy = \"policy.toml\"\n{text}"));
    let policy = folder.join("policy.toml");
    let whole = "max_amount = \"10\"\nmax_per_day = \"1000\"\n";
    fs::write(&policy, whole).unwrap();
    let serving = Serving::start(&folder, &SERVE);
    let post = || serving.post("x", AUTHORIZATION, REQUEST).0;
    assert_eq!(post(), 400, "above the ceiling");

    fs::write(&policy, "").unwrap();
    let line = serving.wait_for("the reload was refused");
    assert!(line.contains("policy: ") && line.contains("catalogue"), "{line}");
    assert_eq!(post(), 400, "the ceiling is still there");

    let chains = "[chains]\n8453 = [\"0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913\"]\n";
    fs::write(&policy, format!("max_per_day = \"1000\"\n{chains}")).unwrap();
    let line = serving.wait_for("\"bound\":\"max_amount\"");
    assert!(line.contains("\"WARN\"") && line.contains("is there no more"), "{line}");
    assert_eq!(post(), 200);
    assert_eq!(serving.count("\"bound\":"), 1);

    // Without a policy there is none, nor a list of chains.
    serving::configure(&folder, |text| text);
    serving.wait_for("\"bound\":\"chains\"");
    assert_eq!(serving.count("\"bound\":"), 3);
    assert_eq!(serving.terminate(), Some(0));
}

#[test]
fn a_policy_that_says_nothing_is_refused() {
    let folder = configured("empty-policy", |text| format!("policy = \"policy.toml\"\n{text}"));
    let policy = folder.join("policy.toml");
    let example = fs::read_to_string(EXAMPLE).unwrap();
    let head: String = example.split_inclusive('\n').take(3).collect();
    let check = |text: &str| {
        fs::write(&policy, text).unwrap();
        let mut command = super::signer(&folder, [&SERVE[..], &["--check"]].concat());
        command.env("SIGNER_TEST_BEARER", serving::BEARER).output().unwrap()
    };
    for cut in ["", "\n", &head] {
        let output = check(cut);
        assert_eq!(output.status.code(), Some(1), "{cut:?}");
        assert!(stderr(&output).contains("policy: "), "{}", stderr(&output));
    }
    for whole in ["catalogue = true\n", "callback_schemes = [\"myapp\"]\n", &example] {
        let output = check(whole);
        assert!(output.status.success(), "{whole:?}: {}", stderr(&output));
    }
}

#[test]
fn a_thousand_new_keys_under_load() {
    let folder = configured("serve-thousand", |text| text + "[log]\nlevel = \"warn\"\n");
    for name in ["one", "two"] {
        generate(&folder, name);
    }
    let serving = Arc::new(Serving::start_quiet(&folder, &SERVE));
    let ended = Arc::new(AtomicBool::new(false));
    let load: Vec<_> = (0..2)
        .map(|_| {
            let (serving, ended) = (serving.clone(), ended.clone());
            std::thread::spawn(move || {
                let mut answered = 0;
                while !ended.load(Ordering::SeqCst) {
                    let (status, response) = serving.post("x", AUTHORIZATION, REQUEST);
                    assert_eq!(status, 200, "{response}");
                    answered += 1;
                }
                answered
            })
        })
        .collect();
    let swap = |count: usize| {
        for number in 0..count {
            let key = ["one/private.pem", "two/private.pem"][number % 2];
            replace(&folder, key, "keys/private.pem");
            serving.signal("-HUP");
        }
    };
    swap(200);
    let before = serving.resident_kib();
    swap(800);
    let after = serving.resident_kib();
    ended.store(true, Ordering::SeqCst);
    let answered: usize = load.into_iter().map(|thread| thread.join().unwrap()).sum();
    eprintln!("{answered} answered, {before} KiB then, {after} KiB now");
    assert!(answered > 100);
    assert!(after < before + 4 * 1024, "{before} KiB then, {after} KiB now");
    std::thread::sleep(Duration::from_millis(600));
    assert!(serving.is_signed_by(&folder, "two/public.pem"));
}
