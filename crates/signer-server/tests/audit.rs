use std::fs;
use std::io::BufReader;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;
use sha2::{Digest, Sha256};
use signer_core::p256::SigningKey;
use signer_server::{
    AuditFault, AuditLog, AuditOptions, AuditReport, EndpointBuilder, Fsync, Hash, verify_audit_log,
};

use crate::{ADDRESS, BEARER, REQUEST, Running, builder, payload};

/// A test key, other than that of payments.
fn audit_key() -> SigningKey {
    SigningKey::from_scalar(&[9; 32]).unwrap()
}

pub(crate) fn file(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_file(&path);
    path
}

fn options(path: &std::path::Path) -> AuditOptions {
    let key = audit_key();
    let public = key.verifying_key();
    let mut options = AuditOptions::new(path.to_owned(), Arc::new(key), public);
    options.fsync = Fsync::AtCheckpoints;
    options.checkpoint_every = 4;
    options
}

pub(crate) fn with_log(path: &std::path::Path) -> EndpointBuilder {
    builder().audit(AuditLog::open(options(path)).unwrap())
}

pub(crate) fn verify(log: &[u8], head: Option<Hash>) -> Result<AuditReport, AuditFault> {
    verify_audit_log(BufReader::new(log), &audit_key().verifying_key(), head)
}

pub(crate) async fn end(mut server: Running) {
    server.stop.take().unwrap().send(()).unwrap();
    (&mut server.ended).await.unwrap();
}

/// A log of nine decisions, as a service leaves it.
async fn log(name: &str) -> Vec<u8> {
    let path = file(name);
    let server = Running::start(with_log(&path)).await;
    for amount in 1..=9 {
        let request = REQUEST.replace(":50", &format!(":{amount}"));
        assert_eq!(server.post(&[], &request).await.status, 200);
    }
    end(server).await;
    fs::read(&path).unwrap()
}

