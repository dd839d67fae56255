//! The example `store_worker` as a process.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Built with the tests, beside them.
pub(crate) fn program() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let target = tests.parent().and_then(Path::parent).unwrap();
    let program = target.join("examples/store_worker");
    assert!(program.exists(), "build it: cargo build -p signer-client --all-features --examples");
    program
}

pub(crate) fn start(arguments: &[&str]) -> Child {
    let mut command = Command::new(program());
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap()
}

/// A folder of a test's own.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

/// A service that gives another token to whoever connects, after a while, and counts. The last one is good, and only it
/// is replaced.
pub(crate) fn service(pause: Duration) -> (u16, Arc<AtomicU32>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let count = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&count);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let last = counted.fetch_add(1, Ordering::SeqCst);
            let mut stream = BufReader::new(stream.unwrap());
            let mut replaced = String::new();
            stream.read_line(&mut replaced).unwrap();
            std::thread::sleep(pause);
            let good = last == 0 || replaced.trim_end() == format!("token-{last}");
            let answer = if good { format!("token-{}", last + 1) } else { "refused".into() };
            let _ = write!(stream.into_inner(), "{answer}");
        }
    });
    (port, count)
}

/// `processes` workers at once that share a store: all get the one token that the service gave once, and when it is
/// refused to all of them, the one that it was replaced by once.
pub(crate) fn one_fetch(store: &str, processes: usize) {
    let (port, count) = service(Duration::from_millis(300));
    let port = port.to_string();
    let mut workers: Vec<Child> = (0..processes).map(|_| start(&["token", store, &port])).collect();
    let mut lines: Vec<_> = workers
        .iter_mut()
        .map(|worker| BufReader::new(worker.stdout.take().unwrap()).lines())
        .collect();
    for number in 1..=2 {
        for lines in &mut lines {
            assert_eq!(lines.next().unwrap().unwrap(), format!("token-{number}"));
        }
        assert_eq!(count.load(Ordering::SeqCst), number);
        for worker in &mut workers {
            // Refused to all.
            writeln!(worker.stdin.as_mut().unwrap()).unwrap();
        }
    }
    for mut worker in workers {
        assert!(worker.wait().unwrap().success());
    }
}
