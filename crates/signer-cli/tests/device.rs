//! A hardware signer behind a socket, as the program sees it.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use signer_core::p256::SigningKey;
use signer_device::{Device, FrameReader, MAX_FRAME, Measurement, SlotKey};

use super::{folder, run, stderr};

const REQUEST: [&str; 8] = [
    "--app-id",
    "app",
    "--method",
    "POST",
    "--url",
    "https://api.privy.io/v1/wallets",
    "--expiry",
    "none",
];

/// Serves one connection after the other, each by `serve`.
pub(crate) fn listen(folder: &Path, serve: impl Fn(UnixStream) + Send + 'static) {
    let listener = UnixListener::bind(folder.join("line.sock")).unwrap();
    thread::spawn(move || listener.incoming().flatten().for_each(serve));
}

/// A device with one P-256 key, a test key.
pub(crate) fn device(mut line: UnixStream) {
    let key = SigningKey::from_scalar(&[7; 32]).unwrap();
    let slots = [SlotKey::P256(&key)];
    let device = Device::new(&slots);
    let mut reader = FrameReader::<MAX_FRAME>::new();
    let mut byte = [0];
    while line.read_exact(&mut byte).is_ok() {
        let Some(frame) = reader.push(byte[0]) else { continue };
        let Some(reply) = device.answer(frame, Measurement::default()) else { continue };
        let mut bytes = Vec::new();
        reply.write(&mut |byte| bytes.push(byte));
        if line.write_all(&bytes).is_err() {
            return;
        }
    }
}

#[test]
fn a_key_on_a_device_stands_where_a_file_would() {
    let folder = folder("device");
    listen(&folder, device);
    let public = run(&folder, &["--json", "privy", "public-key", "--key", "device:line.sock"]);
    let public: serde_json::Value = serde_json::from_slice(&public.stdout).unwrap();
    let sign = |key: &str| {
        let words = [&["--json", "privy", "sign", "--key", key][..], &REQUEST].concat();
        run(&folder, &words)
    };
    for key in ["device:line.sock", "device:line.sock#0"] {
        let signed = sign(key);
        let signed: serde_json::Value = serde_json::from_slice(&signed.stdout)
            .unwrap_or_else(|_| panic!("{}", stderr(&signed)));
        let words = [
            &["privy", "verify", "--public-key", public["publicKey"].as_str().unwrap()][..],
            &["--signature", signed["signature"].as_str().unwrap()],
            &REQUEST,
        ];
        assert_eq!(run(&folder, &words.concat()).stdout, b"valid\n");
    }
    let refused = sign("device:line.sock#1");
    assert_eq!((refused.status.code(), refused.stdout.len()), (Some(1), 0));
    assert!(stderr(&refused).contains("the slot holds no key"), "{}", stderr(&refused));
    let refused = sign("device:nowhere.sock");
    assert!(stderr(&refused).contains("no such file"), "{}", stderr(&refused));

    let info = run(&folder, &["device", "info", "line.sock"]);
    assert!(
        String::from_utf8_lossy(&info.stdout).contains("slot 0, p256: 04"),
        "{}",
        stderr(&info)
    );

    let twice = [
        &["privy", "sign", "--key", "device:line.sock#0", "--key", "device:line.sock#1"][..],
        &REQUEST,
    ];
    assert_eq!(run(&folder, &twice.concat()).status.code(), Some(2));
}

/// A line that drips, and one that is silent: the deadline counts from the request.
#[test]
fn no_device_is_waited_for_beyond_the_deadline() {
    let folder = folder("device-drip");
    listen(&folder, |mut line| {
        while line.write_all(b"x").is_ok() {
            thread::sleep(Duration::from_millis(300));
        }
    });
    let began = Instant::now();
    let refused = run(&folder, &["device", "info", "line.sock"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("no answer in time"), "{}", stderr(&refused));
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
}
