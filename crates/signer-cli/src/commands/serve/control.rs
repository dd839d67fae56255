//! The one way to change a running service from outside: a socket in the file system that only its owner can
//! open. One line asks, one line answers.

use std::fs;
use std::io;
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::mpsc::Sender;
use std::time::Duration;

use rustix::fs::Mode;
use rustix::process::umask;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixListener;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::reload::Order;
use crate::failure::{Failure, OrRefuse, io_reason};

pub(super) const SWITCH_KEY: &str = "switch-key";
/// How long a conversation may take; who asks waits a little longer.
const PATIENCE: Duration = Duration::from_secs(10);
const ASKING: Duration = Duration::from_secs(1);
const MAX_ASKED: u64 = 64;

/// Makes the socket. One that a process left behind is replaced.
pub(super) fn bind(path: &Path) -> Result<UnixListener, Failure> {
    let refuse = |error: io::Error| Failure::refused(io_reason(&error)).about(path.display());
    if let Ok(metadata) = fs::symlink_metadata(path) {
        if !metadata.file_type().is_socket() {
            return Err(Failure::refused("it is there and is no socket").about(path.display()));
        }
        if UnixStream::connect(path).is_ok() {
            return Err(Failure::refused("another process answers here").about(path.display()));
        }
        fs::remove_file(path).map_err(refuse)?;
    }
    // It has its mode from the first: what other threads make meanwhile is only closed more.
    let before = umask(Mode::from_raw_mode(0o177));
    let listener = UnixListener::bind(path);
    umask(before);
    listener.map_err(refuse)
}

/// Answers whoever asks.
pub(super) async fn answer(listener: UnixListener, orders: Sender<Order>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let orders = orders.clone();
                tokio::spawn(async move {
                    let _ = timeout(PATIENCE, converse(stream, orders)).await;
                });
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

/// One question and its answer. Who goes away before takes the question back.
async fn converse(stream: tokio::net::UnixStream, orders: Sender<Order>) -> Option<()> {
    let (reading, mut writing) = stream.into_split();
    let mut reading = BufReader::new(reading.take(MAX_ASKED));
    let mut asked = String::new();
    timeout(ASKING, reading.read_line(&mut asked)).await.ok()?.ok()?;
    let answer = async {
        match asked.trim_end() {
            SWITCH_KEY => switch_key(&orders).await,
            _ => Err("unknown order".into()),
        }
    };
    let answer = tokio::select! {
        answer = answer => answer,
        _ = reading.read_u8() => return None,
    };
    let answer = match answer {
        Ok(id) => format!("ok {id}\n"),
        Err(reason) => format!("error {reason}\n"),
    };
    writing.write_all(answer.as_bytes()).await.ok()
}

async fn switch_key(orders: &Sender<Order>) -> Result<String, String> {
    let (reply, answered) = oneshot::channel();
    let gone = "the service is ending";
    orders.send(Order::SwitchKey(reply)).map_err(|_| gone)?;
    answered.await.map_err(|_| gone)?.map(|id| id.to_string())
}

/// Asks a running service, and returns the id of the key that signs from now on.
pub(super) fn ask_to_switch(socket: &Path) -> Result<String, Failure> {
    use std::io::{Read, Write};
    let mut stream = UnixStream::connect(socket)
        .map_err(|error| Failure::refused(io_reason(&error)).about(socket.display()))?;
    stream.set_read_timeout(Some(PATIENCE + ASKING * 2)).or_refuse("socket")?;
    let mut answer = String::new();
    stream
        .write_all(format!("{SWITCH_KEY}\n").as_bytes())
        .and_then(|()| stream.read_to_string(&mut answer))
        .map_err(|error| Failure::refused(io_reason(&error)).about(socket.display()))?;
    let answer = answer.trim_end();
    match (answer.strip_prefix("ok "), answer.strip_prefix("error ")) {
        (Some(id), _) => Ok(id.into()),
        (_, Some(reason)) => Err(Failure::refused(reason)),
        _ => Err(Failure::refused("the service gave no answer")),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    /// Whoever looks all the time never sees it open to others.
    #[test]
    fn the_socket_is_its_owners_from_the_first() {
        let runtime = super::super::runtime().unwrap();
        let _inside = runtime.enter();
        let folder = std::env::temp_dir().join(format!("signer-control-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("control.sock");
        let (ended, open, seen) =
            (AtomicBool::new(false), AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !ended.load(Ordering::Relaxed) {
                    if let Ok(metadata) = path.symlink_metadata() {
                        seen.fetch_add(1, Ordering::Relaxed);
                        let others = metadata.permissions().mode() & 0o177 != 0;
                        open.fetch_add(usize::from(others), Ordering::Relaxed);
                    }
                }
            });
            for made in 0.. {
                drop(super::bind(&path));
                // Until it has been looked at often.
                if made > 2_000 && seen.load(Ordering::Relaxed) > 100 {
                    break;
                }
                let _ = fs::remove_file(&path);
            }
            ended.store(true, Ordering::Relaxed);
        });
        fs::remove_dir_all(&folder).unwrap();
        assert!(seen.into_inner() > 0);
        assert_eq!(open.into_inner(), 0);
    }
}
