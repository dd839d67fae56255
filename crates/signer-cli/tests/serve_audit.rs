//! The audit log as the program keeps and checks it.

use std::fs;
use std::path::Path;
use std::process::Output;
use std::sync::Arc;

use super::serving::{AUTHORIZATION, BEARER, Serving, configured};
use super::{REQUEST, json, run, stderr};

const SERVE: [&str; 3] = ["serve", "--config", "signer.toml"];

fn with_audit(name: &str) -> std::path::PathBuf {
    let folder = configured(name, |text| {
        text + "[audit]\nfile = \"audit.jsonl\"\nkey = \"audit/private.pem\"\ncheckpoint_every = 10\n"
    });
    assert!(run(&folder, &["blink", "generate", "--out", "audit"]).status.success());
    folder
}

fn verify(folder: &Path, more: &[&str]) -> Output {
    let verify = ["audit", "verify", "--log", "audit.jsonl", "--public-key", "audit/public.pem"];
    run(folder, &[&verify, more].concat())
}

#[test]
fn a_log_is_kept_and_checked() {
    let folder = with_audit("audit-kept");
    let serving = Serving::start(&folder, &SERVE);
    for _ in 0..12 {
        assert_eq!(serving.post("x", AUTHORIZATION, REQUEST).0, 200);
    }
    let ready: serde_json::Value = serde_json::from_str(&serving.status("/readyz")).unwrap();
    assert_eq!(ready["auditHead"]["count"], 13, "twelve and a checkpoint");
    let head = ready["auditHead"]["hash"].as_str().unwrap();
    assert_eq!(serving.terminate(), Some(0));

    let output = verify(&folder, &["--head", head]);
    assert_eq!(output.stdout, b"valid\n", "{}", stderr(&output));
    assert_eq!(stderr(&output), "lines behind the last checkpoint: 0\n");
    let verdict = json(
        &folder,
        &["audit", "verify", "--log", "audit.jsonl", "--public-key", "audit/public.pem"],
    );
    assert_eq!(verdict["lines"], "14");
    assert_eq!(verdict["linesBehindTheLastCheckpoint"], "0");

    let log = fs::read_to_string(folder.join("audit.jsonl")).unwrap();
    let changed = log.replacen("\"amount\":50", "\"amount\":5", 1);
    fs::write(folder.join("audit.jsonl"), changed).unwrap();
    let output = verify(&folder, &[]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("line 2 does not follow the line before it"), "{said}");
    let cut: String = log.split_inclusive('\n').take(11).collect();
    fs::write(folder.join("audit.jsonl"), cut).unwrap();
    assert!(verify(&folder, &[]).status.success(), "a cut behind a checkpoint is not seen");
    assert!(!verify(&folder, &["--head", head]).status.success(), "but by a later head");
}

#[test]
fn a_log_that_others_can_read_draws_a_warning() {
    use std::os::unix::fs::PermissionsExt;
    let folder = with_audit("audit-mode");
    let log = folder.join("audit.jsonl");
    let warns = || {
        let serving = Serving::start(&folder, &SERVE);
        let warned = serving.log.iter().any(|line| line.contains("open to other users"));
        assert_eq!(serving.terminate(), Some(0));
        warned
    };
    assert!(!warns(), "as it is made");
    for mode in [0o644, 0o620, 0o600] {
        fs::set_permissions(&log, fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(warns(), mode != 0o600, "{mode:o}");
    }
}

/// Without checkpoints anybody who writes the file can compute the chain: at some length that is no log.
#[test]
fn a_log_without_checkpoints_is_not_valid_for_long() {
    let folder = with_audit("audit-unsigned");
    let text = fs::read_to_string(folder.join("signer.toml")).unwrap();
    let text = text.replace("checkpoint_every = 10\n", "checkpoint_every = 1000000\n");
    fs::write(folder.join("signer.toml"), text).unwrap();
    let serving = Serving::start(&folder, &SERVE);
    for _ in 0..12 {
        assert_eq!(serving.post("x", AUTHORIZATION, REQUEST).0, 200);
    }
    serving.signal("-KILL");
    serving.wait();

    let output = verify(&folder, &[]);
    assert_eq!(output.stdout, b"valid\n");
    assert_eq!(stderr(&output), "lines behind the last checkpoint: 12 (there is none)\n");
    let verdict = run(
        &folder,
        &["audit", "verify", "--log", "audit.jsonl", "--public-key", "audit/public.pem", "--json"],
    );
    assert_eq!(stderr(&verdict), "");
    assert!(verify(&folder, &["--checkpoint-every", "12"]).status.success());
    let output = verify(&folder, &["--checkpoint-every", "11"]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("\"valid\":false") && said.contains("12 lines"), "{said}");
    assert_eq!(verify(&folder, &["--checkpoint-every", "0"]).status.code(), Some(2));
}

/// Killed in the middle, again and again: what was answered is in the log, and the log is whole.
#[test]
fn a_killed_process_leaves_what_it_answered() {
    let folder = with_audit("audit-killed");
    let mut answered = 0;
    for _ in 0..5 {
        let serving = Arc::new(Serving::start(&folder, &SERVE));
        let load: Vec<_> = (0..3)
            .map(|_| {
                let serving = serving.clone();
                std::thread::spawn(move || {
                    (0..1_000).take_while(|_| serving.try_post(AUTHORIZATION, REQUEST)).count()
                })
            })
            .collect();
        std::thread::sleep(std::time::Duration::from_millis(150));
        serving.signal("-KILL");
        answered += load.into_iter().map(|thread| thread.join().unwrap()).sum::<usize>();
    }
    let serving = Serving::start(&folder, &SERVE);
    assert_eq!(serving.terminate(), Some(0));
    assert!(verify(&folder, &["--checkpoint-every", "10"]).status.success());
    let log = fs::read_to_string(folder.join("audit.jsonl")).unwrap();
    let signed = log.lines().filter(|line| line.contains("\"decision\":\"signed\"")).count();
    assert!(answered > 10 && signed >= answered, "{signed} in the log, {answered} answered");
}

#[test]
fn one_line_of_the_log_for_each_request() {
    let folder = configured("serve-log", |text| text);
    let serving = Serving::start(&folder, &SERVE);
    // Escapes and line ends in every place that a caller can fill.
    let request = REQUEST.replace('}', r#","reference":"\u001b[31m\n{\"level\":\"ERROR\"}"}"#);
    let escapes = format!("{AUTHORIZATION}user-agent: \u{1b}[2J\r\n");
    assert_eq!(serving.post("x", &escapes, &request).0, 400);
    let headers = format!("{AUTHORIZATION}user-agent: é\r\nidempotency-key: order-1\r\n");
    assert_eq!(serving.post("x", &headers, &request).0, 200);
    let line = serving.wait_for("\"outcome\":\"signed\"");
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(line["status"], 200);
    assert_eq!(line["peer"], "127.0.0.1");
    assert!(line["request_id"].is_string() && line["micros"].is_number());
    assert_eq!(serving.count("\"outcome\":\"signed\""), 1);
    let log = serving.rest.lock().unwrap().join("\n");
    for secret in [BEARER, "\u{1b}", "signature", "order-1"] {
        assert!(!log.contains(secret), "{secret:?} in {log}");
    }
}
