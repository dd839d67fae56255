//! The endpoint killed at random points under load, and started again: no second payment under a key, no day
//! over its limit, no refused start.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64ct::{Base64UrlUnpadded, Encoding};
use serde_json::Value;

use super::serving::{AUTHORIZATION, BEARER, Serving, configured};
use super::{REQUEST, json, run, signer, stderr};

const SERVE: [&str; 3] = ["serve", "--config", "signer.toml"];
const CLIENTS: u64 = 16;
/// The long form, `cargo xtask kills`, sets another number.
const KILLS: &str = "SIGNER_TEST_KILLS";
const DEFAULT_KILLS: u64 = 10;
const AMOUNT: u64 = 50;

/// The answers that the clients received over all runs of the endpoint.
#[derive(Default)]
struct Answers {
    /// The payment id of each key.
    ids: Mutex<BTreeMap<String, String>>,
    /// Each payment, by the day of its signature.
    payments: Mutex<BTreeSet<(String, String)>>,
    doubles: AtomicU64,
    signed: AtomicU64,
    limited: AtomicU64,
}

impl Answers {
    fn note(&self, key: Option<&str>, body: &str) {
        let body: Value = serde_json::from_str(body).unwrap();
        let id = body["preview"]["idempotencyKey"].as_str().unwrap().to_owned();
        let payload = Base64UrlUnpadded::decode_vec(body["payload"].as_str().unwrap()).unwrap();
        let payload: Value = serde_json::from_slice(&payload).unwrap();
        let day = payload["signatureTimestamp"].as_str().unwrap()[..10].to_owned();
        self.signed.fetch_add(1, Ordering::SeqCst);
        self.payments.lock().unwrap().insert((day, id.clone()));
        let Some(key) = key else { return };
        let mut ids = self.ids.lock().unwrap();
        if ids.entry(key.to_owned()).or_insert_with(|| id.clone()) != &id {
            self.doubles.fetch_add(1, Ordering::SeqCst);
        }
    }
}

/// A small generator for the choice of keys and of the moment of a kill.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) % bound
    }
}

/// Asks the endpoint until it is gone.
fn client(serving: &Serving, answers: &Answers, life: u64, mut random: Random, over: &AtomicBool) {
    while !over.load(Ordering::SeqCst) {
        // Keys of this life and of the one before, which all clients share; now and then none.
        let key = (random.below(64) > 0)
            .then(|| format!("order-{}", (life + 1) * 12 - random.below(24).min(life * 12 + 11)));
        let header =
            key.as_ref().map_or(String::new(), |key| format!("idempotency-key: {key}\r\n"));
        match serving.try_answer(&format!("{AUTHORIZATION}{header}"), REQUEST) {
            Some((200, body)) => answers.note(key.as_deref(), &body),
            Some((403, _)) => drop(answers.limited.fetch_add(1, Ordering::SeqCst)),
            Some((status, body)) => assert_eq!(status, 503, "{body}"),
            None => return,
        }
    }
}

fn kill_under_load(folder: &Path, kills: u64, limit: u64) {
    let answers = Arc::new(Answers::default());
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let mut random = Random(u64::from(now.subsec_nanos()) | 1);
    eprintln!("seed {}", random.0);
    for life in 0..kills {
        // Every other start is killed before it serves, the first one while it makes its files.
        if life % 2 == 0 {
            let mut child = signer(folder, SERVE)
                .env("SIGNER_TEST_BEARER", BEARER)
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            std::thread::sleep(Duration::from_micros(random.below(60_000)));
            child.kill().unwrap();
            child.wait().unwrap();
        }
        let serving = Arc::new(Serving::start(folder, &SERVE));
        let over = Arc::new(AtomicBool::new(false));
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                let (serving, answers) = (Arc::clone(&serving), Arc::clone(&answers));
                let (random, over) = (Random(random.0 ^ random.below(1 << 30)), Arc::clone(&over));
                std::thread::spawn(move || client(&serving, &answers, life, random, &over))
            })
            .collect();
        std::thread::sleep(Duration::from_millis(random.below(250)));
        serving.signal("-KILL");
        over.store(true, Ordering::SeqCst);
        for client in clients {
            client.join().unwrap();
        }
        Arc::into_inner(serving).unwrap().wait();
    }
    let mut days = BTreeMap::<_, u64>::new();
    for (day, _) in answers.payments.lock().unwrap().iter() {
        *days.entry(day.clone()).or_default() += AMOUNT;
    }
    eprintln!(
        "{kills} kills, {} answers of {} payments, {} at the limit: {days:?}",
        answers.signed.load(Ordering::SeqCst),
        answers.payments.lock().unwrap().len(),
        answers.limited.load(Ordering::SeqCst),
    );
    assert_eq!(answers.doubles.load(Ordering::SeqCst), 0, "second payments under a key");
    assert!(days.values().all(|sum| *sum <= limit), "{days:?} of {limit}");
    assert!(answers.signed.load(Ordering::SeqCst) > 10 * kills, "hardly anything was signed");
    assert!(answers.limited.load(Ordering::SeqCst) > 0, "the limit was not reached");
}

/// Killed in each mode of syncs, with an audit log beside the store, which stays valid.
#[test]
fn nothing_is_paid_twice_over_kills() {
    let kills = std::env::var(KILLS).ok().map_or(DEFAULT_KILLS, |kills| kills.parse().unwrap());
    for (fsync, part) in [("always", kills.div_ceil(2)), ("every-second", kills / 2)] {
        let folder = configured(&format!("kills-{fsync}"), |text| {
            format!(
                "policy = \"policy.toml\"\n{text}[store]\nfsync = \"{fsync}\"\n[audit]\nfile = \"audit.jsonl\"\nkey = \"audit/private.pem\"\n"
            )
        });
        assert!(run(&folder, &["blink", "generate", "--out", "audit"]).status.success());
        // About twelve new keys a life: the limit is reached before the last one.
        let limit = part * 10 * AMOUNT;
        fs::write(folder.join("policy.toml"), format!("max_per_day = \"{limit}\"\n")).unwrap();
        kill_under_load(&folder, part, limit);
        assert!(folder.join("signer-store.redb").is_file(), "beside the audit log");
        let verify =
            ["audit", "verify", "--log", "audit.jsonl", "--public-key", "audit/public.pem"];
        let verdict = run(&folder, &verify);
        assert!(verdict.status.success(), "{}", stderr(&verdict));
        assert_ne!(json(&folder, &verify)["lines"], "0");
    }
}
