//! The example `store_worker` as a process.

use std::io::Write;
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
    Command::new(program()).args(arguments).stdout(Stdio::piped()).spawn().unwrap()
}

/// A folder of a test's own.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

/// A service that gives another token to whoever connects, after a while, and counts.
pub(crate) fn service(pause: Duration) -> (u16, Arc<AtomicU32>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let count = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&count);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let number = counted.fetch_add(1, Ordering::SeqCst) + 1;
            std::thread::sleep(pause);
            let _ = write!(stream.unwrap(), "token-{number}");
        }
    });
    (port, count)
}

/// `processes` workers at once that share a store: all get the one token that the service gave once.
pub(crate) fn one_fetch(store: &str, processes: usize) {
    let (port, count) = service(Duration::from_millis(300));
    let port = port.to_string();
    let workers: Vec<Child> = (0..processes).map(|_| start(&["token", store, &port])).collect();
    for worker in workers {
        let output = worker.wait_with_output().unwrap();
        assert!(output.status.success());
        assert_eq!(String::from_utf8_lossy(&output.stdout), "token-1\n");
    }
    assert_eq!(count.load(Ordering::SeqCst), 1);
}