#[tokio::test]
async fn every_decision_about_a_known_caller() {
    let path = file("audit-decisions");
    let server = Running::start(with_log(&path)).await;
    let request =
        REQUEST.replace("}", r#","reference":"order \u0007\u001b[31m é 1","metadata":{"a":"b"}}"#);
    let answer = server.post(&[("idempotency-key", "k")], &request).await;
    let signed = payload(&answer);
    let id = answer.header("x-request-id").unwrap().to_owned();
    let other = REQUEST.replace(ADDRESS, "0x2222222222222222222222222222222222222222");
    assert_eq!(server.post(&[], &other).await.status, 403);
    assert_eq!(server.post(&[], "{").await.status, 400);
    assert_eq!(server.post(&[("idempotency-key", "k")], REQUEST).await.status, 409);
    // Nobody knows who that was.
    let anonymous = [("content-type", "application/json")];
    let refused = crate::http::send(server.address, "POST", "/api/sign-payment", &anonymous, b"{}");
    assert_eq!(refused.await.status, 401);
    end(server).await;

    let log = fs::read(&path).unwrap();
    assert!(log.iter().all(|byte| matches!(byte, b'\n' | b' '..=b'~')), "plain ascii");
    assert!(!String::from_utf8_lossy(&log).contains(BEARER));
    let lines: Vec<Value> = log
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect();
    // Four decisions, and the checkpoints of the fourth line and of the end.
    assert_eq!(lines.len(), 6);
    let first = &lines[0];
    assert_eq!(first["n"], 1);
    assert_eq!(first["requestId"], id);
    assert_eq!(first["caller"], "backend");
    assert_eq!(first["address"], ADDRESS);
    assert_eq!(first["chainId"], 8453);
    assert_eq!(first["token"], "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913");
    assert_eq!(first["amount"], 50);
    assert_eq!(first["reference"], "order \u{7}\u{1b}[31m é 1");
    assert_eq!(first["metadata"]["a"], "b");
    assert_eq!(first["idempotencyKey"], signed["idempotencyKey"]);
    assert_eq!(first["decision"], "signed");
    assert_eq!(first["reason"], Value::Null);
    assert_eq!(first["keyId"].as_str().unwrap().len(), 16);
    assert_eq!(first["time"].as_str().unwrap().len(), 24);
    let decisions: Vec<_> =
        lines[..4].iter().map(|line| line["decision"].as_str().unwrap()).collect();
    assert_eq!(decisions, ["signed", "refused", "refused", "refused"]);
    assert_eq!(
        lines[1]["reason"],
        "Destination address does not belong to the authenticated user."
    );
    assert!(lines[4]["checkpoint"].is_string() && lines[5]["checkpoint"].is_string());
    let report = verify(&log, None).unwrap();
    assert_eq!((report.head.count, report.last_checkpoint, report.torn), (6, Some(6), 0));
}

/// The chain is what anybody can compute, and the checkpoint what openssl verifies.
#[tokio::test]
async fn who_comes_together_is_written_together() {
    let path = file("audit-crowd");
    let server = Running::start(with_log(&path)).await;
    let crowd = (0..100).map(|_| server.post(&[], REQUEST));
    let answers = futures_util::future::join_all(crowd).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
    end(server).await;
    let log = fs::read_to_string(&path).unwrap();
    assert!(verify(log.as_bytes(), None).is_ok());
    assert_eq!(log.lines().filter(|line| line.contains("\"decision\":\"signed\"")).count(), 100);
}

#[tokio::test]
async fn the_chain_is_plain_sha256() {
    let log = log("audit-chain").await;
    let mut before = "0".repeat(64);
    for line in String::from_utf8(log).unwrap().lines() {
        let value: Value = serde_json::from_str(line).unwrap();
        assert_eq!(value["prev"], before);
        before = Sha256::digest(line).iter().map(|byte| format!("{byte:02x}")).collect();
    }
}

#[tokio::test]
async fn changed_missing_and_torn_lines_are_found() {
    let log = log("audit-faults").await;
    assert!(verify(&log, None).is_ok());
    // Every byte, changed.
    for at in 0..log.len() {
        let mut changed = log.clone();
        changed[at] ^= 1;
        assert!(verify(&changed, None).is_err(), "byte {at}");
    }
    let lines: Vec<&[u8]> = log.split_inclusive(|byte| *byte == b'\n').collect();
    // Every line, missing, doubled, or changed places with the next.
    for at in 0..lines.len() - 1 {
        assert!(verify(&[&lines[..at], &lines[at + 1..]].concat().concat(), None).is_err());
        assert!(verify(&[&lines[..=at], &lines[at..]].concat().concat(), None).is_err());
        let mut swapped = lines.clone();
        swapped.swap(at, at + 1);
        assert!(verify(&swapped.concat(), None).is_err());
    }
    // Torn at every byte of the last line, but for its end alone.
    let last = log.len() - lines[lines.len() - 1].len();
    for end in last + 1..log.len() {
        assert!(verify(&log[..end], None).is_err(), "torn at {end}");
    }
    // Cut at a line's end: seen by a head that is later, and by nothing else.
    let head = verify(&log, None).unwrap().head.hash;
    let cut = &log[..last];
    assert!(verify(cut, None).is_ok());
    assert!(matches!(verify(cut, Some(head)), Err(AuditFault::Head)));
    assert!(verify(&log, Some(head)).is_ok());
    // Another key's log.
    let other = SigningKey::from_scalar(&[8; 32]).unwrap().verifying_key();
    let verdict = verify_audit_log(BufReader::new(&log[..]), &other, None);
    assert!(matches!(verdict, Err(AuditFault::Checkpoint(5))));
}

#[tokio::test]
async fn a_log_goes_on_behind_a_crash() {
    let whole = log("audit-crash").await;
    let path = file("audit-torn");
    for cut in (0..whole.len()).step_by(37).chain([whole.len() - 1]) {
        fs::write(&path, &whole[..cut]).unwrap();
        let server = Running::start(with_log(&path)).await;
        assert_eq!(server.post(&[], REQUEST).await.status, 200, "cut at {cut}");
        end(server).await;
        let report = verify(&fs::read(&path).unwrap(), None);
        assert!(report.unwrap().torn <= 1, "cut at {cut}");
    }
    // Twice in a row.
    fs::write(&path, &whole[..100]).unwrap();
    AuditLog::open(options(&path)).unwrap().close().await.unwrap();
    let once = fs::read(&path).unwrap();
    fs::write(&path, &once[..once.len() - 50]).unwrap();
    AuditLog::open(options(&path)).unwrap().close().await.unwrap();
    assert_eq!(verify(&fs::read(&path).unwrap(), None).unwrap().torn, 2);
    // Whoever wanted to mend it came no further than the line's end.
    fs::write(&path, [&whole[..whole.len() - 9], b"\n"].concat()).unwrap();
    AuditLog::open(options(&path)).unwrap().close().await.unwrap();
    assert_eq!(verify(&fs::read(&path).unwrap(), None).unwrap().torn, 1);
    for wrong in ["hello\n", "{\"n\":1}\n", "\n", "hello\nhello\n", "hello\nhello"] {
        fs::write(&path, wrong).unwrap();
        assert!(AuditLog::open(options(&path)).is_err(), "{wrong:?}");
    }
}

#[tokio::test]
async fn one_process_writes_a_log() {
    let path = file("audit-lock");
    let first = AuditLog::open(options(&path)).unwrap();
    assert!(AuditLog::open(options(&path)).is_err());
    first.close().await.unwrap();
    AuditLog::open(options(&path)).unwrap();
}

/// A line may be longer than what is read of the end at first: earlier versions wrote such.
#[tokio::test]
async fn long_lines_are_no_hindrance() {
    let path = file("audit-long");
    let (reference, zeros) = ("x".repeat(300_000), "0".repeat(64));
    let time = "2026-03-16T16:45:31.000Z";
    let line = format!(
        r#"{{"n":1,"time":"{time}","requestId":"r","reference":"{reference}","prev":"{zeros}"}}"#
    );
    fs::write(&path, line + "\n").unwrap();
    let server = Running::start(with_log(&path)).await;
    assert_eq!(server.post(&[], REQUEST).await.status, 200);
    end(server).await;
    assert!(verify(&fs::read(&path).unwrap(), None).unwrap().head.count > 2);
}

/// Whoever may call and owns nothing could fill the disk else.
#[tokio::test]
async fn what_is_long_is_in_the_log_by_its_hash() {
    let path = file("audit-bounded");
    let server = Running::start(with_log(&path)).await;
    let long = "\u{e9}".repeat(2_000);
    let fits = "x".repeat(1_022);
    let other = REQUEST.replace(ADDRESS, "0x2222222222222222222222222222222222222222");
    for more in [
        format!(r#","reference":"{long}","metadata":{{"a":"{fits}","b":"{long}"}}}}"#),
        format!(r#","reference":"{fits}x","metadata":{{"a":"b"}}}}"#),
        format!(r#","reference":"{fits}","metadata":{{}}}}"#),
    ] {
        assert_eq!(server.post(&[], &other.replace('}', &more)).await.status, 403);
    }
    end(server).await;
    let log = fs::read_to_string(&path).unwrap();
    assert!(log.lines().all(|line| line.len() < 2_000), "{log}");
    assert!(verify(log.as_bytes(), None).is_ok());
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    // Of the text as it would stand there.
    let hashed = |text: &str| {
        let digest = Sha256::digest(text);
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        serde_json::json!({"sha256": hex, "bytes": text.len()})
    };
    let escaped = format!("\"{}\"", "\\u00e9".repeat(2_000));
    assert_eq!(lines[0]["reference"], hashed(&escaped));
    assert_eq!(lines[0]["metadata"], hashed(&format!(r#"{{"a":"{fits}","b":{escaped}}}"#)));
    assert_eq!(lines[1]["reference"], hashed(&format!("\"{fits}x\"")));
    assert_eq!(lines[1]["metadata"]["a"], "b");
    assert_eq!(lines[2]["reference"], fits);
}

/// A crash between a line and the checkpoint that was due behind it would leave a log that seems cut.
#[tokio::test]
async fn a_log_that_did_not_end_is_signed_when_it_goes_on() {
    let whole = log("audit-unended").await;
    let path = file("audit-unended-start");
    for cut in [100, whole.len() / 2] {
        fs::write(&path, &whole[..cut]).unwrap();
        let log = AuditLog::open(options(&path)).unwrap();
        let report = verify(&fs::read(&path).unwrap(), None).unwrap();
        assert_eq!(report.last_checkpoint, Some(report.head.count), "cut at {cut}");
        assert_eq!(log.head(), report.head);
        log.close().await.unwrap();
    }
    let lines: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
    fs::write(&path, lines[..4].concat()).unwrap();
    let log = AuditLog::open(options(&path)).unwrap();
    assert_eq!(verify(&fs::read(&path).unwrap(), None).unwrap().last_checkpoint, Some(5));
    log.close().await.unwrap();
    // One that has ended is as it was.
    fs::write(&path, &whole).unwrap();
    let log = AuditLog::open(options(&path)).unwrap();
    assert_eq!(fs::read(&path).unwrap(), whole);
    drop(log);
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_is_no_log() {
    let target = file("audit-link-target");
    let path = file("audit-link");
    std::os::unix::fs::symlink(&target, &path).unwrap();
    let error = AuditLog::open(options(&path)).unwrap_err();
    assert!(error.to_string().contains("link"), "{error}");
    assert!(!target.exists());
    fs::write(&target, "").unwrap();
    assert!(AuditLog::open(options(&path)).is_err());
    fs::remove_file(&path).unwrap();
    // Put in its place while it is written, it is noticed too.
    let log = AuditLog::open(options(&path)).unwrap();
    let server = Running::start(builder().audit(log)).await;
    assert_eq!(server.post(&[], REQUEST).await.status, 200);
    fs::rename(&path, &target).unwrap();
    std::os::unix::fs::symlink(&target, &path).unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    assert_eq!(server.post(&[], REQUEST).await.status, 503);
}

/// Moved away, cut or replaced while it is written: nothing is signed that nobody could read.
#[tokio::test]
async fn a_log_that_was_moved_is_noticed() {
    for change in ["move", "cut", "replace"] {
        let path = file(&format!("audit-moved-{change}"));
        let healthy = AuditLog::open(options(&path)).unwrap();
        let server = Running::start(builder().audit(healthy.clone())).await;
        assert_eq!(server.post(&[], REQUEST).await.status, 200);
        let written = fs::read(&path).unwrap();
        match change {
            "move" => fs::rename(&path, path.with_extension("old")).unwrap(),
            "cut" => fs::write(&path, "").unwrap(),
            _ => {
                fs::rename(&path, path.with_extension("old")).unwrap();
                fs::write(&path, &written).unwrap();
            }
        }
        tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
        for _ in 0..2 {
            assert_eq!(server.post(&[], REQUEST).await.status, 503, "{change}");
        }
        if change == "move" {
            // Put back, it heals by itself: nobody is sent to a service that is not ready.
            fs::rename(path.with_extension("old"), &path).unwrap();
            tokio::time::sleep(std::time::Duration::from_millis(2_500)).await;
            assert!(healthy.is_healthy());
            assert_eq!(server.post(&[], REQUEST).await.status, 200);
        }
    }
}

/// /dev/full takes no byte: what cannot be written down is not signed.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_disk_signs_nothing() {
    let server = Running::start(with_log(std::path::Path::new("/dev/full"))).await;
    for _ in 0..3 {
        let answer = server.post(&[], REQUEST).await;
        assert_eq!((answer.status, answer.header("retry-after")), (503, Some("1")));
    }
}
