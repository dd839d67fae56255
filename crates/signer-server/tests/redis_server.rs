//! A real Redis for a test, on a free port of loopback; it ends with the test.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

pub(crate) struct RedisServer {
    child: Child,
    pub(crate) address: SocketAddr,
    /// The folder of its append-only file, if it keeps one.
    folder: Option<PathBuf>,
}

impl RedisServer {
    pub(crate) fn start() -> Self {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        Self::start_at(address)
    }

    /// Another one in the place of one that ended; it remembers nothing.
    pub(crate) fn start_at(address: SocketAddr) -> Self {
        Self::start_with(address, None)
    }

    /// One that keeps every write on disk before it answers.
    #[allow(dead_code, reason = "not every suite that includes this starts one")]
    pub(crate) fn start_kept(name: &str) -> Self {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        Self::start_with(address, Some(folder))
    }

    /// Starts it again after it was killed.
    #[allow(dead_code, reason = "not every suite that includes this does it")]
    pub(crate) fn start_again(&mut self) {
        *self = Self::start_with(self.address, self.folder.clone());
    }

    fn start_with(address: SocketAddr, folder: Option<PathBuf>) -> Self {
        let kept = if folder.is_some() { "yes" } else { "no" };
        let dir = folder.clone().unwrap_or_else(|| env!("CARGO_TARGET_TMPDIR").into());
        let child = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--port", &address.port().to_string()])
            .args(["--save", "", "--appendonly", kept, "--appendfsync", "always", "--dir"])
            .arg(dir)
            .stdout(Stdio::null())
            .spawn()
            .expect(
                "redis-server is needed: cargo xtask setup, or install the package redis-server",
            );
        let server = Self { child, address, folder };
        let listens = (0..400).any(|_| {
            std::thread::sleep(Duration::from_millis(10));
            TcpStream::connect(address).is_ok()
        });
        assert!(listens, "redis-server does not listen");
        server
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://{}", self.address)
    }

    /// One command, by redis-cli.
    #[allow(dead_code, reason = "not every suite that includes this gives one")]
    pub(crate) fn command(&self, words: &[&str]) {
        let port = self.address.port().to_string();
        let output = Command::new("redis-cli").args(["-p", &port]).args(words).output().unwrap();
        assert!(output.status.success());
    }

    /// The answer to a command.
    #[allow(dead_code, reason = "not every suite that includes this gives one")]
    pub(crate) fn command_output(&self, words: &[&str]) -> String {
        let port = self.address.port().to_string();
        let output = Command::new("redis-cli").args(["-p", &port]).args(words).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    /// One command, by redis-cli, with a password.
    #[allow(dead_code, reason = "not every suite that includes this gives one")]
    pub(crate) fn command_as(&self, password: &str, words: &[&str]) {
        self.command(&[&["--no-auth-warning", "-a", password], words].concat());
    }

    /// SIGKILL.
    pub(crate) fn kill(&mut self) {
        self.signal("-KILL");
        self.child.wait().unwrap();
    }

    /// With SIGSTOP it holds its connections and answers nothing, until SIGCONT.
    pub(crate) fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
